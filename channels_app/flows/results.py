"""What became of submissions: polled until every line has ended. A stuck one raises an alarm and blocks nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db.models import Min, QuerySet

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.errors import RejectedByChannel
from channels_app.adapters.types import Kind, Phase
from channels_app.flows import jobs, pending
from channels_app.flows.closing import Tally, apply_report, close_without_results
from channels_app.flows.decide import Rules
from channels_app.flows.engine import Claim
from channels_app.flows.feed import last_word_of, rules_of
from channels_app.flows.lookup import ALL_KINDS, orphans_become_unknown, resolve_lost
from channels_app.models import ChannelJob, FeedLine, Submission
from channels_app.models.submission import OPEN_STATES

#: Seconds to the next look at a submission, by how often it was looked at, where the job's interval is 15 seconds.
_PAUSES = (1, 2, 5, 15, 15, 30, 60, 120)
_USUAL_INTERVAL = 15
#: Submissions looked at in one go; their next look is set before the first of them, so that one that fails blocks none.
_BATCH = 20
#: A submission is overdue after this many intervals, but not before the least.
_OVERDUE_INTERVALS = 40
_OVERDUE_AT_LEAST = timedelta(minutes=10)
#: The channel does not know its own handle (any more).
FORGOTTEN = "forgotten"


def poll_submissions(claim: Claim, adapter: ChannelAdapter) -> bool:
    """Every submission that was due for a look has had one. Returns whether more is waiting."""
    rules = rules_of(claim.channel, adapter, now=claim.now)
    if last_word_of(claim.channel) is None:
        # The jobs that sent are off: what they left in doubt is looked for here.
        orphans_become_unknown(claim)
        if not resolve_lost(claim, adapter, ALL_KINDS, rules=rules):
            return True
    _mark_overdue(claim, overdue_after(claim.interval_seconds, adapter.answers_within))
    tally = Tally()
    due = _take_due(claim)
    for submission in due:
        if claim.seconds_left() <= 0:
            break
        tally.add(_look(claim, adapter, submission, rules))
    claim.count(confirmed=tally.confirmed, rejected=tally.rejected, again=tally.again)
    if tally.wake:
        _wake_feed(claim)
    next_look = _open(claim).aggregate(next=Min("next_poll_at"))["next"]
    if next_look is not None:
        claim.run_again_at(next_look)
    return len(due) == _BATCH


def _open(claim: Claim) -> QuerySet[Submission]:
    return Submission.objects.filter(channel=claim.channel, phase=Submission.Phase.OPEN)


def _take_due(claim: Claim) -> Sequence[Submission]:
    """Return the submissions to look at now; each has its next look set."""
    due = list(_open(claim).filter(next_poll_at__lte=claim.now).order_by("next_poll_at", "pk")[:_BATCH])
    if due:
        with claim.settling():
            for submission in due:
                submission.next_poll_at = _next_look(submission, claim)
                submission.poll_count += 1
            Submission.objects.bulk_update(due, ["next_poll_at", "poll_count"])
    return due


def _next_look(submission: Submission, claim: Claim) -> datetime:
    pause = _PAUSES[min(submission.poll_count, len(_PAUSES) - 1)]
    return claim.now + timedelta(seconds=max(1.0, pause * claim.interval_seconds / _USUAL_INTERVAL))


def _look(claim: Claim, adapter: ChannelAdapter, submission: Submission, rules: Rules) -> Tally:
    try:
        report = adapter.poll(Kind(submission.kind), submission.handle)
    except RejectedByChannel as error:
        with claim.settling():
            return _forgotten(submission, str(error), claim.now)
    report = replace(report, results=tuple(claim.moving(report.results)))
    with claim.settling():
        tally = apply_report(submission, report, ordered=rules.ordered, now=claim.now)
    if report.phase == Phase.FAILED:
        claim.count(files_refused=1)
    return tally


def _forgotten(submission: Submission, reason: str, now: datetime) -> Tally:
    """The channel no longer knows the handle: its lines may have taken effect, so their present truth is sent."""
    lines = FeedLine.objects.filter(submission=submission, state__in=OPEN_STATES)
    tally = close_without_results(
        submission,
        list(lines.values_list("sku", flat=True)),
        code=FORGOTTEN,
        reason=reason,
        maybe_done=True,
        now=now,
    )
    Submission.objects.filter(pk=submission.pk).update(
        phase=Submission.Phase.CLOSED, closed_at=now, next_poll_at=None, reason=reason
    )
    return tally


def overdue_after(interval_seconds: int, answers_within: timedelta | None = None) -> timedelta:
    """Return how long a submission may stay open before it raises the alarm: what the adapter says, if it does."""
    return answers_within or max(_OVERDUE_AT_LEAST, timedelta(seconds=_OVERDUE_INTERVALS * interval_seconds))


def _mark_overdue(claim: Claim, patience: timedelta) -> None:
    """What has been open for too long is flagged, and its SKUs wait for it no longer; a late answer still closes it."""
    limit = claim.now - patience
    late = Submission.objects.filter(
        channel=claim.channel,
        phase__in=(Submission.Phase.OPEN, Submission.Phase.UNKNOWN),
        overdue=False,
        created_at__lt=limit,
    )
    ids = list(late.values_list("pk", flat=True))
    if not ids:
        return
    with claim.settling():
        lines = FeedLine.objects.filter(submission_id__in=ids, state__in=OPEN_STATES)
        pending.unpark(claim.channel.pk, list(lines.values_list("sku", flat=True)))
        lines.update(overdue=True)
        Submission.objects.filter(pk__in=ids).update(overdue=True)
    claim.count(overdue=len(ids))
    _wake_feed(claim)


def _wake_feed(claim: Claim) -> None:
    """After the commits: see pending.py on the order of locks."""
    jobs.nudge([claim.channel.pk], [ChannelJob.Kind.OFFERS], now=claim.now)
    jobs.nudge([claim.channel.pk], [ChannelJob.Kind.CONTENT], now=claim.now)

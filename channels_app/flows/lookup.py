"""Submissions whose answer was lost: look by key before anything of theirs is sent again."""

from collections.abc import Sequence
from datetime import timedelta

from django.db import connection

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.types import Kind, LostSubmission
from channels_app.flows.closing import close_without_results
from channels_app.flows.decide import Rules
from channels_app.flows.engine import Claim
from channels_app.flows.sending import record_receipt
from channels_app.flows.takeover import SUBMISSION_KINDS
from channels_app.models import ChannelJob, FeedLine, LedgerState, Submission
from channels_app.models.submission import OPEN_STATES

#: What is not found sooner than this after it was sent may still be on its way.
SETTLE_SECONDS = 10
#: The channel's clock may be off by this.
CLOCK_SKEW = timedelta(minutes=10)
NEVER_ARRIVED = "never-arrived"


def resolve_lost(claim: Claim, adapter: ChannelAdapter, kinds: Sequence[str], *, rules: Rules) -> bool:
    """Each lost submission of `kinds` was looked for: found, it is open again; not found, its truth is sent anew.

    Returns False if time ran out before all were looked for.
    """
    lost = Submission.objects.filter(channel=claim.channel, phase=Submission.Phase.UNKNOWN, kind__in=kinds)
    for submission in lost.order_by("pk"):
        if claim.seconds_left() <= 0:
            return False
        receipt = adapter.find_submission(
            LostSubmission(
                kind=Kind(submission.kind),
                key=str(submission.key),
                since=submission.created_at - CLOCK_SKEW,
                line_count=submission.line_count,
                sent_at=submission.created_at,
            )
        )
        settled_at = submission.created_at + timedelta(seconds=SETTLE_SECONDS)
        if receipt is None and claim.now < settled_at:
            claim.run_again_at(settled_at)
            continue
        with claim.settling():
            if not _still_lost(submission):
                continue
            if receipt is not None:
                tally = record_receipt(submission, receipt, ordered=rules.ordered, now=claim.now)
                claim.count(found=1, confirmed=tally.confirmed, rejected=tally.rejected)
            else:
                _send_anew(submission, claim)
    return True


def _still_lost(submission: Submission) -> bool:
    """Lock it; another job may have settled it meanwhile."""
    held = Submission.objects.select_for_update().filter(pk=submission.pk, phase=Submission.Phase.UNKNOWN)
    return bool(held.values_list("pk", flat=True))


def _send_anew(submission: Submission, claim: Claim) -> None:
    lines = FeedLine.objects.filter(submission=submission, state__in=OPEN_STATES)
    close_without_results(
        submission,
        list(lines.values_list("sku", flat=True)),
        code=NEVER_ARRIVED,
        reason="The answer was lost, and the channel never received it.",
        maybe_done=False,
        again_after=0,
        now=claim.now,
    )
    Submission.objects.filter(pk=submission.pk).update(
        phase=Submission.Phase.CLOSED, closed_at=claim.now, reason="It never arrived."
    )
    claim.count(never_arrived=1)


_ORPHANS = """
SELECT submission.id
FROM channels_app_submission AS submission
WHERE submission.channel_id = %s AND submission.phase = 'intent' AND NOT EXISTS (
    SELECT FROM channels_app_channeljob AS job
    WHERE job.channel_id = submission.channel_id AND job.kind = ANY(%s) AND job.claim_expires_at > clock_timestamp()
)
FOR UPDATE OF submission SKIP LOCKED
"""


def orphans_become_unknown(claim: Claim) -> None:
    """Intents of a job that will not be claimed again (switched off, deactivated) are looked for by this one."""
    with claim.settling(), connection.cursor() as cursor:
        cursor.execute(_ORPHANS, [claim.channel.pk, [ChannelJob.Kind.OFFERS.value, ChannelJob.Kind.CONTENT.value]])
        lost = [row[0] for row in cursor.fetchall()]
        if lost:
            FeedLine.objects.filter(submission_id__in=lost, state__in=OPEN_STATES).update(state=LedgerState.UNKNOWN)
            Submission.objects.filter(pk__in=lost).update(phase=Submission.Phase.UNKNOWN)


#: Every kind that any job sends.
ALL_KINDS = tuple(kind for kinds in SUBMISSION_KINDS.values() for kind in kinds)

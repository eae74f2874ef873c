"""How lines end: confirmed, rejected with the channel's reason, or superseded by a resend of the present truth.

Everything here runs inside the caller's transaction, a fixed number of statements for any number of lines.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q

from channels_app.adapters.types import Kind, LineResult, Outcome, Phase, Report
from channels_app.flows import listings
from channels_app.flows.pending import Change, unpark, upsert
from channels_app.models import FeedLine, LedgerState, Listing, PendingChange, Submission
from channels_app.models.submission import OPEN_STATES
from inventory.models import ItemChange

#: A line that the channel asks to send again, or says nothing about, is sent again after this.
AGAIN_SECONDS = 30
#: Marks lines of a refused file: refused with its file once more, they are rejected.
FILE_REFUSED = "file-refused"
NO_RESULT = "no-result"

_STATES = {
    Outcome.ACCEPTED: LedgerState.CONFIRMED,
    Outcome.REJECTED: LedgerState.REJECTED,
    Outcome.TRY_AGAIN: LedgerState.SUPERSEDED,
}

#: How urgent a change is that comes back, by the kind of line that brought it.
_URGENCY = {Kind.CONTENT: PendingChange.Urgency.CONTENT, Kind.WITHDRAW: PendingChange.Urgency.WITHDRAW}
_CHANGE = {
    Kind.CONTENT: ItemChange.Change.CONTENT,
    Kind.WITHDRAW: ItemChange.Change.MEMBERSHIP,
    Kind.PRICE: ItemChange.Change.PRICE,
}


class Closed(NamedTuple):
    """A line that has just ended, and which later ones were sent or have ended before it."""

    id: int
    sku: str
    state: str
    #: One that speaks of the same was sent after it.
    newer: bool
    #: One that says everything (content, withdrawal) was sent after it and is confirmed.
    beaten: bool
    #: A price, or a quantity, that was sent after it is confirmed.
    price_beaten: bool
    quantity_beaten: bool


@dataclass(slots=True)
class Tally:
    """How many lines ended, and how."""

    confirmed: int = 0
    rejected: int = 0
    again: int = 0
    #: The feed has something to look at because of these.
    wake: bool = False

    def add(self, other: "Tally") -> None:
        self.confirmed += other.confirmed
        self.rejected += other.rejected
        self.again += other.again
        self.wake |= other.wake


# Plan: the submission's lines by (submission, SKU); then, for each, the newest lines of its SKU by (channel, SKU, id).
# Lines of price and of quantity alone say nothing of each other.
_CLOSE = """
WITH closed AS (
    UPDATE channels_app_feedline AS line
    SET state = result.state, code = left(result.code, 100), reason = result.reason, closed_at = %(now)s
    FROM unnest(%(skus)s::text[], %(states)s::text[], %(codes)s::text[], %(reasons)s::text[])
        AS result (sku, state, code, reason)
    WHERE line.submission_id = %(submission)s AND line.sku = result.sku
      AND line.state IN ('pending', 'sent', 'unknown')
    RETURNING line.id, line.channel_id, line.sku, line.kind, line.state
)
SELECT closed.id, closed.sku, closed.state, newer.sent,
       coalesce(newer.whole, false), coalesce(newer.price, false), coalesce(newer.quantity, false)
FROM closed
LEFT JOIN LATERAL (
    SELECT count(*) > 0 AS sent,
           bool_or(line.kind IN ('content', 'withdraw')) FILTER (WHERE line.state = 'confirmed') AS whole,
           bool_or(line.price IS NOT NULL) FILTER (WHERE line.state = 'confirmed') AS price,
           bool_or(line.quantity IS NOT NULL) FILTER (WHERE line.state = 'confirmed') AS quantity
    FROM channels_app_feedline AS line
    WHERE line.channel_id = closed.channel_id AND line.sku = closed.sku AND line.id > closed.id
      AND line.state <> 'superseded'
      AND (line.kind, closed.kind) NOT IN (('price', 'quantity'), ('quantity', 'price'))
) AS newer ON true
"""


class Verdict(NamedTuple):
    """How one line is to end."""

    sku: str
    state: str
    code: str
    reason: str


def _close(submission: Submission, verdicts: Collection[Verdict], *, now: datetime) -> list[Closed]:
    """End the open lines that `verdicts` names; one that is closed already stays as it is."""
    skus, states, codes, reasons = (list(column) for column in zip(*verdicts, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            _CLOSE,
            {
                "submission": submission.pk,
                "skus": skus,
                "states": states,
                "codes": codes,
                "reasons": reasons,
                "now": now,
            },
        )
        return [Closed._make(row) for row in cursor.fetchall()]


def _verdicts(results: Iterable[LineResult]) -> dict[str, Verdict]:
    """Return how lines end by these results, by SKU; those that are still pending are left out."""
    return {
        result.sku: Verdict(result.sku, _STATES[result.outcome].value, result.code, result.reason)
        for result in results
        if result.outcome in _STATES
    }


def close_without_results(
    submission: Submission,
    skus: Collection[str],
    *,
    code: str,
    reason: str,
    maybe_done: bool,
    now: datetime,
    again_after: int = AGAIN_SECONDS,
) -> Tally:
    """The open lines of `skus` are superseded and their present truth will be sent, `again_after` seconds from now.

    `maybe_done`: they may have taken effect, so what the channel shows is in doubt.
    """
    verdicts = [Verdict(sku, LedgerState.SUPERSEDED.value, code, reason) for sku in skus]
    doubtful = set(skus) if maybe_done else set()
    return _end(submission, verdicts, ordered=True, maybe_done=doubtful, again_after=again_after, now=now)


def _end(
    submission: Submission,
    verdicts: Collection[Verdict],
    *,
    ordered: bool,
    maybe_done: Collection[str] = (),
    again_after: float = AGAIN_SECONDS,
    longer: Mapping[str, float] | None = None,
    now: datetime,
) -> Tally:
    """The lines end as `verdicts` say; pending changes, then listings, follow. Call it once in a transaction.

    What is to be sent again waits `again_after` seconds, or as long as `longer` says for its SKU.
    """
    if not verdicts:
        return Tally()
    closed = _close(submission, verdicts, now=now)
    again = [line.sku for line in closed if line.state == LedgerState.SUPERSEDED]
    overtaken = [line.sku for line in closed if line.newer]
    # The channel's word replaces ours on the listing; if ours still holds (no price, say), it is put there again.
    refused_by_us = listings.refused_by_us(
        submission.channel_id, [line.sku for line in closed if line.state == LedgerState.REJECTED]
    )
    waits = {sku: max(again_after, (longer or {}).get(sku, 0)) for sku in again}
    again_at = {sku: now + timedelta(seconds=seconds) if seconds else None for sku, seconds in waits.items()}
    _recheck(submission, again_at | dict.fromkeys([*overtaken, *refused_by_us]), now=now)
    unparked = unpark(submission.channel_id, [line.sku for line in closed if not again_at.get(line.sku)])
    # Without order, the channel may have worked off a line and a newer one either way round.
    crossed = () if ordered else overtaken
    in_doubt = {*crossed, *(line.sku for line in closed if line.sku in maybe_done)}
    _follow(submission, closed, in_doubt, now=now)
    confirmed = sum(line.state == LedgerState.CONFIRMED for line in closed)
    tally = Tally(
        confirmed=confirmed,
        rejected=len(closed) - confirmed - len(again),
        again=len(again),
        wake=bool(unparked or overtaken or refused_by_us or again),
    )
    _count(submission, tally)
    return tally


def _count(submission: Submission, tally: Tally) -> None:
    """The submission says how many more of its lines have ended, and how."""
    Submission.objects.filter(pk=submission.pk).update(
        confirmed_count=F("confirmed_count") + tally.confirmed,
        rejected_count=F("rejected_count") + tally.rejected,
        superseded_count=F("superseded_count") + tally.again,
    )


def _follow(submission: Submission, closed: Sequence[Closed], in_doubt: Collection[str], *, now: datetime) -> None:
    """The listings say what the lines that ended brought."""
    confirmed = [line for line in closed if line.state == LedgerState.CONFIRMED]
    rejected = [line for line in closed if line.state == LedgerState.REJECTED]
    again = [line for line in closed if line.state == LedgerState.SUPERSEDED]
    channel = submission.channel_id
    listings.lock(channel, [line.sku for line in closed])
    listings.confirm(
        [line.id for line in confirmed if not line.beaten],
        overtaken=[line.id for line in confirmed if line.newer],
        old_prices=[line.id for line in confirmed if line.price_beaten],
        old_quantities=[line.id for line in confirmed if line.quantity_beaten],
        now=now,
    )
    listings.restate(channel, [line.sku for line in rejected], absent=Listing.State.REJECTED, now=now)
    listings.restate(channel, [line.sku for line in again], absent=Listing.State.ENDED, now=now)
    listings.reject([line.id for line in rejected if not line.newer], now=now)
    whole = submission.kind in (Kind.CONTENT, Kind.WITHDRAW)
    listings.doubt(channel, dict.fromkeys(in_doubt, whole), now=now)


def _recheck(submission: Submission, skus: Mapping[str, datetime | None], *, now: datetime) -> None:
    """The SKUs are looked at again, each not before the time that is given with it."""
    kind = Kind(submission.kind)
    bits = int(_CHANGE.get(kind, ItemChange.Change.STOCK))
    urgency = _URGENCY.get(kind, PendingChange.Urgency.FELL)
    upsert(
        (Change(submission.channel_id, sku, None, bits, urgency, not_before) for sku, not_before in skus.items()),
        now=now,
    )


def take_back(submission: Submission, *, now: datetime) -> None:
    """The intent never left: it leaves no row, its SKUs are pending again. The job's run says what went wrong."""
    lines = FeedLine.objects.filter(submission=submission)
    skus = list(lines.values_list("sku", flat=True))
    _recheck(submission, dict.fromkeys(skus), now=now)
    listings.lock(submission.channel_id, skus)
    lines.delete()
    Submission.objects.filter(pk=submission.pk).delete()
    listings.restate(submission.channel_id, skus, absent=Listing.State.ENDED, now=now)


def leave_in_doubt(submission: Submission, *, now: datetime) -> None:
    """SKUs that were given up or sent again since are sent anew: this call may have taken effect after all.

    The others need nothing: it will be looked for, and whatever is sent of them from now on comes after it.
    """
    since = FeedLine.objects.filter(channel=OuterRef("channel"), sku=OuterRef("sku"), pk__gt=OuterRef("pk"))
    lines = FeedLine.objects.filter(Exists(since) | ~Q(state__in=OPEN_STATES), submission=submission)
    skus = list(lines.values_list("sku", flat=True))
    _recheck(submission, dict.fromkeys(skus), now=now)
    listings.lock(submission.channel_id, skus)
    whole = submission.kind in (Kind.CONTENT, Kind.WITHDRAW)
    listings.doubt(submission.channel_id, dict.fromkeys(skus, whole), now=now)


def refuse_file(submission: Submission, reason: str, *, now: datetime) -> Tally:
    """The whole file was refused. Its lines are sent once more, in another file; refused again, they are rejected."""
    refused_before = set(_refused_before(submission))
    verdicts = [
        Verdict(
            sku,
            LedgerState.REJECTED.value if sku in refused_before else LedgerState.SUPERSEDED.value,
            FILE_REFUSED,
            reason,
        )
        for sku in _open_skus(submission)
    ]
    tally = _end(submission, verdicts, ordered=True, now=now)
    Submission.objects.filter(pk=submission.pk).update(
        phase=Submission.Phase.FAILED, reason=reason, closed_at=now, next_poll_at=None
    )
    return tally


def _open_skus(submission: Submission) -> list[str]:
    lines = FeedLine.objects.filter(submission=submission, state__in=OPEN_STATES)
    return list(lines.values_list("sku", flat=True))


def _refused_before(submission: Submission) -> list[str]:
    """Return the SKUs whose previous line, saying the same, was refused with its file too."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT line.sku
            FROM channels_app_feedline AS line
            CROSS JOIN LATERAL (
                SELECT code, payload_hash FROM channels_app_feedline AS one
                WHERE one.channel_id = line.channel_id AND one.sku = line.sku AND one.id < line.id
                ORDER BY one.id DESC LIMIT 1
            ) AS previous
            WHERE line.submission_id = %s AND previous.code = %s AND previous.payload_hash = line.payload_hash
            """,
            [submission.pk, FILE_REFUSED],
        )
        return [row[0] for row in cursor.fetchall()]


def _verdict_on_omitted(sku: str, rest: Outcome | None) -> Verdict:
    """Return how a line ends that a finished submission says nothing about."""
    if rest in _STATES:
        return Verdict(sku, _STATES[rest].value, "", "")
    return Verdict(sku, LedgerState.SUPERSEDED.value, NO_RESULT, "The channel gave no result for this.")


def apply_report(submission: Submission, report: Report, *, ordered: bool, now: datetime) -> Tally:
    """What the channel says of `submission` is done to its lines; once every line has ended, it is closed."""
    if report.phase == Phase.FAILED:
        return refuse_file(submission, report.reason or "The channel refused the whole file.", now=now)
    results = tuple(report.results)
    verdicts = _verdicts(results)
    omitted: set[str] = set()
    if report.phase == Phase.DONE:
        omitted = set(_open_skus(submission)) - verdicts.keys()
        for sku in omitted:
            verdicts[sku] = _verdict_on_omitted(sku, report.rest)
        if report.rest is not None:
            omitted = set()
    longer = {result.sku: result.retry_after for result in results if result.retry_after}
    tally = _end(submission, verdicts.values(), ordered=ordered, maybe_done=omitted, longer=longer, now=now)
    listings.name(submission.channel_id, {result.sku: result.remote_id for result in results if result.remote_id})
    if report.phase == Phase.DONE or not _open_skus(submission):
        Submission.objects.filter(pk=submission.pk).update(
            phase=Submission.Phase.CLOSED, closed_at=now, next_poll_at=None, reason=report.reason
        )
    return tally

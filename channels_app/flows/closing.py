"""How lines end: confirmed, rejected with the channel's reason, or superseded by a resend of the present truth.

Everything here runs inside the caller's transaction, a fixed number of statements for any number of lines.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection

from channels_app.adapters.types import Kind, LineResult, Outcome, Phase, Report
from channels_app.flows import listings
from channels_app.flows.pending import enqueue, unpark
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


def _close(submission: Submission, results: Sequence[tuple[str, str, str, str]], *, now: datetime) -> list[Closed]:
    """End the open lines that `results` (SKU, state, code, reason) names; one that is closed already stays as it is."""
    skus, states, codes, reasons = (list(column) for column in zip(*results, strict=True))
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


def apply_results(submission: Submission, results: Iterable[LineResult], *, ordered: bool, now: datetime) -> Tally:
    """Each line that has a result ends as it says; duplicates and late ones change nothing. Returns what ended."""
    by_sku = {r.sku: (r.sku, _STATES[r.outcome].value, r.code, r.reason) for r in results if r.outcome in _STATES}
    if not by_sku:
        return Tally()
    closed = _close(submission, list(by_sku.values()), now=now)
    return _settle(submission, closed, ordered=ordered, now=now)


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
    if not skus:
        return Tally()
    rows = [(sku, LedgerState.SUPERSEDED.value, code, reason) for sku in skus]
    closed = _close(submission, rows, now=now)
    doubtful = {line.sku for line in closed} if maybe_done else set()
    return _settle(submission, closed, ordered=True, maybe_done=doubtful, again_after=again_after, now=now)


def _settle(
    submission: Submission,
    closed: Sequence[Closed],
    *,
    ordered: bool,
    maybe_done: Collection[str] = (),
    again_after: int = AGAIN_SECONDS,
    now: datetime,
) -> Tally:
    """Listings and pending changes follow the lines that ended. Pending changes first: see pending.py on locks."""
    confirmed = [line for line in closed if line.state == LedgerState.CONFIRMED]
    rejected = [line for line in closed if line.state == LedgerState.REJECTED]
    again = [line for line in closed if line.state == LedgerState.SUPERSEDED]
    # The channel may have worked these off in either order.
    crossed = [] if ordered else [line.sku for line in closed if line.newer]
    overtaken = [line.sku for line in closed if line.newer]
    channel = submission.channel_id

    unparked = unpark(channel, [line.sku for line in closed])
    _recheck(submission, overtaken, now=now)
    again_at = now + timedelta(seconds=again_after) if again_after else None
    _recheck(submission, [line.sku for line in again], now=now, not_before=again_at)

    listings.lock(channel, [line.sku for line in closed])
    listings.confirm(
        [line.id for line in confirmed if not line.beaten],
        overtaken=[line.id for line in confirmed if line.newer],
        old_prices=[line.id for line in confirmed if line.price_beaten],
        old_quantities=[line.id for line in confirmed if line.quantity_beaten],
        now=now,
    )
    listings.restate(channel, [x.sku for x in rejected], absent=Listing.State.REJECTED, now=now)
    listings.restate(channel, [x.sku for x in again], absent=Listing.State.ENDED, now=now)
    listings.reject([line.id for line in rejected if not line.newer])
    whole = submission.kind in (Kind.CONTENT, Kind.WITHDRAW)
    listings.doubt(channel, dict.fromkeys([*crossed, *maybe_done], whole), now=now)
    return Tally(
        confirmed=len(confirmed),
        rejected=len(rejected),
        again=len(again),
        wake=bool(unparked or overtaken or again),
    )


def _recheck(
    submission: Submission, skus: Collection[str], *, now: datetime, not_before: datetime | None = None
) -> None:
    kind = Kind(submission.kind)
    enqueue(
        submission.channel_id,
        skus,
        kinds=_CHANGE.get(kind, ItemChange.Change.STOCK),
        urgency=_URGENCY.get(kind, PendingChange.Urgency.FELL),
        now=now,
        not_before=not_before,
    )


def take_back(submission: Submission, *, now: datetime) -> None:
    """The intent never left: it leaves no row, its SKUs are pending again. The job's run says what went wrong."""
    lines = FeedLine.objects.filter(submission=submission)
    skus = list(lines.values_list("sku", flat=True))
    _recheck(submission, skus, now=now)
    listings.lock(submission.channel_id, skus)
    lines.delete()
    Submission.objects.filter(pk=submission.pk).delete()
    listings.restate(submission.channel_id, skus, absent=Listing.State.ENDED, now=now)


def refuse_file(submission: Submission, reason: str, *, now: datetime) -> Tally:
    """The whole file was refused. Its lines are sent once more, in another file; refused again, they are rejected."""
    open_lines = FeedLine.objects.filter(submission=submission, state__in=OPEN_STATES)
    refused_before = set(_refused_before(submission))
    skus = set(open_lines.values_list("sku", flat=True))
    tally = close_without_results(
        submission, skus - refused_before, code=FILE_REFUSED, reason=reason, maybe_done=False, now=now
    )
    results = [
        LineResult(sku=sku, outcome=Outcome.REJECTED, code=FILE_REFUSED, reason=reason)
        for sku in sorted(skus & refused_before)
    ]
    tally.add(apply_results(submission, results, ordered=True, now=now))
    Submission.objects.filter(pk=submission.pk).update(phase=Submission.Phase.FAILED, reason=reason, closed_at=now)
    return tally


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


def apply_report(submission: Submission, report: Report, *, ordered: bool, now: datetime) -> Tally:
    """What the channel says of `submission` is done to its lines; once every line has ended, it is closed."""
    if report.phase == Phase.FAILED:
        return refuse_file(submission, report.reason or "The channel refused the whole file.", now=now)
    tally = apply_results(submission, report.results, ordered=ordered, now=now)
    open_lines = FeedLine.objects.filter(submission=submission, state__in=OPEN_STATES)
    if report.phase == Phase.DONE:
        tally.add(
            close_without_results(
                submission,
                list(open_lines.values_list("sku", flat=True)),
                code=NO_RESULT,
                reason="The channel finished and gave no result for this line.",
                maybe_done=True,
                now=now,
            )
        )
    if report.phase == Phase.DONE or not open_lines.exists():
        Submission.objects.filter(pk=submission.pk).update(
            phase=Submission.Phase.CLOSED, closed_at=now, next_poll_at=None, reason=report.reason
        )
    return tally

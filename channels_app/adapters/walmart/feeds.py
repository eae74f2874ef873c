"""What Walmart says of feeds and of each item in them. Pure.

A feed that is PROCESSED says nothing of its items; one in ERROR was refused as a whole. Source:
https://developer.walmart.com/us-marketplace/docs/ (feed status guide), read 2026-11-23.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from channels_app.adapters.errors import RejectedByChannel
from channels_app.adapters.types import Kind, LineResult, LostSubmission, Outcome, Phase
from channels_app.adapters.walmart import limits
from channels_app.adapters.walmart.times import read_moment

#: Walmart takes a price from about a day after the item was set up, a quantity once the item is there.
TOO_NEW_SECONDS: Mapping[Kind, float] = {Kind.PRICE: 4 * 3600.0, Kind.QUANTITY: 3600.0}
#: Kind of submission -> the feeds that may carry it.
FEED_TYPES: Mapping[Kind, frozenset[str]] = {
    Kind.CONTENT: frozenset((limits.MP_ITEM, limits.MP_ITEM_MATCH)),
    Kind.PRICE: frozenset((limits.PRICE_AND_PROMOTION,)),
    Kind.QUANTITY: frozenset((limits.INVENTORY, limits.MP_INVENTORY)),
    Kind.WITHDRAW: frozenset((limits.RETIRE_ITEM,)),
}

#: Walmart's clock may be behind ours by so much.
CLOCKS_DIFFER = timedelta(minutes=1)

_PHASES = {"PROCESSED": Phase.DONE, "ERROR": Phase.FAILED}
_OUTCOMES = {
    "SUCCESS": Outcome.ACCEPTED,
    "DATA_ERROR": Outcome.REJECTED,
    "SYSTEM_ERROR": Outcome.TRY_AGAIN,
    "TIMEOUT_ERROR": Outcome.TRY_AGAIN,
}
#: UNVERIFIED: nobody lists the codes of "this item is not there (yet)"; these words stand in what Walmart says then.
_NOT_THERE_WORDS = (
    "not found",
    "does not exist",
    "doesn't exist",
    "not yet",
    "not set up",
    "24 hours",
    "not been set up",
)


def read_phase(feed: Mapping[str, Any]) -> Phase:
    """Return the phase; one we do not know is taken as not finished."""
    return _PHASES.get(str(feed.get("feedStatus")), Phase.OPEN)


def is_settled(feed: Mapping[str, Any]) -> bool:
    """Say whether every item of a processed feed has succeeded or failed, by its counters."""
    return int(feed.get("itemsSucceeded") or 0) + int(feed.get("itemsFailed") or 0) >= int(
        feed.get("itemsReceived") or 0
    )


def read_results(kind: Kind, feed: Mapping[str, Any]) -> list[LineResult]:
    """Return what became of the items on this page of a feed's details."""
    rows = (feed.get("itemDetails") or {}).get("itemIngestionStatus") or ()
    return [_read_result(kind, row) for row in rows if row.get("sku")]


def _read_result(kind: Kind, row: Mapping[str, Any]) -> LineResult:
    """Return what became of one item; a status we do not know is taken as not settled."""
    outcome = _OUTCOMES.get(str(row.get("ingestionStatus")), Outcome.PENDING)
    code, reason = read_ingestion_errors(row)
    if outcome is Outcome.PENDING:
        reason = row.get("pendingStatusDescription") or reason
    if outcome is Outcome.REJECTED:
        return refused(kind, str(row["sku"]), code=code, reason=reason or "Walmart refused it without saying why.")
    return LineResult(sku=str(row["sku"]), outcome=outcome, code=code, reason=reason)


def refused(kind: Kind, sku: str, *, code: str, reason: str) -> LineResult:
    """Return the refusal of one line. An item that is not there has ended, or is too new for a price or a quantity."""
    not_there = is_not_there(code, reason)
    if kind is Kind.WITHDRAW and not_there:
        return LineResult(sku=sku, outcome=Outcome.ACCEPTED)
    if kind in TOO_NEW_SECONDS and not_there:
        wait = TOO_NEW_SECONDS[kind]
        return LineResult(sku=sku, outcome=Outcome.TRY_AGAIN, code=code, reason=reason, retry_after=wait)
    return LineResult(sku=sku, outcome=Outcome.REJECTED, code=code, reason=reason)


def refused_by(kind: Kind, sku: str, error: RejectedByChannel) -> LineResult:
    return refused(kind, sku, code=error.code, reason=str(error))


def is_not_there(code: str, reason: str) -> bool:
    """Say whether a refusal speaks of an item that is not there, or not yet."""
    said = f"{code.replace('_', ' ')} {reason}".lower()
    return any(words in said for words in _NOT_THERE_WORDS)


def read_ingestion_errors(holder: Mapping[str, Any]) -> tuple[str, str]:
    """Return the first code and all the reasons that a feed, or one of its items, gives."""
    errors = [one for one in (holder.get("ingestionErrors") or {}).get("ingestionError") or () if one]
    reasons = dict.fromkeys(_ingestion_reason(one) for one in errors)
    return (str(errors[0].get("code") or ""), " ".join(reasons)) if errors else ("", "")


def _ingestion_reason(error: Mapping[str, Any]) -> str:
    said = str(error.get("description") or error.get("code") or "")
    field = str(error.get("field") or "")
    return f"{said} ({field})" if field and field not in said else said


def find_feed(lost: LostSubmission, feeds: Sequence[Mapping[str, Any]]) -> str:
    """Return the id of the newest feed that can be the lost one, by type, time and number of items; "" if none can.

    A feed that was only just received may not have been counted yet.
    """
    possible = [feed for feed in feeds if _can_be(lost, feed)]
    newest = max(possible, key=lambda feed: read_moment(feed["feedDate"]), default=None)
    return str(newest["feedId"]) if newest else ""


def _can_be(lost: LostSubmission, feed: Mapping[str, Any]) -> bool:
    if str(feed.get("feedType")) not in FEED_TYPES[lost.kind] or not feed.get("feedId") or not feed.get("feedDate"):
        return False
    # Feeds of ten minutes ago are often like this one: the same items again. Sent anew, it does no harm.
    earliest = lost.sent_at - CLOCKS_DIFFER if lost.sent_at else lost.since
    if read_moment(feed["feedDate"]) < earliest:
        return False
    received = feed.get("itemsReceived") or 0
    return received == lost.line_count or (received == 0 and feed.get("feedStatus") == "RECEIVED")

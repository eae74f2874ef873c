"""Proves that nothing was lost: whatever should be at a channel is confirmed there, or a row says why it is not yet.

For every (channel, SKU) that is wanted or listed: what is wanted now equals what was confirmed, or there is a pending
change (a held one too), an open line, or a refusal of exactly this; or its cause still waits in a queue. And stock is
the sum of its movements, no claim outlives its lease, no line is open under a closed submission.

It compares with the functions that the feed decides with, streamed, so both can never mean different things.
"""

import logging
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from django.db import connection, transaction

from channels_app.adapters.registry import UnknownAdapter, get_adapter_class
from channels_app.adapters.types import Kind
from channels_app.flows.decide import Needs, Rules, needs, offer_hash, payload_hash, refusal_hash
from channels_app.flows.wanted import Truth, iter_truth
from channels_app.models import Channel, ChannelWalk, FeedLine, LedgerCheck, LedgerState
from inventory.models import BulkChange, ItemChange

log = logging.getLogger(__name__)

#: A list longer than this says nothing more.
MOST = 10_000
#: Offences that a recorded check shows.
SAMPLE = 20
#: Recorded checks that are kept.
KEPT_CHECKS = 200


class Offence(NamedTuple):
    """Something that the ledger cannot explain."""

    channel_id: int | None
    sku: str
    what: str
    detail: str


def check_ledger(channel: Channel | None = None) -> list[Offence]:
    """Return what the ledger of `channel`, or of everything, cannot explain; one snapshot, empty if all is closed."""
    with transaction.atomic():
        _hold_one_snapshot()
        channels = Channel.objects.running().filter(listings_on=True).order_by("pk")
        if channel is not None:
            return list(islice(_offences_of(channel), MOST))
        found: list[Offence] = []
        for one in channels:
            found += islice(_offences_of(one), MOST - len(found))
        for sql, what in _GLOBAL_CHECKS:
            found += _rows(sql, what, MOST - len(found))
        return found


def check_and_record(*, now: datetime) -> LedgerCheck:
    """Everything was checked, and the result stands where pages show it; offences are logged as an error."""
    started = time.monotonic()
    found = check_ledger()
    check = LedgerCheck.objects.create(
        at=now,
        seconds=time.monotonic() - started,
        offences=len(found),
        sample=[{"channel": o.channel_id, "sku": o.sku, "what": o.what, "detail": o.detail} for o in found[:SAMPLE]],
    )
    if found:
        log.error("ledger.open", extra={"offences": len(found), "sample": [tuple(o) for o in found[:SAMPLE]]})
    kept = LedgerCheck.objects.order_by("-pk").values("pk")[:KEPT_CHECKS]
    LedgerCheck.objects.exclude(pk__in=kept).delete()
    return check


def _hold_one_snapshot() -> None:
    """All statements of this transaction see the same, unless the caller's own transaction has already begun."""
    if len(connection.savepoint_ids) == 0:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


# Plan: the channel's label and its listings, each once; then probes, see wanted.py.
_WANTED_OR_LISTED = """
    SELECT %(channel)s::bigint, item.sku
    FROM inventory_labelitem AS member
    JOIN inventory_item AS item ON item.id = member.item_id
    WHERE member.label_id = %(label)s AND member.source <> 'excluded'
      AND NOT item.is_parent AND NOT item.blocked AND item.archived_at IS NULL
    UNION
    SELECT %(channel)s::bigint, sku FROM channels_app_listing WHERE channel_id = %(channel)s AND state <> 'ended'
"""


def _offences_of(channel: Channel) -> Iterator[Offence]:
    if BulkChange.objects.filter(label_id=channel.label_id or 0).exists():
        return
    if ChannelWalk.objects.filter(channel=channel).exists():
        return
    rules = Rules.of(channel)
    kinds = _offer_kinds(channel)
    rows = iter_truth(_WANTED_OR_LISTED, {"channel": channel.pk, "label": channel.label_id})
    suspects = (truth for truth in rows if not _is_closed(truth, rules, kinds, set()))
    while batch := list(islice(suspects, 1000)):
        queued = _queued(batch)
        refused = _refused(channel, batch)
        for truth in batch:
            if truth.item_id in queued or _is_closed(truth, rules, kinds, refused.get(truth.sku, set())):
                continue
            yield Offence(channel.pk, truth.sku, "not closed", _detail(truth, rules))


def _offer_kinds(channel: Channel) -> tuple[Kind, ...]:
    try:
        declared: Iterable[Kind] = get_adapter_class(channel.adapter_key).submission_lines
    except UnknownAdapter:
        declared = ()
    return (Kind.QUANTITY, Kind.PRICE) if Kind.OFFER not in declared and Kind.PRICE in declared else (Kind.OFFER,)


def _is_closed(truth: Truth, rules: Rules, offer_kinds: tuple[Kind, ...], refused: set[str]) -> bool:
    if truth.has_pending_change or truth.has_open_line:
        return True
    confirmed = truth.as_confirmed()
    found = needs(confirmed, rules)
    if found.refusal and not truth.is_up and refusal_hash(found.refusal, truth) != truth.rejected_hash:
        return False
    return set(_needed(found, confirmed, offer_kinds)) <= refused | {truth.rejected_hash}


def _needed(found: Needs, truth: Truth, offer_kinds: tuple[Kind, ...]) -> Iterator[str]:
    """Yield the payload hashes of the lines that would close it."""
    if found.withdraw:
        yield payload_hash(Kind.WITHDRAW)
    if found.new or found.content:
        yield payload_hash(Kind.CONTENT, price=found.price, content_hash=truth.content_hash)
    if found.offer:
        differs = {Kind.OFFER: True, Kind.PRICE: found.price_differs, Kind.QUANTITY: found.quantity_differs}
        for kind in offer_kinds:
            if differs[kind]:
                yield offer_hash(kind, price=found.price, quantity=found.quantity)


def _queued(truths: Iterable[Truth]) -> set[int]:
    """Return the items whose change has not reached the fan-out yet."""
    items = [truth.item_id for truth in truths if truth.item_id is not None]
    return set(ItemChange.objects.filter(item_id__in=items).values_list("item_id", flat=True))


def _refused(channel: Channel, truths: Iterable[Truth]) -> dict[str, set[str]]:
    """Return what the channel refused of these SKUs, by payload hash."""
    rows = FeedLine.objects.filter(channel=channel, sku__in=[truth.sku for truth in truths], state=LedgerState.REJECTED)
    refused: dict[str, set[str]] = {}
    for sku, hashed in rows.values_list("sku", "payload_hash"):
        refused.setdefault(sku, set()).add(hashed)
    return refused


def _detail(truth: Truth, rules: Rules) -> str:
    found = needs(truth.as_confirmed(), rules)
    if found.withdraw:
        return "listed, but not wanted"
    if found.new:
        return f"wanted, but not listed (price {found.price}, quantity {found.quantity})"
    if found.refusal:
        return f"refused without a word: {found.refusal}"
    parts = []
    if found.price_differs:
        parts.append(f"price {found.price}, confirmed {truth.confirmed_price}")
    if found.quantity_differs:
        parts.append(f"quantity {found.quantity}, confirmed {truth.confirmed_quantity}")
    if found.content:
        parts.append("content differs from what was confirmed")
    return "; ".join(parts)


# Plan: both tables once, hashed on (item, location).
_STOCK = """
SELECT NULL::bigint, item.sku,
       'on hand ' || coalesce(stock.on_hand, 0) || ', movements ' || coalesce(moved.on_hand, 0)
       || '; reserved ' || coalesce(stock.reserved, 0) || ', movements ' || coalesce(moved.reserved, 0)
FROM inventory_stock AS stock
FULL JOIN (
    SELECT item_id, location_id, sum(on_hand_delta) AS on_hand, sum(reserved_delta) AS reserved
    FROM inventory_stockmovement GROUP BY item_id, location_id
) AS moved USING (item_id, location_id)
JOIN inventory_item AS item ON item.id = item_id
WHERE (coalesce(stock.on_hand, 0), coalesce(stock.reserved, 0))
   <> (coalesce(moved.on_hand, 0), coalesce(moved.reserved, 0))
"""

# A claim is given 20 s after its lease, in which the next drain takes over.
_CLAIMS = """
SELECT channel_id, '', kind || ' held by ' || claimed_by || ' since its lease ended at ' || claim_expires_at
FROM channels_app_channeljob
WHERE enabled AND NOT blocked AND claim_expires_at < clock_timestamp() - interval '20 seconds'
"""

_LINES = """
SELECT line.channel_id, line.sku, line.kind || ' line is ' || line.state || ', its submission ' || submission.phase
FROM channels_app_feedline AS line
JOIN channels_app_submission AS submission ON submission.id = line.submission_id
WHERE line.state IN ('pending', 'sent', 'unknown') AND submission.phase IN ('closed', 'failed')
"""

_GLOBAL_CHECKS = ((_STOCK, "stock"), (_CLAIMS, "claim"), (_LINES, "open line"))


def _rows(sql: str, what: str, limit: int) -> list[Offence]:
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} LIMIT %s", [max(limit, 0)])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return [Offence(channel_id, sku, what, detail) for channel_id, sku, detail in rows]

"""Proves that nothing was lost: whatever should be at a channel is confirmed there, or a row says why it is not yet.

For every (channel, SKU) that is wanted or listed: what is wanted now equals what was confirmed, or there is a pending
change (a held one too), an open line, or a refusal of exactly this; or its cause still waits in a queue. And stock is
the sum of its movements, no claim outlives its lease, no line is open under a closed submission, and no intent is left
without a word by a worker whose job has been taken over.

It compares with the functions that the feed decides with, streamed, so both can never mean different things.
"""

import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, transaction
from django.db.models import Q

from channels_app.adapters.registry import UnknownAdapter, get_adapter_class
from channels_app.adapters.types import Kind
from channels_app.flows import permissions
from channels_app.flows.decide import Needs, Rules, needs, offer_hash, payload_hash, refusal_hash
from channels_app.flows.permissions import Action
from channels_app.flows.price import price_to_send, why_no_price
from channels_app.flows.quantity import quantity_to_send
from channels_app.flows.wanted import CONTENT_HASH, Truth, read_skus
from channels_app.models import Channel, ChannelLedger, ChannelWalk, FeedLine, LedgerCheck, LedgerState
from inventory.models import BulkChange, ItemChange

log = logging.getLogger(__name__)

#: A list longer than this says nothing more.
MOST = 10_000
#: Offences that a recorded check shows.
SAMPLE = 20
#: Recorded checks that are kept.
KEPT_CHECKS = 200
#: SKUs that are sent again at one click.
SENT_AGAIN_AT_ONCE = 1000
#: A check that was asked for so long ago was lost, and may be asked for again.
LOST_AFTER = timedelta(minutes=15)
#: A channel is checked again no sooner than this after its last check.
CHECK_AGAIN_AFTER = timedelta(minutes=1)
NOT_CLOSED = "not closed"


class Offence(NamedTuple):
    """Something that the ledger cannot explain."""

    channel_id: int | None
    sku: str
    what: str
    detail: str


def check_ledger(channel: Channel | None = None) -> list[Offence]:
    """Return what the ledger of `channel`, or of everything, cannot explain; empty if all is closed."""
    if channel is not None:
        return check_channel(channel)
    found: list[Offence] = []
    for one in _channels():
        found += check_channel(one, most=MOST - len(found))
    return found + check_stock(most=MOST - len(found))


def _channels() -> Iterator[Channel]:
    return Channel.objects.filter(archived_at=None).order_by("pk").iterator()


def check_channel(channel: Channel, *, most: int = MOST) -> list[Offence]:
    """Return the first `most` things that the ledger of one channel cannot explain, as of one moment."""
    with transaction.atomic():
        _hold_one_snapshot()
        found = list(islice(_offences_of(channel), most))
        for sql, what in _CHANNEL_CHECKS:
            found += _rows(sql, {"channel": channel.pk}, what, most - len(found))
    return found


def check_stock(*, most: int = MOST) -> list[Offence]:
    """Return the first `most` items whose stock is not the sum of its movements."""
    return _rows(_STOCK, {}, "stock", most)


def check_and_record(*, now: datetime) -> LedgerCheck:
    """Everything was checked, and the result stands where pages show it; offences are logged as an error."""
    started = time.monotonic()
    count = 0
    sample: list[Offence] = []
    for channel in _channels():
        found = check_and_record_channel(channel, now=now)
        count, sample = count + len(found), sample + found[: SAMPLE - len(sample)]
    found = check_stock()
    count, sample = count + len(found), sample + found[: SAMPLE - len(sample)]
    if found:
        _tell_support(found)
    check = LedgerCheck.objects.create(
        at=now,
        seconds=time.monotonic() - started,
        offences=count,
        sample=[{"channel": o.channel_id, "sku": o.sku, "what": o.what, "detail": o.detail} for o in sample],
    )
    kept = LedgerCheck.objects.order_by("-pk").values("pk")[:KEPT_CHECKS]
    LedgerCheck.objects.exclude(pk__in=kept).delete()
    return check


def check_and_record_channel(channel: Channel, *, now: datetime) -> list[Offence]:
    """One channel was checked, and its row says what was found: the alarm of an earlier check ends with a clean one."""
    started = time.monotonic()
    found = check_channel(channel)
    ChannelLedger.objects.update_or_create(
        channel=channel,
        defaults={
            "at": now,
            "seconds": time.monotonic() - started,
            "offences": len(found),
            "sample": [{"sku": o.sku, "what": o.what, "detail": o.detail} for o in found[:SAMPLE]],
            "skus": [o.sku for o in found if o.what == NOT_CLOSED][:SENT_AGAIN_AT_ONCE],
            "asked_at": None,
        },
    )
    if found:
        _tell_support(found)
    return found


def _tell_support(found: Sequence[Offence]) -> None:
    sample = [tuple(offence) for offence in found[:SAMPLE]]
    log.error("ledger.open", extra={"channel": found[0].channel_id, "offences": len(found), "sample": sample})


def ask_for_check(channel: Channel, *, actor: AbstractBaseUser | None, now: datetime, as_support: bool = False) -> bool:
    """The row says that a check of `channel` was asked for. Returns False if one runs, or ended a moment ago.

    Raises NotAllowed below manager, and on a channel that is not active.
    """
    permissions.require(channel, actor, Action.RUN_NOW, as_support=as_support)
    ledger, _ = ChannelLedger.objects.get_or_create(channel=channel)
    rests = Q(asked_at=None) | Q(asked_at__lt=now - LOST_AFTER)
    is_old = Q(at=None) | Q(at__lt=now - CHECK_AGAIN_AFTER)
    return ChannelLedger.objects.filter(rests, is_old, pk=ledger.pk).update(asked_at=now) > 0


def _hold_one_snapshot() -> None:
    """All statements of this transaction see the same, unless the caller's own transaction has already begun."""
    if len(connection.savepoint_ids) == 0:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


# Plan: the label's items with their stock, and the channel's listings, each read once and hashed; then two anti-joins
# with the few rows that are under way. A SKU that is under way is explained.
_CLAIMED = f"""
SELECT coalesce(item.sku, listing.sku) AS sku,
       coalesce(item.told_hash = listing.confirmed_content_hash, false),
       item.price, item.currency, coalesce(stock.available, 0), listing.confirmed_price, listing.confirmed_quantity
FROM (
    SELECT item.id, item.sku, {CONTENT_HASH} AS told_hash, item.price, item.currency
    FROM inventory_labelitem AS member
    JOIN inventory_item AS item ON item.id = member.item_id
    LEFT JOIN channels_app_categorymapping AS mapping
        ON mapping.channel_id = %(channel)s AND mapping.own = item.category AND item.category <> ''
    WHERE member.label_id = %(label)s AND member.source <> 'excluded'
      AND NOT item.is_parent AND NOT item.blocked AND item.archived_at IS NULL
) AS item
LEFT JOIN (
    SELECT place.item_id, sum(place.on_hand - place.reserved) AS available
    FROM inventory_labelitem AS member
    JOIN inventory_stock AS place ON place.item_id = member.item_id
    WHERE member.label_id = %(label)s AND (place.location_id = ANY(%(places)s::bigint[]) OR %(everywhere)s)
    GROUP BY place.item_id
) AS stock ON stock.item_id = item.id
FULL JOIN (
    SELECT sku, confirmed_content_hash, confirmed_price, confirmed_quantity
    FROM channels_app_listing WHERE channel_id = %(channel)s AND state <> 'ended'
) AS listing ON listing.sku = item.sku
WHERE NOT EXISTS (
    SELECT FROM channels_app_pendingchange AS change
    WHERE change.channel_id = %(channel)s AND change.sku = coalesce(item.sku, listing.sku)
) AND NOT EXISTS (
    SELECT FROM channels_app_feedline AS line
    WHERE line.channel_id = %(channel)s AND line.sku = coalesce(item.sku, listing.sku)
      AND line.state IN ('pending', 'sent', 'unknown')
)
"""  # noqa: S608 - put together from constants


def _offences_of(channel: Channel) -> Iterator[Offence]:
    """Yield what is open: most SKUs are cleared by a cheap comparison, the few others judged as the feed judges."""
    if not (channel.is_running and channel.listings_on):
        return
    if BulkChange.objects.filter(label_id=channel.label_id or 0).exists():
        return
    if ChannelWalk.objects.filter(channel=channel).exists():
        return
    rules = Rules.of(channel)
    kinds = _offer_kinds(channel)
    suspects = _suspects(channel, rules)
    while skus := list(islice(suspects, 1000)):
        batch = [truth for truth in read_skus(channel, skus).values() if not _is_closed(truth, rules, kinds, set())]
        queued = _queued(batch)
        refused = _refused(channel, batch)
        for truth in batch:
            if truth.item_id in queued or _is_closed(truth, rules, kinds, refused.get(truth.sku, set())):
                continue
            yield Offence(channel.pk, truth.sku, NOT_CLOSED, _detail(truth, rules))


def _suspects(channel: Channel, rules: Rules) -> Iterator[str]:
    """Yield the SKUs that nothing under way explains and whose confirmed values are not plainly the wanted ones.

    The two rules are asked once for each price and each number of units: a catalogue has few of them.
    """

    @lru_cache(maxsize=100_000)
    def price_of(price: Decimal, currency: str) -> Decimal | None:
        refused = why_no_price(price, currency, rules.price)
        return None if refused else price_to_send(price, rules.price_for(currency))

    @lru_cache(maxsize=100_000)
    def quantity_of(available: int) -> int:
        return quantity_to_send(available, rules.quantity)

    places = list(channel.channel_locations.values_list("location_id", flat=True))
    params = {"channel": channel.pk, "label": channel.label_id, "places": places, "everywhere": not places}
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(_CLAIMED, params)
        for sku, same_content, price, currency, available, confirmed_price, confirmed_quantity in cursor:
            if (
                not same_content
                or price is None
                or confirmed_quantity != quantity_of(available)
                or confirmed_price is None
                or confirmed_price != price_of(price, currency)
            ):
                yield sku


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
       seller.slug || ': on hand ' || coalesce(stock.on_hand, 0) || ', movements ' || coalesce(moved.on_hand, 0)
       || '; reserved ' || coalesce(stock.reserved, 0) || ', movements ' || coalesce(moved.reserved, 0)
FROM inventory_stock AS stock
FULL JOIN (
    SELECT item_id, location_id, sum(on_hand_delta) AS on_hand, sum(reserved_delta) AS reserved
    FROM inventory_stockmovement GROUP BY item_id, location_id
) AS moved USING (item_id, location_id)
JOIN inventory_item AS item ON item.id = item_id
JOIN inventory_seller AS seller ON seller.id = item.seller_id
WHERE (coalesce(stock.on_hand, 0), coalesce(stock.reserved, 0))
   <> (coalesce(moved.on_hand, 0), coalesce(moved.reserved, 0))
"""

# A claim is given 20 s after its lease, in which the next drain takes over.
_CLAIMS = """
SELECT channel_id, '', kind || ' held by ' || claimed_by || ' since its lease ended at ' || claim_expires_at
FROM channels_app_channeljob
WHERE channel_id = %(channel)s AND enabled AND NOT blocked
  AND claim_expires_at < clock_timestamp() - interval '20 seconds'
"""

_LINES = """
SELECT line.channel_id, line.sku, line.kind || ' line is ' || line.state || ', its submission ' || submission.phase
FROM channels_app_feedline AS line
JOIN channels_app_submission AS submission ON submission.id = line.submission_id
WHERE line.channel_id = %(channel)s AND line.state IN ('pending', 'sent', 'unknown')
  AND submission.phase IN ('closed', 'failed')
"""

# Whoever takes a job over marks what its earlier holders left without an outcome, in the same commit.
_INTENTS = """
SELECT submission.channel_id, '', submission.kind || ' submission ' || submission.key || ' was left by a dead worker'
FROM channels_app_submission AS submission
WHERE submission.channel_id = %(channel)s AND submission.phase = 'intent' AND submission.fence < (
    SELECT job.fence FROM channels_app_channeljob AS job
    WHERE job.channel_id = submission.channel_id
      AND job.kind = CASE submission.kind WHEN 'content' THEN 'content' ELSE 'offers' END
)
"""

_COMMANDS = """
SELECT command.channel_id, line.sku, command.kind || ' of order ' || ordered.remote_id || ' was left by a dead worker'
FROM channels_app_command AS command
JOIN channels_app_order AS ordered ON ordered.id = command.order_id
LEFT JOIN channels_app_orderline AS line ON line.id = command.line_id
WHERE command.channel_id = %(channel)s AND command.state = 'sent' AND command.handle = '' AND command.fence < (
    SELECT job.fence FROM channels_app_channeljob AS job
    WHERE job.channel_id = command.channel_id AND job.kind = 'commands'
)
"""

_CHANNEL_CHECKS = ((_CLAIMS, "claim"), (_LINES, "open line"), (_INTENTS, "intent"), (_COMMANDS, "command"))


def _rows(sql: str, params: Mapping[str, Any], what: str, limit: int) -> list[Offence]:
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} LIMIT %(limit)s", {**params, "limit": max(limit, 0)})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return [Offence(channel_id, sku or "", what, detail) for channel_id, sku, detail in rows]

"""From "something changed" to pending changes of every channel it touches. By turns; cost follows the change.

Causes are rows: ItemChange and BulkChange from the inventory's triggers, ChannelWalk from channels. Everything is read
after its commit. A change is enqueued even if it seems to send nothing new: a feed that is just settling may have read
what was so before, and the raised version is what tells it.
"""

import itertools
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial

from django.db import connection, transaction
from django.db.models.functions import Coalesce

from channels_app.flows import jobs
from channels_app.flows.decide import Rules, Urgency, judge_urgency
from channels_app.flows.pending import Change, enqueue, upsert
from channels_app.flows.wanted import CATEGORY_SOURCE, WALK_SOURCE, Truth, in_order, read_truth
from channels_app.models import Channel, ChannelJob, ChannelWalk, Listing
from inventory import labels
from inventory.models import ItemChange

__all__ = ["enqueue", "fan_out", "pass_on_few", "pass_on_many", "walk_channel", "walk_on"]

log = logging.getLogger(__name__)

#: Rows of the queue, and SKUs of a walk, that one transaction handles: what came in meanwhile waits for its end.
BATCH = 1000
#: A seller with at most so many waiting is served together with others, one with more by itself: whatever a million
#: changes of one have to wait for holds up nobody else.
FEW = 50
#: Seller ids are added to it; no other advisory lock of this database uses numbers near it.
_LOCK = 7_203_550_001_000_000

_turns = itertools.count()


def fan_out(*, now: datetime) -> int:
    """Pass on changes of sellers with few, a batch of one with many, and a slice of one walk; return how many rows."""
    return pass_on_few(now=now) + pass_on_many(now=now) + walk_on(now=now)


def pass_on_few(*, now: datetime) -> int:
    """All that sellers with few changes wait for is pending, in one commit; return how many rows it was."""
    sellers, rows = [], 0
    for seller_id, count in _waiting():
        if count <= FEW and rows + count <= BATCH:
            sellers.append(seller_id)
            rows += count
    return _pass_on(partial(_find_changed, sellers), now=now) if sellers else 0


def pass_on_many(*, now: datetime) -> int:
    """A batch of one seller with many changes is pending, another's each time; return how many rows it was."""
    busy = [seller_id for seller_id, count in _waiting() if count > FEW]
    turn = next(_turns) % len(busy) if busy else 0
    for seller_id in busy[turn:] + busy[:turn]:
        if handled := _pass_on(partial(_find_changed, [seller_id]), now=now):
            return handled
    return 0


def walk_on(*, now: datetime) -> int:
    """What a slice of one walk came across is pending; return how many SKUs, 0 if there is none or it is taken."""
    return _pass_on(_find_walked, now=now)


def _pass_on(find: Callable[..., int], *, now: datetime) -> int:
    found = Found()
    with transaction.atomic():
        handled = find(found, now=now)
        # All at once, at the end: see pending.py on the order of locks, for the nudges too.
        upsert(found.values(), now=now)
    _nudge(found, now=now)
    return handled


class Found(dict[tuple[int, str], Change]):
    """What this fan-out enqueues, by channel and SKU."""

    def add(self, change: Change) -> None:
        """Put `change` in, or its kinds and urgency to what is there."""
        key = (change.channel_id, change.sku)
        other = self.get(key)
        if other is not None:
            urgency = min(other.urgency, change.urgency)
            change = change._replace(kinds=other.kinds | change.kinds, urgency=urgency)
        self[key] = change


def _nudge(found: Found, *, now: datetime) -> None:
    """Wake the jobs that have something to take, offers first."""
    touched: dict[str, set[int]] = defaultdict(set)
    for change in found.values():
        touched[job_of(change.urgency)].add(change.channel_id)
    for kind in (ChannelJob.Kind.OFFERS, ChannelJob.Kind.CONTENT):
        if touched[kind]:
            jobs.nudge(sorted(touched[kind]), [kind], now=now)


def walk_channel(channel: Channel, cause: str, *, now: datetime, categories: Iterable[str] = ("",)) -> None:
    """Every SKU of `channel`, or of these of the seller's categories, will be looked at.

    Call it in the transaction of its cause.
    """
    ChannelWalk.objects.bulk_create(
        ChannelWalk(channel=channel, cause=cause[:40], category=category, created_at=now) for category in categories
    )


# Plan: hops over the index on (seller, id), and the first few rows of each seller.
_WAITING = """
WITH RECURSIVE waiting (seller_id) AS (
    SELECT min(seller_id) FROM inventory_itemchange
    UNION ALL
    SELECT (SELECT min(change.seller_id) FROM inventory_itemchange AS change WHERE change.seller_id > waiting.seller_id)
    FROM waiting WHERE waiting.seller_id IS NOT NULL
)
SELECT seller_id, (SELECT count(*) FROM (SELECT FROM inventory_itemchange AS change
                                         WHERE change.seller_id = waiting.seller_id LIMIT %s) AS first)
FROM waiting WHERE seller_id IS NOT NULL
"""


def _waiting() -> list[tuple[int, int]]:
    """Return the sellers whose changes wait, each with how many, counted no further than just above FEW."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [FEW + 1])
        return list(cursor.fetchall())


# One at a time serves a seller; who is being served by somebody else is passed over. Plan: the first rows of each
# seller by (seller, id) that nobody holds; never "id > last", which misses late commits. ARRAY(..) is read once: as
# `IN (..)` it was run again for every row once the table had grown since its last ANALYZE.
_TAKE_ITEMS = """
WITH mine AS MATERIALIZED (
    SELECT seller_id FROM unnest(%(sellers)s::bigint[]) AS asked (seller_id)
    WHERE pg_try_advisory_xact_lock(%(lock)s + seller_id)
), taken AS (
    DELETE FROM inventory_itemchange
    WHERE id = ANY(ARRAY(
        SELECT first.id
        FROM mine
        CROSS JOIN LATERAL (
            SELECT change.id FROM inventory_itemchange AS change
            WHERE change.seller_id = mine.seller_id
            ORDER BY change.id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        ) AS first
    ))
    RETURNING seller_id, item_id, kinds
)
SELECT seller_id, item_id, bit_or(kinds), count(*) FROM taken GROUP BY seller_id, item_id
"""


def _find_changed(sellers: Sequence[int], found: Found, *, now: datetime) -> int:
    limit = BATCH if len(sellers) == 1 else FEW
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_ITEMS, {"sellers": list(sellers), "lock": _LOCK, "limit": limit})
        rows = cursor.fetchall()
    if not rows:
        return 0
    kinds = {item_id: bits for _, item_id, bits, _ in rows}
    labels.recalculate_items(list(kinds), now=now)
    _find(read_truth(_CHANNELS_OF_ITEMS, {"items": list(kinds)}), kinds, found)
    _find_orphans({seller for seller, *_ in rows}, kinds, found)
    return sum(count for *_, count in rows)


# Plan: the items by primary key, then the few running channels of each seller by (seller, state).
_CHANNELS_OF_ITEMS = """
SELECT channel.id, item.sku
FROM unnest(%(items)s::bigint[]) AS changed (item_id)
JOIN inventory_item AS item ON item.id = changed.item_id
JOIN channels_app_channel AS channel ON channel.seller_id = item.seller_id
WHERE channel.state IN ('testing', 'live') AND channel.archived_at IS NULL AND channel.listings_on
"""


def _find_orphans(seller_ids: Iterable[int], kinds: dict[int, int], found: Found) -> None:
    """An item that was deleted leaves listings without one: these are looked at, and ended if they are ours."""
    membership = [item for item, bits in kinds.items() if bits & ItemChange.Change.MEMBERSHIP]
    if not membership:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM unnest(%s::bigint[]) AS changed (id)"
            " WHERE NOT EXISTS (SELECT FROM inventory_item AS item WHERE item.id = changed.id))",
            [membership],
        )
        if not cursor.fetchone()[0]:
            return
    orphans = Listing.objects.filter(
        channel__in=Channel.objects.running().filter(seller_id__in=list(seller_ids), listings_on=True), item=None
    ).exclude(state=Listing.State.ENDED)
    source = "SELECT channel_id, sku FROM channels_app_listing WHERE id = ANY(%(ids)s::bigint[])"
    _find(read_truth(source, {"ids": list(orphans.values_list("pk", flat=True)[:BATCH])}), {}, found)


def _find(truths: Sequence[Truth], kinds: dict[int, int], found: Found) -> None:
    """What is on a channel's label, listed there or pending is to be enqueued, as urgently as it differs."""
    rules = {channel.pk: Rules.of(channel) for channel in Channel.objects.filter(pk__in={t.channel_id for t in truths})}
    for truth in truths:
        if not (truth.on_label or truth.is_up or truth.has_pending_change or truth.rejected_hash):
            continue
        bits = int(kinds.get(truth.item_id or 0, ItemChange.Change.MEMBERSHIP))
        urgency = judge_urgency(truth, rules[truth.channel_id], stock_changed=bool(bits & ItemChange.Change.STOCK))
        found.add(Change(truth.channel_id, truth.sku, truth.item_id, bits, urgency))


def job_of(urgency: int) -> str:
    """Return which job takes changes of this urgency: stock goes before first listings, so they are separate jobs."""
    return ChannelJob.Kind.OFFERS if urgency <= Urgency.WITHDRAW else ChannelJob.Kind.CONTENT


# A walk that has not begun reads everything after this commit anyway: one is enough. One that somebody else holds may
# be in its first slice, and have read it before.
_BULK_TO_WALKS = """
WITH taken AS (
    DELETE FROM inventory_bulkchange
    WHERE id = ANY(ARRAY(SELECT id FROM inventory_bulkchange ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED))
    RETURNING label_id
), unbegun AS MATERIALIZED (
    SELECT channel_id FROM channels_app_channelwalk
    WHERE category = '' AND cursor = '' AND EXISTS (SELECT FROM taken)
    FOR SHARE SKIP LOCKED
), walks AS (
    INSERT INTO channels_app_channelwalk (channel_id, cause, cursor, created_at)
    SELECT channel.id, 'label', '', %(now)s
    FROM channels_app_channel AS channel
    WHERE channel.label_id IN (SELECT label_id FROM taken)
      AND channel.state IN ('testing', 'live') AND channel.archived_at IS NULL AND channel.listings_on
      AND channel.id NOT IN (SELECT channel_id FROM unbegun)
)
SELECT count(*) FROM taken
"""


def _pass_on_bulk(*, now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_BULK_TO_WALKS, {"limit": BATCH, "now": now})
        return int(cursor.fetchone()[0])


def _find_walked(found: Found, *, now: datetime) -> int:
    return _pass_on_bulk(now=now) + _walk_a_slice(found, now=now)


def _walk_a_slice(found: Found, *, now: datetime) -> int:
    """Find the next SKUs of one walk; a walk that has reached its end, or whose channel stopped, is gone.

    By turns, a new walk behind those that wait already: however many come, each that was begun ends.
    """
    walk = ChannelWalk.objects.select_for_update(skip_locked=True, of=("self",)).select_related("channel")
    row = walk.order_by(Coalesce("advanced_at", "created_at"), "pk").first()
    if row is None:
        return 0
    channel = row.channel
    if not (channel.is_running and channel.listings_on):
        row.delete()
        return 1
    params = {
        "channel": channel.pk,
        "seller": channel.seller_id,
        "label": channel.label_id,
        "category": row.category,
        "after": row.cursor,
        "limit": BATCH,
    }
    truths = read_truth(CATEGORY_SOURCE if row.category else WALK_SOURCE, params)
    _find(truths, {}, found)
    if len(truths) < BATCH:
        row.delete()
    else:
        row.cursor, row.advanced_at = in_order(truths)[-1].sku, now
        row.save(update_fields=["cursor", "advanced_at"])
    return len(truths) or 1

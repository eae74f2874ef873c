"""Order download: page by page, raw bodies first, then what they tell."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.types import OrderPage
from channels_app.adapters.types import RawOrder as RawBody
from channels_app.flows.attention import raised, unknown_sku
from channels_app.flows.connection import open_adapter
from channels_app.flows.engine import Claim
from channels_app.flows.interpret import Reader
from channels_app.flows.jobs import nudge
from channels_app.flows.reservation import ranked_locations, rebalance_lines
from channels_app.models import Channel, ChannelJob, Order, OrderLine, RawOrder
from inventory.models import Item

#: Raws read at most in one transaction, between two looks at the clock.
BATCH = 100


def download_orders(claim: Claim, adapter: ChannelAdapter) -> bool:
    """What the channel tells of is stored and read, as far as the slice reaches. Returns whether more is waiting.

    1. Read what an earlier slice stored but did not come to read.
    2. Fetch a page; store its raws and the cursor behind it in one commit.
    3. Read the new raws, many in one transaction; tell the channel after the commit that their orders are accepted.
    4. Once the channel says that this was all, its orders are known up to its own time.
    """
    if not read_new_raws(claim, adapter):
        return True
    while claim.seconds_left() > 0:
        page = adapter.fetch_orders(claim.cursor or adapter.first_cursor(orders_since(claim.channel)))
        store_page(claim, page)
        if not read_new_raws(claim, adapter):
            return True
        if page.known_until is not None:
            _orders_are_known(claim, page.known_until)
        if not page.has_more:
            return False
    return True


def orders_since(channel: Channel) -> datetime:
    """Return the time from which orders are ours: the activation, less what the seller asked for."""
    return (channel.testing_started_at or channel.created_at) - timedelta(days=channel.orders_since_days)


# The bodies travel as one array each: one statement and one commit a page, whatever its size.
_STORE = """
    INSERT INTO channels_app_raworder (channel_id, remote_id, version, body, hash, state, reason, fetched_at)
    SELECT %s, seen.remote_id, seen.version, seen.body::jsonb, seen.hash, 'new', '', %s
    FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::text[]) AS seen (remote_id, version, body, hash)
    ON CONFLICT (channel_id, remote_id, hash) DO NOTHING
"""


def store_page(claim: Claim, page: OrderPage) -> int:
    """The page's raws are stored, those seen before left alone, and the cursor stands behind them. Returns the new."""
    bodies = [_as_json(raw) for raw in page.raws]
    with claim.settling():
        claim.cursor = page.next_cursor
        if not bodies:
            return 0
        with connection.cursor() as cursor:
            cursor.execute(
                _STORE,
                [
                    claim.channel.pk,
                    claim.now,
                    [raw.remote_id for raw in page.raws],
                    [raw.version for raw in page.raws],
                    bodies,
                    [_hash(raw, body) for raw, body in zip(page.raws, bodies, strict=True)],
                ],
            )
            return cursor.rowcount


def _as_json(raw: RawBody) -> str:
    """Return the body as JSON that PostgreSQL can hold: no NUL and no half of a character, which some shops send."""
    text = json.dumps(raw.body, sort_keys=True, ensure_ascii=False, cls=DjangoJSONEncoder)
    return text.encode("utf-8", "replace").decode().replace("\\u0000", "")


def _hash(raw: RawBody, body: str) -> str:
    """Return what names this version: a body that comes back after another version is a new one."""
    return hashlib.sha256(f"{raw.version}\n{body}".encode()).hexdigest()


def read_new_raws(claim: Claim, adapter: ChannelAdapter) -> bool:
    """Every raw waiting is read, oldest first, in fenced commits. Returns False if the time ran out first.

    What follows for the channel goes out after these commits: its jobs are woken once.
    """
    reader = Reader(claim.channel, adapter, now=claim.now)
    try:
        while waiting := _new_raws(claim.channel):
            if claim.seconds_left() <= 0:
                return False
            reader.read(waiting, settling=claim.settling)
    finally:
        claim.count(**reader.counts)
        _wake_for(reader)
    return True


def _wake_for(reader: Reader) -> None:
    """The jobs that tell the channel what follows from what was read are due."""
    for name, kind in (("to_accept", ChannelJob.Kind.COMMANDS), ("recounted", ChannelJob.Kind.OFFERS)):
        if reader.counts.get(name):
            nudge([reader.channel.pk], [kind], now=reader.now)


def _new_raws(channel: Channel) -> Sequence[RawOrder]:
    return list(RawOrder.objects.filter(channel=channel, state=RawOrder.State.NEW).order_by("id")[:BATCH])


def _orders_are_known(claim: Claim, until: datetime) -> None:
    channel = claim.channel
    known = channel.orders_known_until
    channel.orders_known_until = until if known is None else max(until, known)
    channel.orders_read_at = claim.present()
    with claim.settling():
        Channel.objects.filter(pk=channel.pk).update(
            orders_known_until=channel.orders_known_until, orders_read_at=channel.orders_read_at
        )


def interpret(raw_id: int, *, now: datetime, adapter: ChannelAdapter | None = None) -> None:
    """The raw order is read, if it was not yet; what is wrong with it stands on its row.

    The channel's order job is locked meanwhile, so that it does not read the same order.
    """
    raw = RawOrder.objects.select_related("channel__seller").get(pk=raw_id)
    reader = Reader(raw.channel, adapter or open_adapter(raw.channel), now=now)
    reader.read([raw], settling=partial(_exclusively, raw.channel_id))
    _wake_for(reader)


def retry_raw(raw: RawOrder, *, now: datetime) -> RawOrder:
    """A person asks to read it again. Returns the raw as it stands then: read, or with the reason why not."""
    interpret(raw.pk, now=now)
    raw.refresh_from_db()
    return raw


@contextmanager
def _exclusively(channel_id: int) -> Iterator[None]:
    """Open a transaction in which the channel's order job can store nothing."""
    with transaction.atomic():
        job = ChannelJob.objects.select_for_update().filter(channel_id=channel_id, kind=ChannelJob.Kind.ORDERS)
        list(job.values_list("pk", flat=True))
        yield


class LinkError(Exception):
    """The line cannot be linked to this item. The message is for the seller."""


def link_line(line: OrderLine, item: Item, *, actor: object, now: datetime) -> OrderLine:
    """The line is about `item`: its open units are reserved, and nobody needs to look at its SKU any more.

    Raises LinkError if the line has an item already, or the item is another seller's or a parent of variations.
    """
    with transaction.atomic():
        order = Order.objects.select_for_update().select_related("channel").get(pk=line.order_id)
        line = OrderLine.objects.select_related("item").get(pk=line.pk)
        if line.item_id is not None:
            raise LinkError(f"This line is linked to {line.item} already.")
        if item.seller_id != order.seller_id:
            raise LinkError("There is no such item.")
        if item.is_parent:
            raise LinkError(f"{item.sku} is the parent of variations, which is not sold itself. Choose a variation.")
        line.item = item
        line.save(update_fields=["item"])
        short = rebalance_lines(
            [line],
            channel=order.channel,
            is_ours=order.is_ours,
            ranked=ranked_locations(order.channel),
            actor_id=getattr(actor, "pk", None),
            now=now,
            note=f"Linked to order {order.remote_id}",
        )
        others = order.lines.filter(sku=line.sku, item=None).exists()
        fixed = [] if others else [unknown_sku(line.sku)]
        order.attention = raised(order.attention, before=fixed, after=[])
        order.oversold = order.oversold or short > 0
        order.save(update_fields=["attention", "oversold"])
    return line

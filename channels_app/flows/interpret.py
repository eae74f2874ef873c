"""Reads raw orders: from bodies as the channel gave them to orders, lines, reserved stock and accept commands.

Many are read in one transaction, with as many statements as one would take. If anything is wrong with one of them, each
is read in a transaction of its own, by the same code, and what is wrong lands on its raw.
"""

import logging
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from django.db import DataError, InterfaceError, OperationalError, connection

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.errors import RejectedByChannel
from channels_app.adapters.types import Capability, PaymentStatus, RemoteOrder
from channels_app.flows import listings
from channels_app.flows.engine import FenceLost
from channels_app.flows.overwrite import overwrite
from channels_app.flows.pending import enqueue
from channels_app.flows.reading import LINE_FIELDS, ORDER_FIELDS, Reading
from channels_app.flows.reservation import Part, ranked_locations, rebalance_orders
from channels_app.models import (
    CancellationRequest,
    Channel,
    Command,
    LedgerState,
    Order,
    OrderLine,
    PendingChange,
    RawOrder,
)
from inventory.models import Item, ItemChange

log = logging.getLogger(__name__)

#: Opens the transaction in which raws are read.
Settling = Callable[[], AbstractContextManager[None]]
#: Remote id -> the raw, and what it tells.
Told = Mapping[str, tuple[RawOrder, RemoteOrder]]


class Reader:
    """Reads raw orders of one channel; `counts` says what came of them."""

    def __init__(self, channel: Channel, adapter: ChannelAdapter, *, now: datetime) -> None:
        self.channel = channel
        self.adapter = adapter
        self.now = now
        self.counts: Counter[str] = Counter()
        self._ranked: list[int] | None = None

    def read(self, raws: Sequence[RawOrder], *, settling: Settling) -> None:
        """The raws are read, or say why they could not be: nothing about one of them stops the others.

        Of several versions of one order the first is read; the others wait for the next call.
        """
        told = self._parse_all(raws, settling)
        if not told:
            return
        try:
            with settling():
                counts = self._store(told)
        except (FenceLost, OperationalError, InterfaceError):
            raise
        except Exception as error:
            if len(told) > 1:
                # Something is wrong with one of them, and nothing of them was stored: each by itself.
                for raw, _ in told.values():
                    self.read([raw], settling=settling)
                return
            self._needs_attention(next(iter(told.values()))[0], error, settling)
        else:
            self.counts += counts

    # --- what they tell ----------------------------------------------------------------------------------------------

    def _parse_all(self, raws: Sequence[RawOrder], settling: Settling) -> Told:
        """Return by order the first raw that tells of it; those that cannot be read say so."""
        told: dict[str, tuple[RawOrder, RemoteOrder]] = {}
        for raw in raws:
            try:
                remote = self._parse(raw)
            except Exception as error:
                self._needs_attention(raw, error, settling)
            else:
                told.setdefault(remote.remote_id, (raw, remote))
        return told

    def _parse(self, raw: RawOrder) -> RemoteOrder:
        if raw.body is None:
            raise RejectedByChannel("The order's data was erased; it can no longer be read.")
        remote = self.adapter.parse_order(raw.body)
        ids = [line.remote_id for line in remote.lines]
        if len(set(ids)) < len(ids):
            raise RejectedByChannel("The marketplace gave two lines of this order the same number.")
        if any(line.quantity < 0 for line in remote.lines):
            raise RejectedByChannel("The marketplace gave a line of this order a negative quantity.")
        return remote

    def _needs_attention(self, raw: RawOrder, error: Exception, settling: Settling) -> None:
        with settling():
            RawOrder.objects.filter(pk=raw.pk, state__in=_UNREAD).update(
                state=RawOrder.State.NEEDS_ATTENTION, reason=self._reason(raw, error)
            )
        self.counts["needs_attention"] += 1

    def _reason(self, raw: RawOrder, error: Exception) -> str:
        if isinstance(error, RejectedByChannel):
            return str(error)
        if isinstance(error, DataError):
            return "This order holds a value that is too long or too large to store."
        log.error("order.unreadable", exc_info=error, extra={"channel": self.channel.pk, "raw": raw.pk})
        return "This order could not be read: an error of this program, which has been recorded. Retry it later."

    # --- orders and their lines --------------------------------------------------------------------------------------

    def _store(self, told: Told) -> Counter[str]:
        """All that the raws tell stands in the database. Returns what was done.

        Rows are locked in one order: orders, stock, pending changes, listings.
        """
        readings, older = self._begin(told)
        self._link([line for reading in readings for line in reading.lines])
        for reading in readings:
            reading.conclude()
        self._save(readings)
        self._reserve(readings)
        self._follow_requests(readings)
        self._forget_acceptances(readings)
        accepts = self._accept(readings)
        recounted = self._tell_anew(readings)
        self._settle({reading.raw: reading.news for reading in readings}, RawOrder.State.DONE)
        self._settle(dict.fromkeys(older, ""), RawOrder.State.OLDER)
        new = sum(reading.is_new for reading in readings)
        return Counter(
            orders=new, updated=len(readings) - new, older=len(older), to_accept=accepts, recounted=recounted
        )

    def _begin(self, told: Told) -> tuple[list[Reading], list[RawOrder]]:
        """Return what is read, on the locked rows of known orders, and the raws that are older than what we have."""
        known = Order.objects.filter(channel=self.channel, remote_id__in=told)
        orders = {order.remote_id: order for order in known.select_for_update().order_by("id")}
        lines: dict[int, list[OrderLine]] = {}
        if orders:
            for line in OrderLine.objects.filter(order__in=orders.values()).order_by("id"):
                lines.setdefault(line.order_id, []).append(line)
        readings: list[Reading] = []
        older: list[RawOrder] = []
        for remote_id, (raw, remote) in told.items():
            order = orders.get(remote_id)
            if order is not None and remote.version < order.version:
                older.append(raw)
                continue
            its_lines = lines.get(order.pk, []) if order else []
            readings.append(Reading(raw, remote, order=order, lines=its_lines, channel=self.channel, now=self.now))
        return readings, older

    def _link(self, lines: Sequence[OrderLine]) -> None:
        """Lines without an item get the seller's item of their SKU, if there is one that can be sold."""
        loose = [line for line in lines if line.item_id is None]
        if not loose:
            return
        items = Item.objects.filter(
            seller_id=self.channel.seller_id, sku__in={line.sku for line in loose}, is_parent=False
        )
        ids = dict(items.values_list("sku", "id"))
        for line in loose:
            line.item_id = ids.get(line.sku)

    def _save(self, readings: Sequence[Reading]) -> None:
        Order.objects.bulk_create([reading.order for reading in readings if reading.is_new])
        overwrite([reading.order for reading in readings if not reading.is_new], ORDER_FIELDS)
        OrderLine.objects.bulk_create([line for reading in readings for line in reading.new_lines])
        overwrite([line for reading in readings for line in reading.changed_lines], LINE_FIELDS)

    def _reserve(self, readings: Sequence[Reading]) -> None:
        """The stock that the lines ask for is reserved, in the order of the raws; orders that got less say so."""
        if self._ranked is None:
            self._ranked = ranked_locations(self.channel)
        shortages = rebalance_orders(
            [
                Part(reading.lines, is_ours=reading.order.is_ours, imported_at=reading.order.imported_at)
                for reading in readings
            ],
            channel=self.channel,
            ranked=self._ranked,
            now=self.now,
        )
        short = [(reading, units) for reading, units in zip(readings, shortages, strict=True) if units]
        for reading, units in short:
            reading.note_shortage(units)
        overwrite([reading.order for reading, _ in short], ["oversold", "attention"])

    # --- what follows from them --------------------------------------------------------------------------------------

    def _follow_requests(self, readings: Sequence[Reading]) -> None:
        """A buyer's request to cancel is kept for the seller to decide; one no longer shown was taken back."""
        silent = [r.order for r in readings if not r.is_new and r.told.cancellation_request is None]
        if silent:
            CancellationRequest.objects.filter(order__in=silent, state=CancellationRequest.State.OPEN).update(
                state=CancellationRequest.State.WITHDRAWN, decided_at=self.now
            )
        asked = {r.order.pk: r.told.cancellation_request for r in readings if r.told.cancellation_request}
        if not asked:
            return
        known = {(row.order_id, row.remote_id): row for row in CancellationRequest.objects.filter(order__in=asked)}
        again: list[CancellationRequest] = []
        new: list[CancellationRequest] = []
        for order_id, told in asked.items():
            row = known.get((order_id, told.remote_id))
            if row is None:
                row = CancellationRequest(order_id=order_id, seller_id=self.channel.seller_id, remote_id=told.remote_id)
                new.append(row)
            elif told.requested_at > row.requested_at:
                again.append(row)
            else:
                continue
            row.state, row.requested_at = CancellationRequest.State.OPEN, told.requested_at
            row.reason, row.line_remote_ids = told.reason, list(told.lines)
            row.decided_at, row.decided_by = None, None
        CancellationRequest.objects.bulk_create(new)
        overwrite(again, ["state", "requested_at", "reason", "line_remote_ids", "decided_at", "decided_by"])

    def _tell_anew(self, readings: Sequence[Reading]) -> int:
        """The channel counts down what it sells by itself: it shows what we never sent, so it is told again.

        Without this a capped quantity would run dry, and what is sold and cancelled between two sendings would be lost.
        Returns how many listings that concerns.
        """
        channel = self.channel
        if not (channel.is_running and channel.listings_on) or channel.can(Capability.QUANTITY_NETS_ORDERS):
            return 0
        sold = listings.shown_among(channel.pk, set().union(*(reading.recounted_skus for reading in readings)))
        enqueue(channel.pk, sold, kinds=ItemChange.Change.STOCK, urgency=PendingChange.Urgency.FELL, now=self.now)
        listings.forget_quantity(channel.pk, sold)
        return len(sold)

    def _forget_acceptances(self, readings: Sequence[Reading]) -> None:
        """Nobody need be told that we take an order which was cancelled meanwhile."""
        cancelled = [reading.order for reading in readings if not reading.is_new and reading.is_cancelled]
        if cancelled:
            Command.objects.filter(order__in=cancelled, kind=Command.Kind.ACCEPT, state=LedgerState.PENDING).update(
                state=LedgerState.SUPERSEDED, closed_at=self.now, reason="The order was cancelled first."
            )

    def _accept(self, readings: Sequence[Reading]) -> int:
        """Where the channel wants it, one command a line says that we take the order; it goes out after the commit.

        Returns how many lines are to be accepted.
        """
        if not self.channel.can(Capability.ACCEPT) or not self.channel.fulfillments_on:
            return 0
        commands = [
            command
            for reading in readings
            if reading.order.is_ours and not reading.told.is_accepted
            if reading.told.payment is not PaymentStatus.FAILED
            for command in self._accept_commands(reading)
        ]
        # Those of an earlier version stay as they are.
        Command.objects.bulk_create(commands, ignore_conflicts=True)
        return len(commands)

    def _accept_commands(self, reading: Reading) -> list[Command]:
        group = uuid.uuid4()
        return [
            Command(
                channel=self.channel,
                order=reading.order,
                line=line,
                kind=Command.Kind.ACCEPT,
                key=uuid.uuid4(),
                group_key=group,
                quantity=line.open_quantity,
                created_at=self.now,
            )
            for line in reading.lines
            if line.open_quantity
        ]

    def _settle(self, raws: Mapping[RawOrder, str], state: RawOrder.State) -> None:
        """The raws have their state and news; older versions that nobody could read need no attention any more."""
        if raws:
            with connection.cursor() as cursor:
                columns = zip(*((raw.pk, raw.remote_id, raw.version, news) for raw, news in raws.items()), strict=True)
                cursor.execute(_SETTLE, [state.value, *map(list, columns), self.channel.pk])


_UNREAD = (RawOrder.State.NEW, RawOrder.State.NEEDS_ATTENTION)

# Each raw's order is looked up in the unique index on (channel_id, remote_id, hash): as many rows as it has versions.
_SETTLE = """
    UPDATE channels_app_raworder AS raw
    SET state = CASE WHEN raw.id = settled.id THEN %s ELSE 'older' END, reason = '',
        news = CASE WHEN raw.id = settled.id THEN settled.news ELSE raw.news END
    FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::text[]) AS settled (id, remote_id, version, news)
    WHERE raw.channel_id = %s AND raw.remote_id = settled.remote_id
      AND (raw.id = settled.id OR (raw.state = 'needs_attention' AND raw.version < settled.version))
"""

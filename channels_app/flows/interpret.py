"""Reads raw orders: from a body as the channel gave it to orders, lines, reserved stock and accept commands."""

import logging
import uuid
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from django.db import DataError, InterfaceError, OperationalError
from django.db.models import Case, Q, Value, When

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.errors import RejectedByChannel
from channels_app.adapters.types import Capability, PaymentStatus, RemoteOrder, RemoteOrderLine
from channels_app.flows import attention
from channels_app.flows.engine import FenceLost
from channels_app.flows.reservation import facts_of, gone_for, ranked_locations, rebalance_lines
from channels_app.flows.shipping import shipping_status
from channels_app.models import CancellationRequest, Channel, Command, LedgerState, Order, OrderLine, RawOrder
from inventory.models import Item

log = logging.getLogger(__name__)

#: Opens the transaction in which one raw is read.
Settling = Callable[[], AbstractContextManager[None]]

_LINE_FIELDS = ("title", "quantity", "remote_shipped", "remote_cancelled", "unit_price", "amount", "tax")
_STORED_LINE_FIELDS = ["sku", "item", "consumed", *_LINE_FIELDS]


class Reader:
    """Reads raw orders of one channel, each in its own transaction; `counts` says what came of them."""

    def __init__(self, channel: Channel, adapter: ChannelAdapter, *, now: datetime) -> None:
        self.channel = channel
        self.adapter = adapter
        self.now = now
        self.counts: dict[str, int] = {}
        self._ranked: list[int] | None = None

    def read(self, raw: RawOrder, *, settling: Settling) -> None:
        """The raw is read, or says why it could not be: nothing about it stops the next one."""
        try:
            remote = self._parse(raw)
            with settling():
                self._store(raw, remote)
        except (FenceLost, OperationalError, InterfaceError):
            raise
        except RejectedByChannel as error:
            self._needs_attention(raw, str(error), settling)
        except DataError:
            self._needs_attention(raw, "This order holds a value that is too long or too large to store.", settling)
        except Exception:
            log.exception("order.unreadable", extra={"channel": self.channel.pk, "raw": raw.pk})
            reason = "This order could not be read: an error of this program, which has been recorded. Retry it later."
            self._needs_attention(raw, reason, settling)

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

    def _needs_attention(self, raw: RawOrder, reason: str, settling: Settling) -> None:
        with settling():
            RawOrder.objects.filter(pk=raw.pk, state__in=_UNREAD).update(
                state=RawOrder.State.NEEDS_ATTENTION, reason=reason
            )
        self._count("needs_attention")

    def _store(self, raw: RawOrder, remote: RemoteOrder) -> None:
        order = Order.objects.select_for_update().filter(channel=self.channel, remote_id=remote.remote_id).first()
        if order is not None and remote.version < order.version:
            _settle(raw, RawOrder.State.OLDER)
            self._count("older")
            return
        if order is None:
            order, lines = self._create(remote)
        else:
            lines = self._update(order, remote)
            self._forget_request(order, remote)
            self._forget_acceptance(order)
        self._follow_request(order, remote)
        self._accept(order, lines, remote)
        _settle(raw, RawOrder.State.DONE)

    # --- the order and its lines -------------------------------------------------------------------------------------

    def _create(self, remote: RemoteOrder) -> tuple[Order, list[OrderLine]]:
        order = Order(channel=self.channel, seller_id=self.channel.seller_id, remote_id=remote.remote_id)
        # Fixed at import: what happens to the switch later leaves this order as it is.
        order.managed_by = Order.ManagedBy.US if self.channel.fulfillments_on else Order.ManagedBy.THIRD_PARTY
        order.placed_at, order.imported_at = remote.placed_at, self.now
        _copy_order(order, remote, now=self.now)
        lines = [OrderLine(remote_id=line.remote_id, sku=line.sku) for line in remote.lines]
        for line, told in zip(lines, remote.lines, strict=True):
            _copy_line(line, told)
        self._link(lines)
        self._consume(order, lines)
        order.shipping_status = shipping_status(lines, is_ours=order.is_ours)
        order.attention = attention.raised("", before=[], after=problems_of(order, lines))
        order.save(force_insert=True)
        for line in lines:
            line.order = order
        OrderLine.objects.bulk_create(lines)
        self._rebalance(order, lines, are_new=True)
        self._count("orders")
        return order, lines

    def _update(self, order: Order, remote: RemoteOrder) -> list[OrderLine]:
        lines = list(order.lines.order_by("id"))
        before = problems_of(order, lines)
        known = {line.remote_id: line for line in lines}
        told = {line.remote_id: line for line in remote.lines}
        new = [
            OrderLine(order=order, remote_id=t.remote_id, sku=t.sku) for t in remote.lines if t.remote_id not in known
        ]
        for line in [*lines, *new]:
            if line.remote_id in told:
                _copy_line(line, told[line.remote_id])
            else:
                line.remote_cancelled = line.quantity  # gone from the newer version
        lines += new
        _copy_order(order, remote, now=self.now)
        self._link(lines)
        self._consume(order, lines)
        order.shipping_status = shipping_status(lines, is_ours=order.is_ours)
        if order.shipping_status == Order.Shipping.CANCELLED:
            before += attention.moot_once_cancelled(order.attention)
        order.attention = attention.raised(order.attention, before=before, after=problems_of(order, lines))
        order.save()
        OrderLine.objects.bulk_create(new)
        OrderLine.objects.bulk_update([line for line in lines if line not in new], _STORED_LINE_FIELDS)
        self._rebalance(order, lines)
        self._count("updated")
        return lines

    def _link(self, lines: Iterable[OrderLine]) -> None:
        """Lines without an item get the seller's item of their SKU, if there is one that can be sold."""
        loose = [line for line in lines if line.item_id is None]
        if not loose:
            return
        items = Item.objects.filter(
            seller_id=self.channel.seller_id, sku__in=[line.sku for line in loose], is_parent=False
        )
        ids = dict(items.values_list("sku", "id"))
        for line in loose:
            line.item_id = ids.get(line.sku)

    def _consume(self, order: Order, lines: Iterable[OrderLine]) -> None:
        if order.is_ours:
            return
        tells = self.channel.can(Capability.TELLS_SHIPPED)
        for line in lines:
            line.consumed = gone_for(facts_of(line, is_ours=False, tells_shipped=tells))

    def _rebalance(self, order: Order, lines: Sequence[OrderLine], *, are_new: bool = False) -> None:
        if self._ranked is None:
            self._ranked = ranked_locations(self.channel)
        short = rebalance_lines(
            lines,
            channel=self.channel,
            is_ours=order.is_ours,
            ranked=self._ranked,
            are_new=are_new,
            imported_at=order.imported_at,
            now=self.now,
        )
        if short:
            order.oversold = True
            order.attention = attention.raised(order.attention, before=[], after=[attention.oversold(short)])
            order.save(update_fields=["oversold", "attention"])

    # --- what follows from it ----------------------------------------------------------------------------------------

    def _forget_request(self, order: Order, remote: RemoteOrder) -> None:
        """A request that the channel no longer shows was taken back."""
        if remote.cancellation_request is None:
            order.cancellation_requests.filter(state=CancellationRequest.State.OPEN).update(
                state=CancellationRequest.State.WITHDRAWN, decided_at=self.now
            )

    def _forget_acceptance(self, order: Order) -> None:
        """Nobody need be told that we take an order which was cancelled meanwhile."""
        if order.shipping_status == Order.Shipping.CANCELLED:
            order.commands.filter(kind=Command.Kind.ACCEPT, state=LedgerState.PENDING).update(
                state=LedgerState.SUPERSEDED, closed_at=self.now, reason="The order was cancelled first."
            )

    def _follow_request(self, order: Order, remote: RemoteOrder) -> None:
        """A buyer's request to cancel is kept for the seller to decide."""
        asked = remote.cancellation_request
        if asked is None:
            return
        request, is_new = order.cancellation_requests.get_or_create(
            remote_id=asked.remote_id,
            defaults={
                "reason": asked.reason,
                "requested_at": asked.requested_at,
                "line_remote_ids": list(asked.lines),
            },
        )
        if not is_new and asked.requested_at > request.requested_at:
            request.state, request.requested_at = CancellationRequest.State.OPEN, asked.requested_at
            request.reason, request.line_remote_ids = asked.reason, list(asked.lines)
            request.decided_at, request.decided_by = None, None
            request.save()

    def _accept(self, order: Order, lines: Sequence[OrderLine], remote: RemoteOrder) -> None:
        """Where the channel wants it, one command a line says that we take the order; it goes out after the commit."""
        if remote.is_accepted or not order.is_ours or not self.channel.can(Capability.ACCEPT):
            return
        if not self.channel.fulfillments_on or remote.payment is PaymentStatus.FAILED:
            return
        open_lines = [line for line in lines if line.open_quantity]
        group = uuid.uuid4()
        Command.objects.bulk_create(
            [
                Command(
                    channel=self.channel,
                    order=order,
                    line=line,
                    kind=Command.Kind.ACCEPT,
                    key=uuid.uuid4(),
                    group_key=group,
                    quantity=line.open_quantity,
                    created_at=self.now,
                )
                for line in open_lines
            ],
            ignore_conflicts=True,
        )
        self._count("to_accept", len(open_lines))

    def _count(self, name: str, by: int = 1) -> None:
        self.counts[name] = self.counts.get(name, 0) + by


_UNREAD = (RawOrder.State.NEW, RawOrder.State.NEEDS_ATTENTION)


def _settle(raw: RawOrder, state: RawOrder.State) -> None:
    """The raw has its state; older versions of its order that nobody could read need no attention any more."""
    moot = Q(state=RawOrder.State.NEEDS_ATTENTION, version__lt=raw.version)
    RawOrder.objects.filter(Q(pk=raw.pk) | moot, channel_id=raw.channel_id, remote_id=raw.remote_id).update(
        state=Case(When(pk=raw.pk, then=Value(state)), default=Value(RawOrder.State.OLDER)), reason=""
    )


def _copy_order(order: Order, remote: RemoteOrder, *, now: datetime) -> None:
    order.version, order.updated_at = remote.version, now
    order.remote_status, order.payment_status = remote.status[:60], remote.payment.value
    order.currency, order.tax_included = remote.currency, remote.tax_included
    order.total, order.shipping = remote.total, remote.shipping
    order.buyer, order.ship_to = dict(remote.buyer), dict(remote.ship_to)
    if remote.is_accepted and order.accepted_at is None:
        order.accepted_at = now


def _copy_line(line: OrderLine, told: RemoteOrderLine) -> None:
    if line.item_id is None:
        line.sku = told.sku  # once stock moved for it, a line stays about its item
    line.title, line.quantity = told.title[:500], told.quantity
    line.remote_shipped, line.remote_cancelled = told.shipped_quantity, told.cancelled_quantity
    line.unit_price, line.amount, line.tax = told.unit_price, told.amount, told.tax


def problems_of(order: Order, lines: Sequence[OrderLine]) -> list[str]:
    """Return what a person should look at, by the order's own data: unknown SKUs, and sums that do not add up."""
    problems = [attention.unknown_sku(line.sku) for line in lines if line.item_id is None and line.open_quantity]
    if not lines:
        return [attention.NO_LINES]
    # Lines that a newer version no longer holds count for nothing any more.
    expected = attention.expected_totals(
        [(line.amount, line.tax, line.quantity, line.remote_cancelled) for line in lines],
        shipping=order.shipping,
        tax_included=order.tax_included,
    )
    if not attention.adds_up(order.total, expected):
        problems.append(attention.sum_is_wrong(order.total, expected[0], order.currency))
    return list(dict.fromkeys(problems))

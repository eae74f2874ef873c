"""One order being read: what its raw body tells, merged into the rows that stand for it. Nothing is saved here."""

from collections.abc import Sequence
from datetime import datetime

from channels_app.adapters.types import Capability, RemoteOrder, RemoteOrderLine
from channels_app.flows import attention
from channels_app.flows.order_news import news_of, seen_of
from channels_app.flows.printed import compare_with_printed
from channels_app.flows.reservation import facts_of, gone_for
from channels_app.flows.shipping import shipping_status
from channels_app.models import Channel, Order, OrderLine, RawOrder

#: What a newer version may change.
ORDER_FIELDS = [
    "version",
    "updated_at",
    "remote_status",
    "payment_status",
    "shipping_status",
    "currency",
    "tax_included",
    "total",
    "shipping",
    "buyer",
    "ship_to",
    "ship_by",
    "accepted_at",
    "changed_since_printed",
    "oversold",
    "attention",
]
LINE_FIELDS = [
    "sku",
    "item_id",
    "consumed",
    "title",
    "quantity",
    "remote_shipped",
    "remote_cancelled",
    "unit_price",
    "amount",
    "tax",
]


class Reading:
    """The rows of one order as its raw wants them; without an order of ours, a new one. Two steps: see `conclude`."""

    def __init__(
        self,
        raw: RawOrder,
        told: RemoteOrder,
        *,
        order: Order | None,
        lines: Sequence[OrderLine],
        channel: Channel,
        now: datetime,
    ) -> None:
        self.raw, self.told = raw, told
        self.is_new = order is None
        self.order = order or _new_order(told, channel=channel, now=now)
        self._known = {line: _values(line) for line in lines}
        self._counted = {line: _counts(line) for line in lines}
        self._problems = problems_of(self.order, lines) if order else []
        self._seen = seen_of(order, lines) if order else None
        #: What changed that the order's page shows, a sentence a line; of a new order nothing.
        self.news = ""
        self._tells_shipped = channel.can(Capability.TELLS_SHIPPED)
        self._vanished = _vanished(lines, told)
        _copy_order(self.order, told, now=now)
        self.new_lines = _copy_lines(lines, told)
        self.lines = [*lines, *self.new_lines]

    def conclude(self) -> None:
        """What follows from the lines stands on the order. Call it once the lines are linked to items."""
        order = self.order
        if not order.is_ours:
            for line in self.lines:
                line.consumed = gone_for(facts_of(line, is_ours=False, tells_shipped=self._tells_shipped))
        order.shipping_status = shipping_status(self.lines, is_ours=order.is_ours)
        if self._seen is not None:
            self.news = "\n".join(news_of(self._seen, seen_of(order, self.lines), vanished=self._vanished))
            compare_with_printed(order, self.lines)
        before = self._problems
        if not self.is_new and self.is_cancelled:
            before += attention.moot_once_cancelled(order.attention)
        order.attention = attention.raised(order.attention, before=before, after=problems_of(order, self.lines))
        for line in self.new_lines:
            line.order = order

    @property
    def is_cancelled(self) -> bool:
        return self.order.shipping_status == Order.Shipping.CANCELLED

    @property
    def changed_lines(self) -> list[OrderLine]:
        """Known lines of which something to be stored has changed."""
        return [line for line, before in self._known.items() if _values(line) != before]

    @property
    def recounted_skus(self) -> set[str]:
        """The SKUs of which the channel has sold units, or taken them back, since the last version we read."""
        changed = (line for line, before in self._counted.items() if _counts(line) != before)
        return {line.sku for line in (*self.new_lines, *changed)}

    def note_shortage(self, units: int) -> None:
        """The order promises `units` that were not there."""
        self.order.oversold = True
        said = attention.oversold(units)
        self.order.attention = attention.raised(self.order.attention, before=[], after=[said])


def _new_order(told: RemoteOrder, *, channel: Channel, now: datetime) -> Order:
    order = Order(channel=channel, seller_id=channel.seller_id, remote_id=told.remote_id)
    # Fixed at import: what happens to the switch later leaves this order as it is.
    order.managed_by = Order.ManagedBy.US if channel.fulfillments_on else Order.ManagedBy.THIRD_PARTY
    order.placed_at, order.imported_at = told.placed_at, now
    return order


def _values(line: OrderLine) -> list[object]:
    return [getattr(line, name) for name in LINE_FIELDS]


def _counts(line: OrderLine) -> tuple[int, int]:
    return line.quantity, line.remote_cancelled


def _copy_order(order: Order, told: RemoteOrder, *, now: datetime) -> None:
    order.version, order.updated_at = told.version, now
    order.remote_status, order.payment_status = told.status[:60], told.payment.value
    order.currency, order.tax_included = told.currency, told.tax_included
    order.total, order.shipping = told.total, told.shipping
    order.buyer, order.ship_to = dict(told.buyer), dict(told.ship_to)
    order.ship_by = told.ship_by
    if told.is_accepted and order.accepted_at is None:
        order.accepted_at = now


def _vanished(lines: Sequence[OrderLine], told: RemoteOrder) -> set[str]:
    """Return the remote ids of lines that are not told any more; those of which that was read before are left out."""
    listed = {line.remote_id for line in told.lines}
    return {line.remote_id for line in lines if line.remote_cancelled < line.quantity} - listed


def _copy_lines(lines: Sequence[OrderLine], told: RemoteOrder) -> list[OrderLine]:
    """The known lines say what was told; what was not told any more is cancelled. Returns those not known before."""
    known = {line.remote_id: line for line in lines}
    new = [OrderLine(remote_id=line.remote_id) for line in told.lines if line.remote_id not in known]
    known |= {line.remote_id: line for line in new}
    for line in lines:
        line.remote_cancelled = line.quantity
    for told_line in told.lines:
        _copy_line(known[told_line.remote_id], told_line)
    return new


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

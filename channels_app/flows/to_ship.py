"""What the seller has to ship now: one answer for every page, file and sheet that speaks of it."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db.models import Prefetch, Q, QuerySet
from django.db.models.functions import Coalesce

from channels_app.adapters.types import PaymentStatus
from channels_app.models import CancellationRequest, Order, OrderLine
from inventory.models import Seller

#: `Order.due_at` for the database.
DUE_AT = Coalesce("ship_by", "placed_at")
#: What `asked_to_cancel` reads of an order.
REQUESTS = ("cancellation_requests",)
#: Orders that are read at once with their lines.
_SLICE = 500


def orders_to_ship(seller: Seller) -> QuerySet[Order]:
    """Return the seller's own orders that are paid and have not left, or not whole."""
    return _not_left(seller).filter(payment_status=PaymentStatus.CLEARED.value)


def orders_not_printed(seller: Seller) -> QuerySet[Order]:
    """Return those to ship of which nobody has said that their packing slip, as it would be now, was printed."""
    return orders_to_ship(seller).filter(Q(printed_at=None) | Q(changed_since_printed=True))


def orders_late(seller: Seller, *, now: datetime) -> QuerySet[Order]:
    """Return those to ship that should have left by now, as their marketplaces say."""
    return orders_to_ship(seller).filter(ship_by__lt=now)


def orders_unpaid(seller: Seller) -> QuerySet[Order]:
    """Return those that must not leave: the payment has not cleared yet, or it failed."""
    return _not_left(seller).filter(payment_status__in=[PaymentStatus.PENDING.value, PaymentStatus.FAILED.value])


def _not_left(seller: Seller) -> QuerySet[Order]:
    return Order.objects.filter(
        seller_id=seller.pk,
        managed_by=Order.ManagedBy.US,
        shipping_status__in=[Order.Shipping.UNSHIPPED, Order.Shipping.PARTIALLY_SHIPPED],
    )


def lines_to_ship(orders: QuerySet[Order], *, limit: int) -> Iterator[OrderLine]:
    """Yield the lines with units to ship, with orders and items, of what has to leave first: no order's in part."""
    lines = Prefetch("lines", OrderLine.objects.select_related("item").order_by("pk"))
    in_turn = orders.order_by(DUE_AT, "pk").prefetch_related(lines, *REQUESTS).iterator(chunk_size=_SLICE)
    for order in in_turn:
        to_ship = [line for line in order.lines.all() if line.open_quantity]
        limit -= len(to_ship)
        if limit < 0:
            return
        yield from to_ship


def asked_to_cancel(order: Order, lines: Sequence[OrderLine]) -> list[OrderLine]:
    """Return those of the order's lines with units to ship that the buyer asks to cancel, and nobody has decided about.

    For many orders prefetch REQUESTS.
    """
    asked = [one for one in order.cancellation_requests.all() if one.state == CancellationRequest.State.OPEN]
    return [line for line in lines if line.open_quantity and any(one.is_about(line) for one in asked)]

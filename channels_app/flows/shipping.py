"""The shipping status of an order, derived from its lines in one place. Pure."""

from collections.abc import Sequence

from channels_app.models import Order, OrderLine


def shipping_status(lines: Sequence[OrderLine], *, is_ours: bool) -> str:
    """Return where the order stands. All cancelled beats everything; Third Party Managed says nothing of parcels."""
    shipped = any(line.shipped_quantity for line in lines)
    if lines and not shipped and all(line.cancelled_quantity >= line.quantity for line in lines):
        return Order.Shipping.CANCELLED
    if not is_ours:
        return Order.Shipping.THIRD_PARTY
    if not lines or not shipped:
        return Order.Shipping.UNSHIPPED
    if any(line.open_quantity for line in lines):
        return Order.Shipping.PARTIALLY_SHIPPED
    return Order.Shipping.SHIPPED

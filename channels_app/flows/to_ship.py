"""What the seller has to ship now."""

from collections.abc import Iterator, Sequence
from itertools import islice

from channels_app.adapters.types import PaymentStatus
from channels_app.models import Order, OrderLine


def lines_to_ship(channels: Sequence[int], *, limit: int) -> Iterator[OrderLine]:
    """Yield lines with units that may leave now, with their orders, the oldest orders first."""
    waiting = OrderLine.objects.filter(
        order__channel__in=channels,
        order__shipping_status__in=[Order.Shipping.UNSHIPPED, Order.Shipping.PARTIALLY_SHIPPED],
        order__managed_by=Order.ManagedBy.US,
        order__payment_status=PaymentStatus.CLEARED.value,
    )
    lines = waiting.select_related("order").order_by("order__placed_at", "order_id", "pk").iterator(chunk_size=1_000)
    yield from islice((line for line in lines if line.open_quantity), limit)

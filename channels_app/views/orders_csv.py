"""The orders that a list shows as a CSV for whoever keeps the books: a row for each line of an order.

What belongs to the whole order, as its total, stands in its first row only: so the sum of a column is right.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, QuerySet
from django.http import Http404, StreamingHttpResponse

from channels_app.adapters.registry import adapters
from channels_app.flows.fulfil_rules import shipping_left
from channels_app.forms.days import DaysForm
from channels_app.models import Channel, Command, Order, OrderLine, Shipment
from channels_app.views.order_list import in_turn, orders_shown
from inventory.csv_writing import csv_answer, csv_head, csv_line, csv_moment
from inventory.money import quantize
from inventory.tenancy import MemberRequest, member_page
from marketplace_integration import clock

HEADER = (
    *("Order number", "Marketplace", "Channel", "Placed", "Ship by", "Shipped", "Buyer", "Country", "Payment", "State"),
    *("SKU", "Title", "Units", "Units shipped", "Units cancelled", "Unit price", "Amount", "Tax", "Tax included"),
    *("Refunded", "Shipping charge", "Shipping refunded", "Order total", "Currency"),
)
#: Orders that are read at once with what belongs to them.
SLICE = 500
#: What the file needs of an order.
_OF_ORDER = (
    *("channel_id", "remote_id", "placed_at", "ship_by", "buyer", "ship_to", "payment_status", "shipping_status"),
    *("currency", "tax_included", "total", "shipping"),
)
#: And of a line.
_OF_LINE = (
    *("order_id", "sku", "title", "item__title", "quantity", "shipped", "remote_shipped", "cancelled"),
    *("remote_cancelled", "unit_price", "amount", "tax", "refunded"),
)


@member_page()
def orders_csv(request: MemberRequest) -> StreamingHttpResponse:
    """Download what the list of orders shows, all its pages, in its order.

    Raises Http404 for days that cannot be understood: a file of other days would not be what was asked for.
    """
    days, channels = DaysForm(request.seller, request.GET), list(Channel.objects.filter(seller=request.seller))
    if days.errors:
        raise Http404
    shown = orders_shown(request.seller, channels, request.GET, days=days, now=clock.now())
    rows = _rows(in_turn(shown, request.GET), {one.pk: one for one in channels}, ZoneInfo(request.seller.time_zone))
    return csv_answer(rows, "orders.csv")


def _rows(orders: QuerySet[Order], channels: Mapping[int, Channel], zone: ZoneInfo) -> Iterator[str]:
    """Yield the file; a cursor of the database holds what is still to come, so memory stays flat."""
    yield csv_head(HEADER)
    lines = Prefetch("lines", OrderLine.objects.select_related("item").only(*_OF_LINE).order_by("pk"))
    refunds = Prefetch("commands", Command.objects.filter(kind=Command.Kind.REFUND))
    parcels = Prefetch("shipments", Shipment.objects.only("order_id", "shipped_at"))
    whole = orders.only(*_OF_ORDER).prefetch_related(lines, refunds, parcels)
    for order in whole.iterator(chunk_size=SLICE):
        of_order = _of_order(order, channels[order.channel_id], zone)
        sums = _of_whole(order)
        for line in order.lines.all() or [None]:
            yield csv_line([*of_order, *_of_line(order, line), *sums, order.currency])
            sums = [""] * len(sums)


def _of_order(order: Order, channel: Channel, zone: ZoneInfo) -> list[str]:
    adapter = adapters().get(channel.adapter_key)
    left = max((parcel.shipped_at for parcel in order.shipments.all()), default=None)
    return [
        order.remote_id,
        adapter.label if adapter else channel.adapter_key,
        channel.name,
        *(csv_moment(at, zone) for at in (order.placed_at, order.ship_by, left)),
        _words(order.buyer.get("name")),
        _words(order.ship_to.get("country")),
        order.get_payment_status_display(),
        order.get_shipping_status_display(),
    ]


def _of_line(order: Order, line: OrderLine | None) -> list[str]:
    """Return what stands of one line, all empty for an order without any."""
    if line is None:
        return [""] * 10
    units = (line.quantity, line.shipped_quantity, line.cancelled_quantity)
    return [
        line.sku,
        _words(line.title or (line.item.title if line.item else "")),
        *map(str, units),
        *(_money(amount, order) for amount in (line.unit_price, line.amount, line.tax)),
        "yes" if order.tax_included else "no",
        _money(line.refunded, order),
    ]


def _of_whole(order: Order) -> list[str]:
    refunded = order.shipping - shipping_left(order, list(order.commands.all()))
    return [_money(amount, order) for amount in (order.shipping, refunded, order.total)]


def _money(amount: Decimal, order: Order) -> str:
    return str(quantize(amount, order.currency))


def _words(text: object) -> str:
    """Return what others wrote, on one line."""
    return " ".join(str(text or "").split())

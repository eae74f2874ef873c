"""What is to ship as a CSV: columns to fill in and bring back, and beside them what prints labels needs to know."""

from collections.abc import Iterator, Mapping
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from channels_app.flows.shipping_sheet import COLUMNS, MAX_ROWS
from channels_app.flows.to_ship import asked_to_cancel, lines_to_ship, orders_to_ship
from channels_app.models import Channel, Order, OrderLine
from channels_app.views.order_list import ticked
from channels_app.views.words import ASKS_TO_CANCEL
from inventory.csv_writing import csv_answer, csv_head, csv_line, csv_moment
from inventory.tenancy import MemberRequest, member_page

#: What comes back, filled in.
HEADER = [names[0] for names in COLUMNS.values()]
#: Part of an address -> its column. None of them is read when the file comes back.
_ADDRESS = {
    "name": "Ship to",
    "company": "Company",
    "street": "Street",
    "street2": "Street 2",
    "postal_code": "Postal code",
    "city": "City",
    "region": "Region",
    "country": "Country",
    "phone": "Phone",
    "note": "Note to the carrier",
}
_BESIDE = ["Title", "Buyer", *_ADDRESS.values(), "E-mail", "Placed", "Ship by", "Remark"]


@member_page()
def to_ship_csv(request: MemberRequest) -> HttpResponse | StreamingHttpResponse:
    """Download the lines to ship: of one channel, of the ticked orders, or all."""
    channels = Channel.objects.filter(seller=request.seller)
    wanted = request.GET.get("channel", "")
    names = {one.pk: one.name for one in channels if wanted in ("", str(one.public_id))}
    orders = orders_to_ship(request.seller).filter(channel__in=names)
    if request.GET.get("only") == "ticked":
        orders = orders.filter(public_id__in=ticked(request.GET))
        if not orders.exists():
            messages.info(request, "Tick orders first that are paid and not shipped yet.")
            return redirect(f"{reverse('orders', args=[request.seller.slug])}?show=to_ship")
    rows = _rows(orders, names, ZoneInfo(request.seller.time_zone))
    return csv_answer(rows, "to-ship.csv")


def _rows(orders: QuerySet[Order], names: Mapping[int, str], zone: ZoneInfo) -> Iterator[str]:
    yield csv_head([*HEADER, *_BESIDE])
    for line in lines_to_ship(orders, limit=MAX_ROWS):
        yield csv_line([*_to_fill_in(line, names[line.order.channel_id]), *_beside(line, zone)])


def _to_fill_in(line: OrderLine, marketplace: str) -> list[str]:
    filled = {
        "order": line.order.remote_id,
        "marketplace": marketplace,
        "sku": line.sku,
        "units": str(line.open_quantity),
    }
    return [filled.get(column, "") for column in COLUMNS]


def _beside(line: OrderLine, zone: ZoneInfo) -> Iterator[str]:
    """Yield what stands in the other columns, each on one line."""
    order = line.order
    buyer = order.buyer
    address = {"name": buyer.get("name"), "phone": buyer.get("phone")} | {k: v for k, v in order.ship_to.items() if v}
    told = [line.title or (line.item.title if line.item else ""), buyer.get("name")]
    told += [address.get(part) for part in _ADDRESS]
    moments = [csv_moment(at, zone) for at in (order.placed_at, order.ship_by)]
    told += [buyer.get("email"), *moments, ASKS_TO_CANCEL if asked_to_cancel(order, [line]) else ""]
    for value in told:
        yield " ".join(str(value or "").split())

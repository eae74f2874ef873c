"""Ship the ticked orders on one page. What is entered becomes a file of parcels, looked at and confirmed like any."""

from zoneinfo import ZoneInfo

from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import redirect, render

from channels_app.flows.carriers import last_used
from channels_app.flows.fulfil_rules import why_not_ship
from channels_app.flows.shipping_files import lay_out
from channels_app.flows.to_ship import REQUESTS
from channels_app.models import Order, OrderLine
from channels_app.ship_forms import ShipTickedForm
from channels_app.views.order_list import ticked
from inventory.tenancy import SellerRequest, seller_page
from marketplace_integration import clock


@seller_page()
def ship_ticked(request: SellerRequest) -> HttpResponse:
    """Show a row for each ticked order that may leave; lay out what was entered, of which nothing is shipped yet."""
    is_sent = request.method == "POST"
    if is_sent and not request.membership.can_manage:
        return HttpResponse(status=403)
    orders, left_out = _ticked_orders(request), []
    if not is_sent:
        told = [(order, why_not_ship(order, list(order.lines.all()))) for order in orders]
        orders, left_out = [order for order, why in told if not why], [(order, why) for order, why in told if why]
    channels = {order.channel_id: order.channel for order in orders}
    carriers = {pk: last_used(channel) for pk, channel in channels.items()}
    form = ShipTickedForm(request.POST if is_sent else None, orders=orders, carriers=carriers)
    if is_sent and form.is_valid():
        return _lay_out(request, form)
    context = {"form": form, "left_out": left_out, "can_manage": request.membership.can_manage}
    return render(request, "channels_app/ship_ticked.html", context, status=422 if form.errors else 200)


def _ticked_orders(request: SellerRequest) -> list[Order]:
    """Return them in the order in which they were ticked, as their packing slips are."""
    ids = ticked(request.POST if request.method == "POST" else request.GET)
    lines = Prefetch("lines", OrderLine.objects.order_by("pk"))
    orders = Order.objects.filter(seller_id=request.seller.pk, public_id__in=ids)
    found = orders.select_related("channel").prefetch_related(lines, *REQUESTS)
    return sorted(found, key=lambda order: ids.index(order.public_id))


def _lay_out(request: SellerRequest, form: ShipTickedForm) -> HttpResponse:
    rows, now = form.sheet(), clock.now()
    count = sum(not row.is_unfilled for row in rows)
    day = now.astimezone(ZoneInfo(request.seller.time_zone))
    name = f"{count} order{'' if count == 1 else 's'}, {day.day} {day:%b}"
    file = lay_out(request.seller, rows, name=name, actor=request.membership.user, now=now)
    return redirect("shipping_file", request.seller.slug, file.public_id)

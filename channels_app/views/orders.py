"""Orders: the list, one order, and raw orders that could not be read."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from channels_app.adapters.errors import SettingsError
from channels_app.flows.orders import retry_raw
from channels_app.forms.days import DaysForm
from channels_app.models import Channel, Order, RawOrder
from channels_app.views.order_list import (
    MOST_IN_TAB,
    ORDERS,
    SHOW,
    TO_PACK,
    orders_shown,
    page_of_orders,
    rows_of,
    tab_counts,
    unreadable_count,
)
from channels_app.views.order_page import build_context
from inventory.models import Role
from inventory.paging import count_up_to, page_by_key
from inventory.saved_views import address_of, tabs_of
from inventory.tenancy import SellerRequest, member_of, seller_page
from inventory.views.back import back_to_activity
from marketplace_integration import clock


@seller_page()
def orders(request: SellerRequest) -> HttpResponse:
    """Show one page of the seller's orders."""
    channels = list(Channel.objects.filter(seller=request.seller).order_by("name", "pk"))
    now = clock.now()
    days = DaysForm(request.seller, request.GET)
    shown = orders_shown(request.seller, channels, request.GET, days=days, now=now)
    page = page_of_orders(shown, request.GET)
    names = {channel.pk: channel.name for channel in channels}
    show = request.GET.get("show", "")
    numbers = tab_counts(request.seller, now=now)
    tabs = tabs_of(member_of(request), ORDERS, request.GET, numbers=numbers, most=MOST_IN_TAB)
    context = {
        "rows": [(row, names[row.order.channel_id]) for row in rows_of(page.rows)],
        "page": page,
        "channels": channels,
        "tabs": tabs,
        "days": days,
        "filter_query": address_of(tabs.asked),
        "is_narrowed": bool(tabs.asked.keys() - {"show"}),
        "show": show if show in SHOW else "",
        "to_ship_count": count_up_to(shown) if show in TO_PACK else 0,
        "channel": request.GET.get("channel", ""),
        "q": request.GET.get("q", ""),
        "unreadable": unreadable_count(channels),
        "has_orders_on": any(channel.orders_on and channel.is_running for channel in channels),
    }
    return render(request, "channels_app/orders.html", context)


@seller_page()
def order(request: SellerRequest, order: UUID) -> HttpResponse:
    """Show one order: its lines, what may be done with it, and all that happened."""
    found = find_order(request, order)
    context = build_context(request, found)
    return render(request, "channels_app/order.html", context)


def find_order(request: SellerRequest, public_id: UUID) -> Order:
    """Return the seller's order with its channel. Raises Http404 for other sellers' orders, as for none."""
    rows = Order.objects.select_related("channel", "printed_by").filter(seller_id=request.seller.pk)
    return get_object_or_404(rows, public_id=public_id)


@seller_page()
def raw_orders(request: SellerRequest) -> HttpResponse:
    """Show the raw orders that could not be read, each with its reason."""
    raws = RawOrder.objects.filter(channel__seller=request.seller, state=RawOrder.State.NEEDS_ATTENTION)
    page = page_by_key(raws.select_related("channel").defer("body"), request.GET, key="pk")
    context = {"page": page, "can_manage": request.membership.can_manage}
    return render(request, "channels_app/raw_orders.html", context)


@require_POST
@seller_page(Role.MANAGER)
def raw_order_retry(request: SellerRequest, pk: int) -> HttpResponse:
    """The raw order is read again; if that works the page leads to the order."""
    raws = RawOrder.objects.filter(channel__seller=request.seller).exclude(state=RawOrder.State.NEW)
    raw = get_object_or_404(raws, pk=pk)
    try:
        raw = retry_raw(raw, now=clock.now())
    except SettingsError as error:
        messages.error(request, str(error))
        return back_to_activity(request) or redirect("raw_orders", request.seller.slug)
    if raw.state == RawOrder.State.NEEDS_ATTENTION:
        messages.error(request, f"Order {raw.remote_id} still cannot be read: {raw.reason}")
        return back_to_activity(request) or redirect("raw_orders", request.seller.slug)
    read = Order.objects.filter(channel_id=raw.channel_id, remote_id=raw.remote_id).first()
    messages.success(request, f"Order {raw.remote_id} was read.")
    to_order = (
        redirect("order", request.seller.slug, read.public_id) if read else redirect("orders", request.seller.slug)
    )
    return back_to_activity(request) or to_order

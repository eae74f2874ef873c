"""Packing slips to print: who sends what to whom, an order or a parcel a sheet, without prices."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.views.decorators.http import require_POST

from channels_app.flows.fulfil_rules import why_not_ship
from channels_app.flows.printed import mark_printed, unmark_printed
from channels_app.flows.sheet import mark_of, sheet_of
from channels_app.flows.to_ship import REQUESTS, asked_to_cancel
from channels_app.forms.days import DaysForm
from channels_app.models import Channel, Order, OrderLine, Shipment, ShipmentLine
from channels_app.views.order_list import TO_PACK, orders_shown, page_of_orders, ticked
from channels_app.views.order_page import address_lines
from channels_app.views.pick_list import pick_list
from channels_app.views.words import ASKS_TO_CANCEL
from inventory.models import Role, Seller
from inventory.paging import count_up_to
from inventory.tenancy import MemberRequest, SellerRequest, member_page, seller_page
from marketplace_integration import clock

#: Orders that one page prints at most.
MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipLine:
    """So many units of one SKU."""

    sku: str
    title: str
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """One sheet."""

    order: Order
    address: Sequence[str]
    lines: Sequence[SlipLine]
    #: That the buyer asks to cancel, and what if not all of it; empty: nothing, or that is decided.
    asked_to_cancel: str = ""
    #: The parcel that left with it; None for what is still to ship.
    parcel: Shipment | None = None
    #: What is said to be printed with it, see `mark_of`; empty for a parcel.
    mark: str = ""


@member_page()
def packing_slips(request: MemberRequest) -> HttpResponse:
    """Show the slips of the chosen parcels or orders, or of all to ship, so many at a time; and why some have none.

    Several orders have a first sheet of what to fetch for them.
    """
    slips = list(_of_parcels(request.seller, ticked(request.GET, "parcel")))
    orders, context = _asked(request)
    left_out: list[tuple[Order, str]] = []
    to_pick: list[OrderLine] = []
    asked: set[int] = set()
    for order in orders:
        lines = list(order.lines.all())
        if why := why_not_ship(order, lines):
            left_out.append((order, why))
        else:
            slips.append(_of_order(order, lines))
            to_pick += lines
            asked |= {line.pk for line in asked_to_cancel(order, lines)}
    picks = pick_list(request.seller, to_pick, asked) if len({line.order_id for line in to_pick}) > 1 else []
    context |= {
        "slips": slips,
        "marks": [slip.mark for slip in slips if slip.mark] if request.membership.can_manage else [],
        "printed": [slip.order for slip in slips if slip.mark and slip.order.printed_at],
        "left_out": left_out,
        "picks": picks,
        "has_places": any(pick.place for pick in picks),
        "units": sum(pick.units for pick in picks),
        "sheets": len(slips) + bool(picks),
    }
    return render(request, "channels_app/packing_slips.html", context)


def _asked(request: MemberRequest) -> tuple[list[Order], dict[str, Any]]:
    """Return the orders with their lines, and of all to ship which page of how many they are."""
    lines = Prefetch("lines", OrderLine.objects.select_related("item").order_by("pk"))
    seller = request.seller
    all_orders = Order.objects.filter(seller_id=seller.pk).select_related("channel", "printed_by")
    orders = all_orders.prefetch_related(lines, *REQUESTS)
    if request.GET.get("show") in TO_PACK:
        channels, days = list(Channel.objects.filter(seller=seller)), DaysForm(seller, request.GET)
        shown = orders_shown(seller, channels, request.GET, days=days, now=clock.now())
        page = page_of_orders(orders & shown, request.GET, size=MOST)
        return page.rows, {"page": page, "all_count": count_up_to(shown)}
    ids = ticked(request.GET)
    return sorted(orders.filter(public_id__in=ids), key=lambda order: ids.index(order.public_id)), {}


@require_POST
@seller_page(Role.MANAGER)
def slips_printed(request: SellerRequest) -> HttpResponse:
    """Somebody says that sheets came out of the printer, or that they did not after all."""
    if request.POST.get("printed") == "no":
        count = unmark_printed(request.seller, ticked(request.POST))
        messages.success(request, f"{count:,} order{pluralize(count)} no longer marked as printed.")
    else:
        _mark(request)
    return redirect(f"{reverse('orders', args=[request.seller.slug])}?show=not_printed")


def _mark(request: SellerRequest) -> None:
    sheets = _sheets(request.POST)
    marked = mark_printed(request.seller, sheets, actor=request.membership.user, now=clock.now())
    messages.success(request, f"{marked.orders:,} order{pluralize(marked.orders)} marked as printed.")
    if left := len(sheets) - marked.orders:
        words = "One has changed since and is" if left == 1 else f"{left:,} have changed since and are"
        messages.warning(request, f"{words} not marked: print what still has to leave once more.")
    if marked.before:
        words = "One of them was" if marked.before == 1 else f"{marked.before:,} of them were"
        messages.warning(request, f"{words} marked before: somebody else may be packing the same.")


def _sheets(query: QueryDict) -> dict[UUID, str]:
    """Return the sheets that a form names, by the order's id."""
    found = {}
    for text in query.getlist("sheet")[:MOST]:
        number, _, sheet = text.partition("_")
        try:
            found[UUID(number)] = sheet
        except ValueError:
            continue
    return found


def _of_order(order: Order, lines: Sequence[OrderLine]) -> Slip:
    to_ship = [_line(line, line.open_quantity) for line in lines if line.open_quantity]
    asked = _said(asked_to_cancel(order, lines), of=len(to_ship))
    return Slip(
        order=order,
        address=address_lines(order.ship_to),
        lines=to_ship,
        asked_to_cancel=asked,
        mark=f"{order.public_id}_{mark_of(sheet_of(order, lines))}",
    )


def _said(asked: Sequence[OrderLine], *, of: int) -> str:
    if not asked:
        return ""
    what = ", ".join(f"{line.open_quantity} × {line.sku}" for line in asked)
    return f"{ASKS_TO_CANCEL}: {what}" if len(asked) < of else ASKS_TO_CANCEL


def _of_parcels(seller: Seller, ids: Sequence[UUID]) -> Iterator[Slip]:
    parts = Prefetch("lines", ShipmentLine.objects.select_related("line__item").order_by("line_id"))
    parcels = Shipment.objects.filter(public_id__in=ids, order__seller_id=seller.pk)
    for parcel in parcels.select_related("order__channel").prefetch_related(parts).order_by("pk"):
        order = parcel.order
        lines = [_line(part.line, part.quantity) for part in parcel.lines.all()]
        yield Slip(order=order, address=address_lines(order.ship_to), lines=lines, parcel=parcel)


def _line(line: OrderLine, units: int) -> SlipLine:
    title = line.title or (line.item.title if line.item else "")
    return SlipLine(sku=line.sku, title=title, units=units)

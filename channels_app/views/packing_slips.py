"""Packing slips to print: who sends what to whom, an order or a parcel a sheet, without prices."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse
from django.shortcuts import render

from channels_app.flows.fulfil_rules import why_not_ship
from channels_app.models import Order, OrderLine, Shipment, ShipmentLine
from channels_app.views.order_list import ticked
from channels_app.views.order_page import address_lines
from inventory.models import Seller
from inventory.tenancy import MemberRequest, member_page


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
    #: The parcel that left with it; None for what is still to ship.
    parcel: Shipment | None = None


@member_page()
def packing_slips(request: MemberRequest) -> HttpResponse:
    """Show the slips of the chosen orders, of what is to ship, or of the chosen parcels; and why others have none."""
    slips = list(_of_parcels(request.seller, ticked(request.GET, "parcel")))
    left_out: list[tuple[Order, str]] = []
    for order in _chosen(request.seller, ticked(request.GET)):
        lines = list(order.lines.all())
        if why := why_not_ship(order, lines):
            left_out.append((order, why))
        else:
            slips.append(_of_order(order, lines))
    return render(request, "channels_app/packing_slips.html", {"slips": slips, "left_out": left_out})


def _chosen(seller: Seller, ids: Sequence[UUID]) -> list[Order]:
    lines = Prefetch("lines", OrderLine.objects.select_related("item").order_by("pk"))
    orders = _orders(seller).filter(public_id__in=ids).prefetch_related(lines)
    return sorted(orders, key=lambda order: ids.index(order.public_id))


def _orders(seller: Seller) -> QuerySet[Order]:
    return Order.objects.filter(seller_id=seller.pk).select_related("channel")


def _of_order(order: Order, lines: Sequence[OrderLine]) -> Slip:
    to_ship = [_line(line, line.open_quantity) for line in lines if line.open_quantity]
    return Slip(order=order, address=address_lines(order.ship_to), lines=to_ship)


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

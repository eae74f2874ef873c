"""Packing slips that came out of the printer, as somebody said, so that no order is packed twice.

Once the order changes so that its slip would be another, it says so, and is to be printed once more.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from channels_app.flows.overwrite import overwrite
from channels_app.flows.sheet import mark_of, sheet_of
from channels_app.flows.to_ship import orders_to_ship
from channels_app.models import Order, OrderLine
from inventory.models import Seller


class Marked(NamedTuple):
    """How many orders were marked, and how many of them had been before, with the same slip."""

    orders: int
    before: int


def mark_printed(seller: Seller, marks: Mapping[UUID, str], *, actor: AbstractBaseUser, now: datetime) -> Marked:
    """The slips came out; an order whose slip would be another by now is left alone, as is one not to ship."""
    with transaction.atomic():
        held = orders_to_ship(seller).filter(public_id__in=marks).select_for_update().order_by("pk")
        same, before = [], 0
        for order in held.prefetch_related("lines"):
            sheet = sheet_of(order, order.lines.all())
            if mark_of(sheet) != marks[order.public_id]:
                continue
            before += order.printed_at is not None and not order.changed_since_printed
            order.printed_at, order.printed_by_id = now, actor.pk
            order.printed_sheet, order.changed_since_printed = sheet, False
            same.append(order)
        overwrite(same, ["printed_at", "printed_by", "printed_sheet", "changed_since_printed"])
    return Marked(len(same), before)


def unmark_printed(seller: Seller, orders: Collection[UUID]) -> int:
    """The slips did not come out after all. Returns how many orders were marked."""
    marked = Order.objects.filter(seller_id=seller.pk, public_id__in=orders, printed_at__isnull=False)
    return marked.update(printed_at=None, printed_by=None, printed_sheet=None, changed_since_printed=False)


def compare_with_printed(order: Order, lines: Iterable[OrderLine]) -> None:
    """The order says whether the slip that was printed is still right; once all has left, nobody packs by it any more.

    `lines` are all of the order's, its shipping status is that of now. Nothing is saved here.
    """
    is_packed_by_it = order.printed_sheet is not None and order.shipping_status != Order.Shipping.SHIPPED
    order.changed_since_printed = is_packed_by_it and sheet_of(order, lines) != order.printed_sheet

"""Packing slips that came out of the printer, as somebody said, so that no order is packed twice.

A mark holds for the sheet as it was: once units or address are others, the order counts as not printed again.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from channels_app.flows.to_ship import orders_to_ship
from channels_app.models import Order
from inventory.models import Seller


class Marked(NamedTuple):
    """How many orders were marked, and how many of them had been before."""

    orders: int
    before: int


def sheet_of(order: Order) -> str:
    """Return what tells the order's sheet from an earlier or later one. For many orders prefetch their lines."""
    units = sorted((line.pk, line.sku, line.open_quantity) for line in order.lines.all() if line.open_quantity)
    return hashlib.sha256(json.dumps([order.ship_to, units], sort_keys=True).encode()).hexdigest()[:16]


def mark_printed(seller: Seller, sheets: Mapping[UUID, str], *, actor: AbstractBaseUser, now: datetime) -> Marked:
    """The sheets came out; an order whose sheet would be another by now is left alone, as is one not to ship."""
    with transaction.atomic():
        held = orders_to_ship(seller).filter(public_id__in=sheets).select_for_update().order_by("pk")
        same = [order for order in held.prefetch_related("lines") if sheet_of(order) == sheets[order.public_id]]
        ids = [order.pk for order in same]
        Order.objects.filter(pk__in=ids).update(printed_at=now, printed_by_id=actor.pk)
    return Marked(len(same), sum(order.printed_at is not None for order in same))


def unmark_printed(seller: Seller, orders: Collection[UUID]) -> int:
    """The sheets did not come out after all. Returns how many orders were marked."""
    marked = Order.objects.filter(seller_id=seller.pk, public_id__in=orders, printed_at__isnull=False)
    return marked.update(printed_at=None, printed_by=None)

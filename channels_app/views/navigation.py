"""What stands beside the sections of the main navigation."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from channels_app.flows.issues import count_open
from channels_app.models import RawOrder
from channels_app.views.order_list import orders_of_kind
from inventory.models import Seller
from inventory.paging import count_of
from marketplace_integration import clock

#: More are not told apart.
MOST_SHOWN = 99
#: Tabs of the orders whose orders wait for the seller.
_WAITING = ("late", "attention", "requests", "returns")


def counts(request: HttpRequest) -> dict[str, Any]:
    """Return `nav_counts`, a number by the name of its section, read once a page shows the navigation of a seller."""
    seller = getattr(request, "seller", None)
    if seller is None:
        return {}
    return {"nav_counts": SimpleLazyObject(lambda: _read(seller, now=clock.now()))}


def _read(seller: Seller, *, now: datetime) -> dict[str, int]:
    """Return the causes that are open, and the orders that need somebody: one query."""
    unread = RawOrder.objects.filter(channel__seller=seller, state=RawOrder.State.NEEDS_ATTENTION)
    first, *others = (orders_of_kind(seller, show, now=now).values("pk")[: MOST_SHOWN + 1] for show in _WAITING)
    # An order that waits for two reasons is one.
    waiting = [first.union(*others), unread]
    causes = count_open(seller.pk, most=MOST_SHOWN + 1, now=now)
    row = Seller.objects.filter(pk=seller.pk).values_list(causes, *(count_of(rows, MOST_SHOWN + 1) for rows in waiting))
    issues, *orders = row.get()
    return {"issues": issues, "orders": sum(orders)}

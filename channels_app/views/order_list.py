"""Which orders a list shows, a page at a time by key: the thousandth page costs what the first does.

The newest stand first; of those to ship what has to leave first does, since it is packed first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, QuerySet, prefetch_related_objects
from django.http import QueryDict

from channels_app.flows.to_ship import (
    DUE_AT,
    REQUESTS,
    asked_to_cancel,
    orders_late,
    orders_not_printed,
    orders_to_ship,
    orders_unpaid,
)
from channels_app.flows.troubles import undecided_requests, undecided_returns
from channels_app.forms.days import DaysForm
from channels_app.models import Channel, Order, OrderLine, OrderNote, RawOrder
from channels_app.views.by_time import Key, beyond, key_in, place_of
from channels_app.views.order_search import MOST, orders_called, orders_of_buyers
from inventory.models import Item, Seller
from inventory.paging import COUNT_LIMIT, SIZE, Page, count_of, count_up_to, page_of, text_in
from inventory.saved_views import TabbedList

#: Filter -> what the seller reads.
SHOW = {
    "": "All orders",
    "to_ship": "To ship",
    "late": "Late",
    "not_printed": "Not printed",
    "attention": "Needs attention",
    "requests": "Cancellation requests",
    "returns": "Returns",
    "unpaid": "Not paid yet",
    "third_party": "Third Party Managed",
}
ORDERS = TabbedList(
    page="orders",
    show=SHOW,
    names=("channel", "q", "from", "to"),
    rare=frozenset({"requests", "returns", "unpaid", "third_party"}),
)
#: Tabs with a number, and how far it is told.
COUNTED = ("to_ship", "late", "attention", "requests", "returns")
MOST_IN_TAB = 999
#: Tabs of what is packed now: what has to leave first stands first, and all of it can be printed.
TO_PACK = {"to_ship", "not_printed"}
_DUE_FIRST = {*TO_PACK, "late"}
#: Ticked rows that are looked at, more than any page has.
MOST_TICKED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """One order of the list."""

    order: Order
    #: "2 x MUG-1", and how many more lines there are.
    first: str
    more: int
    asks_to_cancel: bool
    has_notes: bool


def orders_of_kind(seller: Seller, show: str, *, now: datetime) -> QuerySet[Order]:
    """Return the seller's orders of one tab."""
    orders = Order.objects.filter(seller_id=seller.pk)
    match show:
        case "to_ship":
            return orders_to_ship(seller)
        case "not_printed":
            return orders_not_printed(seller)
        case "late":
            return orders_late(seller, now=now)
        case "unpaid":
            return orders_unpaid(seller)
        case "attention":
            return orders.exclude(attention="")
        case "requests":
            return orders.filter(pk__in=undecided_requests(seller).values("order_id"))
        case "returns":
            return orders.filter(pk__in=undecided_returns(seller).values("of_return__order_id"))
        case "third_party":
            return orders.filter(managed_by=Order.ManagedBy.THIRD_PARTY)
    return orders


def tab_counts(seller: Seller, *, now: datetime) -> dict[str, int]:
    """Return how many orders the tabs show that have a number, counted no further than needed: one query."""
    counts = [count_of(orders_of_kind(seller, show, now=now), MOST_IN_TAB + 1) for show in COUNTED]
    row = Seller.objects.filter(pk=seller.pk).values_list(*counts).get()
    return dict(zip(COUNTED, row, strict=True))


def orders_shown(
    seller: Seller, channels: Sequence[Channel], query: QueryDict, *, days: DaysForm, now: datetime
) -> QuerySet[Order]:
    """Return the seller's orders that the query asks for; `channels` are all of the seller's."""
    orders = days.narrowed(orders_of_kind(seller, query.get("show", ""), now=now))
    if channel := query.get("channel"):
        orders = orders.filter(channel__in=[one.pk for one in channels if str(one.public_id) == channel])
    if words := text_in(query.get("q", "")).strip():
        orders = orders.filter(pk__in=_found(seller, channels, words))
    return orders


def _found(seller: Seller, channels: Sequence[Channel], words: str) -> set[int]:
    """Return the orders that are called so, and the newest with this SKU or of buyers of this name: one query."""
    items = Item.objects.filter(seller=seller, sku=words).values("pk")
    by_sku = OrderLine.objects.filter(item__in=items).order_by("-order_id").values_list("order_id", flat=True)[:MOST]
    by_name = orders_of_buyers(seller, words).values_list("pk", flat=True)[:MOST]
    return set(by_sku.union(by_name, orders_called(seller, channels, words)))


def ticked(query: QueryDict, name: str = "order") -> list[UUID]:
    """Return the ids among what is ticked, each once and in that order."""
    found: dict[UUID, None] = {}
    for text in query.getlist(name)[:MOST_TICKED]:
        try:
            found[UUID(text)] = None
        except ValueError:
            continue
    return list(found)


def in_turn(orders: QuerySet[Order], query: QueryDict) -> QuerySet[Order]:
    """Return the orders as the list shows them, page after page."""
    due_first = query.get("show", "") in _DUE_FIRST
    return _sorted(_keyed(orders, due_first=due_first), rising=due_first)


def _keyed(orders: QuerySet[Order], *, due_first: bool) -> QuerySet[Order]:
    return orders.alias(at=DUE_AT if due_first else F("placed_at"))


def _sorted(keyed: QuerySet[Order], *, rising: bool) -> QuerySet[Order]:
    return keyed.order_by(*(("at", "pk") if rising else ("-at", "-pk")))


def page_of_orders(orders: QuerySet[Order], query: QueryDict, size: int = SIZE) -> Page[Order]:
    """Return the page that the query asks for by "after" or "before"."""
    due_first = query.get("show", "") in _DUE_FIRST
    keyed = _keyed(orders, due_first=due_first)

    def fetch(after: Key | None, before: Key | None, limit: int) -> list[Order]:
        rising = due_first == (before is None)
        return list(_sorted(beyond(keyed, before or after, rising=rising), rising=rising)[:limit])

    after, before = key_in(query.get("after", "")), key_in(query.get("before", ""))
    return page_of(
        fetch,
        query,
        after=after,
        before=before,
        place_of=lambda order: place_of(order.due_at if due_first else order.placed_at, order.pk),
        size=size,
    )


def next_to_ship(seller: Seller, order: Order) -> Order | None:
    """Return the order that follows in the list of those to ship, after the last its first; None if none is left."""
    others = orders_to_ship(seller).exclude(pk=order.pk).alias(at=DUE_AT).order_by("at", "pk")
    return beyond(others, (order.due_at, order.pk), rising=True).first() or others.first()


def rows_of(orders: Sequence[Order]) -> list[OrderRow]:
    """Return the rows of the list, with lines, what buyers ask, and whether there are notes, in three queries."""
    prefetch_related_objects(orders, *REQUESTS)
    lines: dict[int, list[OrderLine]] = {}
    for line in OrderLine.objects.filter(order__in=[order.pk for order in orders]).order_by("pk"):
        lines.setdefault(line.order_id, []).append(line)
    noted = set(OrderNote.objects.filter(order__in=[order.pk for order in orders]).values_list("order_id", flat=True))
    rows = []
    for order in orders:
        own = lines.get(order.pk, [])
        first = f"{own[0].quantity} × {own[0].sku}" if own else "no lines"
        asks = bool(asked_to_cancel(order, own))
        more = max(len(own) - 1, 0)
        rows.append(OrderRow(order=order, first=first, more=more, asks_to_cancel=asks, has_notes=order.pk in noted))
    return rows


def unreadable_count(channels: Sequence[Channel]) -> int:
    """Return how many raw orders wait for a person, counted no further than needed."""
    raws = RawOrder.objects.filter(channel__in=[one.pk for one in channels], state=RawOrder.State.NEEDS_ATTENTION)
    return count_up_to(raws, COUNT_LIMIT)

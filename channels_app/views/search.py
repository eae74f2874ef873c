"""One search for all that a seller looks up: items, orders, labels and channels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render

from channels_app.models import Channel, Order
from channels_app.views.order_search import orders_called, orders_of_buyers
from inventory.models import Item, Label, Seller
from inventory.paging import text_in
from inventory.search import TRIGRAM, ItemFilter, find_items
from inventory.tenancy import SellerRequest, seller_page

_Row = TypeVar("_Row", Item, Order)

#: Of each kind; the lists have them all.
SHOWN = 8
#: The same while somebody is still typing, and from so many letters on.
SHOWN_TYPED = 4
FROM_LETTERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """What is called just so: SKU, barcode, order number, tracking number, e-mail address; the newest orders first."""

    items: list[Item]
    orders: list[Order]

    @property
    def only(self) -> tuple[str, Item | Order] | None:
        """The one thing that is called so, with the name of its page; None if there is none, or several."""
        if len(self.items) + len(self.orders) != 1:
            return None
        return ("item", self.items[0]) if self.items else ("order", self.orders[0])


@seller_page()
def search(request: SellerRequest) -> HttpResponse:
    """Lead to the one thing that is called just so, or show what fits."""
    words = _words(request)
    if not words:
        return render(request, "channels_app/search.html", {"words": ""})
    channels = _channels(request.seller)
    called = _called(request.seller, channels, words, SHOWN)
    if called.only:
        page, found = called.only
        return redirect(page, request.seller.slug, found.public_id)
    fitting = _fitting(request.seller, channels, called, words, SHOWN)
    return render(request, "channels_app/search.html", fitting | {"words": words, "is_short": len(words) < TRIGRAM})


@seller_page()
def search_typed(request: SellerRequest) -> HttpResponse:
    """Show a little of what fits the words so far, to be chosen from under the box in which they are typed."""
    words = _words(request)
    context: dict[str, object] = {"words": words}
    if len(words) >= FROM_LETTERS:
        channels = _channels(request.seller)
        called = _called(request.seller, channels, words, SHOWN_TYPED)
        context |= _fitting(request.seller, channels, called, words, SHOWN_TYPED)
    return render(request, "channels_app/search_typed.html", context)


def _words(request: SellerRequest) -> str:
    return text_in(request.GET.get("q", "")).strip()[:200]


def _channels(seller: Seller) -> list[Channel]:
    return list(Channel.objects.filter(seller=seller).order_by("name", "pk"))


def _called(seller: Seller, channels: Sequence[Channel], words: str, most: int) -> Called:
    """Return what is called so; of orders one more than `most`, and of items no more than two."""
    items = Item.objects.filter(seller=seller)
    by_sku = items.filter(sku__in={words, words.upper(), words.lower()})
    orders = Order.objects.filter(pk__in=set(orders_called(seller, channels, words)))
    return Called(
        items=list((by_sku.union(items.filter(gtin=words)) if words.isdigit() else by_sku)[:2]),
        orders=list(orders.select_related("channel").order_by("-placed_at", "-pk")[: most + 1]),
    )


def _fitting(seller: Seller, channels: Sequence[Channel], called: Called, words: str, most: int) -> dict[str, object]:
    """Return what fits, at most so many of each kind, what is called so first, and of which kinds there is more."""
    items = [*called.items, *_but(called.items, find_items(seller, ItemFilter(text=words)).order_by("sku"))[: most + 1]]
    of_buyers = _but(called.orders, orders_of_buyers(seller, words).select_related("channel"))
    orders = [*called.orders, *of_buyers[: most + 1]]
    labels = Label.objects.filter(seller=seller, name__icontains=words).order_by("name")
    return {
        "items": items[:most],
        "more_items": len(items) > most,
        "orders": orders[:most],
        "more_orders": len(orders) > most,
        "labels": list(labels[:most]),
        "channels": [one for one in channels if not one.archived_at and words.lower() in one.name.lower()][:most],
    }


def _but(known: Sequence[_Row], rows: QuerySet[_Row]) -> QuerySet[_Row]:
    """Return the rows but those that are known."""
    return rows.exclude(pk__in=[row.pk for row in known]) if known else rows

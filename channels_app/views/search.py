"""One search for all that a seller looks up: items, orders, labels and channels."""

from collections.abc import Sequence

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render

from channels_app.models import Channel, Order
from channels_app.views.order_search import orders_called, orders_of_buyers
from inventory.models import Item, Label, Seller
from inventory.paging import text_in
from inventory.search import TRIGRAM, ItemFilter, find_items
from inventory.tenancy import SellerRequest, seller_page

#: Of each kind; the lists have them all.
SHOWN = 8


@seller_page()
def search(request: SellerRequest) -> HttpResponse:
    """Lead to the one thing that is called just so, or show what fits."""
    words = text_in(request.GET.get("q", "")).strip()[:200]
    if not words:
        return render(request, "channels_app/search.html", {"words": ""})
    channels = list(Channel.objects.filter(seller=request.seller).order_by("name", "pk"))
    called = list(_called_so(request, words)[:2])
    orders = _orders(request.seller, channels, words)
    if len(called) + len(orders) == 1:
        found = (called or orders)[0]
        return redirect("item" if called else "order", request.seller.slug, found.public_id)
    of_buyers = orders_of_buyers(request.seller, words).exclude(pk__in=[order.pk for order in orders])
    orders += of_buyers.select_related("channel")[: SHOWN + 1]
    items = list(find_items(request.seller, ItemFilter(text=words)).order_by("sku")[: SHOWN + 1])
    context = {
        "words": words,
        "items": items[:SHOWN],
        "more_items": len(items) > SHOWN,
        "orders": orders[:SHOWN],
        "more_orders": len(orders) > SHOWN,
        "labels": list(Label.objects.filter(seller=request.seller, name__icontains=words).order_by("name")[:SHOWN]),
        "channels": [one for one in channels if not one.archived_at and words.lower() in one.name.lower()][:SHOWN],
        "is_short": len(words) < TRIGRAM,
    }
    return render(request, "channels_app/search.html", context)


def _called_so(request: SellerRequest, words: str) -> QuerySet[Item]:
    """Return the items whose SKU or barcode this is."""
    items = Item.objects.filter(seller=request.seller)
    by_sku = items.filter(sku__in={words, words.upper(), words.lower()})
    return by_sku.union(items.filter(gtin=words)) if words.isdigit() else by_sku


def _orders(seller: Seller, channels: Sequence[Channel], words: str) -> list[Order]:
    """Return the orders that are called so, the newest first; each channel has numbers of its own."""
    orders = Order.objects.filter(pk__in=set(orders_called(seller, channels, words)))
    return list(orders.select_related("channel").order_by("-placed_at", "-pk")[: SHOWN + 1])

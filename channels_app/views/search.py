"""One search for all that a seller looks up: items by SKU, title or barcode, orders by number, labels, channels."""

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render

from channels_app.models import Channel, Order
from inventory.models import Item, Label
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
    channels = Channel.objects.filter(seller=request.seller).order_by("name", "pk")
    orders = list(_orders(channels, words)[: SHOWN + 1])
    exact = list(_called_so(request, words)[:2])
    if len(exact) + len(orders) == 1:
        found = (exact or orders)[0]
        return redirect("item" if exact else "order", request.seller.slug, found.public_id)
    items = list(find_items(request.seller, ItemFilter(text=words)).order_by("sku")[: SHOWN + 1])
    context = {
        "words": words,
        "items": items[:SHOWN],
        "more_items": len(items) > SHOWN,
        "orders": orders[:SHOWN],
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


def _orders(channels: QuerySet[Channel], words: str) -> QuerySet[Order]:
    """Return the orders of this number; each channel has numbers of its own."""
    return (
        Order.objects.filter(channel__in=[one.pk for one in channels], remote_id=words)
        .select_related("channel")
        .order_by("-placed_at", "-pk")
    )

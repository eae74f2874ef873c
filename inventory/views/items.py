"""The list of items: found, paged, and what was done to many of them lately."""

from datetime import timedelta

from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import render

from inventory.bulk import edits
from inventory.forms import ItemFilterForm, PriceChangeForm
from inventory.item_order import page_of_items
from inventory.models import BulkEdit, Item, LabelItem, Seller
from inventory.paging import COUNT_LIMIT, count_up_to
from inventory.saved_views import tabs_of
from inventory.search import ITEMS, TRIGRAM, find_items
from inventory.tenancy import SellerRequest, member_of, seller_page
from marketplace_integration import clock

#: What was done to many items is offered to be undone for so long.
LATELY = timedelta(days=7)
MOST_EDITS = 5


@seller_page()
def items(request: SellerRequest) -> HttpResponse:
    """Show the items that fit the filter, a page at a time."""
    form = ItemFilterForm(request.seller, request.GET)
    wanted = form.wanted()
    found = Item.objects.none() if form.is_label_gone else find_items(request.seller, wanted)
    shown = found.prefetch_related("stock", _labels_of_items())
    total = count_up_to(found)
    are_few = not wanted.is_empty and total < COUNT_LIMIT
    page = page_of_items(shown, request.GET, form.order, are_few=are_few)
    filtered = _without_page(request.GET)
    under_way = _under_way(request.seller)
    context = {
        "form": form,
        "tabs": tabs_of(member_of(request), ITEMS, request.GET),
        "wanted": wanted,
        "page": page,
        "rows": [_row(item) for item in page.rows],
        "total": total,
        "is_short": 0 < len(wanted.text) < TRIGRAM,
        "labels": request.seller.labels.order_by("name"),
        "filter_query": filtered.urlencode(),
        "filter_pairs": list(filtered.items()),
        "locations": request.seller.locations.order_by("-is_default", "name"),
        "edits": _edits(request.seller, under_way),
        "under_way": under_way,
        "price_form": PriceChangeForm(),
        "has_items": bool(page.rows or form.is_label_gone) or not wanted.is_empty or request.seller.items.exists(),
    }
    return render(request, "inventory/items.html", context)


def _under_way(seller: Seller) -> list[BulkEdit]:
    """Return what is done to many items right now, or ended half-way and can go on."""
    shown = edits.under_way(seller).filter(Q(state__in=BulkEdit.WORKING) | Q(made_at__gte=clock.now() - LATELY))
    return [made for made in shown[:MOST_EDITS] if made.is_working or made.can_go_on]


def _edits(seller: Seller, under_way: list[BulkEdit]) -> QuerySet[BulkEdit]:
    """Return what was done to many items lately, but for what is under way."""
    lately = BulkEdit.objects.filter(seller=seller, made_at__gte=clock.now() - LATELY)
    ended = lately.exclude(pk__in=[made.pk for made in under_way])
    return ended.select_related("made_by", "undone_by").order_by("-pk")[:MOST_EDITS]


def _labels_of_items() -> "Prefetch[str, QuerySet[LabelItem], str]":
    rows = LabelItem.objects.exclude(source=LabelItem.Source.EXCLUDED).select_related("label").order_by("label__name")
    return Prefetch("label_items", rows)


def _row(item: Item) -> dict[str, object]:
    stock = item.stock.all()
    return {
        "item": item,
        "on_hand": sum(place.on_hand for place in stock),
        "reserved": sum(place.reserved for place in stock),
        "available": sum(place.available for place in stock),
        "labels": [row.label for row in item.label_items.all()],
    }


def _without_page(query: QueryDict) -> QueryDict:
    kept = query.copy()
    for name in ("after", "before"):
        kept.pop(name, None)
    return kept

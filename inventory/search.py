"""Finding items: what a seller types, and the filters beside it. Builds queries, runs none."""

from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Greatest

from inventory.models import Item, Label, LabelItem, Lack, Seller, Stock
from inventory.saved_views import TabbedList

#: From so many letters on, any part of SKU or title is found, by trigram; below, a SKU must be whole.
TRIGRAM = 3

#: Filter -> what the seller reads.
SHOW = {
    "": "All items",
    "unlabelled": "Without a label",
    "out_of_stock": "Out of stock",
    "without_price": "Without a price",
    "blocked": "Blocked",
    "archived": "Archived",
}
#: So many units, or fewer, can be sold -> the mark of such items. Other numbers would have to read all items.
AT_MOST = {5: Lack.What.MORE_THAN_5, 20: Lack.What.MORE_THAN_20}
ITEMS = TabbedList(page="items", show=SHOW, names=("label", "q", "at_most", "sort"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFilter:
    """Which items are asked for."""

    text: str = ""
    label: Label | None = None
    show: str = ""
    #: One of AT_MOST.
    at_most: int | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.text or self.label or self.show or self.at_most)


def find_items(seller: Seller, wanted: ItemFilter) -> QuerySet[Item]:
    """Return the seller's items that fit, archived ones only when asked for, in no order."""
    items = Item.objects.filter(seller=seller, archived_at__isnull=wanted.show != "archived")
    if wanted.text:
        items = items.filter(_matches(wanted.text))
    if wanted.label:
        items = items.filter(Exists(_on_a_label(wanted.label)))
    if wanted.at_most:
        items = items.alias(available=_AVAILABLE).filter(available__lte=wanted.at_most, is_parent=False)
        if wanted.show != "archived":  # which has no marks, and few items
            items = items.filter(_may_lack(AT_MOST[wanted.at_most]))
    if wanted.show == "unlabelled":
        items = items.filter(_may_lack(Lack.What.LABEL), ~Exists(_on_a_label()), is_parent=False)
    elif wanted.show == "blocked":
        items = items.filter(blocked=True)
    elif wanted.show == "without_price":
        items = items.filter(is_priced=False, is_parent=False)
    elif wanted.show == "out_of_stock":
        some = Stock.objects.filter(item=OuterRef("pk"), on_hand__gt=F("reserved"))
        items = items.filter(_may_lack(Lack.What.STOCK), ~Exists(some), is_parent=False)
    return items


#: Units to sell at all locations together.
_AVAILABLE = Coalesce(
    Subquery(
        Stock.objects.filter(item=OuterRef("pk"))
        .order_by()
        .values("item")
        .annotate(units=Sum(Greatest(F("on_hand") - F("reserved"), 0)))
        .values("units")
    ),
    0,
)


def _matches(text: str) -> Q:
    barcode = Q(gtin=text) & ~Q(gtin="") if text.isdigit() else Q(pk__in=[])
    if len(text) < TRIGRAM:
        return Q(sku__in={text, text.upper(), text.lower()}) | barcode
    return Q(sku__icontains=text) | Q(title__icontains=text) | barcode


def _may_lack(what: Lack.What) -> Exists:
    """Narrow to what has its mark: all that lack it, and some that do not. Plan: the marks, in the order of SKUs."""
    marks = Lack.objects.alias(this=F("lacks").bitand(what)).filter(this=what)
    return Exists(marks.filter(seller_id=OuterRef("seller_id"), sku=OuterRef("sku")))


def _on_a_label(label: Label | None = None) -> QuerySet[LabelItem]:
    rows = LabelItem.objects.filter(item=OuterRef("pk")).exclude(source=LabelItem.Source.EXCLUDED)
    return rows.filter(label=label) if label else rows

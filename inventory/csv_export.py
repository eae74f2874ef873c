"""Items as a file that the import reads back: downloaded, changed in a program for tables, and brought again.

What cannot be said in a cell so that it comes back the same (an address with a blank in it, an attribute of several
lines) is left out: an empty cell changes nothing.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from django.db.models import QuerySet

from inventory.csv_import.header import BY_RULE
from inventory.models import Item, LabelItem, Location, Stock

#: Names that the import knows, for what it takes them for.
COLUMNS = (
    *("sku", "parentage", "parent sku", "title", "description", "brand", "barcode", "price", "currency"),
    *("images", "variation options", "more attributes", "labels", BY_RULE),
)
ON_HAND = "on hand"
SLICE = 1_000

#: The import takes the apostrophe for one that keeps a program for tables from reading a formula.
_LIKE_A_FORMULA = re.compile(r"'[=+\-@\t\r]")
_PARTS_ADDRESSES = re.compile(r"[\s|;]")
#: The name of a label that the import takes as it stands; others are put into quotation marks.
_PLAIN_NAME = re.compile(r"""[^\s\ufeff;"'=+@-]([^;"\n\r]*[^\s\ufeff;"])?""")


def names(location: Location | None) -> list[str]:
    """Return the names of the columns; with a location, what is on hand there is one of them."""
    return [*COLUMNS, ON_HAND] if location else list(COLUMNS)


def rows(items: QuerySet[Item], location: Location | None) -> Iterator[list[str]]:
    """Yield the items' cells in the order of their SKUs, read a slice at a time: memory stays flat."""
    items, after = items.select_related("parent").order_by("sku"), ""
    while part := list(items.filter(sku__gt=after)[:SLICE]):
        stock = Stock.objects.filter(item__in=part, location=location) if location else Stock.objects.none()
        on_hand = dict(stock.values_list("item_id", "on_hand"))
        labels = _labels(part)
        for item in part:
            counted = [] if item.is_parent else [str(on_hand.get(item.pk, 0))]
            yield [*_cells(item), *labels[item.pk], *((counted or [""]) if location else [])]
        after = part[-1].sku


def _labels(items: Sequence[Item]) -> dict[int, tuple[str, str]]:
    """Return item id -> the labels it is on by hand, and those it is on by rule, each as a cell.

    None of a parent: the import would put all its variations on them, those too that were taken off since.
    """
    on = LabelItem.objects.filter(item__in=[item for item in items if not item.is_parent])
    names: dict[tuple[int, str], list[str]] = {}
    for item_id, source, name in on.order_by("label__name").values_list("item_id", "source", "label__name"):
        names.setdefault((item_id, source), []).append(_name(name))
    shown = (LabelItem.Source.HAND, LabelItem.Source.RULE)
    hand, rule = ({item.pk: "; ".join(names.get((item.pk, source), [])) for item in items} for source in shown)
    return {pk: (hand[pk], rule[pk]) for pk in hand}


def _name(name: str) -> str:
    if _PLAIN_NAME.fullmatch(name):
        return name
    return '"{}"'.format(name.replace('"', '""'))


def _cells(item: Item) -> list[str]:
    cells = [
        "parent" if item.is_parent else "",
        item.parent.sku if item.parent else "",
        item.title,
        item.description,
        item.brand,
        item.gtin,
        _price(item.price),
        "" if item.price is None else item.currency,
        "" if any(map(_PARTS_ADDRESSES.search, item.images)) else "\n".join(item.images),
        _pairs(item.variation),
        _pairs(item.attributes),
    ]
    return [item.sku, *("" if _LIKE_A_FORMULA.match(cell) else cell for cell in cells)]


def _price(price: Decimal | None) -> str:
    """Return the price with two digits, or with four: three would read as thousands."""
    if price is None:
        return ""
    return f"{price:.2f}" if price == round(price, 2) else f"{price:.4f}"


def _pairs(values: Mapping[str, object]) -> str:
    said: Sequence[tuple[str, str]] = [(name, str(value)) for name, value in values.items()]
    return "\n".join(
        f"{name}: {value}"
        for name, value in said
        if name.strip() and value.strip() and ":" not in name and "\n" not in name + value
    )

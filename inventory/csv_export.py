"""Items as a file that the import reads back: downloaded, changed in a program for tables, and brought again.

What cannot be said in a cell so that it comes back the same (an address with a blank in it, an attribute of several
lines) is left out: an empty cell changes nothing.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from django.db.models import QuerySet

from inventory.models import Item, Location, Stock

#: Names that the import knows, for what it takes them for.
COLUMNS = (
    *("sku", "parentage", "parent sku", "title", "description", "brand", "barcode", "price", "currency"),
    *("images", "variation options", "more attributes"),
)
ON_HAND = "on hand"
SLICE = 1_000

#: The import takes the apostrophe for one that keeps a program for tables from reading a formula.
_LIKE_A_FORMULA = re.compile(r"'[=+\-@\t\r]")
_PARTS_ADDRESSES = re.compile(r"[\s|;]")


def names(location: Location | None) -> list[str]:
    """Return the names of the columns; with a location, what is on hand there is one of them."""
    return [*COLUMNS, ON_HAND] if location else list(COLUMNS)


def rows(items: QuerySet[Item], location: Location | None) -> Iterator[list[str]]:
    """Yield the items' cells in the order of their SKUs, read a slice at a time: memory stays flat."""
    items, after = items.select_related("parent").order_by("sku"), ""
    while part := list(items.filter(sku__gt=after)[:SLICE]):
        stock = Stock.objects.filter(item__in=part, location=location) if location else Stock.objects.none()
        on_hand = dict(stock.values_list("item_id", "on_hand"))
        for item in part:
            counted = [] if item.is_parent else [str(on_hand.get(item.pk, 0))]
            yield [*_cells(item), *((counted or [""]) if location else [])]
        after = part[-1].sku


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

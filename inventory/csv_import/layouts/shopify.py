"""A product export of Shopify: several rows a product, told by its handle. Pure.

The first row of a product names it and its first variant; further rows name further variants, further images, or both.
A product that comes in one form only has the single option "Title" with the value "Default Title".

Both sets of names are known: those of many years, and those of today's template ("URL handle", "Product image URL").
`Inventory quantity` counts at the only location of a shop that has one; Shopify leaves it out where there are several.
The price is what buyers pay; the compare-at price, struck through beside it, is left out.

Source: "Using CSV files to import and export products", https://help.shopify.com/en/manual/products/import-export/using-csv,
read in November 2026; real files: https://github.com/shopifypartners/product-csvs.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from inventory.csv_import.layouts import goods
from inventory.csv_import.layouts.goods import Good
from inventory.csv_import.layouts.markup import text_of
from inventory.csv_import.reading import Row

#: What we read -> the names that exports give it.
_NAMES = {
    "handle": ("handle", "url handle"),
    "title": ("title",),
    "body": ("body (html)", "description"),
    "vendor": ("vendor",),
    "type": ("type",),
    "category": ("product category", "standard product type"),
    "tags": ("tags",),
    "status": ("status",),
    "sku": ("variant sku", "sku"),
    "barcode": ("variant barcode", "barcode"),
    "price": ("variant price", "price"),
    "quantity": ("variant inventory qty", "inventory quantity"),
    "tracker": ("variant inventory tracker", "inventory tracker"),
    "grams": ("variant grams", "weight value (grams)"),
    "image": ("image src", "product image url"),
    "position": ("image position",),
    "variant image": ("variant image", "variant image url"),
    **{f"option{n} {part}": (f"option{n} {part}",) for n in (1, 2, 3) for part in ("name", "value")},
}
_OPTIONS = (1, 2, 3)
#: Shopify itself knows 2,048 variants and 250 images of a product.
MAX_ROWS_OF_PRODUCT = 5_000

Cells = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    cells: Cells

    @property
    def is_variant(self) -> bool:
        return any(self.cells[name] for name in ("option1 value", "sku", "price", "barcode"))


def recognises(header: Sequence[str]) -> bool:
    """Say whether this is the header of such an export."""
    names = {name.strip().casefold() for name in header}
    by_handle = "handle" in names and bool(names & {"variant sku", "variant price", "body (html)"})
    return (by_handle or "url handle" in names) and "title" in names


def read_rows(header: Sequence[str], rows: Iterator[Row]) -> Iterator[Row]:
    """Yield the file's products as rows of ours: a plain item, or a parent and then its variations."""
    places = _places(header)
    handle, lines = "", list[_Line]()
    for row in rows:
        if row.problem:
            yield _bad_row(row, places, row.problem)
            continue
        line = _Line(row.line, _cells(row, places))
        named = _handle(line.cells) or handle
        if named == handle and len(lines) >= MAX_ROWS_OF_PRODUCT:
            yield _bad_row(row, places, f"The product “{handle}” has more than {MAX_ROWS_OF_PRODUCT:,} rows.")
            continue
        if named != handle:
            yield from _rows_of_product(handle, lines)
            handle, lines = named, []
        lines.append(line)
    yield from _rows_of_product(handle, lines)


def _cells(row: Row, places: Mapping[str, int | None]) -> dict[str, str]:
    cells = {name: _cell(row, place) for name, place in places.items()}
    if places["tracker"] is not None and not cells["tracker"]:
        cells["quantity"] = ""  # nobody counts it: the 0 that stands there says nothing
    return cells


def _bad_row(row: Row, places: Mapping[str, int | None], problem: str) -> Row:
    sku = goods.without_quote(_cell(row, places["sku"])) or _cell(row, places["handle"])
    return goods.bad_row(row.line, sku=sku, title=_cell(row, places["title"]), problem=problem)


def _handle(cells: Cells) -> str:
    """Return the shop's own name for the product; one that has none yet gets it from its title, as Shopify does."""
    return cells["handle"] or (goods.propose_sku("", [cells["title"]])[1:] if cells["title"] else "")


def _places(header: Sequence[str]) -> dict[str, int | None]:
    named = {name.strip().casefold(): index for index, name in reversed(list(enumerate(header)))}
    return {key: next((named[name] for name in names if name in named), None) for key, names in _NAMES.items()}


def _cell(row: Row, place: int | None) -> str:
    return row.cells[place].strip() if place is not None and place < len(row.cells) else ""


def _rows_of_product(handle: str, lines: Sequence[_Line]) -> Iterator[Row]:
    if not lines:
        return
    first = next((line for line in lines if line.cells["title"]), lines[0])
    product = _product(handle, first.cells, _images(lines))
    variants = [line for line in lines if line.is_variant] or [first]
    if len(variants) == 1 and _is_only_form(variants[0].cells, first.cells):
        yield goods.as_row(first.number, _plain(handle, product, variants[0].cells))
        return
    parent = replace(product, sku=_parent_sku(handle, variants), is_parent=True)
    yield goods.as_row(first.number, parent)
    names = [first.cells[f"option{n} name"] or f"Option {n}" for n in _OPTIONS]
    for line in variants:
        yield goods.as_row(line.number, _variation(handle, parent, names, line.cells))


def _product(handle: str, cells: Cells, images: Sequence[str]) -> Good:
    kind, category = cells["type"], cells["category"]
    return Good(
        sku=handle,
        title=cells["title"],
        description=text_of(cells["body"]),
        brand=cells["vendor"],
        images=images,
        category=category or kind,
        attributes={
            "type": kind if category else "",
            "tags": cells["tags"],
            "shop status": "" if cells["status"].casefold() == "active" else cells["status"],
        },
    )


def _is_only_form(variant: Cells, first: Cells) -> bool:
    value = variant["option1 value"]
    return not value or (first["option1 name"].casefold() in ("", "title") and value.casefold() == "default title")


def _parent_sku(handle: str, variants: Sequence[_Line]) -> str:
    """Return the handle, unless one of the variants has it as its own SKU."""
    taken = any(goods.without_quote(line.cells["sku"]) == handle for line in variants)
    return goods.propose_sku(handle, ["parent"] if taken else [])


def _plain(handle: str, product: Good, cells: Cells) -> Good:
    sku = goods.without_quote(cells["sku"])
    return replace(
        product, sku=sku or goods.propose_sku(handle, []), is_sku_proposed=not sku, **_offer(cells, product.images)
    )


def _variation(handle: str, parent: Good, names: Sequence[str], cells: Cells) -> Good:
    options = {name: cells[f"option{n} value"] for n, name in zip(_OPTIONS, names, strict=True)}
    options = {name: value for name, value in options.items() if value}
    sku = goods.without_quote(cells["sku"])
    return replace(
        parent,
        sku=sku or goods.propose_sku(handle, options.values()),
        is_sku_proposed=not sku,
        parent=parent.sku,
        is_parent=False,
        title=f"{parent.title} - {' / '.join(options.values())}" if parent.title and options else parent.title,
        options=options,
        **_offer(cells, parent.images),
    )


def _offer(cells: Cells, images: Sequence[str]) -> dict[str, Any]:
    """Return what each variant says for itself."""
    grams = cells["grams"]
    return {
        "barcode": goods.without_quote(cells["barcode"]),
        "price": cells["price"],
        "quantity": goods.counted(cells["quantity"]),
        "weight": f"{grams} g" if grams.strip("0.") else "",
        "images": goods.web_addresses([cells["variant image"], *images]),
    }


def _images(lines: Sequence[_Line]) -> list[str]:
    """Return the product's images in the order of their positions, those without one last, each once."""
    placed = [line.cells for line in lines if line.cells["image"]]
    placed.sort(key=lambda cells: (goods.number_in(cells["position"]) is None, goods.number_in(cells["position"]) or 0))
    return goods.web_addresses(cells["image"] for cells in placed)

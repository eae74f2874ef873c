"""A product export of WooCommerce: one row a product, variations with rows of their own that name their parent. Pure.

`Parent` names the parent's SKU, or `id:` and its number if it has none. Several values in a cell are parted by commas,
a comma within one is written `\\,`; a line break in a description is written `\\n`; what a spreadsheet could take for a
formula begins with an apostrophe. A variation whose attribute is empty fits any value of it.
The price is the regular one; a sale price is kept beside it as an attribute, since it ends some day.

Sources, read in November 2026: "Product CSV Import Schema", https://github.com/woocommerce/woocommerce/wiki/Product-CSV-Import-Schema;
"Product CSV Importer and Exporter", https://woocommerce.com/document/product-csv-importer-exporter/; the exporter,
https://github.com/woocommerce/woocommerce (includes/export); a real file: sample-data/sample_products.csv there.
"""

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence

from inventory.csv_import.layouts import goods
from inventory.csv_import.layouts.goods import Good
from inventory.csv_import.layouts.markup import text_of
from inventory.csv_import.reading import Row

#: Products that variations may still come to; the exporter writes parents first, but not always right before them.
PARENTS_KEPT = 50_000

#: Kinds of products that are not sold themselves, and why they are left out.
_NOT_SOLD = {
    "grouped": "A grouped product only shows other products together: those are imported, it is not.",
    "external": "An external product is sold in another shop, so it is not imported.",
}
_SHOP_STATUS = {"0": "private", "-1": "draft"}

Cells = Mapping[str, str]


def recognises(header: Sequence[str]) -> bool:
    """Say whether this is the header of such an export."""
    names = {name.strip().casefold() for name in header}
    return {"type", "sku", "name"} <= names and bool(
        names & {"regular price", "is featured?", "visibility in catalog", "tax status", "attribute 1 name"}
    )


def read_rows(header: Sequence[str], rows: Iterator[Row]) -> Iterator[Row]:
    """Yield the file's products as rows of ours."""
    names = [name.strip().casefold() for name in header]
    parents = _Parents()
    for row in rows:
        cells = {name: _plain(cell) for name, cell in zip(names, row.cells, strict=False)}
        if row.problem:
            sku, title = goods.without_quote(cells.get("sku", "")), cells.get("name", "")
            yield goods.bad_row(row.line, sku=sku, title=title, problem=row.problem)
            continue
        kinds = {kind.strip().casefold() for kind in cells["type"].split(",")}
        reason = next((why for kind, why in _NOT_SOLD.items() if kind in kinds), "")
        # Without cells: there is nothing in it to mend.
        yield Row(row.line, [], reason) if reason else goods.as_row(row.line, _good(cells, kinds, parents))


def _plain(cell: str) -> str:
    """Return the cell without what the exporter put before a possible formula."""
    cell = cell.strip()
    return cell[1:] if re.match(r"'[=+\-@\t]", cell) else cell


class _Parents:
    """The latest parents, by SKU and by `id:` number: a variation's row does not repeat what its parent's says."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Good] = OrderedDict()

    def add(self, number: str, parent: Good) -> None:
        for name in (parent.sku, f"id:{number}"):
            self._known[name] = parent
        while len(self._known) > 2 * PARENTS_KEPT:
            self._known.popitem(last=False)

    def find(self, name: str) -> Good | None:
        return self._known.get(name)


def _good(cells: Cells, kinds: set[str], parents: _Parents) -> Good:
    number = cells.get("id", "")
    if "variation" in kinds:
        return _variation(cells, number, parents)
    good = _product(cells, number, is_parent="variable" in kinds)
    if good.is_parent:
        parents.add(number, good)
    return good


def _product(cells: Cells, number: str, *, is_parent: bool) -> Good:
    sku = goods.without_quote(cells["sku"])
    return Good(
        sku=sku or _numbered(number),
        is_sku_proposed=bool(not sku and number),
        is_parent=is_parent,
        title=cells["name"],
        description=_description(cells),
        brand=cells.get("brands", ""),
        barcode=cells.get("gtin, upc, ean, or isbn", ""),
        price="" if is_parent else cells.get("regular price", ""),
        quantity="" if is_parent else _stock(cells),
        images=_images(cells),
        category=cells.get("categories", "").replace(r"\,", ","),
        weight=_weight(cells),
        # A parent lists all the values that its variations have: those say which one is theirs.
        attributes=_facts(cells) | ({} if is_parent else _attributes(cells)),
    )


def _variation(cells: Cells, number: str, parents: _Parents) -> Good:
    named = cells.get("parent", "")
    parent = parents.find(named) or Good(
        sku=_numbered(named.removeprefix("id:")) if named[:3] == "id:" else named, title=""
    )
    options = _attributes(cells)
    sku = goods.without_quote(cells["sku"])
    return Good(
        sku=sku or _proposed(parent.sku, options, number),
        is_sku_proposed=not sku,
        parent=parent.sku,
        title=cells["name"] or parent.title,
        description=_description(cells) or parent.description,
        brand=cells.get("brands", "") or parent.brand,
        barcode=cells.get("gtin, upc, ean, or isbn", ""),
        price=cells.get("regular price", ""),
        quantity=_stock(cells),
        images=_images(cells) or parent.images,
        category=cells.get("categories", "").replace(r"\,", ",") or parent.category,
        weight=_weight(cells) or parent.weight,
        options=options,
        attributes={**parent.attributes, **{name: value for name, value in _facts(cells).items() if value}},
    )


def _numbered(number: str) -> str:
    """Return the SKU of what the shop knows by its number only."""
    return f"woo-{number}" if number else ""


def _proposed(parent_sku: str, options: Mapping[str, str], number: str) -> str:
    if parent_sku and options:
        return goods.propose_sku(parent_sku, options.values())
    return _numbered(number)


def _description(cells: Cells) -> str:
    """Return the description, or the short one if there is no other."""
    html = cells.get("description", "") or cells.get("short description", "")
    lines = re.sub(r"(\\?)\\n", lambda found: r"\n" if found[1] else "\n", html)
    return text_of(lines)


def _stock(cells: Cells) -> str:
    """Return what is on hand; "parent" says that the parent's count is shared, which nobody can sell twice."""
    stock = cells.get("stock", "")
    return "" if stock.casefold() == "parent" else goods.counted(stock)


def _images(cells: Cells) -> list[str]:
    return goods.web_addresses(_values(cells.get("images", "")))


def _values(cell: str) -> list[str]:
    return [value.replace(r"\,", ",").strip() for value in re.split(r"(?<!\\),", cell)]


def _weight(cells: Cells) -> str:
    for name, value in cells.items():
        unit = re.fullmatch(r"weight \((.+)\)", name)
        if unit and value.strip("0.,"):
            return f"{value} {unit[1]}"
    return ""


def _facts(cells: Cells) -> dict[str, str]:
    return {
        "tags": cells.get("tags", "").replace(r"\,", ","),
        "sale price": cells.get("sale price", ""),
        "shop status": _SHOP_STATUS.get(cells.get("published", ""), ""),
    }


def _attributes(cells: Cells) -> dict[str, str]:
    found = {}
    for name, title in cells.items():
        place = re.fullmatch(r"attribute (\d+) name", name)
        if place and title:
            found[title] = ", ".join(_values(cells.get(f"attribute {place[1]} value(s)", "")))
    return {title: value for title, value in found.items() if value}

"""One item as a shop's export has it, whichever program wrote it, and the row of ours that it becomes. Pure."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from inventory.csv_import.header import Column
from inventory.csv_import.reading import Row

#: The columns that every foreign file is translated to: each name is one that a file of our own may have too.
COLUMNS = (
    Column("sku", "sku"),
    Column("parentage", "parentage"),
    Column("parent sku", "parent"),
    Column("title", "title"),
    Column("description", "description"),
    Column("brand", "brand"),
    Column("barcode", "gtin"),
    Column("price", "price"),
    Column("quantity", "quantity"),
    Column("images", "images"),
    Column("variation options", "options"),
    Column("category", "attribute"),
    Column("weight", "attribute"),
    Column("more attributes", "several"),
)
MAX_SKU = 100
#: As many as Shopify knows of a product. Each variation has them all, so a product may not bring thousands.
MAX_IMAGES = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Good:
    """One item: a plain one, a parent, or a variation of `parent`. Numbers are text, as the file has them."""

    sku: str
    title: str
    parent: str = ""
    is_parent: bool = False
    description: str = ""
    brand: str = ""
    barcode: str = ""
    price: str = ""
    quantity: str = ""
    images: Sequence[str] = ()
    category: str = ""
    weight: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    #: The file had no SKU for it.
    is_sku_proposed: bool = False


def as_row(line: int, good: Good) -> Row:
    """Return the item as a row of COLUMNS; `line` is where it begins in the seller's file."""
    cells = [
        good.sku,
        "parent" if good.is_parent else "",
        good.parent,
        good.title,
        good.description,
        good.brand,
        good.barcode,
        good.price,
        good.quantity,
        " ".join(good.images),
        _as_lines(good.options),
        good.category,
        good.weight,
        _as_lines(good.attributes),
    ]
    return Row(line, cells, is_sku_proposed=good.is_sku_proposed)


def bad_row(line: int, *, sku: str, title: str, problem: str) -> Row:
    """Return a row of COLUMNS to be mended: of the shop's row no more is known for sure than what item it is about."""
    return Row(line, as_row(line, Good(sku=sku, title=title)).cells, problem)


def _as_lines(pairs: Mapping[str, str]) -> str:
    """Return the pairs as the item's page shows attributes: one a line, like "Color: Red"."""
    simple = ((" ".join(name.replace(":", " ").split()), " ".join(value.split())) for name, value in pairs.items())
    return "\n".join(f"{name}: {value}" for name, value in simple if name and value)


def propose_sku(handle: str, values: Iterable[str]) -> str:
    """Return a SKU made of the shop's own name for the product and of the option values.

    The same in every export, as long as neither changes: `shirt` with "Navy blue" and "S/M" is `shirt_navy-blue_s-m`.
    No handle of Shopify has an underscore, so it is never that of another product.
    """
    parts = [re.sub(r"[^\w.]+", "-", value.casefold()).strip("-") or fingerprint(value) for value in values if value]
    sku = "_".join([handle, *parts])
    return sku if len(sku) <= MAX_SKU else f"{sku[: MAX_SKU - 9]}-{fingerprint(sku)}"


def fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def without_quote(text: str) -> str:
    """Return the text without the apostrophe that keeps a spreadsheet from reading it as a number or a formula."""
    return text[1:] if text.startswith("'") else text


def counted(text: str) -> str:
    """Return how many are on hand: a shop that sold more than it has counts below 0, where there are none."""
    return "0" if re.fullmatch(r"-\d+(\.0+)?", text) else text


def number_in(text: str) -> int | None:
    """Return the whole number that the text is, None if it is none that a shop counts with."""
    return int(text) if re.fullmatch(r"-?[0-9]{1,9}", text) else None


def web_addresses(texts: Iterable[str]) -> list[str]:
    """Return the web addresses among the texts, each once, in their order; files named otherwise are the shop's own.

    No more than MAX_IMAGES.
    """
    found = (text.strip() for text in texts)
    known = dict.fromkeys(text for text in found if re.match(r"https?://[^\s|;]+$", text, re.IGNORECASE))
    return list(known)[:MAX_IMAGES]

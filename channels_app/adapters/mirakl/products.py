"""Product data in the operator's own words, for products that it does not know yet. Pure.

The operator says which attributes it wants (PM11), for all products or for those of a category, and which values they
may have (VL11). An attribute's code is the name of its column; an item's attributes answer by these codes. What every
item says of itself answers where a role asks for it, or a code that is called like it.

Source: developer.mirakl.com, PM11, VL11, P44 and P47 of the seller API (read 2026-08). To be confirmed live: the names
of the roles, and the columns of the reports.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from channels_app.adapters.http import UploadedFile
from channels_app.adapters.mirakl.offers import OFFER_COLUMNS, OfferTerms, csv_file, offer_row
from channels_app.adapters.types import ContentLine, LineResult, Outcome

INCOMPLETE = "incomplete_product"

#: What every item says of itself, by its name here.
_FIELDS: Mapping[str, Callable[[ContentLine], str]] = {
    "title": lambda line: line.title,
    "description": lambda line: line.description,
    "brand": lambda line: line.brand,
    "sku": lambda line: line.sku,
    "gtin": lambda line: line.gtin,
    "parent": lambda line: line.parent_sku,
    "image": lambda line: line.images[0] if line.images else "",
}
#: Roles, and codes of attributes without one (lower case) -> what they ask for.
_ASKS = {
    "TITLE": "title",
    "DESCRIPTION": "description",
    "BRAND": "brand",
    "SHOP_SKU": "sku",
    "UNIQUE_IDENTIFIERS": "gtin",
    "VARIANT_GROUP_CODE": "parent",
    "MAIN_IMAGE": "image",
    "title": "title",
    "description": "description",
    "brand": "brand",
    "shop_sku": "sku",
    "ean": "gtin",
    "gtin": "gtin",
    "upc": "gtin",
    "variant_group_code": "parent",
    "main_image": "image",
}
_CATEGORY = ("CATEGORY", "category")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductAttribute:
    """One column of a product file."""

    code: str
    label: str
    #: Of which category's products; empty: of all.
    category: str = ""
    required: bool = False
    roles: frozenset[str] = frozenset()
    #: The codes that it may have, each by its label and by itself; empty: any text.
    values: Mapping[str, str] = field(default_factory=dict)


Rows = Iterable[Mapping[str, Any]]


def needs_lists(rows: Rows) -> bool:
    """Say whether an attribute takes its values from one of the operator's lists."""
    return any(row.get("values_list") and not row.get("values") for row in rows)


def read_attributes(rows: Rows, lists: Rows = ()) -> list[ProductAttribute]:
    """Return the attributes that the operator's products have, with the values that they may have."""
    by_code = {str(one["code"]): _values(one.get("values") or ()) for one in lists}
    return [
        ProductAttribute(
            code=str(row["code"]),
            label=str(row.get("label") or row["code"]),
            category=str(row.get("hierarchy_code") or ""),
            required=bool(row.get("required")) or row.get("requirement_level") == "REQUIRED",
            roles=frozenset(str(role.get("type")) for role in row.get("roles") or ()),
            values=_values(row.get("values") or ()) or by_code.get(str(row.get("values_list")), {}),
        )
        for row in rows
    ]


def _values(rows: Rows) -> dict[str, str]:
    codes: dict[str, str] = {}
    for row in rows:
        code = str(row["code"])
        codes |= {str(row.get("label") or code): code, code: code}
    return codes


def category_of(line: ContentLine, terms: OfferTerms) -> str:
    """Return the operator's category of the item; an item that has one brings its product data along."""
    return line.attributes.get(terms.category_attribute, "").strip() if terms.category_attribute else ""


def describe(
    lines: Iterable[ContentLine], attributes: Sequence[ProductAttribute], terms: OfferTerms
) -> tuple[list[dict[str, str]], list[LineResult]]:
    """Return the rows to send, and a rejection for each line that lacks what the operator wants."""
    rows, rejected = [], []
    for line in lines:
        row, problems = _describe(line, attributes, terms)
        if problems:
            rejected.append(
                LineResult(sku=line.sku, outcome=Outcome.REJECTED, code=INCOMPLETE, reason=" ".join(problems))
            )
        else:
            rows.append(row)
    return rows, rejected


def _describe(
    line: ContentLine, attributes: Sequence[ProductAttribute], terms: OfferTerms
) -> tuple[dict[str, str], list[str]]:
    category = category_of(line, terms)
    row, problems = offer_row(line, terms), []
    for attribute in attributes:
        if attribute.code in OFFER_COLUMNS or attribute.category not in ("", category):
            continue
        said = _said(line, attribute, category)
        if said and attribute.values and said not in attribute.values:
            problems.append(f"{attribute.label} ({attribute.code}): this marketplace does not know “{said}”.")
        elif said:
            row[attribute.code] = attribute.values.get(said, said)
        elif attribute.required:
            problems.append(f"{attribute.label} is missing: fill in the item's attribute “{attribute.code}”.")
    return row, problems


def _said(line: ContentLine, attribute: ProductAttribute, category: str) -> str:
    """Return what the item says under the attribute's code, or what it says of itself that is asked for."""
    own = line.variation.get(attribute.code) or line.attributes.get(attribute.code)
    if own:
        return own
    asked = [*sorted(attribute.roles), attribute.code.lower()]
    if any(name in _CATEGORY for name in asked):
        return category
    return next((_FIELDS[_ASKS[name]](line) for name in asked if name in _ASKS), "")


def product_file(rows: Sequence[Mapping[str, str]], attributes: Sequence[ProductAttribute]) -> UploadedFile:
    """Return offers and their products as one file."""
    used = {name for row in rows for name in row}
    codes = dict.fromkeys(attribute.code for attribute in attributes if attribute.code in used)
    return csv_file("products.csv", [*OFFER_COLUMNS, *(code for code in codes if code not in OFFER_COLUMNS)], rows)


_SKU_COLUMNS = ("sku", "shop_sku", "shop-sku")
_REASON_COLUMNS = ("errors", "error", "error-message")


def read_product_errors(report: bytes) -> dict[str, str]:
    """Return why products were refused, by SKU, as far as the report can be read: operators lay it out as they like."""
    text = report.decode("utf-8-sig", errors="replace")
    reasons: dict[str, str] = {}
    for row in csv.DictReader(io.StringIO(text), delimiter=";"):
        sku = next((row[name] for name in _SKU_COLUMNS if row.get(name)), "")
        reason = next((row[name] for name in _REASON_COLUMNS if row.get(name)), "")
        if sku and reason:
            reasons[sku] = reason
    return reasons

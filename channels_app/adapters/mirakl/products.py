"""Products that the operator does not know yet: its categories, what it asks of them, and the file that answers. Pure.

The operator has categories (H11) and says which attributes it wants (PM11), for all products or for those of a category
and below, and which values they may have (VL11). An attribute's code is the name of its column.

Source: developer.mirakl.com, H11, PM11, VL11, P44 and P47 of the seller API (read 2026-08). To be confirmed live: the
names of the roles, that attributes of a category hold for those below it, and the columns of the reports.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from channels_app.adapters.http import UploadedFile
from channels_app.adapters.mirakl.offers import OFFER_COLUMNS, OfferTerms, csv_file, offer_row
from channels_app.adapters.types import Category, Choice, ContentLine, Part, ProductField

#: Roles, and codes of attributes without one (lower case) -> what they ask for.
_ASKS = {
    "TITLE": Part.TITLE,
    "DESCRIPTION": Part.DESCRIPTION,
    "BRAND": Part.BRAND,
    "SHOP_SKU": Part.SKU,
    "UNIQUE_IDENTIFIERS": Part.GTIN,
    "VARIANT_GROUP_CODE": Part.PARENT_SKU,
    "MAIN_IMAGE": Part.IMAGE,
    "CATEGORY": Part.CATEGORY,
    "title": Part.TITLE,
    "description": Part.DESCRIPTION,
    "brand": Part.BRAND,
    "shop_sku": Part.SKU,
    "ean": Part.GTIN,
    "gtin": Part.GTIN,
    "upc": Part.GTIN,
    "variant_group_code": Part.PARENT_SKU,
    "main_image": Part.IMAGE,
    "category": Part.CATEGORY,
}

Rows = Iterable[Mapping[str, Any]]


def read_categories(rows: Rows) -> list[Category]:
    """Return the operator's categories, each with those that it is in."""
    by_code = {str(row["code"]): row for row in rows}
    return [_category(code, by_code) for code in by_code]


def _category(code: str, by_code: Mapping[str, Mapping[str, Any]]) -> Category:
    way = [code]
    while (above := str(by_code[way[0]].get("parent_code") or "")) in by_code and above not in way:
        way.insert(0, above)
    names = [str(by_code[one].get("label") or one) for one in way]
    return Category(code=code, name=" > ".join(names), above=tuple(way[:-1]))


def needs_lists(rows: Rows) -> bool:
    """Say whether an attribute takes its values from one of the operator's lists."""
    return any(row.get("values_list") and not row.get("values") for row in rows)


def read_fields(rows: Rows, lists: Rows = ()) -> dict[str, list[ProductField]]:
    """Return what the operator wants to know, by category, with the values that it may have.

    What the columns of the offer say already is not asked.
    """
    by_code = {str(one["code"]): _choices(one.get("values") or ()) for one in lists}
    found: dict[str, list[ProductField]] = {}
    for row in rows:
        if str(row["code"]) not in OFFER_COLUMNS:
            choices = _choices(row.get("values") or ()) or by_code.get(str(row.get("values_list")), ())
            found.setdefault(str(row.get("hierarchy_code") or ""), []).append(_field(row, choices))
    return found


def _field(row: Mapping[str, Any], choices: tuple[Choice, ...]) -> ProductField:
    asked = [*sorted(str(role.get("type")) for role in row.get("roles") or ()), str(row["code"]).lower()]
    return ProductField(
        code=str(row["code"]),
        name=str(row.get("label") or row["code"]),
        required=bool(row.get("required")) or row.get("requirement_level") == "REQUIRED",
        choices=choices,
        usual=next((_ASKS[name] for name in asked if name in _ASKS), None),
        help=str(row.get("description") or ""),
    )


def _choices(rows: Rows) -> tuple[Choice, ...]:
    return tuple(Choice(code=str(row["code"]), name=str(row.get("label") or row["code"])) for row in rows)


def product_file(lines: Iterable[ContentLine], terms: OfferTerms) -> UploadedFile:
    """Return offers and their products as one file."""
    rows = [{**offer_row(line, terms), **line.product} for line in lines]
    codes = dict.fromkeys(code for row in rows for code in row if code not in OFFER_COLUMNS)
    return csv_file("products.csv", [*OFFER_COLUMNS, *codes], rows)


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

"""Items as Walmart takes them: matched to a product it knows, or described in full for a product type. Pure.

An item whose attribute `walmart:product_type` names a product type is described in full (feed MP_ITEM): its attributes
that begin with `walmart:` go out under the rest of their name, those with `walmart:orderable:` in the part that is
about the offer. Walmart changes these lists every few weeks, so nothing here knows them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from channels_app.adapters.types import ContentLine
from channels_app.adapters.walmart.identifiers import read_identifier

PRODUCT_TYPE = "walmart:product_type"
_VISIBLE = "walmart:"
_ORDERABLE = "walmart:orderable:"
#: Attributes that hold a weight, and how many pounds one of their unit is.
_WEIGHTS = {
    "shipping_weight_lb": Decimal(1),
    "weight_lb": Decimal(1),
    "shipping_weight_kg": Decimal("2.20462"),
    "weight_kg": Decimal("2.20462"),
}

NO_IDENTIFIER = "Walmart finds a product by its GTIN, UPC, EAN or ISBN: enter one for this item."
NO_SPEC_VERSION = (
    "This item has a Walmart product type: enter the version of Walmart's item specification in the account settings."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDefaults:
    """What the account settings say about items."""

    #: Pounds, for items without a weight of their own.
    weight: Decimal = Decimal(1)
    #: Of the item specification, say 5.0.20260826-17_15_31-api; empty: no item can be described in full.
    spec_version: str = ""


def is_described(line: ContentLine) -> bool:
    """Say whether the item brings a full description, rather than only the number of a product that Walmart knows."""
    return bool(product_type(line))


def product_type(line: ContentLine) -> str:
    return line.attributes.get(PRODUCT_TYPE, "").strip()


def why_not(line: ContentLine, defaults: ItemDefaults) -> str:
    """Return why the item cannot be sent, in the seller's words, or ""."""
    if read_identifier(line.gtin) is None:
        return NO_IDENTIFIER
    if not is_described(line):
        return ""
    if not defaults.spec_version:
        return NO_SPEC_VERSION
    needed = {"a brand": line.brand, "a description": line.description, "an image": line.images, "a title": line.title}
    missing = [name for name, value in needed.items() if not value]
    return f"Walmart wants {' and '.join(missing)} for this item." if missing else ""


def build_match(line: ContentLine, defaults: ItemDefaults) -> dict[str, Any]:
    """Return the item as an offer on a product that Walmart knows."""
    return {
        "Item": {
            "sku": line.sku,
            "productIdentifiers": read_identifier(line.gtin),
            "ShippingWeight": shipping_weight(line.attributes, defaults),
            "price": float(line.price),
            "condition": line.attributes.get("condition") or "New",
        }
    }


def build_item(line: ContentLine, defaults: ItemDefaults) -> dict[str, Any]:
    """Return the item described in full."""
    orderable = {
        "sku": line.sku,
        "productIdentifiers": read_identifier(line.gtin),
        "price": float(line.price),
        "ShippingWeight": shipping_weight(line.attributes, defaults),
        **_passed_through(line.attributes, _ORDERABLE),
    }
    visible = {
        "productName": line.title,
        "brand": line.brand,
        "shortDescription": line.description,
        "mainImageUrl": line.images[0],
        **({"productSecondaryImageURL": list(line.images[1:])} if line.images[1:] else {}),
        **_variation(line),
        **_passed_through(line.attributes, _VISIBLE),
    }
    return {"Orderable": orderable, "Visible": {product_type(line): visible}}


def _variation(line: ContentLine) -> dict[str, Any]:
    if not line.parent_sku or not line.variation:
        return {}
    return {"variantGroupId": line.parent_sku, "variantAttributeNames": list(line.variation), **line.variation}


def _passed_through(attributes: Mapping[str, str], prefix: str) -> dict[str, Any]:
    """Return the attributes under `prefix`; what reads as JSON goes out as such, so that numbers and lists can."""
    return {
        name.removeprefix(prefix): _as_value(text)
        for name, text in attributes.items()
        if name.startswith(prefix) and name != PRODUCT_TYPE and (prefix == _ORDERABLE or _ORDERABLE not in name)
    }


def _as_value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def shipping_weight(attributes: Mapping[str, str], defaults: ItemDefaults) -> float:
    """Return pounds: the item's own weight, else that of the settings."""
    for name, pounds in _WEIGHTS.items():
        try:
            weight = Decimal(attributes.get(name, "").strip() or 0) * pounds
        except InvalidOperation:
            continue
        if weight.is_finite() and weight > 0:
            return float(max(round(weight, 3), Decimal("0.001")))
    return float(defaults.weight)

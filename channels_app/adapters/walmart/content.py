"""Items as Walmart takes them: matched to a product it knows, or described in full for a product type. Pure.

An item that was given one of Walmart's product types is described in full (feed MP_ITEM), in the words of its
specification (specs.py); all others are offers on products that Walmart knows (feed MP_ITEM_MATCH).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from channels_app.adapters.types import ContentLine
from channels_app.adapters.walmart import specs
from channels_app.adapters.walmart.identifiers import read_identifier

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


def why_not(line: ContentLine, defaults: ItemDefaults) -> str:
    """Return why the item cannot be sent, in the seller's words, or ""."""
    if read_identifier(line.gtin) is None:
        return NO_IDENTIFIER
    if not line.category:
        return ""
    if not defaults.spec_version:
        return NO_SPEC_VERSION
    needed = {
        "a brand": line.brand or line.product.get("brand"),
        "a description": line.description or line.product.get("shortDescription"),
        "an image": line.images or line.product.get("mainImageUrl"),
        "a title": line.title or line.product.get("productName"),
    }
    missing = [name for name, value in needed.items() if not value]
    # Nobody knows how a number or an object was meant that cannot be read: it would spoil the file for all others.
    unreadable = specs.unreadable(line.product)
    if unreadable:
        return f"Walmart could not read what this item says of {', '.join(unreadable)}."
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
        **specs.write_fields(line.product, orderable=True),
    }
    visible = {
        "productName": line.title,
        "brand": line.brand,
        "shortDescription": line.description,
        **({"mainImageUrl": line.images[0]} if line.images else {}),
        **({"productSecondaryImageURL": list(line.images[1:])} if line.images[1:] else {}),
        **_variation(line),
        **specs.write_fields(line.product, orderable=False),
    }
    return {"Orderable": orderable, "Visible": {line.category: visible}}


def _variation(line: ContentLine) -> dict[str, Any]:
    if not line.parent_sku or not line.variation:
        return {}
    return {"variantGroupId": line.parent_sku, "variantAttributeNames": list(line.variation), **line.variation}


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

"""Feed files: what stands at their top, one entry an item, and how many fit. Pure.

Source: https://developer.walmart.com/us-marketplace/docs/ (guides of each feed type and their samples), read
2026-11-23.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from channels_app.adapters.types import OfferLine
from channels_app.adapters.walmart import limits

#: Of the price specification; its layout is the same for every item, and Walmart keeps old versions.
_PRICE_VERSION = "2.0.20240126-12_25_52-api"


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A file, and the SKUs that found no room in it. Without any entry the document is empty."""

    document: bytes
    left_over: tuple[str, ...]


def pack(
    feed_type: str, entries: Iterable[tuple[str, Mapping[str, Any]]], *, spec_version: str = "", most_bytes: int
) -> Packed:
    """Return a file of as many entries (SKU and content) as Walmart takes at once."""
    opening, closing = _frame(feed_type, spec_version)
    parts: list[str] = []
    left_over: list[str] = []
    size = len(opening) + len(closing)
    for sku, entry in entries:
        text = json.dumps(entry, separators=(",", ":"))
        if len(parts) >= limits.FILE_ITEMS or (parts and size + len(text) + 1 > most_bytes):
            left_over.append(sku)
            continue
        parts.append(text)
        size += len(text) + 1
    document = f"{opening}{','.join(parts)}{closing}".encode() if parts else b""
    return Packed(document=document, left_over=tuple(left_over))


def _frame(feed_type: str, spec_version: str) -> tuple[str, str]:
    """Return what stands before and behind the entries."""
    layout = _layout(feed_type, spec_version)
    (list_name,) = (name for name, value in layout.items() if value is None)
    opening, closing = json.dumps(layout, separators=(",", ":")).split(f'"{list_name}":null')
    return f'{opening}"{list_name}":[', f"]{closing}"


def _layout(feed_type: str, spec_version: str) -> dict[str, Any]:
    """Return the file with None in the place of its entries."""
    match feed_type:
        case limits.MP_ITEM:
            header = {"businessUnit": "WALMART_US", "locale": "en", "version": spec_version}
            return {"MPItemFeedHeader": header, "MPItem": None}
        case limits.MP_ITEM_MATCH:
            return {"MPItemFeedHeader": {**_MATCH_HEADER}, "MPItem": None}
        case limits.PRICE_AND_PROMOTION:
            header = {"businessUnit": "WALMART_US", "locale": "en", "version": _PRICE_VERSION}
            return {"MPItemFeedHeader": header, "MPItem": None}
        case limits.INVENTORY:
            return {"InventoryHeader": {"version": "1.4"}, "Inventory": None}
        case limits.MP_INVENTORY:
            return {"inventoryHeader": {"version": "1.5"}, "inventory": None}
        case limits.RETIRE_ITEM:
            return {"RetireItemHeader": {"version": "1.0"}, "RetireItem": None}
    raise ValueError(f"No layout is known for the feed {feed_type!r}.")


#: UNVERIFIED: the guide's header says 4.2, Walmart's own sample of the same layout says 4.1.
_MATCH_HEADER = {
    "processMode": "REPLACE",
    "subset": "EXTERNAL",
    "locale": "en",
    "sellingChannel": "mpsetupbymatch",
    "version": "4.2",
}


def build_price(line: OfferLine) -> dict[str, Any]:
    return {"Promo&Discount": {"sku": line.sku, "price": float(line.price)}}


def build_quantity(line: OfferLine) -> dict[str, Any]:
    """Return the quantity of an item at the account's only place; the same as the single call takes."""
    return {"sku": line.sku, "quantity": _units(line)}


def build_node_quantity(line: OfferLine, ship_node: str) -> dict[str, Any]:
    return {"sku": line.sku, "shipNodes": [{"shipNode": ship_node, "quantity": _units(line)}]}


def _units(line: OfferLine) -> dict[str, Any]:
    return {"unit": "EACH", "amount": max(line.quantity, 0)}


def build_retirement(sku: str) -> dict[str, Any]:
    return {"sku": sku}

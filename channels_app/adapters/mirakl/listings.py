"""The files of an offer export as our listings. Pure.

Source: developer.mirakl.com, OF52, OF53 and OF54 of the seller API (read 2026-08).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from channels_app.adapters.errors import TemporaryError
from channels_app.adapters.mirakl.values import read_number
from channels_app.adapters.types import RemoteListing

#: Every offer that exists, sold out or not, in the smallest files that a production instance makes: one is read whole.
REQUEST = {"export_type": "application/json", "include_inactive_offers": True, "items_per_chunk": 10_000}


def read_listings(chunk: bytes) -> Iterator[RemoteListing]:
    """Yield the offers of one file. Raises TemporaryError for a file that is cut off or something else."""
    try:
        for offer in _offers(json.loads(chunk)):
            if not offer.get("deleted"):
                yield _listing(offer)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise TemporaryError("A file of the marketplace's export is not readable.", code="unreadable") from error


def _offers(content: object) -> Sequence[Mapping[str, Any]]:
    """Return the offers in a file: a list, or (to be confirmed live) an object with the list in it."""
    if isinstance(content, dict):
        content = content["offers"]
    if not isinstance(content, list):
        raise TypeError("an export is a list of offers")
    return content


def _listing(offer: Mapping[str, Any]) -> RemoteListing:
    """Return one offer. It is there, though buyers may not see it: Mirakl shows nothing that is sold out."""
    price = offer.get("origin_price")  # `price` is the one of the day, discounts taken off
    if price is None:
        price = offer.get("price")
    return RemoteListing(
        sku=str(offer["shop_sku"]),
        title=str(offer.get("product_title") or ""),
        price=None if price is None else read_number(price),
        currency=str(offer.get("currency_iso_code") or ""),
        quantity=int(offer.get("quantity") or 0),
        active=True,
    )

"""What the server shows, as our listings."""

from collections.abc import Iterator
from decimal import Decimal

from channels_app.adapters.errors import TemporaryError
from channels_app.adapters.medusa.client import MedusaClient
from channels_app.adapters.medusa.places import Places
from channels_app.adapters.medusa.products import variants_of
from channels_app.adapters.medusa.values import Body, build_moment, read_moment, read_number
from channels_app.adapters.types import Export, RemoteListing

#: Little enough that a thousand products are half a megabyte.
_FIELDS = (
    "id,status,title,variants.sku,variants.title,variants.prices.amount,variants.prices.currency_code,"
    "variants.prices.rules_count,variants.inventory_items.inventory.location_levels.location_id,"
    "variants.inventory_items.inventory.location_levels.stocked_quantity,"
    "variants.inventory_items.inventory.location_levels.reserved_quantity"
)


def export(client: MedusaClient, places: Places, handle: str) -> Export:
    """Return all listings; their pages are fetched as they are read.

    There are no lists that stay: the handle is the moment at which one was asked for first. Asked for again, once its
    orders are known, it is read anew; so it may be a little younger than it says.
    """
    currency, location = places.currency, places.location_id
    as_of = read_moment(handle) if handle else client.time
    if as_of is None:
        raise TemporaryError("The server does not say what time it is.", code="no_time")
    rows = _iter_listings(client, currency=currency, location=location)
    return Export(handle=build_moment(as_of), as_of=as_of, complete=True, rows=rows)


def _iter_listings(client: MedusaClient, *, currency: str, location: str) -> Iterator[RemoteListing]:
    """Yield every variant that has a SKU. Numbers grow with time, so a product made meanwhile comes last."""
    for product in client.iter_rows("export", "/products", "products", {"order": "id", "fields": _FIELDS}):
        yield from read_listings(product, currency=currency, location=location)


def read_listings(product: Body, *, currency: str, location: str) -> Iterator[RemoteListing]:
    """Yield the product's variants with their price in this currency and what is free at this location. Pure."""
    for variant in variants_of(product):
        if variant.get("sku"):
            yield RemoteListing(
                sku=str(variant["sku"]),
                title=str(variant.get("title") or product.get("title") or ""),
                price=_price(variant, currency),
                currency=currency,
                quantity=_free(variant, location),
                active=product.get("status") == "published",
            )


def _price(variant: Body, currency: str) -> Decimal | None:
    """Return the variant's own price; prices with rules (of a region, a customer group) are the operator's."""
    for price in variant.get("prices") or ():
        if str(price.get("currency_code") or "").upper() == currency and not price.get("rules_count"):
            return read_number(price["amount"])
    return None


def _free(variant: Body, location: str) -> int:
    """Return what is in stock and not reserved; of a kit of several items nothing can be said: 0."""
    items = list(variant.get("inventory_items") or ())
    levels = ((items[0].get("inventory") or {}).get("location_levels") or ()) if len(items) == 1 else ()
    here = [one for one in levels if one.get("location_id") == location]
    return max(sum(int(one["stocked_quantity"]) - int(one.get("reserved_quantity") or 0) for one in here), 0)

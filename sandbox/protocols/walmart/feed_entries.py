"""Entries of feeds: what each type of feed says of an item, as the engine takes it. What makes no sense raises."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from sandbox.protocols.walmart.product_types import PRODUCT_TYPES, Orderable, Part, Price, ProductIdentifiers, Sku

Entry = Mapping[str, Any]
Line = dict[str, Any]


class Matched(Part):
    sku: Sku
    product_identifiers: ProductIdentifiers
    shipping_weight: Annotated[float, Field(gt=0, alias="ShippingWeight")]
    price: Price
    condition: str = "New"


class Priced(Part):
    sku: Sku
    price: Price


class Money(Part):
    currency: Literal["USD"]
    amount: Price


class Pricing(Part):
    current_price_type: Literal["BASE", "REDUCED", "CLEARANCE"]
    current_price: Money


class PricedOfOld(Part):
    sku: Sku
    pricing: Annotated[list[Pricing], Field(min_length=1)]


class Units(Part):
    unit: Literal["EACH"]
    amount: Annotated[int, Field(ge=0, lt=1_000_000)]


class Stocked(Part):
    sku: Sku
    quantity: Units


class NodeUnits(Part):
    ship_node: str
    quantity: Units


class StockedAtNodes(Part):
    sku: Sku
    ship_nodes: Annotated[list[NodeUnits], Field(min_length=1)]


class Retired(Part):
    sku: Sku


def described(entry: Entry) -> Line:
    """An item, if its product type has all that it needs."""
    orderable = Orderable.model_validate(entry["Orderable"])
    ((product_type, shown),) = entry["Visible"].items()
    if product_type not in PRODUCT_TYPES:
        raise LookupError(f"There is no product type {product_type}.")
    visible = PRODUCT_TYPES[product_type].model_validate(shown)
    content = {"brand": visible.brand, "description": visible.short_description, "images": [visible.main_image_url]}
    return {**_item(orderable, title=visible.product_name), **content}


def matched(entry: Entry) -> Line:
    """An offer on a product that is known."""
    offer = Matched.model_validate(entry["Item"])
    return _item(offer, title=f"Product {offer.product_identifiers.product_id}")


def _item(offer: Orderable | Matched, *, title: str) -> Line:
    number = offer.product_identifiers.product_id
    return {"sku": offer.sku, "title": title, "gtin": number, "price": str(offer.price)}


def priced(entry: Entry) -> Line:
    """A price."""
    told = Priced.model_validate(entry["Promo&Discount"])
    return {"sku": told.sku, "price": str(told.price)}


def priced_of_old(entry: Entry) -> Line:
    """A price in the layout of old: the first of its prices."""
    told = PricedOfOld.model_validate(entry)
    return {"sku": told.sku, "price": str(told.pricing[0].current_price.amount)}


def stocked(entry: Entry) -> Line:
    """A quantity."""
    told = Stocked.model_validate(entry)
    return {"sku": told.sku, "quantity": told.quantity.amount}


def stocked_at_nodes(entry: Entry) -> Line:
    """A quantity: the sum of those at each node."""
    told = StockedAtNodes.model_validate(entry)
    return {"sku": told.sku, "quantity": sum(node.quantity.amount for node in told.ship_nodes)}


def retired(entry: Entry) -> Line:
    """An item that ends."""
    return {"sku": Retired.model_validate(entry).sku}

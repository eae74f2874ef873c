"""bol.com's offers and our lines, both ways. Pure.

Source: bol.com's Offers API 11.3 (OpenAPI, read 2026-05). Which fields go together for a condition or a schedule is
lost in the copy that could be read: what is sent keeps to the combination of its example (to be confirmed live).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from channels_app.adapters.bol.values import CURRENCY, read_money
from channels_app.adapters.types import ContentLine, OfferLine, RemoteListing

Offer = Mapping[str, Any]
Body = dict[str, Any]

#: What bol.com takes for a price.
LOWEST_PRICE, HIGHEST_PRICE = Decimal(1), Decimal(9999)
_PROMISED_BY_SELLER = "MY_DELIVERY_PROMISE"
#: Takes an offer out of sale without ending it.
HOLD: Body = {"onHoldByRetailer": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferTerms:
    """What the seller's account settings say of every offer."""

    schedule: str
    minimum_days: int
    maximum_days: int
    ultimate_order_time: str
    countries: tuple[str, ...]
    economic_operator_id: str

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        return cls(
            schedule=str(settings.get("schedule") or _PROMISED_BY_SELLER),
            minimum_days=int(settings.get("minimum_days") or 0),
            maximum_days=int(settings.get("maximum_days") or 0),
            ultimate_order_time=str(settings.get("ultimate_order_time") or ""),
            countries=tuple(str(settings.get("countries") or "NL,BE").split(",")),
            economic_operator_id=str(settings.get("economic_operator_id") or ""),
        )


# What we send


def why_not_listed(line: ContentLine) -> str:
    """Return why this item cannot be offered, in the seller's words, or ""."""
    if not line.gtin:
        return "bol.com finds products by their EAN: enter one (GTIN) for this item."
    return why_not_at(line.price)


def why_not_at(price: Decimal) -> str:
    """Return why bol.com takes no such price, or ""."""
    if LOWEST_PRICE <= price <= HIGHEST_PRICE:
        return ""
    return f"bol.com takes prices from {LOWEST_PRICE} to {HIGHEST_PRICE} {CURRENCY}, and this is {price:.2f}."


def build_offer(line: ContentLine, terms: OfferTerms) -> Body:
    """Return a new offer. Content is bol.com's: the EAN says which."""
    return {"ean": line.gtin, "reference": line.sku, "condition": {"category": "NEW"}, **_told(line, terms)}


def build_renewal(line: ContentLine, terms: OfferTerms) -> Body:
    """Return what makes an offer that is there what the line says; EAN and condition cannot change.

    A hold ends: it is ours, from when the offer was refused, or else the label says that the item is on sale.
    """
    return {"reference": line.sku, "onHoldByRetailer": False, **_told(line, terms)}


def build_change(line: OfferLine) -> Body:
    """Return price and stock; the stock alone if bol.com takes no such price: it must flow at any price."""
    stock = {"stock": _stock(line.quantity)}
    return stock if why_not_at(line.price) else {"pricing": _pricing(line.price), **stock}


def _told(line: ContentLine, terms: OfferTerms) -> Body:
    told: Body = {
        "pricing": _pricing(line.price),
        "stock": _stock(line.quantity),
        "fulfilment": _fulfilment(terms),
        "countryAvailabilities": [{"countryCode": code} for code in terms.countries],
    }
    operator = line.attributes.get("economic_operator_id") or terms.economic_operator_id
    return {**told, "economicOperatorId": operator} if operator else told


def _pricing(price: Decimal) -> Body:
    return {"bundlePrices": [{"quantity": 1, "unitPrice": price}]}


def _stock(quantity: int) -> Body:
    """Return the stock. What is sent is net of the orders that are known: bol.com takes only later ones off it."""
    return {"amount": quantity, "managedByRetailer": True}


def _fulfilment(terms: OfferTerms) -> Body:
    """Return who delivers and how fast. To be confirmed live: that bol.com's own promise comes without days."""
    told: Body = {"method": "FBR", "schedule": terms.schedule}
    if terms.schedule == _PROMISED_BY_SELLER:
        promise: Body = {"minimumDaysToCustomer": terms.minimum_days, "maximumDaysToCustomer": terms.maximum_days}
        if terms.ultimate_order_time:
            promise["ultimateOrderTime"] = terms.ultimate_order_time
        told["deliveryPromise"] = promise
    return told


# What we read


def sku_of(offer: Offer) -> str:
    """Return the SKU; an offer that was made without a reference goes by its EAN."""
    return str(offer.get("reference") or offer.get("ean") or "")


def pick(offers: Sequence[Offer], sku: str, *, ean: str = "") -> Offer | None:
    """Return the offer of this SKU: of several the one on this EAN."""
    found = [offer for offer in offers if sku_of(offer) == sku]
    return next((offer for offer in found if same_ean(offer, ean)), found[0] if found else None)


def same_ean(offer: Offer, ean: str) -> bool:
    """Say whether it is on this product: an EAN may be written with zeros before it."""
    return str(offer.get("ean") or "").lstrip("0") == ean.lstrip("0")


def is_new(offer: Offer) -> bool:
    return (offer.get("condition") or {}).get("category") == "NEW"


def is_for_sale(offer: Offer) -> bool:
    """Say whether buyers can buy it in any country."""
    return any(country.get("forSale") for country in offer.get("countryAvailabilities") or ())


def is_held(offer: Offer) -> bool:
    return bool(offer.get("onHoldByRetailer"))


def read_listing(offer: Offer) -> RemoteListing:
    """Return the offer as the reconciler compares it: the stock that was set, not what orders have left of it."""
    prices = (offer.get("pricing") or {}).get("bundlePrices") or [{}]
    price = prices[0].get("unitPrice")
    return RemoteListing(
        sku=sku_of(offer),
        title=str(offer.get("unknownProductTitle") or f"EAN {offer.get('ean') or 'unknown'}"),
        price=None if price is None else read_money(price),
        currency=CURRENCY,
        quantity=int((offer.get("stock") or {}).get("amount") or 0),
        active=not is_held(offer),
    )

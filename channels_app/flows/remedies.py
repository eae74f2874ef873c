"""What a seller does about a refusal: known by our own sentences, and by the words that marketplaces use. Pure."""

import re
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from channels_app.flows.listings import NOT_SENT
from channels_app.flows.price import HIGH_PRICE, NO_PRICE, ZERO_PRICE


class Place(StrEnum):
    """Where it is mended."""

    #: Beside each SKU, on the issue's own page.
    PRICE = "price"
    GTIN = "gtin"
    #: The channel's page of categories and what they ask.
    PRODUCTS = "products"
    #: The channel's rules for price and quantity.
    RULES = "rules"
    #: The item's page.
    ITEM = "item"


class Remedy(NamedTuple):
    """What to do, in the seller's words, and where."""

    place: Place
    text: str
    #: It may lie with the channel's price rules.
    by_rules: bool = False

    @property
    def is_here(self) -> bool:
        """It is entered on the issue's own page."""
        return self.place in (Place.PRICE, Place.GTIN)

    @property
    def is_of_product(self) -> bool:
        """It is about what is said of the product, not about what it costs."""
        return self.place not in (Place.PRICE, Place.RULES)


_Fits = Callable[[str, str], bool]


def _ours(*sentences: str) -> _Fits:
    """Say yes to what we ourselves do not send for one of these reasons."""
    return lambda code, reason: code == NOT_SENT and reason in sentences


def _says(pattern: str) -> _Fits:
    """Say yes to a reason that speaks of this."""
    found = re.compile(pattern, re.IGNORECASE)
    return lambda _, reason: found.search(reason) is not None


#: The first that fits is shown.
_TABLE: tuple[tuple[_Fits, Remedy], ...] = (
    (_ours(NO_PRICE), Remedy(Place.PRICE, "Set a price: the items are listed by themselves then.")),
    (_ours(ZERO_PRICE, HIGH_PRICE), Remedy(Place.PRICE, "Correct the prices, or the channel's price rules.", True)),
    (_says(r"has no exchange rate"), Remedy(Place.RULES, "Enter an exchange rate in the channel's price rules.", True)),
    (
        _says(r"is missing, and .+ needs it"),
        Remedy(Place.PRODUCTS, "Say where the answer stands on the Products page, or complete the items."),
    ),
    (
        _says(r"this marketplace does not know “"),
        Remedy(Place.PRODUCTS, "Say on the Products page what these words mean there, or correct the items."),
    ),
    (
        _says(r"\b(gtin|ean|upc|isbn|barcode)s?\b"),
        Remedy(Place.GTIN, "Enter or correct the barcodes: the items are sent by themselves then."),
    ),
    (
        _says(r"\bprices?\b"),
        Remedy(
            Place.PRICE, "Change the prices here, or the channel's price rules: they are sent by themselves then.", True
        ),
    ),
)
_OTHERWISE = Remedy(
    Place.ITEM,
    "Correct the items: they are sent by themselves then. If it was mended at the marketplace, send them again.",
)


def find_remedy(code: str, reason: str) -> Remedy:
    """Return what to do about a refusal with this code and reason."""
    return next((remedy for fits, remedy in _TABLE if fits(code, reason)), _OTHERWISE)

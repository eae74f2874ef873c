"""What to do about a refusal, by our own sentences and by those of the marketplaces."""

from dataclasses import replace
from decimal import Decimal

import pytest

from channels_app.adapters.bol.offers import why_not_listed
from channels_app.adapters.mirakl.offers import OfferTerms, why_nameless
from channels_app.adapters.types import Choice, ProductField
from channels_app.adapters.walmart.content import NO_IDENTIFIER
from channels_app.flows.describe import Mapped, describe
from channels_app.flows.listings import NOT_SENT
from channels_app.flows.price import HIGH_PRICE, NO_PRICE, ZERO_PRICE, PriceRule, why_no_price
from channels_app.flows.remedies import Place, find_remedy
from tests.adapters.bol.bodies import content

LINE = replace(content(), gtin="", attributes={})
FIELDS = [
    ProductField(code="colour", name="Colour", required=True),
    ProductField(code="size", name="Size", choices=(Choice(code="S", name="Small"),)),
]


def _problem(**attributes: str) -> str:
    """Return what we say of an item that does not answer a channel's questions."""
    told = describe(replace(LINE, attributes=attributes), Mapped("MUGS", "Mugs", FIELDS, {}, {}))
    (problem,) = told.problems
    return problem


@pytest.mark.parametrize(
    ("code", "reason", "place"),
    [
        (NOT_SENT, NO_PRICE, Place.PRICE),
        (NOT_SENT, ZERO_PRICE, Place.PRICE),
        (NOT_SENT, HIGH_PRICE, Place.PRICE),
        (NOT_SENT, why_no_price(Decimal(5), "USD", PriceRule(currency="EUR")), Place.RULES),
        (NOT_SENT, _problem(), Place.PRODUCTS),
        (NOT_SENT, _problem(colour="Blue", size="Tiny"), Place.PRODUCTS),
        ("", why_nameless(LINE, OfferTerms()), Place.GTIN),
        ("", NO_IDENTIFIER, Place.GTIN),
        ("", why_not_listed(LINE), Place.GTIN),
        ("", why_not_listed(replace(LINE, gtin="4006381333931", price=Decimal("0.10"))), Place.PRICE),
        ("E7", "The price of 10.00 is too high.", Place.PRICE),
        ("E7", "The brand is not allowed in this category.", Place.ITEM),
        ("E7", "A European shop is needed.", Place.ITEM),
        ("", "", Place.ITEM),
    ],
)
def test_a_refusal_is_mended_where_its_words_say(code: str, reason: str, place: Place):
    assert find_remedy(code, reason).place == place

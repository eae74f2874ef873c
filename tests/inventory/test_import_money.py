"""A price is in the currency that the file says it is in, or its row is told."""

from decimal import Decimal

import pytest

from inventory.models import Item
from tests.factories import make_item, make_seller
from tests.inventory.csv_files import bring, reasons

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller():
    return make_seller()


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("sku,title,Price (EUR)\nA,Apple,12.50\n", "EUR"),
        ("sku,title,Unit price sek\nA,Apple,12.50\n", "SEK"),
        ("sku,title,price\nA,Apple,12.50 EUR\n", "EUR"),
        ("sku,title,price\nA,Apple,€12.50\n", "EUR"),
        ("sku,title,price\nA,Apple,$12.50\n", "CAD"),
        ("sku,title,Price (EUR),currency\nA,Apple,12.50,\n", "EUR"),
        ("sku,title,price\nA,Apple,12.50\n", "CAD"),
    ],
)
def test_a_price_is_in_the_currency_that_its_column_or_its_cell_says(text, currency):
    bring(make_seller(currency="CAD"), text)

    assert Item.objects.values_list("price", "currency").get() == (Decimal("12.50"), currency)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sku,price\nA,12.50 EUR\n", "in EUR, but this item is in USD"),
        ("sku,Price (EUR)\nA,12.50\n", "in EUR, but this item is in USD"),
        ("sku,price,currency\nA,€12.50,USD\n", "in EUR, but the row is in USD"),
        ("sku,Price (EUR)\nA,$12.50\n", "not in EUR, as its column says"),
        ("sku,price\nA,12.50 net\n", "“12.50 net” is no price"),
    ],
)
def test_a_price_in_two_currencies_at_once_is_told(seller, text, words):
    make_item(seller, "A", price=Decimal(5))

    csv_import = bring(seller, text)

    assert words in reasons(csv_import)[2]
    assert Item.objects.values_list("price", "currency").get() == (Decimal(5), "USD")


def test_a_currency_column_may_change_the_currency_of_an_item(seller):
    make_item(seller, "A")

    bring(seller, "sku,price,currency\nA,12.50 EUR,EUR\n")

    assert Item.objects.values_list("price", "currency").get() == (Decimal("12.50"), "EUR")


def test_a_column_of_old_prices_is_not_taken_for_the_price(seller):
    bring(seller, "sku,title,Price old\nA,Apple,12.50\n")

    assert Item.objects.values_list("price", "attributes").get() == (None, {"Price old": "12.50"})

"""What runs counted, and addresses, as people read them."""

import pytest

from channels_app.views.order_page import address_lines
from channels_app.views.words import describe_counts


def test_what_a_run_did_is_told_in_words_with_numbers_grouped():
    assert describe_counts({"read": 12_345, "to_end": 1, "orders": 1, "sent": 2}) == (
        "12,345 listings read, 1 to end, 1 new order, 2 sent"
    )
    assert describe_counts({}) == ""


@pytest.mark.parametrize(
    ("country", "town"), [("US", "Springfield IL 62701"), ("de", "62701 Springfield IL"), ("", "62701 Springfield IL")]
)
def test_a_town_stands_on_one_line_as_its_country_writes_it(country: str, town: str):
    ship_to = {"name": "Robin", "street": "1 Sample Street", "city": "Springfield", "region": "IL"}

    lines = address_lines({**ship_to, "postal_code": "62701", "country": country, "note": "ring twice"})

    assert lines == ["Robin", "1 Sample Street", town, *([country] if country else []), "ring twice"]


def test_what_is_not_known_of_an_address_leaves_no_empty_line():
    assert address_lines({"city": "Springfield", "country": "US"}) == ["Springfield", "US"]

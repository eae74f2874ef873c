"""A channel's history in the seller's words."""

import pytest

from channels_app.models import Channel, ChannelHistory
from channels_app.views.history_words import describe
from tests.factories import NOW, make_channel, make_seller

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel() -> Channel:
    return make_channel(make_seller(), adapter_key="mirakl")


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (
            {"multi_shipment": None, "product_sku_attribute": None},
            {"multi_shipment": True, "product_sku_attribute": ""},
            "set “Orders may leave in several parcels” to yes",
        ),
        (
            {"multi_shipment": True},
            {"multi_shipment": False},
            "changed “Orders may leave in several parcels” from yes to no",
        ),
        ({}, {"replaced secrets": ["api_key"]}, "replaced “API key”, which is never shown"),
        ({"unheard_of": 1}, {"unheard_of": 2}, "changed “Unheard of” from 1 to 2"),
        ({"unheard_of": "x"}, {}, "emptied “Unheard of”, which was x"),
    ],
)
def test_account_information_is_called_as_its_form_calls_it(channel: Channel, before: object, after: object, text: str):
    entry = ChannelHistory(channel=channel, at=NOW, what="account", before=before, after=after)

    assert describe(entry).text == text


def test_a_marketplace_that_is_not_installed_any_more_leaves_plain_names(channel: Channel):
    channel.adapter_key = "gone"
    entry = ChannelHistory(channel=channel, at=NOW, what="account", before={}, after={"shop_id": "7"})

    assert describe(entry).text == "set “Shop id” to 7"


@pytest.mark.parametrize(
    ("what", "before", "after", "text"),
    [
        (
            "quantity",
            {"buffer": 0, "quantity_mode": "all", "quantity_limit": None, "locations": []},
            {"buffer": 2, "quantity_mode": "cap", "quantity_limit": 5, "locations": ["Main", "Shop"]},
            "changed “Buffer” from 0 to 2; changed “What buyers see” from Everything available to At most a number; "
            "set “The number that buyers see” to 5; set “Locations” to Main, Shop",
        ),
        ("price", {"price_minimum": "5"}, {"price_minimum": None}, "emptied “Never below”, which was 5"),
        ("label", {"label": "Spring"}, {"label": "Summer"}, "changed “Label” from Spring to Summer"),
        ("name", {"name": "Old"}, {"name": "New"}, "changed “Channel name” from Old to New"),
        (
            "words",
            {"words": {}},
            {"words": {"carriers": {"dpd": "C7", "ups": "unheard"}, "refund_reasons": {"late": ""}}},
            "set “Carriers: DPD” to DPD Holland; set “Carriers: UPS” to unheard",
        ),
        (
            "products in Mugs",
            {"category": "Cups"},
            {"category": "Mugs and cups"},
            "changed “Category” from Cups to Mugs and cups (products in Mugs)",
        ),
        (
            "products in Mugs",
            {},
            {"colour: Navy blue": "B1"},
            "set “Colour: Navy blue” to B1 (products in Mugs)",
        ),
        ("archived", False, True, "removed the channel"),
        (
            "testing_ends_at",
            "2026-03-02T23:30:00+00:00",
            "2026-04-02T22:30:00+00:00",
            "moved the end of Testing from 3 Mar 2026, 00:30 CET to 3 Apr 2026, 00:30 CEST",
        ),
        ("orders_on", True, False, "switched Orders off"),
        ("buffer", 0, 2, "changed “Buffer” from 0 to 2"),
    ],
)
def test_every_change_is_a_sentence_in_the_words_of_the_page(
    channel: Channel, what: str, before: object, after: object, text: str
):
    channel.seller.time_zone = "Europe/Berlin"
    channel.facts = {"carriers": [{"code": "C7", "name": "DPD Holland"}]}
    entry = ChannelHistory(channel=channel, at=NOW, what=what, before=before, after=after)

    assert describe(entry).text == text

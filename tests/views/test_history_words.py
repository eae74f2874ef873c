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
            "changed Orders may leave in several parcels: none → yes",
        ),
        ({"multi_shipment": True}, {"multi_shipment": False}, "changed Orders may leave in several parcels: yes → no"),
        ({}, {"replaced secrets": ["api_key"]}, "changed API key: replaced, never shown"),
        ({"unheard_of": 1}, {"unheard_of": 2}, "changed unheard of: 1 → 2"),
    ],
)
def test_account_information_is_called_as_its_form_calls_it(channel: Channel, before: object, after: object, text: str):
    entry = ChannelHistory(channel=channel, at=NOW, what="account", before=before, after=after)

    assert describe(entry).text == text


def test_a_marketplace_that_is_not_installed_any_more_leaves_plain_names(channel: Channel):
    channel.adapter_key = "gone"
    entry = ChannelHistory(channel=channel, at=NOW, what="account", before={}, after={"shop_id": "7"})

    assert describe(entry).text == "changed shop id: none → 7"

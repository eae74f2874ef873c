"""Home leads a new seller from step to step."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils.html import strip_tags

from channels_app.models import Channel, Order
from inventory.models import Seller
from marketplace_integration import clock
from tests.factories import make_channel, make_item, make_label, make_seller, make_user
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller(client: Client) -> Seller:
    seller = make_seller()
    client.force_login(make_user(seller=seller))
    return seller


def next_step(client: Client) -> list[str]:
    """Return the words of the buttons that stand out."""
    page = client.get("/s/acme/").content.decode()
    return re.findall(r'button-primary" href="[^"]*">([^<]+)<', page)


def test_the_step_that_comes_next_stands_out(client: Client, seller: Seller):
    assert next_step(client) == ["Import a CSV"]
    item = make_item(seller)
    assert next_step(client) == ["Go to labels"]
    label = make_label(seller, items=[item])
    assert next_step(client) == ["Go to marketplaces"]
    channel = make_channel(seller, state="setup", label=label)
    assert next_step(client) == ["Go to its settings"]
    channel.delete()
    make_channel(seller, label=label)
    assert next_step(client) == []


def test_what_needs_a_channel_is_offered_once_there_is_one(client: Client, seller: Seller):
    assert client.get("/s/acme/").content.decode().count("Go to marketplaces") == 1


def test_what_waits_for_its_payment_is_told_beside_what_was_sold(client: Client, rig: Rig):
    rig.now = rig.market.now = clock.now()
    rig.item("MUG-1", on_hand=9)
    rig.market.has_order("A-1", sku="MUG-1", quantity=2, price="10.00")
    rig.market.has_order("A-2", sku="MUG-1", price="7.00", payment="pending")
    rig.market.has_order("A-3", sku="MUG-1", price="5.00", payment="failed")
    rig.download()
    client.force_login(rig.owner)

    page = client.get("/s/acme/").content.decode()

    assert "20.00 USD" in page
    assert "1 paid order; 1 more waits for payment" in page


def test_what_was_sold_a_week_ago_by_this_time_is_told_beside_it(client: Client, rig: Rig):
    rig.now = rig.market.now = clock.now()
    rig.item("MUG-1", on_hand=9)
    rig.market.has_order("A-1", sku="MUG-1", quantity=2, price="10.00")
    rig.download()
    client.force_login(rig.owner)
    new_here = client.get("/s/acme/").content.decode()
    Order.objects.update(placed_at=rig.now - timedelta(days=7, minutes=1))

    page = " ".join(strip_tags(client.get("/s/acme/").content.decode()).split())

    assert "up to" not in new_here
    assert f"last {rig.now:%A} up to" in page
    # A minute before may have been the day before.
    assert "20.00 USD in 1 order" in page or f"{rig.now:%H:%M}" == "00:00"


@pytest.mark.parametrize(
    ("change", "said", "not_said"),
    [
        ({}, ["Nothing is wrong: all channels run"], ["are off"]),
        (
            {"listings_on": False},
            ["Nothing waits for you.", ">Sandbox</a> are off: nothing is sent.", "Listings are off: nothing is sent."],
            ["Nothing is wrong", "Orders are off"],
        ),
        ({"orders_on": False}, ["Orders are off: none is downloaded."], ["Nothing is wrong", "Listings are off"]),
        ({"listings_on": False, "orders_on": False}, ["Listings are off", "Orders are off"], ["Nothing is wrong"]),
        ({"state": "setup", "listings_on": False}, [">Sandbox</a> is not active"], ["Nothing is wrong", "are off"]),
    ],
)
def test_what_a_channel_does_not_do_is_said_calmly(
    client: Client, seller: Seller, change: dict[str, object], said: list[str], not_said: list[str]
):
    label = make_label(seller, items=[make_item(seller)])
    make_channel(seller, name="Another", label=label)
    Channel.objects.filter(pk=make_channel(seller, name="Sandbox", label=label, state="live").pk).update(**change)

    page = client.get("/s/acme/").content.decode()

    assert [words for words in said if words not in page] == []
    assert [words for words in not_said if words in page] == []
    assert "Needs you" not in page

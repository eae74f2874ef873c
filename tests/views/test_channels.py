"""Marketplaces: the seller's channels, the catalogue, and adding a channel."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils.html import strip_tags
from pytest_django import DjangoAssertNumQueries

from channels_app.adapters.types import Capability
from channels_app.models import Channel, Listing
from channels_app.views.words import CAPABILITIES, describe_lacks
from inventory.models import Role, Seller
from tests.factories import make_channel, make_job, make_label, make_seller, make_user
from tests.flows.marketplace import MemoryAdapter
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("memory_marketplace")]


@pytest.fixture
def seller() -> Seller:
    return make_seller()


@pytest.fixture
def owner(seller: Seller) -> User:
    return make_user(seller=seller)


@pytest.fixture
def browser(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def test_a_seller_without_channels_is_told_what_to_do(browser: Client):
    page = browser.get("/s/acme/marketplaces/").content.decode()

    assert "No channels yet" in page
    assert "Add Memory" in page


def test_amazon_ebay_and_rakuten_are_shown_as_set_up_elsewhere(browser: Client):
    page = browser.get("/s/acme/marketplaces/").content.decode()

    assert "Set up elsewhere, and not run by these settings: Amazon, eBay, Rakuten.com." in page
    assert browser.get("/s/acme/marketplaces/add/amazon/").status_code == 404


def test_a_channel_with_a_blocked_job_says_that_it_needs_the_seller(browser: Client, seller: Seller):
    make_job(make_channel(seller), "orders", blocked=True)

    assert "Needs you" in browser.get("/s/acme/marketplaces/").content.decode()


def test_adding_a_channel_leads_to_its_settings(browser: Client):
    form = browser.get("/s/acme/marketplaces/add/sandbox/").content.decode()
    response = browser.post("/s/acme/marketplaces/add/sandbox/", {"name": "My sandbox", "mode": "test"})

    channel = Channel.objects.get()
    assert "Add Memory" in form
    assert (channel.name, channel.mode, channel.state) == ("My sandbox", "test", "setup")
    assert response.headers["Location"] == f"/s/acme/marketplaces/{channel.public_id}/settings/"


def test_a_channel_without_a_name_is_not_added(browser: Client):
    response = browser.post("/s/acme/marketplaces/add/sandbox/", {"name": "", "mode": "test"})

    assert response.status_code == 422
    assert not Channel.objects.exists()


def test_a_viewer_may_look_but_not_add(client: Client, seller: Seller):
    client.force_login(make_user("v@example.com", seller=seller, role=Role.VIEWER))

    assert "Add Memory" not in client.get("/s/acme/marketplaces/").content.decode()
    assert client.get("/s/acme/marketplaces/add/sandbox/").status_code == 403


def test_other_sellers_pages_do_not_exist(browser: Client):
    make_seller("other")

    assert browser.get("/s/other/marketplaces/").status_code == 404


def test_many_channels_cost_no_more_queries_than_one(
    browser: Client, seller: Seller, django_assert_max_num_queries: DjangoAssertNumQueries
):
    for _ in range(10):
        make_job(make_channel(seller), "orders")

    with django_assert_max_num_queries(7):
        browser.get("/s/acme/marketplaces/")


def _cells(browser: Client) -> list[str]:
    """Return the words of the numbers in the first row of the table of channels."""
    page = browser.get("/s/acme/marketplaces/").content.decode()
    cells = re.findall(r'<td data-label="(?:Listed|Refused|To ship)" class="number">(.*?)</td>', page, re.DOTALL)
    return [strip_tags(cell).strip() for cell in cells]


def test_each_channel_tells_its_listings_refusals_and_orders_to_ship(client: Client, rig: Rig):
    channel = rig.channel
    for sku, state, refused in (("A", "listed", ""), ("B", "listed", "x"), ("C", "rejected", "x"), ("D", "ended", "")):
        Listing.objects.create(channel=channel, sku=sku, state=state, rejected_hash=refused)
    rig.item("MUG-1", on_hand=9)
    rig.market.has_order("A-1", sku="MUG-1")
    rig.market.has_order("A-2", sku="MUG-1", payment="pending")
    rig.download()
    client.force_login(rig.owner)

    assert _cells(client) == ["21 with older details", "1", "1"]


def test_a_channel_on_which_nothing_happened_tells_noughts(browser: Client, seller: Seller):
    make_channel(seller)

    assert _cells(browser) == ["0", "0", "0"]


@pytest.mark.parametrize(("mode", "is_said"), [("test", True), ("production", False)])
def test_a_test_account_is_marked_wherever_its_channel_is_named(
    browser: Client, seller: Seller, mode: str, is_said: bool
):
    channel = make_channel(seller, mode=mode, label=make_label(seller))

    for url in ("", "marketplaces/", f"marketplaces/{channel.public_id}/listings/"):
        assert (">Test account</span>" in browser.get(f"/s/acme/{url}").content.decode()) is is_said


def test_what_a_marketplace_cannot_do_stands_beside_what_it_can(browser: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(MemoryAdapter, "capabilities", frozenset({Capability.RECONCILE}))

    for url in ("", "add/sandbox/"):
        page = browser.get(f"/s/acme/marketplaces/{url}").content.decode()
        assert "<li>Compares all listings and ends strays</li>" in page
        assert '<li class="is-lack">No refunds</li>' in page


def test_of_everything_that_can_be_done_it_is_said_whether_it_can():
    nothing, everything = frozenset[Capability](), frozenset(Capability)

    assert describe_lacks(everything) == []
    assert len(describe_lacks(nothing)) == 7  # neither part of an order, nor accepting where nothing is to be accepted
    for capability in CAPABILITIES:
        assert len(describe_lacks(everything - {capability})) == (capability != Capability.ACCEPT)

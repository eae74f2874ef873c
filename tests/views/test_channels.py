"""Marketplaces: the seller's channels, the catalogue, and adding a channel."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from channels_app.models import Channel
from inventory.models import Role, Seller
from tests.factories import make_channel, make_job, make_seller, make_user

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

    assert all(f"Set up elsewhere: {name}" in page for name in ("Amazon", "eBay", "Rakuten.com"))
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

    with django_assert_max_num_queries(5):
        browser.get("/s/acme/marketplaces/")

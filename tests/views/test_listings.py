"""Listings of a channel: what should be sent, what was confirmed, and what a person decides."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from channels_app.models import Channel, Listing, PendingChange
from inventory.models import Role, Seller
from tests.factories import NOW, make_channel, make_item, make_label, make_seller, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("memory_marketplace")]


@pytest.fixture
def seller() -> Seller:
    return make_seller()


@pytest.fixture
def browser(client: Client, seller: Seller) -> Client:
    client.force_login(make_user(seller=seller))
    return client


@pytest.fixture
def channel(seller: Seller) -> Channel:
    items = [make_item(seller, f"MUG-{number}", on_hand=number) for number in range(1, 4)]
    return make_channel(seller, label=make_label(seller, items=items), buffer=1)


def url(channel: Channel, name: str = "channel_listings") -> str:
    return reverse(name, args=[channel.seller.slug, channel.public_id])


def test_before_activation_the_page_shows_what_would_be_sent(browser: Client, seller: Seller):
    label = make_label(seller, items=[make_item(seller, "MUG-9", on_hand=9)])
    channel = make_channel(seller, state="setup", label=label, buffer=2, facts={}, currency="", account_id="")

    response = browser.get(url(channel))

    assert "this is what would be sent" in response.content.decode()
    assert [(row.sku, row.wanted_quantity, row.wanted_price) for row in response.context["rows"]] == [("MUG-9", 7, 10)]


def test_rows_show_the_rules_applied_and_why_an_item_is_not_sent(browser: Client, channel: Channel, seller: Seller):
    channel.label.label_items.create(item=make_item(seller, "FREE", price=None), source="hand")  # type: ignore[union-attr]

    rows = {row.sku: row for row in browser.get(url(channel)).context["rows"]}

    assert [rows[f"MUG-{n}"].wanted_quantity for n in (1, 2, 3)] == [0, 1, 2]
    assert rows["FREE"].note == "This item has no price."


def test_what_was_refused_is_sent_again_when_a_person_asks(browser: Client, channel: Channel):
    Listing.objects.create(
        channel=channel, sku="MUG-1", state="rejected", rejected_hash="x", rejected_reason="Title too long"
    )

    page = browser.get(url(channel), {"show": "problems"}).content.decode()
    browser.post(url(channel, "channel_send_again"), {"sku": ["MUG-1"]})

    assert "Title too long" in page
    assert Listing.objects.get().rejected_hash == ""
    assert PendingChange.objects.filter(channel=channel, sku="MUG-1").exists()


def test_held_endings_wait_for_a_manager(client: Client, browser: Client, channel: Channel, seller: Seller):
    PendingChange.objects.create(channel=channel, sku="OLD-1", urgency=4, held=True, changed_at=NOW)

    page = browser.get(url(channel)).content.decode()
    client.force_login(make_user("v@example.com", seller=seller, role=Role.VIEWER))
    refused = client.post(url(channel, "channel_withdrawals"), {"decision": "release"})
    client.force_login(make_user("m@example.com", seller=seller, role=Role.MANAGER))
    client.post(url(channel, "channel_withdrawals"), {"decision": "release"})

    assert "Listings wait for your decision" in page
    assert refused.status_code == 403
    assert not PendingChange.objects.get().held


def test_an_unknown_sku_and_an_empty_list_say_what_to_do(browser: Client, channel: Channel):
    assert "No such SKU here" in browser.get(url(channel), {"sku": "NOPE"}).content.decode()
    assert "No problems" in browser.get(url(channel), {"show": "problems"}).content.decode()


def test_another_sellers_listings_do_not_exist(client: Client, channel: Channel):
    client.force_login(make_user("x@example.com", seller=make_seller("other")))

    assert client.get(url(channel)).status_code == 404


def test_a_full_page_costs_a_fixed_number_of_queries(
    browser: Client, channel: Channel, seller: Seller, django_assert_max_num_queries: DjangoAssertNumQueries
):
    for number in range(60):
        channel.label.label_items.create(item=make_item(seller, f"CUP-{number:02}"), source="hand")  # type: ignore[union-attr]

    with django_assert_max_num_queries(12):
        response = browser.get(url(channel))

    assert len(response.context["rows"]) == 50
    assert response.context["page"].next_url

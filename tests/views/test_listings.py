"""Listings of a channel: what should be sent, what was confirmed, and what a person decides."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from channels_app.models import Channel, FeedLine, Listing, PendingChange, ReconcileRun, Submission
from channels_app.views import listing_rows, listings
from inventory.models import Item, Role, Seller
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
    assert [(row.sku, row.wanted) for row in response.context["rows"]] == [("MUG-9", (7, 10))]


def test_rows_show_the_rules_applied_and_why_an_item_is_not_sent(browser: Client, channel: Channel, seller: Seller):
    channel.label.label_items.create(item=make_item(seller, "FREE", price=None), source="hand")  # type: ignore[union-attr]

    rows = {row.sku: row for row in browser.get(url(channel)).context["rows"]}

    assert [rows[f"MUG-{n}"].wanted.quantity for n in (1, 2, 3)] == [0, 1, 2]
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


def _listed(channel: Channel, sku: str, **fields: Any) -> Listing:
    known = {"sent_price": 10, "sent_quantity": 1, "sent_content_hash": "h"}
    known |= {name.replace("sent_", "confirmed_"): value for name, value in known.items()}
    return Listing.objects.create(channel=channel, sku=sku, state="listed", confirmed_at=NOW, **{**known, **fields})


def test_what_waits_says_what_is_to_be_done_and_stands_in_a_tab_with_its_number(browser: Client, channel: Channel):
    _listed(channel, "MUG-3")
    _listed(channel, "GONE-1")
    for sku, urgency in (("MUG-1", 6), ("MUG-3", 1), ("GONE-1", 4)):
        PendingChange.objects.create(channel=channel, sku=sku, urgency=urgency, changed_at=NOW)

    shown = browser.get(url(channel), {"show": "waiting"})

    assert {row.sku: row.next for row in shown.context["rows"]} == {
        "GONE-1": "to be ended",
        "MUG-1": "to be listed",
        "MUG-3": "to be updated: details, quantity",
    }
    assert [tab["count"] for tab in shown.context["tabs"] if tab["is_current"]] == ["3"]


def test_what_was_sent_and_not_answered_stands_in_a_tab(browser: Client, channel: Channel):
    _listed(channel, "MUG-1")
    _listed(channel, "MUG-2")
    sent = Submission.objects.create(channel=channel, kind="offer", key=uuid4(), fence=1, line_count=1, created_at=NOW)
    FeedLine.objects.create(submission=sent, channel=channel, sku="MUG-2", kind="offer", created_at=NOW)

    shown = browser.get(url(channel), {"show": "sent"})

    assert [row.sku for row in shown.context["rows"]] == ["MUG-2"]
    assert "has not answered yet" in shown.content.decode()


def test_a_listing_whose_last_change_was_refused_is_listed_with_older_details(browser: Client, channel: Channel):
    _listed(channel, "MUG-1", rejected_hash="o1", rejected_reason="Price too low")

    (row,) = browser.get(url(channel), {"show": "problems"}).context["rows"]

    assert (row.state, row.state_text, row.note) == ("outdated", "Listed, older details", "Price too low")


def test_what_the_marketplace_showed_last_stands_beside_what_it_confirmed(browser: Client, channel: Channel):
    as_of = NOW + timedelta(hours=1)
    ReconcileRun.objects.create(channel=channel, state="clean", created_at=as_of, as_of=as_of)
    _listed(channel, "MUG-1", remote_active=True, remote_price=9, remote_quantity=4, remote_as_of=as_of)
    _listed(channel, "MUG-2", remote_active=False, remote_as_of=as_of)
    _listed(channel, "MUG-3")

    rows = {row.sku: row.reading for row in browser.get(url(channel)).context["rows"]}

    assert (rows["MUG-1"].quantity, rows["MUG-1"].price, rows["MUG-1"].is_shown) == (4, 9, True)
    assert not rows["MUG-2"].is_shown
    assert (rows["MUG-3"].quantity, rows["MUG-3"].price) == (1, 10)


def test_of_a_listing_confirmed_without_a_quantity_only_the_price_is_told(browser: Client, channel: Channel):
    _listed(channel, "MUG-1", confirmed_quantity=None)

    page = browser.get(url(channel), {"show": "listed"}).content.decode()

    assert re.search(r'"Confirmed" class="number"><span>\s*<span class="nowrap"><span class="money">10\.00 ', page)


def test_what_was_not_read_since_is_not_said_to_be_the_same(browser: Client, channel: Channel):
    _listed(channel, "MUG-1")
    never = browser.get(url(channel)).content.decode()
    as_of = NOW + timedelta(hours=1)
    ReconcileRun.objects.create(channel=channel, state="clean", created_at=as_of, as_of=as_of)
    read = browser.get(url(channel)).content.decode()
    Listing.objects.update(confirmed_at=as_of + timedelta(hours=1))
    since = browser.get(url(channel)).content.decode()

    assert ["the same" in page for page in (never, read, since)] == [False, True, False]


@pytest.mark.parametrize(
    ("words", "found"),
    [("MUG-2", ["MUG-2"]), ("ug-", ["MUG-1", "MUG-2", "MUG-3"]), ("enamel", ["MUG-3"]), ("mu", []), ("zzz", [])],
)
def test_part_of_a_sku_or_title_finds_rows(browser: Client, channel: Channel, words: str, found: list[str]):
    Item.objects.filter(sku="MUG-3").update(title="Enamel cup")

    assert [row.sku for row in browser.get(url(channel), {"sku": words}).context["rows"]] == found


def test_what_is_none_of_the_items_is_found_by_its_whole_sku(browser: Client, channel: Channel):
    Listing.objects.create(channel=channel, sku="STRAY-1", state="listed")

    assert [row.sku for row in browser.get(url(channel), {"sku": "STRAY-1", "show": "listed"}).context["rows"]] == [
        "STRAY-1"
    ]


@pytest.mark.parametrize(("fewer", "is_said"), [(1, True), (0, False)])
def test_of_very_many_that_fit_the_first_are_shown_and_the_page_says_so(
    browser: Client, channel: Channel, monkeypatch: pytest.MonkeyPatch, fewer: int, is_said: bool
):
    most = Item.objects.filter(sku__startswith="MUG-").count() - fewer
    monkeypatch.setattr(listing_rows, "MOST_FOUND", most)
    monkeypatch.setattr(listings, "MOST_FOUND", most)

    page = browser.get(url(channel), {"sku": "mug-"}).content.decode()

    assert (f"the first {most} are looked at" in page) is is_said


def test_another_sellers_listings_do_not_exist(client: Client, channel: Channel):
    client.force_login(make_user("x@example.com", seller=make_seller("other")))

    assert client.get(url(channel)).status_code == 404


def test_a_full_page_costs_a_fixed_number_of_queries(
    browser: Client, channel: Channel, seller: Seller, django_assert_max_num_queries: DjangoAssertNumQueries
):
    for number in range(60):
        channel.label.label_items.create(item=make_item(seller, f"CUP-{number:02}"), source="hand")  # type: ignore[union-attr]

    with django_assert_max_num_queries(14):
        response = browser.get(url(channel))

    assert len(response.context["rows"]) == 50
    assert response.context["page"].next_url

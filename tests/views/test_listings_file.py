"""The listings of a channel as a file: the rows of the page, all of them."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from channels_app.models import Channel, Listing, PendingChange, ReconcileRun
from channels_app.views import listing_rows
from inventory.models import Item, Seller
from tests.factories import make_channel, make_item, make_label, make_seller, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("memory_marketplace")]

AT = datetime(2026, 3, 2, 20, 15, tzinfo=UTC)


@pytest.fixture
def seller() -> Seller:
    return make_seller(time_zone="Europe/Berlin")


@pytest.fixture
def browser(client: Client, seller: Seller) -> Client:
    client.force_login(make_user(seller=seller))
    return client


@pytest.fixture
def channel(seller: Seller) -> Channel:
    items = [make_item(seller, f"MUG-{number}", on_hand=number) for number in range(1, 4)]
    return make_channel(seller, label=make_label(seller, items=items))


def read(browser: Client, channel: Channel, **query: str) -> list[dict[str, str]]:
    """Return the rows of the file."""
    answer = browser.get(reverse("listings_csv", args=[channel.seller.slug, channel.public_id]), query)
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))


def listed(channel: Channel, sku: str, **fields: Any) -> Listing:
    known = {"confirmed_price": 10, "confirmed_quantity": 1, "confirmed_content_hash": "h", "confirmed_at": AT}
    return Listing.objects.create(channel=channel, sku=sku, **{"state": "listed", **known, **fields})


def test_ours_stands_beside_what_was_confirmed_and_read_with_the_sellers_own_time(browser: Client, channel: Channel):
    ReconcileRun.objects.create(channel=channel, state="clean", created_at=AT, as_of=AT.replace(hour=23))
    told = {"rejected_hash": "o1", "rejected_reason": "Price too low", "rejected_at": AT}
    listed(channel, "MUG-3", remote_active=False, remote_price=9, remote_quantity=4, **told)

    (row,) = read(browser, channel, sku="MUG-3")

    assert row == {
        "sku": "MUG-3",
        "title": Item.objects.get(sku="MUG-3").title,
        "state": "Listed, older details",
        "to do": "",
        "currency": "USD",
        "our price": "10.00",
        "our quantity": "3",
        "confirmed price": "10.00",
        "confirmed quantity": "1",
        "confirmed at": "2026-03-02 21:15",
        "last read price": "9.00",
        "last read quantity": "4",
        "shown there": "no",
        "last read at": "2026-03-03 00:15",
        "note": "Price too low",
        "refused since": "2026-03-02 21:15",
    }


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"show": "waiting"},
        {"show": "listed"},
        {"show": "problems"},
        {"show": "ended"},
        {"show": "nonsense"},
        {"sku": "mug-"},
        {"sku": "MUG-2"},
        {"sku": "STRAY-1", "show": "listed"},
        {"sku": "mug-", "show": "problems"},
        {"sku": "zzz"},
    ],
)
def test_the_file_holds_what_the_page_shows(browser: Client, channel: Channel, query: dict[str, str]):
    listed(channel, "MUG-1", rejected_hash="o1", rejected_reason="Price too low")
    listed(channel, "MUG-2", state="ended")
    listed(channel, "STRAY-1")
    PendingChange.objects.create(channel=channel, sku="MUG-3", urgency=6, changed_at=AT)

    page = browser.get(reverse("channel_listings", args=[channel.seller.slug, channel.public_id]), query)

    shown = [(row.sku, row.state_text, row.next, row.note) for row in page.context["rows"]]
    assert [(row["sku"], row["state"], row["to do"], row["note"]) for row in read(browser, channel, **query)] == shown


def test_the_button_leads_to_the_file_of_what_is_shown(browser: Client, channel: Channel):
    url = reverse("channel_listings", args=[channel.seller.slug, channel.public_id])
    file = reverse("listings_csv", args=[channel.seller.slug, channel.public_id])

    assert f'href="{file}"' in browser.get(url).content.decode()
    assert f'href="{file}?sku=mug-1"' in browser.get(url, {"sku": "mug-1"}).content.decode()
    assert file not in browser.get(url, {"show": "ended"}).content.decode()


@pytest.mark.parametrize("query", [{}, {"sku": "mug-"}])
def test_a_long_list_is_read_in_slices_whatever_a_page_looks_at(
    browser: Client,
    channel: Channel,
    query: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: DjangoAssertNumQueries,
):
    monkeypatch.setattr(listing_rows, "SLICE", 2)
    monkeypatch.setattr(listing_rows, "MOST_FOUND", 1)

    with django_assert_max_num_queries(25):
        rows = read(browser, channel, **query)

    assert [row["sku"] for row in rows] == ["MUG-1", "MUG-2", "MUG-3"]

"""One search for everything: straight to what is called so, else what fits; nothing of others."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from channels_app.models import Channel, Order
from inventory.models import Role, Seller
from tests.factories import make_channel, make_item, make_label, make_seller, make_user

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def seller() -> Seller:
    return make_seller()


@pytest.fixture
def channel(seller: Seller) -> Channel:
    return make_channel(seller, name="Nordhaus")


@pytest.fixture
def browser(client: Client, seller: Seller) -> Client:
    client.force_login(make_user("viewer@example.com", seller=seller, role=Role.VIEWER))
    return client


def _order(channel: Channel, number: str) -> Order:
    return Order.objects.create(
        channel=channel,
        seller_id=channel.seller_id,
        remote_id=number,
        version=1,
        currency="USD",
        total=Decimal(1),
        tax_included=True,
        placed_at=AT,
        imported_at=AT,
        updated_at=AT,
    )


def _search(browser: Client, seller: Seller, words: str) -> str:
    return browser.get(f"/s/{seller.slug}/search/", {"q": words}).content.decode()


def _leads_to(browser: Client, seller: Seller, words: str) -> str:
    answer = browser.get(f"/s/{seller.slug}/search/", {"q": words})
    return str(answer.headers.get("Location", ""))


@pytest.mark.parametrize("words", ["MUG-1", "mug-1", " MUG-1 ", "9520001000270"])
def test_a_whole_sku_or_barcode_leads_straight_to_its_item(browser: Client, seller: Seller, words: str):
    item = make_item(seller, "MUG-1", gtin="9520001000270")
    make_item(seller, "MUG-10")

    assert _leads_to(browser, seller, words) == reverse("item", args=[seller.slug, item.public_id])


def test_a_whole_order_number_leads_straight_to_its_order(browser: Client, seller: Seller, channel: Channel):
    order = _order(channel, "SO-17")

    assert _leads_to(browser, seller, "SO-17") == reverse("order", args=[seller.slug, order.public_id])


def test_where_several_are_called_so_they_are_shown(browser: Client, seller: Seller, channel: Channel):
    make_item(seller, "100", title="A lamp")
    _order(channel, "100")
    _order(make_channel(seller, name="Second", account_id="other"), "100")

    page = _search(browser, seller, "100")

    assert "A lamp" in page
    assert "Nordhaus" in page
    assert "Second" in page


def test_part_of_a_title_shows_items_labels_and_channels_that_fit(browser: Client, seller: Seller, channel: Channel):
    make_item(seller, "A-1", title="North star")
    make_label(seller, "All of the north")
    for number in range(9):
        make_item(seller, f"B-{number}", title="Northern light")

    page = _search(browser, seller, "nor")

    assert "North star" in page
    assert "All of the north" in page
    assert "Nordhaus" in page
    assert "All items that fit" in page
    assert "B-8" not in page


def test_nothing_of_other_sellers_is_found(browser: Client, seller: Seller):
    other = make_seller("other")
    make_item(other, "SECRET-1", title="Secret")
    _order(make_channel(other, name="Secret channel"), "SO-99")
    make_label(other, "Secret label")

    assert "Nothing fits" in _search(browser, seller, "secret")
    assert "Nothing fits" in _search(browser, seller, "SECRET-1")
    assert "Nothing fits" in _search(browser, seller, "SO-99")


def test_without_words_the_page_says_what_can_be_found(browser: Client, seller: Seller):
    assert "order number or tracking number" in _search(browser, seller, "")


def test_an_order_of_a_channel_that_was_removed_is_found_as_in_the_list(
    browser: Client, seller: Seller, channel: Channel
):
    order = _order(channel, "A-1")
    Channel.objects.update(archived_at=AT)

    assert _leads_to(browser, seller, "A-1") == reverse("order", args=[seller.slug, order.public_id])
    assert "Nordhaus" not in _search(browser, seller, "nordhaus").replace('value="nordhaus"', "")


# --- while one types --------------------------------------------------------------------------------------------------
def _typed(browser: Client, seller: Seller, words: str) -> str:
    return browser.get(f"/s/{seller.slug}/search/typed/", {"q": words}).content.decode()


def test_while_one_types_a_handful_of_each_kind_is_shown_what_is_called_so_first(
    browser: Client, seller: Seller, channel: Channel
):
    for number in range(6):
        make_item(seller, f"A-NOR-{number}", title="Northern light")
        make_label(seller, f"North {number}")
        _order(channel, f"N-{number}")
    Order.objects.update(buyer={"name": "Nora Northwood"})
    make_item(seller, "NOR", title="The one")

    page = _typed(browser, seller, "nor")

    options = re.findall(r'<a role="option"[^>]*><span>(?:<strong>)?([^<]*)', page)
    assert options == [
        *("N-5", "N-4", "N-3", "N-2"),
        *("NOR", "A-NOR-0", "A-NOR-1", "A-NOR-2"),
        *("North 0", "North 1", "North 2", "North 3"),
        "Nordhaus",
    ]
    assert "Show all that fits" in page
    assert f'href="/s/{seller.slug}/search/?q=nor"' in page


def test_while_one_types_a_whole_number_is_shown_and_not_gone_to(browser: Client, seller: Seller, channel: Channel):
    order = _order(channel, "SO-17")

    assert reverse("order", args=[seller.slug, order.public_id]) in _typed(browser, seller, "SO-17")


@pytest.mark.parametrize("words", ["", "n", " n "])
def test_too_few_letters_are_not_looked_for(
    browser: Client, seller: Seller, words: str, django_assert_max_num_queries: Any
):
    make_label(seller, "North")

    with django_assert_max_num_queries(3):
        assert "<a" not in _typed(browser, seller, words)


def test_while_one_types_what_does_not_fit_is_said_from_three_letters_on(browser: Client, seller: Seller):
    assert _typed(browser, seller, "xy").strip() == ""
    assert "Nothing fits “&lt;b&gt;” so far." in _typed(browser, seller, "<b>")


def test_nothing_of_other_sellers_is_shown_while_one_types(browser: Client, seller: Seller):
    other = make_seller("other")
    make_item(other, "SECRET-1", title="Secret")
    make_label(other, "Secret label")

    assert "<a" not in _typed(browser, seller, "secret")

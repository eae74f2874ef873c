"""Before an item is archived or blocked its page says what ends, and what becomes of its units."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from channels_app.models import Listing
from inventory.models import Item
from tests.browser.conftest import assert_good, sign_in
from tests.factories import make_channel, make_item, make_label, make_seller, make_user

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("memory_marketplace"),
    pytest.mark.parametrize("phone", [False, True], indirect=True, ids=["desktop", "phone"]),
]


@pytest.fixture
def item_page(page: Page, live_server: LiveServer) -> Page:
    seller = make_seller()
    item = make_item(seller, "MUG-1", on_hand=1_200)
    label = make_label(seller, items=[item])
    for name in ("Sandbox Germany", "Sandbox France"):
        channel = make_channel(seller, name=name, label=label, listings_on=True)
        sent = {"sent_price": 9, "sent_quantity": 5, "sent_content_hash": "h"}
        Listing.objects.create(channel=channel, sku="MUG-1", item=item, state="listed", **sent)
    sign_in(page, make_user(seller=seller), live_server.url)
    page.goto(live_server.url + reverse("item", args=[seller.slug, item.public_id]))
    return page


def test_the_dialog_names_the_listings_that_end_and_the_units(item_page: Page):
    item_page.get_by_role("button", name="Archive…").click()
    dialog = item_page.get_by_role("dialog", name="Archive MUG-1?")
    expect(dialog).to_contain_text("Archiving ends 1 listing on Sandbox France, 1 listing on Sandbox Germany.")
    expect(dialog).to_contain_text("1,200 units on hand stay counted, but no channel offers them.")
    assert_good(item_page)
    dialog.get_by_role("button", name="Cancel").click()
    assert Item.objects.get().archived_at is None

    item_page.get_by_role("button", name="Archive…").click()
    dialog.get_by_role("button", name="Archive", exact=True).click()
    expect(item_page.get_by_role("button", name="Bring back")).to_be_visible()
    assert Item.objects.get().archived_at is not None


def test_blocking_says_the_same(item_page: Page):
    item_page.get_by_role("button", name="Block…").click()
    dialog = item_page.get_by_role("dialog", name="Block MUG-1?")
    expect(dialog).to_contain_text("Blocking ends 1 listing on Sandbox France, 1 listing on Sandbox Germany.")
    assert_good(item_page)
    dialog.get_by_role("button", name="Block", exact=True).click()
    expect(item_page.get_by_role("button", name="Unblock")).to_be_visible()

"""A listing that the marketplace refuses is mended where Home leads to, and its issue closes by itself."""

import re
from collections.abc import Callable

from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from channels_app.models import Channel, Listing
from inventory.models import Seller
from tests.browser.conftest import assert_good
from tests.browser.journeys.steps import both_sizes, go, says, sign_in_by_hand
from tests.browser.journeys.workers import Workers
from tests.factories import make_item
from tests.fakes import FakeMarket


@both_sizes
def test_a_refused_listing_is_mended_from_issues_and_closes_once_the_channel_confirms(
    page: Page,
    live_server: LiveServer,
    seller: Seller,
    owner: User,
    market: FakeMarket,
    workers: Workers,
    begin: Callable[..., Channel],
):
    market.wants_barcodes_of = "LAMP"
    lamp = make_item(seller, "LAMP-1", on_hand=4, title="Camping lamp")
    begin(lamp, make_item(seller, "TENT-1", on_hand=2))
    assert market.active() == {"TENT-1": 2}

    sign_in_by_hand(page, owner, live_server.url)
    expect(page.locator("#waiting")).to_contain_text("refused 1 listing")
    assert_good(page)
    page.locator("#waiting").get_by_role("link", name="See the causes").click()
    expect(page.locator("#nav").get_by_role("link", name="Issues", include_hidden=True)).to_contain_text("1")
    page.get_by_role("link", name=re.compile("^This item has no GTIN")).click()
    page.get_by_label("Barcode of LAMP-1").fill("4006381333931")
    assert_good(page)
    page.get_by_role("button", name="Save").click()
    says(page, "1 barcode saved.")
    assert Listing.objects.get(sku="LAMP-1").state == "rejected"
    workers.run(minutes=3)
    page.reload()
    expect(page.get_by_text("Nothing is refused for this any more")).to_be_visible()
    assert_good(page)

    assert market.active() == {"TENT-1": 2, "LAMP-1": 4}
    assert Listing.objects.get(sku="LAMP-1").state == "listed"
    page.get_by_role("link", name="See what is still open").click()
    expect(page.get_by_text("No issues")).to_be_visible()
    assert_good(page)
    go(page, "Items")
    page.get_by_role("link", name="LAMP-1").click()
    expect(page.locator("#listings").get_by_role("listitem").filter(has_text="Sandbox")).to_contain_text("Listed")

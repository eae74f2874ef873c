"""An item sells out, is counted, and is for sale again."""

from collections.abc import Callable

from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from channels_app.models import Channel
from inventory.models import Seller, Stock
from tests.browser.conftest import assert_good
from tests.browser.journeys.steps import both_sizes, go, record_parcel, says, sign_in_by_hand
from tests.browser.journeys.workers import Workers
from tests.factories import make_item
from tests.fakes import FakeMarket


@both_sizes
def test_an_item_that_sold_out_is_found_counted_and_shown_again(
    page: Page,
    live_server: LiveServer,
    seller: Seller,
    owner: User,
    market: FakeMarket,
    workers: Workers,
    begin: Callable[..., Channel],
):
    begin(make_item(seller, "TENT-1", on_hand=3), make_item(seller, "LAMP-1", on_hand=9))
    market.has_order("SO-1", sku="TENT-1", quantity=3)
    workers.run(minutes=2)
    assert market.active() == {"TENT-1": 0, "LAMP-1": 9}

    sign_in_by_hand(page, owner, live_server.url)
    go(page, "Orders")
    page.get_by_role("link", name="SO-1").click()
    record_parcel(page, tracking="1Z1")
    workers.run(minutes=2)
    go(page, "Home")
    page.get_by_role("link", name="what is out of stock").click()
    expect(page.get_by_text("1 item fits")).to_be_visible()
    assert_good(page)
    page.get_by_role("link", name="TENT-1").click()
    listing = page.locator("#listings").get_by_role("listitem").filter(has_text="Sandbox")
    expect(listing).to_contain_text("Sold out")
    expect(listing.get_by_role("definition").nth(1)).to_contain_text("0 at")
    assert_good(page)

    page.get_by_role("button", name="Count or adjust").click()
    page.get_by_role("dialog").get_by_label("Units").fill("12")
    page.get_by_role("dialog").get_by_label("Note").fill("A delivery came")
    assert_good(page)
    page.get_by_role("dialog").get_by_role("button", name="Record").click()
    says(page, "On hand is 12 now.")
    workers.run(minutes=2)

    assert market.active() == {"TENT-1": 12, "LAMP-1": 9}
    assert Stock.objects.get(item__sku="TENT-1").available == 12
    page.reload()
    expect(listing.get_by_role("definition").nth(1)).to_contain_text("12 at")
    expect(listing).not_to_contain_text("Sold out")
    expect(page.locator("#movements")).to_contain_text("A delivery came")
    assert_good(page)
    go(page, "Home")
    expect(page.get_by_text("Nothing is wrong")).to_be_visible()
    assert_good(page)

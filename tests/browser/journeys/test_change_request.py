"""What Live locks is asked of support, who decides at their own desk; the seller reads the answer."""

import re
from collections.abc import Callable

from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from channels_app.models import Channel, ChannelJob
from inventory.models import Seller
from tests.browser.conftest import assert_good
from tests.browser.journeys.steps import both_sizes, go, sign_in_by_hand
from tests.browser.journeys.workers import Workers
from tests.factories import make_item
from tests.fakes import FakeMarket


@both_sizes
def test_a_seller_asks_support_for_a_switch_and_reads_the_answer(
    page: Page,
    elsewhere: Page,
    live_server: LiveServer,
    seller: Seller,
    owner: User,
    support: User,
    market: FakeMarket,
    workers: Workers,
    begin: Callable[..., Channel],
):
    begin(make_item(seller, "TENT-1", on_hand=2))
    workers.skip(days=30)
    sign_in_by_hand(page, owner, live_server.url)
    go(page, "Marketplaces")
    page.get_by_role("link", name="Sandbox", exact=True).click()
    ask_to_switch_off_listings(page)

    sign_in_by_hand(elsewhere, support, live_server.url)
    approve(elsewhere)

    page.reload()
    asked = page.get_by_role("row", name=re.compile("Switch off Listings"))
    expect(asked).to_contain_text("Done")
    expect(asked).to_contain_text("Enjoy the break.")
    expect(page.get_by_role("switch", name="Listings")).not_to_be_checked()
    expect(page.locator("#history")).to_contain_text("support@example.com switched Listings off")
    assert_good(page)
    assert not ChannelJob.objects.get(kind="offers").enabled
    make_item(seller, "LAMP-1", on_hand=9)
    workers.run(minutes=2)
    assert market.active() == {"TENT-1": 2}


def ask_to_switch_off_listings(page: Page) -> None:
    page.get_by_role("link", name="ask support").click()
    page.get_by_role("button", name="Ask support").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What should change?").select_option(label="Switch off Listings")
    dialog.get_by_label("Why").fill("We count everything until Monday.")
    assert_good(page)
    dialog.get_by_role("button", name="Send").click()
    expect(page.get_by_role("row", name=re.compile("Switch off Listings"))).to_contain_text("Waiting for support")


def approve(page: Page) -> None:
    """Support's own pages, from signing in to one click."""
    page.get_by_role("link", name="Go to the support desk").click()
    page.get_by_role("link", name="1 change request").click()
    asked = page.get_by_role("article", name="Switch off Listings")
    expect(asked).to_contain_text("We count everything until Monday.")
    expect(asked).to_contain_text("stock no longer flows to this marketplace")
    assert_good(page)
    asked.get_by_label("Answer to the seller").fill("Enjoy the break.")
    asked.get_by_role("button", name="Apply: Switch off Listings").click()
    expect(page.get_by_text("The seller sees it now.")).to_be_visible()

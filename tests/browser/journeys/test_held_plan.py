"""The reconciler finds more to end than passes by itself; a person looks, approves, and takes it back."""

from collections.abc import Callable

from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from channels_app.models import Channel
from inventory.models import Seller
from tests.browser.conftest import assert_good
from tests.browser.journeys.steps import agree, both_sizes, says, sign_in_by_hand
from tests.browser.journeys.workers import Workers
from tests.factories import make_item
from tests.fakes import FakeListing, FakeMarket
from tests.flows.order_rig import PRICE

#: One more than the brake lets through in an hour.
CUPS = 101


@both_sizes
def test_a_held_plan_is_looked_at_approved_and_undone(
    page: Page,
    live_server: LiveServer,
    seller: Seller,
    owner: User,
    market: FakeMarket,
    workers: Workers,
    begin: Callable[..., Channel],
):
    for number in range(1, CUPS + 1):
        make_item(seller, f"CUP-{number:03}", on_hand=5)
        market.listings[f"CUP-{number:03}"] = FakeListing(PRICE, "USD", 5)
    begin(make_item(seller, "TENT-1", on_hand=2), reconciler_on=True)
    assert len(market.active()) == CUPS + 1, "nothing ends before a person has decided"

    sign_in_by_hand(page, owner, live_server.url)
    page.locator("#waiting").get_by_role("link", name="Look at the plan").click()
    expect(page.get_by_text("101 listings").first).to_be_visible()
    expect(page.get_by_role("row", name="CUP-001")).to_contain_text("not on the label")
    assert_good(page)
    page.get_by_role("button", name="Approve: end 101 listings").click()
    agree(page, "End 101 listings on Sandbox?", "End them")
    says(page, "101 differences are being mended.")
    workers.run(minutes=3)
    page.reload()
    assert market.active() == {"TENT-1": 2}
    expect(page.locator("#runs")).to_contain_text("Applied by ada@nordlicht.example")
    assert_good(page)

    page.get_by_role("button", name="Undo 101 endings of this run").click()
    agree(page, "Put back 101 listings that this run ended on Sandbox, as far as that is possible?", "Put back")
    says(page, "101 cannot be listed again as they are: below is what helps.")
    assert_good(page)
    page.get_by_role("button", name="Put 101 items on “Outdoor”").click()
    agree(page, "Put 101 items on the label “Outdoor”?", "Put on the label")
    expect(page.locator("#messages")).to_contain_text("101 items")
    workers.run(minutes=3)

    assert len(market.active()) == CUPS + 1
    page.reload()
    expect(page.get_by_text("Not put back")).to_have_count(0)
    assert_good(page)

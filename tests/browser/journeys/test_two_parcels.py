"""An order leaves in two parcels, and a part of the money goes back; the order tells all that the channel was told."""

from collections.abc import Callable
from decimal import Decimal

from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from channels_app.models import Channel, Order
from inventory.models import Seller, Stock
from tests.browser.conftest import assert_good
from tests.browser.journeys.steps import both_sizes, go, record_parcel, says, sign_in_by_hand
from tests.browser.journeys.workers import Workers
from tests.factories import make_item
from tests.fakes import FakeMarket


@both_sizes
def test_an_order_is_shipped_in_two_parcels_and_partly_refunded(
    page: Page,
    live_server: LiveServer,
    seller: Seller,
    owner: User,
    market: FakeMarket,
    workers: Workers,
    begin: Callable[..., Channel],
):
    begin(make_item(seller, "MUG-1", on_hand=8), make_item(seller, "CUP-1", on_hand=8))
    market.has_order("SO-1", lines=[("MUG-1", 3, "10.00"), ("CUP-1", 1, "4.00")])
    workers.run(minutes=2)

    sign_in_by_hand(page, owner, live_server.url)
    go(page, "Orders")
    page.get_by_role("link", name="To ship").click()
    page.get_by_role("link", name="SO-1").click()
    record_parcel(page, tracking="1Z-FIRST", units={"MUG-1": 2, "CUP-1": 0})
    expect(page.get_by_role("heading", name="Order SO-1")).to_contain_text("Partially shipped")
    workers.run(minutes=2)
    page.reload()
    assert_good(page)
    record_parcel(page, tracking="1Z-SECOND")
    workers.run(minutes=2)
    assert [line["shipped"] for line in market.orders["SO-1"]["lines"]] == [3, 1]

    refund(page)
    workers.run(minutes=2)
    page.reload()
    told = page.locator("#timeline").get_by_role("listitem").filter(has_text="Told to the marketplace")
    for words in ("refund, 5.00 USD for MUG-1", "1 × MUG-1, 1 × CUP-1", "shipping notice, 2 × MUG-1.", "acceptance"):
        expect(told.filter(has_text=words)).to_contain_text("Confirmed")
    expect(told).to_have_count(4)
    expect(page.locator("#timeline")).to_contain_text("UPS 1Z-FIRST")
    assert_good(page)
    verb, refunded, _ = market.commands[-1]
    assert (verb, refunded.lines[0].amount) == ("refund", Decimal("5.00"))
    assert Order.objects.get().shipping_status == "shipped"
    assert list(Stock.objects.order_by("item__sku").values_list("on_hand", "reserved")) == [(7, 0), (5, 0)]


def refund(page: Page) -> None:
    page.get_by_role("button", name="Refund…").click()
    dialog = page.get_by_role("dialog", name="Refund")
    dialog.get_by_label("Amount").first.fill("5.00")
    dialog.get_by_label("Reason").select_option(label="Damaged")
    assert_good(page)
    dialog.get_by_role("button", name="Refund 5.00").click()
    says(page, "The refund is recorded")

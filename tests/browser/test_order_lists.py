"""The list of orders in a real browser: what it says of slips that were printed, days, and tabs."""

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from channels_app.flows.printed import mark_printed
from channels_app.flows.sheet import mark_of, sheet_of
from inventory.models import Membership, SavedView
from marketplace_integration import clock
from tests.browser.conftest import assert_good, sign_in
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
both_sizes = pytest.mark.parametrize("phone", [False, True], indirect=True, ids=["desktop", "phone"])


@pytest.fixture
def shop(rig: Rig) -> Rig:
    """A seller with two orders to ship."""
    rig.now = rig.market.now = clock.now()
    rig.item("MUG-1", on_hand=10)
    for number in ("SO-00000001", "SO-00000002"):
        rig.market.has_order(number, lines=[("MUG-1", 3, "10.00"), ("CUP-1", 1, "2.00")])
    rig.download()
    return rig


@both_sizes
def test_an_order_that_changed_since_it_was_printed_says_what(page: Page, live_server: LiveServer, shop: Rig):
    order = shop.order("SO-00000001")
    marks = {order.public_id: mark_of(sheet_of(order, order.lines.all()))}
    mark_printed(shop.seller, marks, actor=shop.owner, now=shop.now)
    shop.market.orders["SO-00000001"]["lines"][0]["quantity"] = 2
    shop.market.touch("SO-00000001")
    shop.download()
    sign_in(page, shop.owner, live_server.url)

    page.goto(f"{live_server.url}/s/acme/orders/?show=not_printed")
    expect(page.get_by_text("Changed since it was printed")).to_have_count(1)
    assert_good(page)
    page.get_by_role("link", name="SO-00000001").click()
    expect(page.get_by_text("2 × MUG-1 to ship instead of 3.")).to_be_visible()
    assert_good(page)
    page.get_by_role("link", name="Print the packing slip as it is now").click()
    expect(page.get_by_text("It has changed since: let nobody pack by that sheet.")).to_be_visible()
    assert_good(page)
    page.get_by_role("button", name="Mark as printed", exact=True).click()

    page.get_by_role("link", name="To ship").click()
    expect(page.get_by_text("Printed", exact=True)).to_have_count(1)


@both_sizes
def test_orders_of_some_days_are_found_kept_and_downloaded(page: Page, live_server: LiveServer, shop: Rig):
    shop.market.has_order("SO-00000003", sku="MUG-1")["placed_at"] = "2026-01-31T12:00:00+00:00"
    shop.download()
    sign_in(page, shop.owner, live_server.url)
    page.goto(f"{live_server.url}/s/acme/orders/")

    page.get_by_label("Placed from").fill("2026-01-31")
    page.get_by_label("Placed to").fill("2026-01-30")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_text("This day comes before the first.")).to_be_visible()
    assert_good(page)
    page.get_by_label("Placed to").fill("2026-01-31")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("link", name="SO-00000003")).to_be_visible()
    expect(page.get_by_role("link", name="SO-00000001")).to_have_count(0)
    assert_good(page)
    page.get_by_label("Name of this view").fill("January")
    page.get_by_role("button", name="Keep as a tab").click()
    expect(page.get_by_label("Placed from")).to_have_value("2026-01-31")
    with page.expect_download() as brought:
        page.get_by_role("link", name="Download CSV").click()

    file = brought.value.path().read_text(encoding="utf-8-sig")
    assert [row.split(",")[0] for row in file.splitlines()] == ["Order number", "SO-00000003"]


@both_sizes
def test_tabs_that_are_rarely_asked_for_stand_under_more(page: Page, live_server: LiveServer, shop: Rig):
    shop.market.asks_to_cancel("SO-00000001")
    shop.download()
    owner = Membership.objects.get(user=shop.owner)
    for name in ("Cups", "Gifts", "Mugs", "Pens"):
        SavedView.objects.create(membership=owner, page="orders", name=name, query={"q": name})
    sign_in(page, shop.owner, live_server.url)
    page.goto(f"{live_server.url}/s/acme/orders/")
    tabs = page.get_by_role("navigation", name="Orders")

    expect(tabs.get_by_role("link", name="Returns")).to_be_hidden()
    tabs.get_by_text("More 1").click()
    expect(tabs.get_by_role("link", name="Returns")).to_be_in_viewport(ratio=1)
    expect(tabs.get_by_role("link", name="Pens")).to_be_in_viewport(ratio=1)
    assert_good(page)
    page.keyboard.press("Escape")
    expect(tabs.get_by_role("link", name="Returns")).to_be_hidden()
    page.keyboard.press("Enter")
    tabs.get_by_role("link", name="Cancellation requests 1").click()

    expect(page.locator('.tabs a[aria-current="page"]')).to_have_text("Cancellation requests 1")
    expect(page.locator('.tabs a[aria-current="page"]')).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("link", name="SO-00000001")).to_be_visible()
    assert_good(page)

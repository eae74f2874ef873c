"""Issues in a real browser: prices and barcodes entered in place, a cause sent again, and all of it confirmed."""

import re

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from channels_app.models import Listing
from tests.browser.conftest import assert_good, sign_in
from tests.factories import make_user
from tests.flows.feed_rig import Rig

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
both_sizes = pytest.mark.parametrize("phone", [False, True], indirect=True, ids=["desktop", "phone"])


@pytest.fixture
def rig(db: None) -> Rig:
    """Three items have no price, two lack the barcode that lamps need, and two the marketplace does not like."""
    rig = Rig(slug="nordlicht")
    make_user(seller=rig.seller)
    rig.market.wants_barcodes_of = "LAMP"
    for number in range(1, 4):
        rig.has_item(f"TENT-{number}", on_hand=2, price=None, title=f"Tent for {number}")
    for sku in ("LAMP-1", "LAMP-2"):
        rig.has_item(sku, on_hand=4, price="24.90", title=f"Camping lamp {sku}")
    rig.has_items("MUG-REJECT", "CUP-REJECT", on_hand=8)
    rig.settle()
    return rig


@both_sizes
def test_a_missing_price_is_entered_and_the_issue_closes_once_the_channel_confirms(
    page: Page, live_server: LiveServer, rig: Rig
):
    sign_in(page, rig.seller.memberships.get().user, live_server.url)
    page.goto(f"{live_server.url}/s/{rig.seller.slug}/")
    page.locator("#waiting").get_by_role("link", name="See the causes").click()
    expect(page.get_by_role("heading", name="Issues")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("has no price"))).to_contain_text("3")
    expect(page.get_by_role("row", name=re.compile("We do not like it"))).to_contain_text("160.00 USD")
    assert_good(page)

    page.get_by_role("link", name="This item has no price.", exact=True).click()
    page.get_by_label("Price of TENT-1").fill("-1")
    page.get_by_label("Price of TENT-2").fill("149.50")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(re.compile("greater than or equal to 0"))).to_be_visible()
    expect(page.get_by_label("Price of TENT-2")).to_have_value("149.50")
    assert_good(page)
    page.get_by_label("Price of TENT-1").fill("99")
    page.get_by_label("Price of TENT-3").fill("199")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("3 prices saved.")).to_be_visible()
    rig.spread()
    page.reload()
    expect(page.get_by_text("Waits to be sent.")).to_have_count(3)
    assert_good(page)

    rig.settle()
    page.reload()

    expect(page.get_by_text("Nothing is refused for this any more")).to_be_visible()
    assert rig.market.listings["TENT-2"].quantity == 2
    assert_good(page)


@both_sizes
def test_a_barcode_is_entered_and_the_rejected_listing_is_confirmed(page: Page, live_server: LiveServer, rig: Rig):
    sign_in(page, rig.seller.memberships.get().user, live_server.url)
    page.goto(f"{live_server.url}/s/{rig.seller.slug}/issues/")
    page.get_by_role("link", name=re.compile("^This item has no GTIN")).click()
    page.get_by_label("Barcode of LAMP-1").fill("4006381333930")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("This is no barcode")).to_be_visible()
    page.get_by_label("Barcode of LAMP-1").fill("4006381333931")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("1 barcode saved.")).to_be_visible()

    rig.settle()
    page.reload()

    expect(page.get_by_label("Barcode of LAMP-2")).to_be_visible()
    expect(page.get_by_label("Barcode of LAMP-1")).to_have_count(0)
    assert rig.listing("LAMP-1").state == Listing.State.LISTED


@both_sizes
def test_a_whole_cause_is_sent_again_after_a_question(page: Page, live_server: LiveServer, rig: Rig):
    sign_in(page, rig.seller.memberships.get().user, live_server.url)
    page.goto(f"{live_server.url}/s/{rig.seller.slug}/issues/")
    page.get_by_role("link", name="We do not like it.", exact=True).click()
    assert_good(page)

    page.get_by_role("button", name="Send all again").click()
    expect(page.get_by_role("dialog")).to_contain_text("Send 2 SKUs to Sandbox again as they are now?")
    page.get_by_role("dialog").get_by_role("button", name="Send again").click()

    expect(page.get_by_text("2 will be sent again.")).to_be_visible()
    expect(page.get_by_text("We do not like it.")).to_have_count(0)


@both_sizes
def test_what_nobody_will_mend_now_is_put_off_and_taken_back(page: Page, live_server: LiveServer, rig: Rig):
    sign_in(page, rig.seller.memberships.get().user, live_server.url)
    page.goto(f"{live_server.url}/s/{rig.seller.slug}/issues/")
    page.get_by_role("link", name="We do not like it.", exact=True).click()
    page.get_by_role("button", name="Put off 7 days").click()

    expect(page.get_by_text("Put off for 7 days.")).to_be_visible()
    expect(page.get_by_role("link", name="We do not like it.", exact=True)).to_be_hidden()
    page.get_by_text("Put off (1)").click()
    expect(page.get_by_role("table", name="Put off")).to_contain_text("We do not like it.")
    assert_good(page)
    page.get_by_role("link", name="We do not like it.", exact=True).click()
    expect(page.get_by_text("It comes back")).to_be_visible()
    assert_good(page)
    page.get_by_role("button", name="Take back").click()

    expect(page.get_by_text("It stands among the open issues again.")).to_be_visible()
    expect(page.get_by_role("link", name="We do not like it.", exact=True)).to_be_visible()
    expect(page.get_by_text("Put off (1)")).to_have_count(0)

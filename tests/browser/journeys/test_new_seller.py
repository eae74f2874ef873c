"""A new seller, from an empty account to a channel that is Live."""

import re

from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from channels_app.flows.ledger import check_ledger
from channels_app.models import Channel, Shipment
from tests.browser.conftest import assert_good
from tests.browser.journeys.steps import agree, be_at, both_sizes, go, record_parcel, says, sign_in_by_hand
from tests.browser.journeys.workers import Workers
from tests.fakes import FakeMarket

GOODS = """\
sku,title,price,quantity,barcode
TENT-1,Tent for one,120.00,7,
TENT-2,Tent for two,160.00,1,
LAMP-1,Camping lamp,24.90,12,4006381333931
"""


@both_sizes
def test_a_new_seller_is_led_from_an_empty_account_to_a_live_channel(
    page: Page, live_server: LiveServer, owner: User, market: FakeMarket, workers: Workers
):
    sign_in_by_hand(page, owner, live_server.url)
    expect(page.get_by_role("heading", name="Getting started")).to_be_visible()
    assert_good(page)

    page.get_by_role("link", name="Import a CSV").click()
    bring_goods(page, workers)
    go(page, "Home")
    page.get_by_role("link", name="Go to labels").click()
    put_all_on_a_label(page)
    go(page, "Home")
    page.get_by_role("link", name="Go to marketplaces").click()
    set_up_a_channel(page)
    activate(page)

    workers.run(minutes=2)
    assert market.active() == {"TENT-1": 5, "TENT-2": 0, "LAMP-1": 10}
    page.reload()
    expect(page.get_by_role("listitem").filter(has_text="A listing is confirmed")).not_to_contain_text("Not yet")
    assert_good(page)

    market.has_order("SO-1001", sku="TENT-1", quantity=2, price="120.00")
    workers.run(minutes=2)
    ship_the_order(page)
    workers.run(minutes=2)
    assert market.orders["SO-1001"]["lines"][0]["shipped"] == 2
    page.reload()
    expect(page.locator("#timeline")).to_contain_text("Confirmed")
    assert_good(page)

    workers.skip(days=30)
    be_live(page)
    assert check_ledger() == []


def bring_goods(page: Page, workers: Workers) -> None:
    page.get_by_label("CSV file", exact=True).set_input_files(
        {"name": "goods.csv", "mimeType": "text/csv", "buffer": GOODS.encode()}
    )
    assert_good(page)
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_text("The file is being read")).to_be_visible()
    workers.run()
    page.get_by_role("button", name="Import 3 rows").click()
    expect(page.get_by_text("The rows are being imported")).to_be_visible()
    workers.run()
    expect(page.get_by_text("3 rows of 3 are in")).to_be_visible()


def put_all_on_a_label(page: Page) -> None:
    expect(page.get_by_text("No labels yet")).to_be_visible()
    assert_good(page)
    page.get_by_label("Name").fill("Outdoor")
    page.get_by_role("button", name="Make the label").click()
    expect(page.get_by_text("Nothing is on this label")).to_be_visible()
    assert_good(page)
    page.get_by_role("link", name="Go to the items").click()
    page.get_by_label("Tick all on this page").check()
    assert_good(page)
    page.get_by_role("button", name="Label…").click()
    page.get_by_role("button", name="Put on the label").click()
    says(page, "3 items put on the label “Outdoor”.")


def set_up_a_channel(page: Page) -> None:
    be_at(page, "Marketplaces")
    page.get_by_role("link", name="Add Sandbox").click()
    be_at(page, "Add Sandbox")
    page.get_by_role("button", name="Add channel").click()
    expect(page.get_by_text("Before you can activate")).to_be_visible()
    assert_good(page)
    page.get_by_role("combobox", name="Label").select_option(label="Outdoor")
    page.get_by_label("Buffer").fill("2")
    page.get_by_label("Client id").fill("north")
    page.get_by_label("Client secret").fill("swordfish")


def activate(page: Page) -> None:
    page.get_by_role("button", name="Save and Activate").click()
    expect(page.get_by_text("Listings is off: nothing is listed")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    page.get_by_role("switch", name="Listings").check()
    page.get_by_role("switch", name="Orders").check()
    page.get_by_role("button", name="Save and Activate").click()
    expect(page.get_by_text("Listings is off: nothing is listed")).to_be_hidden()
    assert_good(page)
    agree(page, "You are now beginning the Testing phase. It lasts 30 days.", "OK")
    expect(page.get_by_text("30 days left")).to_be_visible()


def ship_the_order(page: Page) -> None:
    go(page, "Home")
    page.get_by_role("link", name="Orders to ship").click()
    be_at(page, "Orders")
    page.get_by_role("link", name="SO-1001").click()
    record_parcel(page, tracking="1Z999")
    assert Shipment.objects.get().tracking_number == "1Z999"


def be_live(page: Page) -> None:
    go(page, "Marketplaces")
    expect(page.get_by_role("row", name=re.compile("Sandbox"))).to_contain_text("Live")
    page.get_by_role("link", name="Sandbox", exact=True).click()
    expect(page.get_by_text("This channel is Live")).to_be_visible()
    expect(page.get_by_role("switch", name="Listings")).to_be_disabled()
    expect(page.get_by_label("Buffer")).to_be_enabled()
    assert_good(page)
    assert Channel.objects.get().state == "live"

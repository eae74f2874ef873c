"""A seller without a mouse, from signing in to a shipped order."""

from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from channels_app.models import Channel, Shipment
from tests.browser.journeys.steps import PASSWORD, says
from tests.browser.journeys.workers import Workers
from tests.browser.keyboard import tab_to
from tests.fakes import FakeMarket


def press(page: Page, name: str, *, role: str = "", key: str = "Enter") -> None:
    """What has this name is reached with the Tab key, and pressed."""
    tab_to(page, name, role=role)
    page.keyboard.press(key)


def follow(page: Page, name: str) -> None:
    """What has this name is reached and pressed, and the page that it leads to is there."""
    tab_to(page, name)
    enter(page)


def enter(page: Page) -> None:
    with page.expect_navigation():
        page.keyboard.press("Enter")


def write(page: Page, name: str, words: str, *, role: str = "") -> None:
    tab_to(page, name, role=role)
    page.keyboard.press("Control+A")
    page.keyboard.type(words)


def test_a_seller_goes_from_signing_in_to_a_shipped_order_without_a_mouse(
    page: Page, live_server: LiveServer, owner: User, market: FakeMarket, workers: Workers
):
    page.goto(live_server.url)
    write(page, "Username", owner.username)
    write(page, "Password", PASSWORD)
    enter(page)
    expect(page.get_by_role("heading", name="Getting started")).to_be_visible()

    make_an_item(page)
    put_it_on_a_label(page)
    set_up_and_activate(page)
    workers.run(minutes=2)
    assert market.active() == {"TENT-1": 5}

    market.has_order("SO-1", sku="TENT-1", quantity=2, price="120.00")
    workers.run(minutes=2)
    follow(page, "Orders")
    follow(page, "SO-1")
    press(page, "Ship…")
    tab_to(page, "Carrier")
    page.keyboard.press("ArrowDown")
    write(page, "Tracking number", "1Z999")
    enter(page)
    says(page, "The parcel is recorded.")
    workers.run(minutes=2)

    assert Shipment.objects.get().tracking_number == "1Z999"
    assert market.orders["SO-1"]["lines"][0]["shipped"] == 2


def make_an_item(page: Page) -> None:
    follow(page, "Items")
    follow(page, "New item")
    write(page, "SKU", "TENT-1", role="text")
    write(page, "Title", "Tent for one")
    write(page, "Price", "120")
    enter(page)
    expect(page.get_by_role("heading", name="Tent for one")).to_be_visible()
    press(page, "Count or adjust")
    write(page, "Units", "7")
    enter(page)
    says(page, "On hand is 7 now.")


def put_it_on_a_label(page: Page) -> None:
    follow(page, "Labels")
    write(page, "Name", "Outdoor")
    enter(page)
    follow(page, "Go to the items")
    press(page, "Tick TENT-1", key="Space")
    tab_to(page, "Label…", key="Shift+Tab")
    page.keyboard.press("Enter")
    follow(page, "Put on the label")
    says(page, "1 item put on the label “Outdoor”.")


def set_up_and_activate(page: Page) -> None:
    follow(page, "Home")
    follow(page, "Go to marketplaces")
    follow(page, "Add Sandbox")
    follow(page, "Add channel")
    press(page, "Listings", role="switch", key="Space")
    press(page, "Orders", role="switch", key="Space")
    tab_to(page, "Label", role="select-one")
    page.keyboard.type("Outdoor")
    write(page, "Buffer", "2")
    write(page, "Client id", "north")
    write(page, "Client secret", "swordfish")
    press(page, "Save and Activate")
    follow(page, "OK")
    expect(page.get_by_text("30 days left")).to_be_visible()
    assert Channel.objects.get().state == "testing"

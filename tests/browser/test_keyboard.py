"""A seller without a mouse: items are put on a label, a channel is set up and activated, an order is shipped."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from channels_app.models import Channel, Shipment
from inventory import labels
from inventory.models import Label, Seller
from tests.browser.conftest import sign_in
from tests.browser.keyboard import tab_to
from tests.factories import make_item, make_label, make_seller, make_user
from tests.flows.marketplace import make_ready_channel
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def seller() -> Seller:
    return make_seller(name="Nordlicht Outdoor")


@pytest.fixture
def owner(seller: Seller) -> User:
    return make_user(seller=seller)


def test_the_first_tab_leads_past_the_navigation(page: Page, live_server: LiveServer, seller: Seller, owner: User):
    sign_in(page, owner, live_server.url)
    page.goto(f"{live_server.url}/s/{seller.slug}/items/")

    tab_to(page, "Skip to content")
    page.keyboard.press("Enter")

    assert page.evaluate("document.activeElement.id") == "main"


def test_items_are_ticked_and_put_on_a_label(page: Page, live_server: LiveServer, seller: Seller, owner: User):
    for number in range(3):
        make_item(seller, f"LAMP-{number}")
    label: Label = make_label(seller, "Outlet")
    sign_in(page, owner, live_server.url)
    page.goto(f"{live_server.url}/s/{seller.slug}/items/")

    tab_to(page, "Tick LAMP-0")
    page.keyboard.press("Space")
    tab_to(page, "Label…", key="Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("The 1 ticked")
    tab_to(page, "Put on the label")
    page.keyboard.press("Enter")

    expect(page.get_by_text("1 item put on the label “Outlet”.")).to_be_visible()
    assert list(labels.members(label).values_list("sku", flat=True)) == ["LAMP-0"]


@pytest.mark.usefixtures("memory_marketplace")
def test_a_channel_is_switched_on_and_activated_and_a_dialog_is_left_by_escape(
    page: Page, live_server: LiveServer, seller: Seller, owner: User
):
    channel: Channel = make_ready_channel(seller, items=[make_item(seller, "TENT-1", on_hand=3)])
    sign_in(page, owner, live_server.url)
    page.goto(f"{live_server.url}/s/{seller.slug}/marketplaces/{channel.public_id}/settings/")

    tab_to(page, "Listings", role="switch")
    page.keyboard.press("Space")
    tab_to(page, "Save and Activate")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.evaluate("document.activeElement.innerText") == "Save and Activate"
    page.keyboard.press("Enter")
    tab_to(page, "OK")
    page.keyboard.press("Enter")

    expect(page.get_by_text("30 days left")).to_be_visible()
    expect(page.get_by_role("switch", name="Listings")).to_be_checked()


def test_an_order_is_shipped(page: Page, live_server: LiveServer, rig: Rig):
    rig.item("MUG-1", on_hand=10)
    rig.market.has_order("SO-1", sku="MUG-1", quantity=2)
    rig.download()
    rig.send()
    rig.download()
    sign_in(page, rig.owner, live_server.url)
    page.goto(f"{live_server.url}/s/acme/orders/{rig.order('SO-1').public_id}/")

    tab_to(page, "Ship…")
    page.keyboard.press("Enter")
    tab_to(page, "Carrier")
    page.keyboard.press("ArrowDown")
    tab_to(page, "Tracking number")
    page.keyboard.type("1Z999")
    page.keyboard.press("Enter")

    expect(page.get_by_text("1Z999")).to_be_visible()
    assert Shipment.objects.get().tracking_number == "1Z999"

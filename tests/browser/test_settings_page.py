"""The settings page in a real browser: dialogs, switches, the worked example, phones, both themes."""

import re

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from channels_app.flows.ledger import check_and_record_channel
from channels_app.models import Channel, Listing, PendingChange
from inventory.models import ItemChange, Seller
from tests.browser.conftest import assert_good, sign_in
from tests.factories import NOW, make_channel, make_item, make_label, make_seller, make_user
from tests.flows.marketplace import make_ready_channel

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("memory_marketplace"),
]
both_sizes = pytest.mark.parametrize("phone", [False, True], indirect=True, ids=["desktop", "phone"])


@pytest.fixture
def seller() -> Seller:
    return make_seller(name="Nordlicht Outdoor", time_zone="Europe/Berlin")


@pytest.fixture
def owner(seller: Seller) -> User:
    return make_user(seller=seller)


@pytest.fixture
def channel(seller: Seller) -> Channel:
    items = [make_item(seller, f"TENT-{number}", on_hand=number * 3) for number in range(1, 6)]
    return make_ready_channel(seller, items=items, name="Sandbox Germany")


@pytest.fixture
def settings_url(live_server: LiveServer, channel: Channel) -> str:
    return f"{live_server.url}/s/{channel.seller.slug}/marketplaces/{channel.public_id}/settings/"


@both_sizes
def test_every_page_of_a_channel_is_accessible_and_fits(
    page: Page, live_server: LiveServer, settings_url: str, owner: User, channel: Channel
):
    sign_in(page, owner, live_server.url)
    base = f"{live_server.url}/s/{channel.seller.slug}/marketplaces/"

    for address in (settings_url, base, f"{base}add/sandbox/"):
        page.goto(address)
        assert_good(page)


@both_sizes
def test_the_line_of_parts_stays_in_sight_and_hides_no_heading(
    page: Page, live_server: LiveServer, settings_url: str, owner: User
):
    sign_in(page, owner, live_server.url)
    page.goto(settings_url)
    line = page.get_by_role("navigation", name="On this page")

    line.get_by_role("link", name="History").focus()
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("#history$"))
    line_box, heading = line.bounding_box(), page.get_by_role("heading", name="What was changed").bounding_box()
    assert line_box
    assert heading
    assert 0 < line_box["y"] + line_box["height"] <= heading["y"]
    assert_good(page)


@both_sizes
def test_carriers_are_chosen_once(
    page: Page, settings_url: str, owner: User, channel: Channel, live_server: LiveServer
):
    carriers = [{"code": code, "name": code} for code in ("UPS", "FedEx", "TNT", "DPD-NL", "GLS")]
    channel.facts = {"carriers": carriers, "cancel_reasons": [{"code": "15", "name": "Product out of stock"}]}
    channel.save()
    sign_in(page, owner, live_server.url)
    page.goto(settings_url)
    page.get_by_text("Carriers", exact=True).click()
    assert_good(page)

    expect(page.get_by_label("PostNL")).to_have_value("TNT")
    page.get_by_label("DHL").select_option("GLS")
    page.get_by_role("button", name="Save", exact=True).first.click()

    expect(page.get_by_text("Carriers and reasons").first).to_be_visible()
    assert Channel.objects.get(pk=channel.pk).words["carriers"]["dhl"] == "GLS"


@both_sizes
def test_the_alarm_of_the_nightly_check_is_accessible_and_fits(
    page: Page, live_server: LiveServer, owner: User, seller: Seller
):
    items = [make_item(seller, f"TENT-{number}", on_hand=number * 3) for number in range(1, 6)]
    channel = make_channel(seller, label=make_label(seller, items=items))
    ItemChange.objects.all().delete()
    check_and_record_channel(channel, now=NOW)
    sign_in(page, owner, live_server.url)

    page.goto(f"{live_server.url}/s/{seller.slug}/marketplaces/{channel.public_id}/listings/")
    expect(page.get_by_text("found something it cannot explain")).to_be_visible()
    assert_good(page)
    page.goto(f"{live_server.url}/s/{seller.slug}/")
    assert_good(page)


@both_sizes
def test_signing_in_is_accessible_and_fits(page: Page, live_server: LiveServer):
    page.goto(f"{live_server.url}/sign-in/")

    assert_good(page)


def test_a_seller_activates_a_channel_in_the_dialog_and_sees_the_days_left(
    page: Page, live_server: LiveServer, settings_url: str, owner: User
):
    sign_in(page, owner, live_server.url)
    page.goto(settings_url)
    page.get_by_role("switch", name="Listings").check()
    page.get_by_role("switch", name="Reconciler").check()

    page.get_by_role("button", name="Save and Activate").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("You are now beginning the Testing phase. It lasts 30 days.")
    assert_good(page)
    dialog.get_by_role("button", name="OK").click()

    expect(page.get_by_text("30 days left")).to_be_visible()
    expect(page.get_by_role("switch", name="Reconciler")).to_be_checked()
    assert_good(page)


def test_cancel_in_the_dialog_changes_nothing(
    page: Page, live_server: LiveServer, settings_url: str, owner: User, channel: Channel
):
    sign_in(page, owner, live_server.url)
    page.goto(settings_url)

    page.get_by_role("button", name="Save and Activate").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()

    expect(page.get_by_role("dialog")).to_have_count(0)
    channel.refresh_from_db()
    assert channel.state == "setup"


def test_reconciler_stands_under_listings(page: Page, live_server: LiveServer, settings_url: str, owner: User):
    sign_in(page, owner, live_server.url)
    page.goto(settings_url)
    reconciler = page.get_by_role("switch", name="Reconciler")
    expect(reconciler).to_be_disabled()

    page.get_by_role("switch", name="Listings").check()
    reconciler.check()
    page.get_by_role("switch", name="Listings").uncheck()

    expect(reconciler).to_be_disabled()
    expect(reconciler).not_to_be_checked()


def test_the_worked_example_follows_every_key(page: Page, live_server: LiveServer, settings_url: str, owner: User):
    sign_in(page, owner, live_server.url)
    page.goto(settings_url)
    example = page.get_by_role("region", name="Worked example")
    expect(example).to_contain_text(re.compile(r"On hand\s*3"))

    page.get_by_label("Buffer").fill("1")
    page.get_by_label("SKU", exact=True).fill("TENT-4")

    expect(example).to_contain_text(re.compile(r"Less the buffer of 1\s*11"))
    page.get_by_label("Add percent").fill("")
    expect(example).to_contain_text("Correct the rules")


def test_another_label_asks_first_with_the_numbers(
    page: Page, live_server: LiveServer, settings_url: str, owner: User, seller: Seller, channel: Channel
):
    make_label(seller, "Winter", items=[make_item(seller, "HAT-1"), make_item(seller, "HAT-2")])
    sign_in(page, owner, live_server.url)
    page.goto(settings_url)
    page.get_by_role("button", name="Save and Activate").click()
    page.get_by_role("dialog").get_by_role("button", name="OK").click()
    page.get_by_role("combobox", name="Label").select_option(label="Winter")
    expect(page.locator("#label-summary")).to_contain_text("2 listings begin")

    page.get_by_role("button", name="Save", exact=True).click()
    dialog = page.get_by_role("dialog", name="Change the label to Winter?")
    expect(dialog).to_contain_text("2 listings will begin and 0 listings will end")
    assert_good(page)
    dialog.get_by_role("button", name="Change label").click()

    expect(page.get_by_text("Saved: Label.")).to_be_visible()


def test_what_is_wrong_is_told_beside_the_field_and_typed_input_stays(
    page: Page, live_server: LiveServer, settings_url: str, owner: User
):
    sign_in(page, owner, live_server.url)
    page.goto(settings_url)
    page.get_by_label("Buffer").fill("-4")

    page.get_by_role("button", name="Save", exact=True).click()

    buffer = page.get_by_label("Buffer")
    expect(buffer).to_have_value("-4")
    expect(buffer).to_have_accessible_description(re.compile("greater than or equal to 0"))
    assert_good(page)


@both_sizes
def test_the_theme_is_chosen_and_kept_and_the_menus_open(
    page: Page, live_server: LiveServer, settings_url: str, owner: User, phone: bool
):
    sign_in(page, owner, live_server.url)
    page.goto(settings_url)
    page.get_by_role("button", name="Switch between light and dark").click()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"

    if phone:
        expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
        page.get_by_role("button", name="Menu").click()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    page.locator("details[data-menu] summary").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    assert_good(page)


@both_sizes
def test_a_live_channel_says_what_is_locked_and_support_is_asked_in_a_dialog(
    page: Page, live_server: LiveServer, settings_url: str, owner: User, channel: Channel
):
    Channel.objects.filter(pk=channel.pk).update(
        state="live", listings_on=True, orders_on=True, account_id="acct-live", currency="USD", live_at=NOW
    )
    sign_in(page, owner, live_server.url)
    page.goto(settings_url)
    expect(page.get_by_role("switch", name="Listings")).to_be_disabled()
    expect(page.get_by_role("switch", name="Listings")).to_have_accessible_description(re.compile("Ask support"))

    page.get_by_role("button", name="Ask support").click()
    assert_good(page)
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What should change?").select_option(label="Switch off Listings")
    dialog.get_by_label("Why").fill("Stocktaking until Monday")
    dialog.get_by_role("button", name="Send").click()

    expect(page.get_by_role("row", name=re.compile("Switch off Listings"))).to_contain_text("Waiting for support")
    assert_good(page)


@both_sizes
def test_listings_are_accessible_and_fit(
    page: Page, live_server: LiveServer, settings_url: str, owner: User, channel: Channel
):
    sign_in(page, owner, live_server.url)
    PendingChange.objects.create(channel=channel, sku="OLD-1", urgency=4, held=True, changed_at=NOW)
    Listing.objects.create(
        channel=channel, sku="TENT-1", state="rejected", rejected_hash="x", rejected_reason="Title too long"
    )

    for query in ("", "?show=problems", "?show=ended"):
        page.goto(settings_url.replace("/settings/", f"/listings/{query}"))
        assert_good(page)

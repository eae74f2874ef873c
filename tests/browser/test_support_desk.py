"""A seller asks, support decides at the desk, the seller reads the answer: in a real browser."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from channels_app.models import ChangeRequest, Channel, ChannelHistory, Listing
from inventory.models import Seller
from marketplace_integration import clock
from tests.browser.conftest import assert_good, sign_in
from tests.factories import make_channel, make_item, make_job, make_seller, make_user

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("memory_marketplace"),
    pytest.mark.parametrize("phone", [False, True], indirect=True, ids=["desktop", "phone"]),
]


@pytest.fixture
def seller() -> Seller:
    return make_seller(name="Nordlicht Outdoor", time_zone="Europe/Berlin")


@pytest.fixture
def owner(seller: Seller) -> User:
    return make_user(seller=seller)


@pytest.fixture
def channel(seller: Seller, owner: User) -> Channel:
    now = clock.now()
    channel = make_channel(seller, state="live", name="Main shop", live_at=now - timedelta(days=40))
    item = make_item(seller, "MUG-1", on_hand=3)
    Listing.objects.create(channel=channel, sku="MUG-1", item=item, state="listed")
    make_job(channel, "orders", blocked=True, failures=4, last_error="The client secret was revoked.")
    make_job(channel, "offers", last_success_at=now)
    ChannelHistory.objects.create(channel=channel, actor=owner, at=now, what="listings_on", before=False, after=True)
    return channel


def test_what_a_seller_asks_for_is_applied_at_the_desk_and_the_seller_reads_the_answer(
    page: Page, live_server: LiveServer, seller: Seller, owner: User, channel: Channel, support: User
):
    settings = live_server.url + reverse("channel_settings", args=[seller.slug, channel.public_id])
    sign_in(page, owner, live_server.url)
    page.goto(settings)
    page.get_by_role("button", name="Ask support").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What should change?").select_option(label="Switch off Orders")
    dialog.get_by_label("Why").fill("We take a break over Christmas.")
    dialog.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Waiting for support").first).to_be_visible()

    sign_in(page, support, live_server.url)
    page.goto(live_server.url + reverse("admin:index"))
    assert_good(page)
    page.get_by_role("link", name="1 change request").click()
    expect(page.get_by_text("We take a break over Christmas.")).to_be_visible()
    expect(page.get_by_text("sales on this marketplace reserve no stock here")).to_be_visible()
    assert_good(page)
    page.get_by_label("Answer to the seller").fill("Done. Happy holidays.")
    page.get_by_role("button", name="Apply: Switch off Orders, Main shop").click()
    expect(page.get_by_text("The seller sees it now.")).to_be_visible()
    expect(page.get_by_text("No seller waits for an answer.")).to_be_visible()
    assert_good(page)

    channel.refresh_from_db()
    assert not channel.orders_on
    sign_in(page, owner, live_server.url)
    page.goto(settings)
    expect(page.get_by_text("Done. Happy holidays.").first).to_be_visible()


def test_support_finds_a_channel_sees_how_it_is_and_switches(
    page: Page, live_server: LiveServer, seller: Seller, owner: User, channel: Channel, support: User
):
    ChangeRequest.objects.create(
        channel=channel, what="back_to_testing", reason="Too early.", requested_by=owner, created_at=clock.now()
    )
    sign_in(page, support, live_server.url)
    page.goto(live_server.url + reverse("admin:index"))
    page.get_by_label("Seller, channel, SKU or order number").fill("MUG-1")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Main shop of Nordlicht Outdoor, Listed")).to_be_visible()
    assert_good(page)
    page.get_by_role("link", name="Main shop").click()

    expect(page.get_by_text("The client secret was revoked.")).to_be_visible()
    assert_good(page)
    page.get_by_role("link", name="Orders off").click()
    expect(page.get_by_role("heading", name="Orders off: Main shop")).to_be_visible()
    assert_good(page)
    page.get_by_label("Reason").fill("The seller called.")
    page.get_by_role("button", name="Orders off").click()
    expect(page.get_by_text("switched Orders off")).to_be_visible()
    page.get_by_role("navigation", name="The seller's own pages").get_by_role("link", name="Settings").click()
    expect(page.get_by_role("heading", name="Look at Nordlicht Outdoor as support")).to_be_visible()
    for name, args in [
        ("channels_app_channel_changelist", []),
        ("inventory_seller_changelist", []),
        ("inventory_seller_change", [seller.pk]),
        ("inventory_supportvisit_changelist", []),
    ]:
        page.goto(live_server.url + reverse(f"admin:{name}", args=args))
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert_good(page)

"""Lists at the desk: a table in a wide window, cards on a phone; nothing to be scrolled sideways there."""

import uuid

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from channels_app.models import ChannelLedger, FeedLine, Listing, Submission
from tests.browser.conftest import assert_good, sign_in
from tests.factories import NOW
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("memory_marketplace"),
    pytest.mark.parametrize("phone", [False, True], indirect=True, ids=["desktop", "phone"]),
]

LONG_SKU = "A-LONG-SKU-WITH-NUMBERS-0123456789"
SCROLLS = "table => table.parentElement.scrollWidth > table.parentElement.clientWidth"


@pytest.fixture
def filled(rig: Rig) -> Rig:
    item = rig.item("MUG-1", on_hand=5)
    rig.market.has_order("A-1000234", lines=[("MUG-1", 1, "10.00")])
    rig.download()
    sent = Submission.objects.create(
        channel=rig.channel, kind="offer", key=uuid.uuid4(), fence=1, line_count=1, created_at=NOW
    )
    FeedLine.objects.create(
        channel=rig.channel, submission=sent, sku=LONG_SKU, kind="offer", created_at=NOW, reason="Too long. " * 20
    )
    Listing.objects.create(
        channel=rig.channel, sku=LONG_SKU, item=item, state="listed", rejected_reason="No barcode. " * 20
    )
    ChannelLedger.objects.create(channel=rig.channel, offences=3, at=NOW)
    return rig


def test_every_list_can_be_read_without_scrolling_sideways(
    page: Page, live_server: LiveServer, filled: Rig, support: User, phone: bool
):
    sign_in(page, support, live_server.url)
    for name in ("order", "feedline", "listing", "channelledger"):
        page.goto(live_server.url + reverse(f"admin:channels_app_{name}_changelist"))
        table = page.locator("#result_list")
        expect(table.get_by_text("Sandbox").first).to_be_visible()
        assert_good(page)
        if phone:
            assert not table.evaluate(SCROLLS), name


def test_a_row_is_told_with_what_matters_first_and_its_lines_below(
    page: Page, live_server: LiveServer, filled: Rig, support: User, phone: bool
):
    sign_in(page, support, live_server.url)
    page.goto(live_server.url + reverse("admin:channels_app_order_changelist"))
    label = (
        page.locator("#result_list td")
        .filter(has_text="Unshipped")
        .evaluate("cell => getComputedStyle(cell, '::before').content")
    )
    assert label == ('"Shipping status"' if phone else "none")

    page.get_by_role("link", name="A-1000234").click()
    lines = page.get_by_role("region", name="Order lines")
    expect(lines.get_by_role("link", name="MUG-1")).to_be_visible()
    expect(page.get_by_text("Tax included")).to_be_visible()
    expect(page.get_by_text("Currency")).to_be_hidden()
    page.get_by_text("Everything else").click()
    expect(page.get_by_text("Currency")).to_be_visible()
    assert_good(page)
    if phone:
        assert not lines.locator("table").evaluate(SCROLLS)

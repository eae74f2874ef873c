"""From the item to why a channel shows what it shows, and back in time, in a real browser."""

import os
import re
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from channels_app.flows import settings as channel_settings
from channels_app.models import Order, OrderLine
from inventory.models import Reason
from inventory.stock import Movement, record_movements
from marketplace_integration import clock
from tests.browser.conftest import assert_good, sign_in
from tests.factories import make_channel, make_label, make_user
from tests.flows.feed_rig import Rig

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
both_sizes = pytest.mark.parametrize("phone", [False, True], indirect=True, ids=["desktop", "phone"])


@pytest.fixture
def rig() -> Rig:
    """Two days ago five lamps were listed; an hour ago one was sold; since the buffer fell, a change waits."""
    rig = Rig(slug="nordlicht", name="Nordic Market", buffer=2)
    owner = make_user(seller=rig.seller)
    rig.now = clock.now() - timedelta(days=2)
    lamp = rig.has_item("LAMP-1", on_hand=5, price=Decimal("24.90"), title="Camping lamp", created_at=rig.now)
    lamp.movements.update(at=rig.now)
    rig.settle()
    rig.now = clock.now() - timedelta(hours=1)
    _sell(rig, lamp.pk)
    rig.settle()
    rig.later(1200)
    channel_settings.save_quantity(rig.channel, {"buffer": 1}, actor=owner, now=rig.now)
    rig.spread()
    make_channel(rig.seller, label=make_label(rig.seller, "Summer"), name="Southern Shop", account_id="south")
    return rig


def _sell(rig: Rig, item_id: int) -> None:
    order = Order.objects.create(
        channel=rig.channel,
        seller_id=rig.seller.pk,
        remote_id="N-2041",
        version=1,
        currency="USD",
        tax_included=True,
        total=Decimal("24.90"),
        placed_at=rig.now,
        imported_at=rig.now,
        updated_at=rig.now,
    )
    line = OrderLine.objects.create(
        order=order, remote_id="1", sku="LAMP-1", item_id=item_id, quantity=1, unit_price=24, amount=24
    )
    movement = Movement(
        item_id=item_id,
        location_id=rig.location.pk,
        reserved_delta=1,
        reason=Reason.RESERVED,
        key=uuid4(),
        line_id=line.pk,
    )
    record_movements([movement], now=rig.now)


@both_sizes
def test_a_seller_asks_why_and_goes_back_in_time(page: Page, live_server: LiveServer, rig: Rig, phone: bool):
    sign_in(page, rig.seller.memberships.get().user, live_server.url)
    item = rig.seller.items.get(sku="LAMP-1")
    page.goto(f"{live_server.url}/s/{rig.seller.slug}/items/{item.public_id}/")
    card = page.locator("#listings")
    expect(card.get_by_text("Differs")).to_be_visible()
    expect(card).to_contain_text("Waits to be sent.")
    expect(card).to_contain_text("It is not on the label Summer.")
    assert_good(page)
    _shoot(page, "item", phone)

    card.get_by_role("link", name="Why does Nordic Market show this?").click()
    expect(page.get_by_text(re.compile("^Buyers see 2 at 24.90 USD, but 3 are wanted"))).to_be_visible()
    expect(page.locator("#stock").get_by_role("link", name="Order N-2041")).to_be_visible()
    assert_good(page)
    _shoot(page, "now", phone)

    page.get_by_role("link", name="Yesterday").click()
    expect(
        page.get_by_text("Buyers saw 3 at 24.90 USD, because 5 were available and 2 were kept back.")
    ).to_be_visible()
    expect(page.locator("#stock").get_by_role("link", name="Order N-2041")).to_have_count(0)
    expect(page.get_by_text("The moment you look at")).to_be_visible()
    assert_good(page)
    _shoot(page, "yesterday", phone)

    page.locator("#timeline li", has_text="Reserved by an order").locator(".history-when a").click()
    expect(page.locator("#stock").get_by_role("link", name="Order N-2041")).to_be_visible()
    expect(page.get_by_text(re.compile("but 2 were wanted, because 4 were available"))).to_be_visible()
    page.get_by_label("As it was on").fill((clock.now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S"))
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text(re.compile("^Buyers saw 3 at 24.90 USD"))).to_be_visible()
    page.get_by_role("link", name="Show how it is now").click()
    expect(page.get_by_text(re.compile("^Buyers see 2"))).to_be_visible()

    page.goto(f"{live_server.url}/s/{rig.seller.slug}/items/{item.public_id}/")
    page.get_by_role("link", name="Why does Southern Shop not list this?").click()
    expect(page.get_by_text("Buyers do not see it: it is not on the label Summer.")).to_be_visible()
    assert_good(page)
    _shoot(page, "not-listed", phone)


def _shoot(page: Page, name: str, phone: bool) -> None:
    folder = os.environ.get("SHOTS")
    if folder:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=f"{folder}/{name}-{'phone' if phone else 'desktop'}-{scheme}.png", full_page=True)

"""Until when orders have to leave, in a real browser: the list, the order and Home, on a desktop and a phone."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from marketplace_integration import clock
from tests.browser.conftest import assert_good, sign_in
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
both_sizes = pytest.mark.parametrize("phone", [False, True], indirect=True, ids=["desktop", "phone"])


@pytest.fixture
def waiting(rig: Rig) -> Rig:
    """A seller with orders that are late, due today, due later, and one of which nobody says when."""
    rig.now = rig.market.now = clock.now()
    rig.item("MUG-1", on_hand=20)
    local = rig.now.astimezone(clock.zone(rig.seller.time_zone))
    midnight = local.replace(hour=23, minute=59, second=59)
    due = {
        "SO-00000001": rig.now - timedelta(days=2),
        "SO-00000002": rig.now - timedelta(hours=1),
        "SO-00000003": midnight,
        "SO-00000004": midnight + timedelta(days=3),
    }
    for number, ship_by in due.items():
        rig.market.has_order(number, sku="MUG-1")["ship_by"] = ship_by.isoformat()
    rig.market.has_order("SO-00000005", sku="MUG-1")
    rig.download()
    return rig


@both_sizes
def test_what_is_late_is_found_from_home_and_stands_first(page: Page, live_server: LiveServer, waiting: Rig):
    sign_in(page, waiting.owner, live_server.url)
    page.goto(f"{live_server.url}/s/acme/")
    assert_good(page)

    page.get_by_text("2 orders are late").locator("..").get_by_role("link", name="Ship them").click()
    expect(page.get_by_role("link", name="SO-0000000")).to_have_count(2)
    assert_good(page)
    page.get_by_role("link", name="To ship 5", exact=True).click()
    expect(page.get_by_role("link", name="SO-0000000")).to_have_count(5)
    expect(page.get_by_role("link", name="SO-0000000").first).to_have_text("SO-00000001")
    expect(page.get_by_text("Today", exact=True)).to_have_count(1)
    assert_good(page)
    page.get_by_role("link", name="SO-00000001").click()
    expect(page.get_by_text("Late", exact=True)).to_be_visible()
    assert_good(page)

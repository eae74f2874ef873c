"""How many orders wait: in the tabs above the list, and beside Orders in the menu."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from channels_app.adapters.types import RemoteReturnLine
from channels_app.models import CancellationRequest, Order
from channels_app.views import navigation, order_list
from tests.factories import NOW, make_seller, make_user
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]


@pytest.fixture
def browser(rig: Rig, client: Client) -> Client:
    """Three orders to ship, of which one has an unknown SKU; one buyer asks to cancel, one sends something back."""
    client.force_login(rig.owner)
    rig.item("MUG-1", on_hand=50)
    for number in ("A-1", "A-2"):
        rig.market.has_order(number, sku="MUG-1")
    rig.market.has_order("A-3", sku="NOBODY-KNOWS")
    rig.market.asks_to_cancel("A-1")
    rig.download()
    rig.market.has_return("R-1", "A-2", RemoteReturnLine(remote_id="RMA-1", quantity=1, sku="MUG-1"))
    rig.download_returns()
    return client


def _counted(page: Any) -> list[dict[str, Any]]:
    """Return the tabs with a number, in the row and under More."""
    tabs = page.context["tabs"]
    return [tab for tab in (*tabs.tabs, *tabs.rare) if tab["count"]]


def _tabs(page: Any) -> dict[str, str]:
    return {tab["text"]: tab["count"] for tab in _counted(page)}


def _beside_orders(browser: Client) -> str:
    text = browser.get("/s/acme/items/").content.decode()
    entry = text[text.index("<span>Orders</span>") :]
    return entry[: entry.index("</a>")]


def test_tabs_say_how_many_orders_they_show(browser: Client):
    page = browser.get("/s/acme/orders/")
    counted = {"To ship": "3", "Needs attention": "1", "Cancellation requests": "1", "Returns": "1"}

    assert _tabs(page) == counted
    for tab in _counted(page):
        assert len(browser.get(f"/s/acme/orders/{tab['url']}").context["rows"]) == int(tab["count"])


def test_what_waits_under_more_is_said_on_it(browser: Client):
    everything, requests = (browser.get(f"/s/acme/orders/?show={show}").context["tabs"] for show in ("", "requests"))

    assert (everything.rare_count, requests.rare_count) == ("2", "1")
    CancellationRequest.objects.update(state="refused")
    assert browser.get("/s/acme/orders/?show=returns").context["tabs"].rare_count == ""


def test_more_than_can_be_told_apart_are_not_counted(browser: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(order_list, "MOST_IN_TAB", 2)
    monkeypatch.setattr("channels_app.views.orders.MOST_IN_TAB", 2)

    assert _tabs(browser.get("/s/acme/orders/"))["To ship"] == "2+"


def test_the_menu_says_how_many_orders_need_the_seller(browser: Client, rig: Rig):
    rig.market.has_order("A-4", sku="MUG-1")["placed_at"] = "yesterday"
    rig.download()

    assert 'nav-count">4<span' in _beside_orders(browser)

    Order.objects.update(attention="")
    CancellationRequest.objects.update(state="refused")
    assert 'nav-count">2<span' in _beside_orders(browser)


def test_an_order_that_needs_the_seller_twice_is_one_order(browser: Client):
    Order.objects.filter(remote_id="A-1").update(attention="Look.", ship_by=NOW)

    assert 'nav-count">3<span' in _beside_orders(browser)


def test_others_are_told_nothing_of_it(browser: Client, client: Client):
    client.force_login(make_user("else@example.com", seller=make_seller("else")))

    assert "nav-count" not in client.get("/s/else/items/").content.decode()
    assert _tabs(client.get("/s/else/orders/")) == {}


def test_tabs_and_menu_cost_one_query_each(browser: Client, rig: Rig):
    with CaptureQueriesContext(connection) as tabs:
        order_list.tab_counts(rig.seller, now=rig.now)
    with CaptureQueriesContext(connection) as menu:
        navigation._read(rig.seller, now=rig.now)

    assert (len(tabs), len(menu)) == (1, 1)

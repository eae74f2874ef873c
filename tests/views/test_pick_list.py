"""The day's packing in one print: what to fetch from the shelves first, then a sheet for every order to ship."""

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from channels_app.models import Order
from channels_app.views import packing_slips
from inventory.models import Location
from inventory.stock import set_on_hand
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]

SLIPS = "/s/acme/orders/packing-slips/"


@pytest.fixture
def browser(rig: Rig, client: Client) -> Client:
    client.force_login(rig.owner)
    rig.item("MUG-1", on_hand=20, title="A mug")
    rig.item("CUP-1", on_hand=20, title="A cup")
    rig.market.has_order("A-1", lines=[("MUG-1", 2, "10.37"), ("CUP-1", 3, "2.41")])
    rig.market.has_order("A-2", sku="MUG-1", quantity=4)
    rig.market.has_order("A-3", sku="MUG-1", payment="pending")
    rig.download()
    return client


def _picks(page: Any) -> list[tuple[str, str, int]]:
    return [(pick.place, pick.sku, pick.units) for pick in page.context["picks"]]


def _orders(page: Any) -> list[str]:
    return [slip.order.remote_id for slip in page.context["slips"]]


def test_all_to_ship_is_printed_with_what_to_fetch_for_it_first(browser: Client):
    page = browser.get(SLIPS, {"show": "to_ship"})
    text = page.content.decode()

    assert _orders(page) == ["A-1", "A-2"]
    assert _picks(page) == [("", "CUP-1", 3), ("", "MUG-1", 6)]
    assert text.index("To pick") < text.index("of order A-1")
    assert "Location" not in text
    assert "10.37" not in text


def test_what_left_already_is_not_fetched_again(browser: Client, rig: Rig):
    Order.objects.get(remote_id="A-1").lines.filter(sku="CUP-1").update(shipped=2)

    assert _picks(browser.get(SLIPS, {"show": "to_ship"}))[0] == ("", "CUP-1", 1)


def test_one_order_needs_no_list_of_what_to_fetch(browser: Client, rig: Rig):
    assert _picks(browser.get(SLIPS, {"order": rig.order("A-1").public_id})) == []


def test_ticked_orders_have_one_and_what_must_not_leave_is_not_in_it(browser: Client):
    everything = [str(public_id) for public_id in Order.objects.values_list("public_id", flat=True)]

    assert _picks(browser.get(SLIPS, {"order": everything})) == [("", "CUP-1", 3), ("", "MUG-1", 6)]


def test_units_are_fetched_where_they_are_reserved(browser: Client, rig: Rig):
    second = Location.objects.create(seller=rig.seller, name="Attic")
    item = rig.item("JUG-1", on_hand=2)
    first = Location.objects.exclude(pk=second.pk).get()
    set_on_hand(item, second, 5, actor=None, now=rig.now, key=uuid.uuid4())
    rig.market.has_order("A-4", sku="JUG-1", quantity=7)
    rig.market.has_order("A-5", sku="NOBODY-KNOWS")
    rig.download()

    page = browser.get(SLIPS, {"show": "to_ship"})

    assert _picks(page) == [
        ("", "NOBODY-KNOWS", 1),
        ("Attic", "JUG-1", 5),
        (first.name, "CUP-1", 3),
        (first.name, "JUG-1", 2),
        (first.name, "MUG-1", 6),
    ]
    assert "Location" in page.content.decode()


def test_so_many_at_a_time_and_the_page_says_so(browser: Client, rig: Rig, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(packing_slips, "MOST", 2)
    for number in range(3):
        rig.wait(minutes=1)
        rig.market.has_order(f"N-{number}", sku="MUG-1")
    rig.download()

    first = browser.get(SLIPS, {"show": "to_ship", "channel": str(rig.channel.public_id)})
    second = browser.get(SLIPS + first.context["page"].next_url)

    assert "2 of 5 orders to ship, in the order in which they have to leave." in first.content.decode()
    assert (_orders(first), _orders(second)) == (["A-1", "A-2"], ["N-0", "N-1"])


def test_the_tab_offers_to_print_them_all_and_says_how_many(browser: Client):
    page = browser.get("/s/acme/orders/?show=to_ship").content.decode()
    found = browser.get("/s/acme/orders/?show=to_ship&q=A-2").content.decode()

    assert 'packing-slips/?show=to_ship">Print all to ship (2)</a>' in page
    assert 'packing-slips/?show=to_ship&amp;q=A-2">Print all found (1)</a>' in found
    assert "Print all" not in browser.get("/s/acme/orders/").content.decode()


def test_many_orders_cost_the_queries_of_few(browser: Client, rig: Rig):
    Location.objects.create(seller=rig.seller, name="Attic")
    with CaptureQueriesContext(connection) as few:
        browser.get(SLIPS, {"show": "to_ship"})
    for number in range(30):
        rig.market.has_order(f"N-{number}", sku="MUG-1")
    rig.download()

    with CaptureQueriesContext(connection) as many:
        page = browser.get(SLIPS, {"show": "to_ship"})

    assert len(_orders(page)) == 32
    assert len(many) == len(few) <= 11

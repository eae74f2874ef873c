"""A buyer asks to cancel an order that is to ship: wherever it is packed one reads that, until it is decided."""

import csv
import io

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from channels_app.flows.fulfil import answer_cancellation
from channels_app.models import CancellationRequest, Order
from channels_app.views.order_list import SHOW
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]

ORDERS = "/s/acme/orders/"
SLIPS = f"{ORDERS}packing-slips/?show=to_ship"
SAID = "Buyer asks to cancel"


@pytest.fixture
def browser(rig: Rig, client: Client) -> Client:
    """Of two orders to ship the buyer of the second asks to cancel."""
    client.force_login(rig.owner)
    rig.item("MUG-1", on_hand=20)
    rig.item("CUP-1", on_hand=20)
    rig.market.has_order("A-1", lines=[("MUG-1", 2, "10.00"), ("CUP-1", 1, "2.00")])
    rig.market.has_order("A-2", lines=[("MUG-1", 3, "10.00"), ("CUP-1", 4, "2.00")])
    rig.download()
    rig.market.asks_to_cancel("A-2")
    rig.download()
    return client


def _only(rig: Rig, sku: str) -> None:
    """The request is about this line alone."""
    line = rig.order("A-2").lines.get(sku=sku)
    CancellationRequest.objects.update(line_remote_ids=[line.remote_id])


def test_the_list_of_orders_says_it_of_the_one_order(browser: Client):
    page = browser.get(ORDERS, {"show": "to_ship"})

    assert [(row.order.remote_id, row.asks_to_cancel) for row, _ in page.context["rows"]] == [
        ("A-1", False),
        ("A-2", True),
    ]
    assert page.content.decode().count(SAID) == 1


def test_the_slip_says_it_and_of_what(browser: Client, rig: Rig):
    whole = browser.get(SLIPS).context["slips"]
    _only(rig, "CUP-1")
    part = browser.get(SLIPS)

    assert [slip.asked_to_cancel for slip in whole] == ["", SAID]
    assert [slip.asked_to_cancel for slip in part.context["slips"]] == ["", f"{SAID}: 4 × CUP-1"]
    assert f"{SAID}: 4 × CUP-1" in part.content.decode()


def test_the_sheet_of_what_to_fetch_says_for_how_many_units(browser: Client, rig: Rig):
    def doubted() -> list[tuple[str, int, int]]:
        return [(pick.sku, pick.units, pick.asked_to_cancel) for pick in browser.get(SLIPS).context["picks"]]

    assert doubted() == [("CUP-1", 5, 4), ("MUG-1", 5, 3)]
    _only(rig, "MUG-1")
    assert doubted() == [("CUP-1", 5, 0), ("MUG-1", 5, 3)]
    assert f"{SAID}: 3 units" in browser.get(SLIPS).content.decode()


def test_the_page_that_ships_the_ticked_and_the_look_at_its_parcels_say_it(browser: Client, rig: Rig):
    rig.channel.facts = rig.channel.facts | {"carriers": [{"code": "ups", "name": "UPS"}]}
    rig.channel.save()
    order, carrier = rig.order("A-2").public_id, f"all-{rig.channel.public_id}"

    assert SAID in browser.get(f"{ORDERS}ship/", {"order": order}).content.decode()
    answer = browser.post(f"{ORDERS}ship/", {"order": order, carrier: "ups", f"tracking-{order}": "1Z1"})
    assert SAID in browser.get(answer.headers["Location"]).content.decode()


def test_the_file_says_it_beside_the_line(browser: Client, rig: Rig):
    _only(rig, "CUP-1")
    content = browser.get(f"{ORDERS}parcels/to-ship.csv").getvalue().decode("utf-8-sig")
    rows = [(row["Order number"], row["SKU"], row["Remark"]) for row in csv.DictReader(io.StringIO(content))]

    assert rows == [("A-1", "MUG-1", ""), ("A-1", "CUP-1", ""), ("A-2", "MUG-1", ""), ("A-2", "CUP-1", SAID)]


def test_once_it_is_decided_nothing_says_it_any_more(browser: Client, rig: Rig):
    answer_cancellation(CancellationRequest.objects.get(), approve=False, actor=rig.owner, now=rig.now)

    assert SAID not in browser.get(ORDERS, {"show": "to_ship"}).content.decode()
    assert SAID not in browser.get(SLIPS).content.decode()


def test_what_others_ship_is_theirs_to_decide_and_waits_for_nobody_here(browser: Client, rig: Rig):
    Order.objects.filter(remote_id="A-2").update(managed_by="third_party")

    assert "to cancel an order" not in browser.get("/s/acme/").content.decode()
    assert browser.get(ORDERS, {"show": "requests"}).context["rows"] == []


def test_two_requests_for_one_order_are_one_order_at_home_as_in_the_tab(browser: Client, rig: Rig):
    first = CancellationRequest.objects.get()
    CancellationRequest.objects.create(
        order=first.order, seller_id=rig.seller.pk, remote_id="again", requested_at=rig.now
    )

    assert "1 buyer asks to cancel an order." in browser.get("/s/acme/").content.decode()
    tabs = browser.get(ORDERS).context["tabs"].rare
    assert [tab["count"] for tab in tabs if tab["text"] == SHOW["requests"]] == ["1"]


@pytest.mark.parametrize("address", [f"{ORDERS}?show=to_ship", SLIPS])
def test_many_orders_cost_the_queries_of_few(browser: Client, rig: Rig, address: str):
    with CaptureQueriesContext(connection) as few:
        browser.get(address)
    for number in range(20):
        rig.market.has_order(f"N-{number}", sku="MUG-1")
        rig.market.asks_to_cancel(f"N-{number}")
    rig.download()

    with CaptureQueriesContext(connection) as many:
        assert SAID in browser.get(address).content.decode()

    assert len(many) == len(few)

"""Packing slips: what goes into the parcel, and nothing that is not the buyer's business."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from channels_app.flows.fulfil import record_shipment
from channels_app.models import Order, OrderLine, Shipment
from tests.factories import make_seller, make_user
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]

SLIPS = "/s/acme/orders/packing-slips/"


@pytest.fixture
def browser(rig: Rig, client: Client) -> Client:
    client.force_login(rig.owner)
    return client


@pytest.fixture
def orders(rig: Rig) -> list[Order]:
    rig.item("MUG-1", on_hand=20)
    rig.item("CUP-1", on_hand=20)
    rig.market.has_order("A-1", lines=[("MUG-1", 2, "10.37"), ("CUP-1", 3, "2.41")])
    rig.market.has_order("A-2", sku="CUP-1", quantity=4)
    rig.download()
    return [rig.order("A-1"), rig.order("A-2")]


def _ship(rig: Rig, order: Order, units: int) -> Shipment:
    line = order.lines.order_by("pk")[0]
    return record_shipment(
        order,
        key=order.public_id,
        lines={line.pk: units},
        carrier_code="ups",
        tracking_number="1Z999",
        shipped_at=rig.now,
        actor=rig.owner,
        now=rig.now,
    )


def _sheets(page) -> list[tuple[str, list[tuple[str, int]]]]:
    return [(s.order.remote_id, [(line.sku, line.units) for line in s.lines]) for s in page.context["slips"]]


def test_each_chosen_order_has_a_sheet_in_the_order_they_were_chosen(browser: Client, orders: list[Order]):
    page = browser.get(SLIPS, {"order": [orders[1].public_id, orders[0].public_id]})

    assert _sheets(page) == [("A-2", [("CUP-1", 4)]), ("A-1", [("MUG-1", 2), ("CUP-1", 3)])]


def test_a_sheet_names_sender_and_address_and_tells_no_price(browser: Client, orders: list[Order]):
    text = browser.get(SLIPS, {"order": orders[0].public_id}).content.decode()

    for words in ("Acme", "A-1", "Ada Buyer", "MUG-1"):
        assert words in text
    for amount in ("10.37", "2.41", "27.97", "USD"):
        assert amount not in text


def test_only_units_that_are_still_to_ship_stand_on_it(browser: Client, rig: Rig, orders: list[Order]):
    _ship(rig, orders[0], 1)

    page = browser.get(SLIPS, {"order": orders[0].public_id})

    assert _sheets(page) == [("A-1", [("MUG-1", 1), ("CUP-1", 3)])]


def test_a_parcel_that_left_has_a_sheet_of_its_own(browser: Client, rig: Rig, orders: list[Order]):
    parcel = _ship(rig, orders[0], 1)
    link = f"{SLIPS}?parcel={parcel.public_id}"

    page = browser.get(link)

    assert link in browser.get(f"/s/acme/orders/{orders[0].public_id}/").content.decode()
    assert _sheets(page) == [("A-1", [("MUG-1", 1)])]
    assert "1Z999" in page.content.decode()


def test_what_must_not_be_shipped_has_no_sheet_and_the_page_says_why(browser: Client, rig: Rig, orders: list[Order]):
    rig.market.has_order("A-3", sku="MUG-1", payment="failed")
    rig.download()
    OrderLine.objects.filter(order=orders[1]).update(remote_shipped=4)
    failed = rig.order("A-3")

    page = browser.get(SLIPS, {"order": [orders[1].public_id, failed.public_id]})
    order_page = browser.get(f"/s/acme/orders/{failed.public_id}/")

    assert _sheets(page) == []
    assert [(order.remote_id, why) for order, why in page.context["left_out"]] == [
        ("A-2", "Everything was shipped or cancelled already."),
        ("A-3", "The buyer's payment failed: do not ship this order."),
    ]
    assert "packing-slips" not in order_page.content.decode()


def test_orders_and_parcels_of_others_do_not_exist(client: Client, rig: Rig, orders: list[Order]):
    parcel = _ship(rig, orders[0], 1)
    client.force_login(make_user("else@example.com", seller=make_seller("else")))

    page = client.get("/s/else/orders/packing-slips/", {"order": orders[1].public_id, "parcel": parcel.public_id})

    assert (page.context["slips"], page.context["left_out"]) == ([], [])


def test_many_sheets_cost_the_queries_of_two(browser: Client, rig: Rig, orders: list[Order]):
    with CaptureQueriesContext(connection) as two:
        browser.get(SLIPS, {"order": [order.public_id for order in orders]})
    for number in range(20):
        rig.market.has_order(f"N-{number}", sku="MUG-1")
    rig.download()
    chosen = list(Order.objects.values_list("public_id", flat=True))

    with CaptureQueriesContext(connection) as many:
        page = browser.get(SLIPS, {"order": chosen})

    assert len(_sheets(page)) > 15
    assert len(many) == len(two) <= 7

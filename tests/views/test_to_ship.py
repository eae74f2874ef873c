"""What is to ship: Home, the list of orders, the CSV and the packing slips are of one mind."""

import csv
import io
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client

from channels_app.flows.to_ship import DUE_AT, lines_to_ship, orders_to_ship
from channels_app.forms.days import DaysForm
from channels_app.models import Order
from channels_app.views.order_list import orders_shown
from tests.factories import NOW, make_seller
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]

ORDERS = "/s/acme/orders/"


@pytest.fixture
def browser(rig: Rig, client: Client) -> Client:
    """Of five orders that have not left two are to ship; the later one was downloaded first."""
    client.force_login(rig.owner)
    rig.item("MUG-1", on_hand=200)
    rig.market.has_order("NEW", sku="MUG-1")
    rig.market.has_order("PENDING", sku="MUG-1", payment="pending")
    rig.market.has_order("FAILED", sku="MUG-1", payment="failed")
    rig.download()
    rig.wait(hours=-30)
    rig.market.has_order("OLD", sku="MUG-1")
    rig.wait(hours=30)
    rig.download()
    rig.channel.fulfillments_on = False
    rig.channel.save()
    rig.market.has_order("THEIRS", sku="MUG-1")
    rig.download()
    return client


def _numbers(page: Any) -> list[str]:
    return [row.order.remote_id for row, _ in page.context["rows"]]


def _in_csv(browser: Client) -> list[str]:
    content = browser.get(f"{ORDERS}parcels/to-ship.csv").getvalue().decode("utf-8-sig")
    return [row["Order number"] for row in csv.DictReader(io.StringIO(content))]


def test_home_the_tab_the_file_and_the_slips_name_the_same_orders(browser: Client):
    home = browser.get("/s/acme/").context
    everything = [str(public_id) for public_id in Order.objects.values_list("public_id", flat=True)]
    slips = browser.get(f"{ORDERS}packing-slips/", {"order": everything}).context["slips"]

    assert home["to_ship_count"] == 2
    assert home["first_to_ship"] == Order.objects.get(remote_id="OLD")
    assert _numbers(browser.get(f"{ORDERS}?show=to_ship")) == ["OLD", "NEW"]
    assert _in_csv(browser) == ["OLD", "NEW"]
    assert {slip.order.remote_id for slip in slips} == {"OLD", "NEW"}


def test_what_waits_for_its_payment_has_a_tab_of_its_own(browser: Client):
    assert set(_numbers(browser.get(f"{ORDERS}?show=unpaid"))) == {"PENDING", "FAILED"}


def test_an_order_of_which_a_part_left_is_still_to_ship_and_one_that_left_is_not(browser: Client, rig: Rig):
    Order.objects.filter(remote_id="OLD").update(shipping_status="partially_shipped")
    Order.objects.filter(remote_id="NEW").update(shipping_status="shipped")

    assert [order.remote_id for order in orders_to_ship(rig.seller)] == ["OLD"]
    assert not orders_to_ship(make_seller("else")).exists()


def test_the_oldest_stands_first_and_the_pages_meet_both_ways(browser: Client, rig: Rig):
    rig.channel.fulfillments_on = True
    rig.channel.save()
    for number in range(60):
        rig.wait(minutes=number % 3)
        rig.market.has_order(f"N-{number:03}", sku="MUG-1")
    rig.download()

    first = browser.get(f"{ORDERS}?show=to_ship")
    second = browser.get(ORDERS + first.context["page"].next_url)
    again = browser.get(ORDERS + second.context["page"].previous_url)

    assert _numbers(first) + _numbers(second) == [
        order.remote_id for order in orders_to_ship(rig.seller).order_by("placed_at", "pk")
    ]
    assert _numbers(first)[0] == "OLD"
    assert _numbers(again) == _numbers(first)
    assert (first.context["page"].previous_url, second.context["page"].next_url) == ("", "")


@pytest.mark.parametrize(
    ("show", "key", "index"),
    [
        ("to_ship", DUE_AT, "order_to_ship"),
        ("late", "ship_by", "order_ship_by"),
        ("unpaid", "placed_at", "order_unpaid"),
    ],
)
def test_each_of_these_lists_has_an_index_of_just_its_orders(
    browser: Client, rig: Rig, show: str, key: Any, index: str
):
    days = DaysForm(rig.seller, QueryDict())
    shown = orders_shown(rig.seller, [rig.channel], QueryDict(f"show={show}"), days=days, now=NOW)

    with connection.cursor() as cursor:
        for way in ("seqscan", "bitmapscan", "sort"):
            cursor.execute(f"SET LOCAL enable_{way} = off")

    assert index in shown.order_by(key).explain()


def test_a_file_that_is_full_ends_with_a_whole_order(browser: Client, rig: Rig):
    rig.channel.fulfillments_on = True
    rig.channel.save()
    rig.item("CUP-1", on_hand=20)
    rig.market.has_order("TWO-LINES", lines=[("MUG-1", 1, "10.00"), ("CUP-1", 1, "2.00")])
    rig.download()

    def orders(limit: int) -> list[str]:
        return [line.order.remote_id for line in lines_to_ship(orders_to_ship(rig.seller), limit=limit)]

    assert orders(4) == ["OLD", "NEW", "TWO-LINES", "TWO-LINES"]
    assert orders(3) == ["OLD", "NEW"]

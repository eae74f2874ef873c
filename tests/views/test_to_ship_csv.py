"""The CSV of what is to ship: what a program for shipping labels reads in it, and that it comes back as before."""

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from channels_app.models import Order, OrderLine, ShippingFile
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]

PARCELS = "/s/acme/orders/parcels/"
ADDRESS = {
    "name": "Ada Buyer",
    "company": "Loom & Co",
    "street": "1 Sample Street",
    "street2": "Floor 2",
    "postal_code": "01234",
    "city": "Springfield",
    "region": "MA",
    "country": "US",
    "note": "Ring\ntwice",
}


@pytest.fixture
def browser(rig: Rig, client: Client) -> Client:
    client.force_login(rig.owner)
    rig.item("MUG-1", on_hand=90, title="A mug")
    rig.seller.time_zone = "America/New_York"
    rig.seller.save()
    rig.market.has_order("A-1", sku="MUG-1", quantity=2)["ship_by"] = "2026-03-04T22:00:00+00:00"
    rig.market.has_order("A-2", sku="MUG-1")
    rig.download()
    buyer = {"name": "Ada King", "email": "ada@example.com", "phone": "+1 555 0100"}
    Order.objects.filter(remote_id="A-1").update(buyer=buyer, ship_to=ADDRESS)
    OrderLine.objects.update(title="")
    return client


def _rows(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))


def test_a_row_tells_what_a_label_needs(browser: Client, rig: Rig):
    second, row = _rows(browser.get(f"{PARCELS}to-ship.csv"))

    assert (second["Order number"], second["Ship by"]) == ("A-2", "")
    assert row == {
        "Order number": "A-1",
        "Marketplace": "Sandbox",
        "SKU": "MUG-1",
        "Units": "2",
        "Carrier": "",
        "Tracking number": "",
        "Title": "A mug",
        "Buyer": "Ada King",
        "Ship to": "Ada Buyer",
        "Company": "Loom & Co",
        "Street": "1 Sample Street",
        "Street 2": "Floor 2",
        "Postal code": "01234",
        "City": "Springfield",
        "Region": "MA",
        "Country": "US",
        "Phone": "+1 555 0100",
        "Note to the carrier": "Ring twice",
        "E-mail": "ada@example.com",
        "Placed": "2026-03-02 07:00",
        "Ship by": "2026-03-04 17:00",
        "Remark": "",
    }


def test_a_phone_number_that_is_a_formula_is_none(browser: Client):
    Order.objects.filter(remote_id="A-1").update(ship_to=ADDRESS | {"phone": '+1+HYPERLINK("x")'})

    assert _rows(browser.get(f"{PARCELS}to-ship.csv"))[1]["Phone"] == '\'+1+HYPERLINK("x")'


def test_filled_in_it_comes_back_whatever_stands_in_the_other_columns(browser: Client, rig: Rig):
    text = browser.get(f"{PARCELS}to-ship.csv").getvalue().decode()
    filled = text.replace("MUG-1,2,,,", "MUG-1,2,UPS,1Z1,")

    browser.post(PARCELS, {"file": SimpleUploadedFile("parcels.csv", filled.encode())})

    rows = ShippingFile.objects.get().rows.order_by("line")
    assert [(row.order_id, row.sku, row.units, row.tracking_number, row.state) for row in rows] == [
        (None, "", None, "", "empty"),
        (rig.order("A-1").pk, "MUG-1", 2, "1Z1", "ready"),
    ]


def test_the_file_of_ticked_orders_holds_no_others(browser: Client, rig: Rig):
    ticked = {"only": "ticked", "order": [str(rig.order("A-2").public_id), "nonsense"]}

    assert [row["Order number"] for row in _rows(browser.get(f"{PARCELS}to-ship.csv", ticked))] == ["A-2"]


def test_where_nothing_to_ship_is_ticked_the_list_says_so(browser: Client, rig: Rig):
    Order.objects.filter(remote_id="A-1").update(shipping_status="shipped")
    shipped = str(rig.order("A-1").public_id)

    for ticked in ([], [shipped]):
        answer = browser.get(f"{PARCELS}to-ship.csv", {"only": "ticked", "order": ticked}, follow=True)
        assert "Tick orders first that are paid and not shipped yet." in answer.content.decode()


def test_many_lines_cost_the_queries_of_few(browser: Client, rig: Rig):
    with CaptureQueriesContext(connection) as few:
        assert len(_rows(browser.get(f"{PARCELS}to-ship.csv"))) == 2
    for number in range(30):
        rig.market.has_order(f"N-{number}", sku="MUG-1")
    rig.download()

    with CaptureQueriesContext(connection) as many:
        assert len(_rows(browser.get(f"{PARCELS}to-ship.csv"))) == 32

    assert len(many) == len(few) <= 7

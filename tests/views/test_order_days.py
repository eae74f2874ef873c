"""Orders by the days on which they were placed, and what such a list gives as a file."""

import csv
import io
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from channels_app.flows.fulfil import record_shipment, refund_lines
from channels_app.flows.fulfil_rules import RefundLine
from channels_app.models import Order, OrderLine
from channels_app.views import orders_csv
from inventory.models import Role, SavedView
from tests.factories import make_seller, make_user
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]

ORDERS = "/s/acme/orders/"
FILE = f"{ORDERS}orders.csv"
#: The seller's midnights of 2 March are 5 hours later than those of UTC, and one hour less from 8 March on.
PLACED = {
    "A-1": "2026-03-02T04:59:59.999999+00:00",
    "A-2": "2026-03-02T05:00:00+00:00",
    "A-3": "2026-03-03T04:59:59.999999+00:00",
    "A-4": "2026-03-03T05:00:00+00:00",
    "A-5": "2026-03-09T03:59:59+00:00",
}


@pytest.fixture
def browser(rig: Rig, client: Client) -> Client:
    client.force_login(rig.owner)
    rig.item("MUG-1", on_hand=90, title="A mug")
    rig.seller.time_zone = "America/New_York"
    rig.seller.save()
    for number, placed in PLACED.items():
        rig.market.has_order(number, lines=[("MUG-1", 3, "10.00"), ("CUP-1", 1, "2.00")])["placed_at"] = placed
    rig.download()
    return client


def _shown(browser: Client, **asked: str) -> list[str]:
    return [row.order.remote_id for row, _ in browser.get(ORDERS, asked).context["rows"]]


def _rows(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))


@pytest.mark.parametrize(
    ("first", "last", "numbers"),
    [
        ("2026-03-02", "2026-03-02", ["A-3", "A-2"]),
        ("2026-03-02", "", ["A-5", "A-4", "A-3", "A-2"]),
        ("", "2026-03-02", ["A-3", "A-2", "A-1"]),
        ("2026-03-08", "2026-03-08", ["A-5"]),  # a day of 23 hours
        ("2026-03-04", "2026-03-07", []),
        ("", "", ["A-5", "A-4", "A-3", "A-2", "A-1"]),
    ],
)
def test_days_are_the_sellers_whole_and_both_ends_among_them(
    browser: Client, first: str, last: str, numbers: list[str]
):
    assert _shown(browser, **{"from": first, "to": last}) == numbers
    assert [row["Order number"] for row in _rows(browser.get(FILE, {"from": first, "to": last}))[::2]] == numbers


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("31.01.2026", "", "Enter a day as in 2026-01-31."),
        ("", "2026-02-30", "Enter a day as in 2026-01-31."),
        ("0001-01-01", "", "Enter a day from 1970 to 2999."),
        ("", "9999-12-31", "Enter a day from 1970 to 2999."),
        ("2026-03-03", "2026-03-02", "This day comes before the first."),
    ],
)
def test_a_day_that_cannot_be_understood_says_so_and_shows_and_gives_nothing(
    browser: Client, first: str, last: str, words: str
):
    asked = {"from": first, "to": last}

    page = browser.get(ORDERS, asked)

    assert page.context["rows"] == []
    assert words in page.content.decode()
    assert "Keep as a tab" not in page.content.decode()
    assert browser.get(FILE, asked).status_code == 404


def test_days_are_kept_in_a_view_and_go_with_what_is_printed(browser: Client):
    asked = {"show": "to_ship", "from": "2026-03-02", "to": "2026-03-02"}

    kept = browser.post(f"{ORDERS}views/", {"name": "Second of March", **asked}, follow=True)

    assert SavedView.objects.get().query == asked
    again = browser.get(ORDERS + kept.context["tabs"].tabs[-1]["url"])
    assert len(again.context["rows"]) == 2
    link = again.content.decode().split("packing-slips/")[1].split('"')[0].replace("&amp;", "&")
    slips = browser.get(f"{ORDERS}packing-slips/{link}").context["slips"]
    assert [slip.order.remote_id for slip in slips] == ["A-2", "A-3"]


def test_the_next_page_is_of_the_same_days(browser: Client, rig: Rig):
    for number in range(60):
        rig.market.has_order(f"B-{number}", sku="MUG-1")["placed_at"] = "2026-03-02T12:00:00+00:00"
    rig.download()

    first = browser.get(ORDERS, {"from": "2026-03-02", "to": "2026-03-02"})
    second = browser.get(ORDERS + first.context["page"].next_url)

    assert (len(first.context["rows"]), len(second.context["rows"])) == (50, 12)


# --- the file


def test_a_row_tells_all_of_a_line_and_the_first_what_belongs_to_the_order(browser: Client, rig: Rig):
    order = rig.order("A-1")
    mug, cup = order.lines.order_by("pk")
    Order.objects.filter(pk=order.pk).update(
        shipping="5.00",
        total="37.00",
        buyer={"name": "Ada\nKing"},
        ship_to={"country": "US"},
        ship_by="2026-03-04T22:00Z",
    )
    OrderLine.objects.filter(pk=mug.pk).update(tax="1.5", title="")
    record_shipment(
        order,
        key=uuid4(),
        lines={mug.pk: 2},
        carrier_code="ups",
        tracking_number="1Z",
        shipped_at=datetime.fromisoformat("2026-03-02T10:00:00+00:00"),
        actor=rig.owner,
        now=rig.now,
    )
    back = RefundLine(line_id=mug.pk, amount=mug.unit_price, shipping_amount=mug.unit_price / 4)
    refund_lines(order, key=uuid4(), lines=[back], reason_code="damaged", restock=False, actor=rig.owner, now=rig.now)

    first, second = _rows(browser.get(FILE, {"to": "2026-03-01"}))

    assert first == {
        "Order number": "A-1",
        "Marketplace": "fake",
        "Channel": "Sandbox",
        "Placed": "2026-03-01 23:59",
        "Ship by": "2026-03-04 17:00",
        "Shipped": "2026-03-02 05:00",
        "Buyer": "Ada King",
        "Country": "US",
        "Payment": "Cleared",
        "State": "Partially shipped",
        "SKU": "MUG-1",
        "Title": "A mug",
        "Units": "3",
        "Units shipped": "2",
        "Units cancelled": "0",
        "Unit price": "10.00",
        "Amount": "30.00",
        "Tax": "1.50",
        "Tax included": "yes",
        "Refunded": "10.00",
        "Shipping charge": "5.00",
        "Shipping refunded": "2.50",
        "Order total": "37.00",
        "Currency": "USD",
    }
    of_order = {"Shipping charge": "", "Shipping refunded": "", "Order total": ""}
    assert {name: second[name] for name in of_order} == of_order
    assert (second["Order number"], second["SKU"], second["Amount"], second["Currency"]) == (
        "A-1",
        "CUP-1",
        "2.00",
        "USD",
    )


def test_amounts_have_the_digits_of_their_currency(browser: Client):
    Order.objects.filter(remote_id="A-1").update(currency="JPY", total="32")

    row, _ = _rows(browser.get(FILE, {"to": "2026-03-01"}))

    assert (row["Unit price"], row["Order total"], row["Currency"]) == ("10", "32", "JPY")


@pytest.mark.parametrize("size", [1, 2, 500])
def test_the_file_is_all_that_the_list_shows_in_its_order(browser: Client, monkeypatch: pytest.MonkeyPatch, size: int):
    monkeypatch.setattr(orders_csv, "SLICE", size)

    newest_first = [row["Order number"] for row in _rows(browser.get(FILE))]
    due_first = [row["Order number"] for row in _rows(browser.get(FILE, {"show": "to_ship", "q": "ada"}))]

    assert newest_first == [number for number in reversed(PLACED) for _ in range(2)]
    assert due_first == [number for number in PLACED for _ in range(2)]


def test_an_order_without_lines_has_a_row(browser: Client):
    OrderLine.objects.filter(order__remote_id="A-1").delete()

    (row,) = _rows(browser.get(FILE, {"to": "2026-03-01"}))

    assert (row["Order number"], row["SKU"], row["Order total"], row["Currency"]) == ("A-1", "", "32.00", "USD")


def test_of_nothing_the_file_has_its_first_row_only(browser: Client):
    answer = browser.get(FILE, {"to": "2020-01-01"})

    assert answer.getvalue().decode("utf-8-sig").strip().split(",") == list(orders_csv.HEADER)


def test_viewers_take_it_away_and_nobody_else_does(browser: Client, rig: Rig, client: Client):
    client.force_login(make_user("viewer@example.com", seller=rig.seller, role=Role.VIEWER))
    assert "Download CSV" in client.get(ORDERS).content.decode()
    assert len(_rows(client.get(FILE))) == 10
    client.force_login(make_user("else@example.com", seller=make_seller("else")))

    assert client.get(FILE).status_code == 404
    assert _rows(client.get("/s/else/orders/orders.csv")) == []

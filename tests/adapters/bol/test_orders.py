"""What bol.com's orders mean, and how none is missed."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from channels_app.adapters.bol.orders import read_order
from channels_app.adapters.errors import RejectedByChannel, TemporaryError
from channels_app.adapters.types import OrderPage, PaymentStatus
from tests.adapters.bol.bodies import EAN, item, order, row
from tests.adapters.bol.script import Script

LIST = "GET /retailer/orders"
#: bol.com's time is 09:30 UTC on November 20.
RECENTLY = datetime(2026, 11, 20, 9, 10, tzinfo=UTC)


def one(number: int) -> str:
    return f"{LIST}/A{number}"


def rows(*found: dict[str, Any]) -> dict[str, Any]:
    return {"orders": list(found)}


def read_all(bol: Script, cursor: str) -> tuple[list[str], OrderPage]:
    """Return the numbers of all orders of a round, and its last page."""
    seen: list[str] = []
    while True:
        page = bol.adapter().fetch_orders(cursor)
        seen += [raw.remote_id for raw in page.raws]
        cursor = page.next_cursor
        if not page.has_more:
            return seen, page


# What they mean


def test_an_order_is_read_with_its_lines_money_and_people():
    body = order(item(1), item(2, shipped=1, cancelled=1, offer=None))

    read = read_order(body)

    assert (read.remote_id, read.status, read.payment) == ("A2K8290LP8", "PARTLY_SHIPPED", PaymentStatus.CLEARED)
    assert (read.currency, read.tax_included, read.total, read.shipping) == ("EUR", True, Decimal("51.6"), Decimal(0))
    assert read.placed_at == datetime(2026, 11, 20, 9, 12, 44, tzinfo=UTC)
    assert read.is_accepted
    first, second = read.lines
    assert (first.sku, first.unit_price, first.amount) == ("MUG", Decimal("12.9"), Decimal("25.8"))
    assert (second.sku, second.shipped_quantity, second.cancelled_quantity) == (EAN, 1, 1)
    assert read.buyer == {"name": "Noor Visser", "email": "abc123@verkopen.bol.com"}
    assert read.ship_to == {
        "name": "Noor Visser",
        "street": "Dorpstraat 1 B",
        "postal_code": "1111ZZ",
        "city": "Utrecht",
        "country": "NL",
    }


def test_a_day_by_which_the_buyer_is_to_have_it_is_no_day_to_ship_it_by():
    dates = {"latestDeliveryDate": "2026-11-23", "exactDeliveryDate": "2026-11-23", "expiryDate": "2026-11-27"}
    told = item(1)

    assert read_order(order({**told, "fulfilment": {**told["fulfilment"], **dates}})).ship_by is None


def test_the_version_is_the_newest_change_of_any_item():
    early, late = "2026-11-20T10:12:45+01:00", "2026-11-20T11:00:00.250+01:00"

    read = read_order(order(item(1, latestChangedDateTime=late), item(2, latestChangedDateTime=early), item(3)))

    assert read.version == int(datetime(2026, 11, 20, 10, tzinfo=UTC).timestamp()) * 1000 + 250


def test_an_order_that_nobody_says_when_it_changed_is_read_all_the_same():
    assert read_order(order(item(latestChangedDateTime=None))).version > 0


def test_what_bol_ships_from_its_own_warehouse_is_no_line_of_ours():
    theirs = item(2, fulfilment={"method": "FBB", "distributionParty": "BOL"})

    read = read_order(order(item(1), theirs))

    assert [line.remote_id for line in read.lines] == ["2012345671"]
    assert read.total == Decimal("25.8")


@pytest.mark.parametrize(
    ("items", "status"),
    [
        ([item()], "OPEN"),
        ([item(shipped=2)], "SHIPPED"),
        ([item(shipped=1, cancelled=1)], "SHIPPED"),
        ([item(cancelled=2)], "CANCELLED"),
        ([item(1, shipped=2), item(2)], "PARTLY_SHIPPED"),
    ],
)
def test_the_whole_has_a_word_though_bol_has_none(items, status):
    assert read_order(order(*items)).status == status


def test_a_buyers_wish_is_about_the_items_that_are_still_open():
    wish = {"cancellationRequest": True}

    read = read_order(order(item(1, **wish), item(2, shipped=2, **wish), item(3)))

    assert read.cancellation_request is not None
    assert read.cancellation_request.lines == ("2012345671",)
    assert read.cancellation_request.requested_at == datetime(2026, 11, 20, 9, 12, 45, tzinfo=UTC)


@pytest.mark.parametrize(
    "body", [{}, {"orderId": "1"}, order(item(unitPrice=None)), order({**item(), "quantity": "many"})]
)
def test_a_body_that_is_no_order_is_blamed(body):
    with pytest.raises(RejectedByChannel, match="cannot be read"):
        read_order(body)


# How they are downloaded


def test_a_round_reads_what_changed_since_the_last_one(bol):
    bol.says(LIST, rows(row(1), row(2, changed="2026-11-20T09:40:00+01:00"), row(3, method="FBB")), {})
    bol.says(one(1), order(order_id="A1"))

    seen, page = read_all(bol, bol.adapter().first_cursor(RECENTLY))

    assert bol.query(0) == {
        "status": "ALL",
        "fulfilment-method": "FBR",
        "page": "1",
        "change-interval-minute": "60",
    }
    assert seen == ["A1"]  # the second changed long before, the third is bol.com's own
    assert page.known_until == datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    assert json.loads(page.next_cursor)["since"] == "2026-11-20T09:30:00+00:00"


def test_the_next_round_looks_a_little_behind_the_last_one(bol):
    bol.says(LIST, {})
    _, page = read_all(bol, bol.adapter().first_cursor(RECENTLY))
    bol.answers[LIST] = []
    bol.says(LIST, rows(row(1, changed="2026-11-20T10:20:00+01:00")), {})
    bol.says(one(1), order(order_id="A1"))

    assert read_all(bol, page.next_cursor)[0] == ["A1"]


def test_after_a_longer_break_the_days_since_are_read(bol):
    bol.says(LIST, {}, rows(row(1)), {}, rows(row(2)), {}, {})
    bol.says(one(1), order(order_id="A1"))
    bol.says(one(2), order(order_id="A2"))

    seen, page = read_all(bol, bol.adapter().first_cursor(datetime(2026, 11, 19, 8, tzinfo=UTC)))

    days = [request.url.params.get("latest-change-date") for request in bol.calls() if request.url.path.endswith("rs")]
    assert days == [None, "2026-11-19", "2026-11-19", "2026-11-20", "2026-11-20"]
    assert seen == ["A1", "A2"]
    assert json.loads(page.next_cursor)["swept"] == "2026-11-19"


def test_once_a_day_yesterday_is_read_again_as_a_whole(bol):
    cursor = json.loads(bol.adapter().first_cursor(RECENTLY)) | {"first": "2026-11-01T00:00:00+00:00"}
    cursor["swept"] = "2026-11-18"
    bol.says(LIST, {}, rows(row(1, changed="2026-11-19T10:00:00+01:00")), {})
    bol.says(one(1), order(order_id="A1"))

    seen, page = read_all(bol, json.dumps(cursor))
    again, _ = read_all(bol, page.next_cursor)

    assert (seen, again) == (["A1"], [])
    assert bol.query(1)["latest-change-date"] == "2026-11-19"


def test_orders_placed_before_the_first_round_are_not_ours(bol):
    bol.says(LIST, rows(row(1, placed="2026-11-20T09:30:00+01:00")), {})

    assert read_all(bol, bol.adapter().first_cursor(RECENTLY))[0] == []


def test_time_that_runs_out_in_the_middle_of_a_page_loses_nothing(bol):
    bol.says(LIST, rows(row(1), row(2)), rows(row(1), row(2)), {})
    bol.says(one(1), order(order_id="A1"))
    bol.says(one(2), httpx.Response(503), httpx.Response(200, json=order(order_id="A2")))

    seen, _ = read_all(bol, bol.adapter().first_cursor(RECENTLY))

    assert seen == ["A1", "A2"]
    assert bol.asked().count(one(1)) == 1


def test_an_order_that_is_gone_is_left_out_and_one_that_makes_no_sense_is_kept_to_be_looked_at(bol):
    bol.says(LIST, rows(row(1), row(2)), {})
    bol.says(one(1), {"title": "Not found"}, status=404)
    bol.says(one(2), {"orderItems": "none"})

    page = bol.adapter().fetch_orders(bol.adapter().first_cursor(RECENTLY))

    assert [(raw.remote_id, raw.body) for raw in page.raws] == [("A2", {"orderItems": "none"})]


def test_a_page_that_comes_again_stops_the_round(bol):
    bol.says(LIST, rows(row(1)))
    bol.says(one(1), order(order_id="A1"))

    with pytest.raises(TemporaryError):
        read_all(bol, bol.adapter().first_cursor(RECENTLY))

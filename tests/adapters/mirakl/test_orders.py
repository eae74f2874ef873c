"""Orders as OR11 tells them."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from channels_app.adapters.errors import RejectedByChannel, TemporaryError
from channels_app.adapters.mirakl.client import OVERLAP
from channels_app.adapters.mirakl.orders import read_order
from channels_app.adapters.redis_client import shared_redis
from channels_app.adapters.types import PaymentStatus
from tests.adapters.mirakl.bodies import line, order, page

ORDERS = "GET /api/orders"
#: What the operator's Date header says.
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


# What one says


def test_an_order_is_read_with_its_lines_and_money():
    address = {
        "firstname": "Ana",
        "lastname": "Lopes",
        "company": None,
        "street_1": "Rua 1",
        "street_2": "",
        "zip_code": "1000-001",
        "city": "Lisboa",
        "state": None,
        "country": "Portugal",
        "country_iso_code": "PRT",
    }
    customer = {"firstname": "Ana", "lastname": "Lopes", "shipping_address": address}

    read = read_order(order(customer=customer, customer_notification_email="x@relay.test"))

    (one,) = read.lines
    assert (one.remote_id, one.sku, one.quantity, one.unit_price, one.amount) == (
        "C-1-A-1",
        "MUG-1",
        2,
        Decimal("12.9"),
        Decimal("25.8"),
    )
    assert (read.total, read.shipping, read.currency, read.tax_included) == (
        Decimal("30.7"),
        Decimal("4.9"),
        "EUR",
        True,
    )
    assert read.placed_at == datetime(2026, 11, 20, 9, 12, 44, tzinfo=UTC)
    assert read.buyer == {"name": "Ana Lopes", "email": "x@relay.test"}
    assert read.ship_to == {
        "name": "Ana Lopes",
        "street": "Rua 1",
        "city": "Lisboa",
        "postal_code": "1000-001",
        "country": "PRT",
    }


@pytest.mark.parametrize(
    ("told", "ship_by"),
    [
        ({"shipping_deadline": "2026-11-24T21:59:59.999Z"}, datetime(2026, 11, 24, 21, 59, 59, 999_000, tzinfo=UTC)),
        ({"shipping_deadline": "2026-11-24T23:00:00+01:00"}, datetime(2026, 11, 24, 22, 0, tzinfo=UTC)),
        ({"shipping_deadline": None}, None),
        ({}, None),
    ],
)
def test_the_shipping_deadline_is_what_it_has_to_leave_by(told, ship_by):
    assert read_order(order(**told)).ship_by == ship_by


@pytest.mark.parametrize("customer", [None, {}, {"firstname": None, "lastname": None, "shipping_address": None}])
def test_a_buyer_may_be_unknown_until_the_order_is_accepted(customer):
    read = read_order(order(state="WAITING_ACCEPTANCE", customer=customer))

    assert (read.buyer["name"], read.ship_to) == ("", {})


@pytest.mark.parametrize("said", [30.7, "30.70", "30,70"])
def test_numbers_come_as_numbers_or_as_text(said):
    assert read_order(order(total_price=said)).total == Decimal("30.7")


def test_the_version_rises_with_every_change():
    before, after = (
        read_order(order(last_updated_date=f"2026-11-20T09:12:50.{millis}Z")).version for millis in ("100", "101")
    )

    assert after == before + 1


def test_taxes_on_top_are_part_of_the_total():
    taxed = line(taxes=[{"code": "ST", "amount": 2.00}, {"code": "CT", "amount": "0.50"}])
    taxed["shipping_taxes"] = [{"code": "ST", "amount": 0.40}]

    read = read_order(order(taxed, order_tax_mode="TAX_EXCLUDED"))

    assert not read.tax_included
    assert (read.lines[0].tax, read.shipping, read.total) == (Decimal("2.5"), Decimal("5.3"), Decimal("33.6"))
    assert read.total == read.shipping + sum(one.amount + one.tax for one in read.lines)


def test_included_taxes_are_not_added():
    read = read_order(order(line(taxes=[{"code": "VAT", "amount": 4.30}])))

    assert (read.lines[0].tax, read.total) == (Decimal("4.3"), Decimal("30.7"))


def test_the_operators_own_fees_are_not_ours():
    charged = line(fees=[{"code": "ECO", "amount": 0.30}], total_price=31.00)

    assert read_order(order(charged, total_price=31.00)).total == Decimal("30.7")


@pytest.mark.parametrize(
    ("state", "payment", "accepted"),
    [
        ("WAITING_ACCEPTANCE", PaymentStatus.PENDING, False),
        ("WAITING_DEBIT", PaymentStatus.PENDING, True),
        ("WAITING_DEBIT_PAYMENT", PaymentStatus.PENDING, True),
        ("SHIPPING", PaymentStatus.CLEARED, True),
        ("SHIPPED", PaymentStatus.CLEARED, True),
        ("REFUSED", PaymentStatus.CLEARED, True),
        ("BEING_TELEPORTED", PaymentStatus.PENDING, True),
    ],
)
def test_only_what_is_paid_may_ship(state, payment, accepted):
    read = read_order(order(line(state), state=state))

    assert (read.payment, read.is_accepted) == (payment, accepted)


@pytest.mark.parametrize(
    ("told", "shipped", "cancelled"),
    [
        (line("SHIPPING"), 0, 0),
        (line("SHIPPED"), 2, 0),
        (line("RECEIVED"), 2, 0),
        (line("CLOSED"), 2, 0),
        (line("REFUSED"), 0, 2),
        (line("CANCELED"), 0, 2),
        (line("REFUNDED", shipped_date="2026-11-21T08:00:00Z"), 2, 0),
        (line("REFUNDED"), 0, 2),
        (line("INCIDENT_OPEN", shipped_date="2026-11-21T08:00:00Z"), 2, 0),
        (line("SHIPPING", cancelations=[{"quantity": 1, "amount": 12.9}]), 0, 1),
        (line("SHIPPED", cancelations=[{"quantity": 1, "amount": 12.9}]), 1, 1),
        (line("BEING_TELEPORTED"), 0, 0),
    ],
)
def test_what_has_left_and_what_will_not_is_read_from_the_line(told, shipped, cancelled):
    (one,) = read_order(order(told)).lines

    assert (one.shipped_quantity, one.cancelled_quantity) == (shipped, cancelled)


def test_lines_of_one_order_differ():
    read = read_order(order(line("SHIPPING"), line("WAITING_DEBIT", number=2), line("REFUSED", number=3)))

    assert read.payment is PaymentStatus.PENDING
    assert [one.cancelled_quantity for one in read.lines] == [0, 0, 2]


@pytest.mark.parametrize("body", [{}, {"order_id": "1"}, order(total_price="a lot"), order(created_date=None)])
def test_a_body_that_is_no_order_is_blamed_alone(body):
    with pytest.raises(RejectedByChannel):
        read_order(body)


# How they are fetched


def test_orders_are_fetched_by_their_last_change_from_the_oldest(operator):
    operator.says(ORDERS, page(order()))
    adapter = operator.adapter()

    found = adapter.fetch_orders(adapter.first_cursor(datetime(2026, 11, 19, 12, tzinfo=UTC)))

    assert dict(operator.requests[0].url.params) == {
        "start_update_date": "2026-11-19T12:00:00Z",
        "max": "100",
        "sort": "dateCreated",
        "order": "asc",
    }
    assert [raw.remote_id for raw in found.raws] == ["C-1-A"]
    assert (found.has_more, found.known_until) == (False, NOW)


def test_the_next_round_begins_before_the_first_page_of_this_one(operator):
    full = [order(order_id=f"C-{number}") for number in range(100)]
    operator.says(ORDERS, page(*full, total=101))
    operator.says(ORDERS, page(order(order_id="C-100"), total=101), headers={"date": "Fri, 20 Nov 2026 09:55:00 GMT"})
    first = operator.adapter().fetch_orders(operator.adapter().first_cursor(NOW - timedelta(days=1)))
    shared_redis().flushdb()  # a minute passes

    second = operator.adapter().fetch_orders(first.next_cursor)

    assert (first.has_more, first.known_until) == (True, None)
    assert operator.requests[1].url.params["offset"] == "100"
    assert (second.has_more, second.known_until) == (False, NOW)
    assert json.loads(second.next_cursor) == {"since": (NOW - OVERLAP).isoformat().replace("+00:00", "Z")}


def test_a_quiet_round_goes_on_from_where_it_was_if_nobody_says_what_time_it_is(operator):
    operator.says(ORDERS, page(), headers={"date": "soon"})
    cursor = operator.adapter().first_cursor(NOW)

    found = operator.adapter().fetch_orders(cursor)

    assert (found.next_cursor, found.known_until) == (cursor, NOW)


def test_without_a_date_the_last_change_is_the_operators_time(operator):
    late = order(last_updated_date="2026-11-20T10:00:00Z")
    operator.says(ORDERS, page(order(), late, order()), headers={"date": "soon"})

    found = operator.adapter().fetch_orders(operator.adapter().first_cursor(NOW))

    assert found.known_until == datetime(2026, 11, 20, 10, tzinfo=UTC)


def test_orders_in_the_making_and_those_of_the_operators_own_warehouse_are_left_out(operator):
    making = order(state="STAGING", order_id="M")
    theirs = order(order_id="T", fulfillment={"center": {"code": "OPERATOR-1"}})
    ours = order(order_id="O", fulfillment={"center": {"code": "DEFAULT"}}, can_shop_ship=False)
    operator.says(ORDERS, page(making, theirs, ours))

    found = operator.adapter().fetch_orders(operator.adapter().first_cursor(NOW))

    assert [raw.remote_id for raw in found.raws] == ["O"]


def test_an_empty_page_before_the_end_is_no_end(operator):
    operator.says(ORDERS, page(total=30))

    with pytest.raises(TemporaryError):
        operator.adapter().fetch_orders(operator.adapter().first_cursor(NOW))


@pytest.mark.parametrize("broken", [{}, {"order_id": "C", "last_updated_date": "yesterday"}])
def test_a_page_that_holds_something_else_is_asked_for_again(operator, broken):
    operator.says(ORDERS, page(broken))

    with pytest.raises(TemporaryError):
        operator.adapter().fetch_orders(operator.adapter().first_cursor(NOW))

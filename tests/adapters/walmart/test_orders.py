"""Orders and returns as Walmart tells them."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from channels_app.adapters.errors import RejectedByChannel
from channels_app.adapters.types import (
    PaymentStatus,
)
from channels_app.adapters.walmart import (
    orders,
    returns,
    times,
)
from tests.adapters.walmart.bodies import charge, order, order_line, return_line, return_order
from tests.adapters.walmart.script import NOW


def test_an_order_is_read_with_taxes_apart_and_quantities_from_texts():
    body = order(
        order_line("1", quantity=3, charges=[charge("PRODUCT", 30, 2.4), charge("SHIPPING", 5, 0.4)]),
        order_line("2", statuses={"Acknowledged": 1}),
    )

    read = orders.read_order({**body, "read_at": 7})

    assert (read.remote_id, read.version, read.currency, read.tax_included) == ("1796277083022", 7, "USD", False)
    assert (read.payment, read.status, read.is_accepted) == (PaymentStatus.CLEARED, "Created, Acknowledged", False)
    assert read.placed_at == datetime(2026, 11, 20, 9, 12, 44, tzinfo=UTC)
    first, second = read.lines
    assert (first.quantity, first.amount, first.unit_price, first.tax) == (3, Decimal(30), Decimal(10), Decimal("2.4"))
    assert (second.amount, second.tax) == (Decimal("14.99"), Decimal("1.2"))
    assert (read.shipping, read.total) == (Decimal("5.4"), Decimal("53.99"))
    assert read.buyer["email"] == "A1B2C3@relay.walmart.com"
    assert read.ship_to["country"] == "USA"


@pytest.mark.parametrize(
    ("told", "ship_by"),
    [
        ({"estimatedShipDate": 1795294800000}, datetime(2026, 11, 21, 21, 0, tzinfo=UTC)),
        ({"estimatedShipDate": "1795294800000"}, datetime(2026, 11, 21, 21, 0, tzinfo=UTC)),
        ({"estimatedShipDate": None}, None),
        ({}, None),
    ],
)
def test_the_expected_ship_date_is_what_it_has_to_leave_by(told, ship_by):
    body = order()
    shipping = {name: value for name, value in body["shippingInfo"].items() if name != "estimatedShipDate"}

    assert orders.read_order({**body, "shippingInfo": {**shipping, **told}}).ship_by == ship_by


def test_parts_of_a_line_may_be_shipped_cancelled_or_in_a_state_nobody_knows():
    body = order(
        order_line(quantity=9, statuses={"Shipped": 2, "Delivered": 1, "Refund": 1, "Cancelled": 2, "Lost": 1})
    )

    (read,) = orders.read_order(body).lines

    assert (read.shipped_quantity, read.cancelled_quantity) == (4, 2)


def test_fields_that_may_be_null_may_be_missing():
    body = order(order_line(charges=None, intentToCancel=None, refund=None), shipNode=None, customerEmailId=None)
    body["orderLines"]["orderLine"][0]["charges"] = None

    read = orders.read_order(body)

    assert (read.total, read.currency, read.buyer["email"]) == (Decimal(0), "USD", "")


def test_a_buyers_wish_to_cancel_is_about_lines_that_are_still_open():
    body = order(
        order_line("1", intentToCancel="true"),
        order_line("2"),
        order_line("3", intentToCancel="true", statuses={"Shipped": 1}),
    )

    request = orders.read_order(body).cancellation_request
    assert request is not None
    assert request.lines == ("1",)
    assert orders.read_order(body).cancellation_request == request
    assert orders.read_order(order(order_line(intentToCancel="false"))).cancellation_request is None


@pytest.mark.parametrize("body", [{}, {"purchaseOrderId": "1"}, {"orderLines": None}, order(shippingInfo={})])
def test_a_body_that_is_no_order_is_blamed_alone(body):
    with pytest.raises(RejectedByChannel):
        orders.read_order(body)


def test_what_walmart_ships_itself_is_none_of_ours():
    answer = {"list": {"elements": {"order": [order(shipNode={"type": "WFSFulfilled"}), order()]}}}

    (raw,) = orders.read_page(answer, read_at=NOW)

    assert raw.version == times.in_milliseconds(NOW)
    assert orders.read_order(raw.body).version == raw.version


def test_a_return_is_read_by_order_with_what_was_decided():
    told = return_order(
        return_line(1, quantity=2, refundedQty=1),
        return_line(2, refundedQty=1),
        return_line(3, purchaseOrderId="999", isKeepIt=True, refundCoveredBy="walmart - keep it"),
    )

    ours, other = returns.read_page({"returnOrders": [told]})

    assert (ours.remote_id, ours.order_remote_id) == ("R-1@1796277083022", "1796277083022")
    assert [(one.remote_id, one.quantity, one.decision) for one in ours.lines] == [("1", 2, ""), ("2", 1, "refund")]
    assert ours.lines[0].order_line_remote_id == "1"
    (kept,) = other.lines
    assert (kept.decision, kept.comment) == ("walmart", "Arrived chipped. The buyer keeps the goods.")

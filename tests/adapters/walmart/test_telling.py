"""Commands as calls: what goes out, and what comes of it by the order that Walmart returns."""

import json
from decimal import Decimal
from typing import Any

import httpx
import pytest

from channels_app.adapters.errors import OutcomeUnknown
from channels_app.adapters.types import CommandResult, Outcome, Verb
from tests.adapters.walmart.bodies import charge, order, order_line, return_line, return_order
from tests.adapters.walmart.script import refusal
from tests.adapters.walmart.test_commands import PARCEL, REFUND, command, line

PO = "/v3/orders/1796277083022"
RETURN = command(Verb.HANDLE_RETURN, line("1", reason="refund"), return_remote_id="R-1@1796277083022")


def shows(*lines: dict[str, Any]) -> dict[str, Any]:
    return {"order": order(*lines)}


def outcomes(result: CommandResult) -> list[Outcome]:
    return [one.outcome for one in result.results]


@pytest.fixture(autouse=True)
def an_order(walmart):
    walmart.on("GET", PO, shows(order_line(quantity=1)))


def test_an_order_is_acknowledged_as_a_whole_and_only_once(walmart, adapter):
    acknowledged = shows(order_line(statuses={"Acknowledged": 1}))
    walmart.on("POST", f"{PO}/acknowledge", acknowledged)

    first = adapter.accept(command(Verb.ACCEPT, line()), key="k")
    walmart.on("GET", PO, acknowledged)
    again = adapter.accept(command(Verb.ACCEPT, line()), key="k")

    assert outcomes(first) == outcomes(again) == [Outcome.ACCEPTED]
    assert walmart.paths().count(f"POST {PO}/acknowledge") == 1


def test_a_line_that_the_answer_does_not_show_as_shipped_stays_open(walmart, adapter):
    told = command(Verb.SHIP, line("1"), line("2"), carrier_code="UPS", tracking_number="1Z9")
    walmart.on("GET", PO, shows(order_line("1"), order_line("2")))
    walmart.on(
        "POST", f"{PO}/shipping", shows(order_line("1", statuses={"Shipped": 1}, tracking="1Z9"), order_line("2"))
    )

    result = adapter.ship(told, key="k")

    assert [(one.line_remote_id, one.outcome) for one in result.results] == [("1", Outcome.ACCEPTED)]


def test_what_walmart_refuses_is_refused_for_every_line_with_its_words(walmart, adapter):
    walmart.on("POST", f"{PO}/shipping", refusal(400, "INVALID_REQUEST_CONTENT.GMP_ORDER_API", "Line is not open."))

    (result,) = adapter.ship(PARCEL, key="k").results

    assert (result.outcome, result.code) == (Outcome.REJECTED, "INVALID_REQUEST_CONTENT")
    assert result.reason == "Line is not open."


def test_a_carrier_that_walmart_does_not_know_makes_no_call(walmart, adapter):
    result = adapter.ship(command(Verb.SHIP, line(), carrier_code="Pigeon", tracking_number="1"), key="k")

    assert outcomes(result) == [Outcome.REJECTED]
    assert walmart.paths() == [f"GET {PO}"]


def test_an_approved_wish_to_cancel_is_a_cancellation_and_a_refused_one_is_nothing(walmart, adapter):
    walmart.on("POST", f"{PO}/cancel", shows(order_line(statuses={"Cancelled": 1})))

    approved = adapter.answer_cancellation(command(Verb.ANSWER_CANCELLATION, line(), approve_request=True), key="k")
    refused = adapter.answer_cancellation(command(Verb.ANSWER_CANCELLATION, line(), approve_request=False), key="k")

    assert outcomes(approved) == outcomes(refused) == [Outcome.ACCEPTED]
    (call,) = walmart.calls
    assert b"CUSTOMER_REQUESTED_SELLER_TO_CANCEL" in call.content


def test_a_refund_goes_by_the_charges_of_the_order_as_it_stands(walmart, adapter):
    walmart.on("GET", PO, shows(order_line(statuses={"Shipped": 1}, charges=[charge("PRODUCT", 20, 1.6)])))
    walmart.on("POST", f"{PO}/refund", shows(order_line(statuses={"Shipped": 1})))

    result = adapter.refund(command(Verb.REFUND, line(amount=Decimal("5.40"), reason="DamagedItem")), key="k")

    assert outcomes(result) == [Outcome.ACCEPTED]
    body = json.loads(walmart.calls[-1].content)
    (told,) = body["orderRefund"]["orderLines"]["orderLine"]
    (row,) = told["refunds"]["refund"][0]["refundCharges"]["refundCharge"]
    assert row == {
        "refundReason": "DamagedItem",
        "charge": {
            "chargeType": "PRODUCT",
            "chargeName": "PRODUCT charge",
            "chargeAmount": {"currency": "USD", "amount": -5.0},
            "tax": {"taxName": "PRODUCT tax", "taxAmount": {"currency": "USD", "amount": -0.4}},
        },
    }


def test_a_refund_that_cannot_be_split_makes_no_call(walmart, adapter):
    walmart.on("GET", PO, shows(order_line("7")))

    assert outcomes(adapter.refund(REFUND, key="k")) == [Outcome.REJECTED]
    assert walmart.paths() == [f"GET {PO}"]


def test_a_lost_shipment_is_looked_for_on_the_order(walmart, adapter):
    walmart.on("POST", f"{PO}/shipping", httpx.ReadTimeout("silence"))
    with pytest.raises(OutcomeUnknown):
        adapter.ship(PARCEL, key="k")
    assert adapter.find_command(PARCEL, key="k") is None

    walmart.on("GET", PO, shows(order_line(statuses={"Shipped": 1}, tracking="1Z9")))
    found = adapter.find_command(PARCEL, key="k")

    assert found is not None
    assert outcomes(found) == [Outcome.ACCEPTED]


# Returns


def test_a_return_is_refunded_by_itself_and_only_once(walmart, adapter):
    walmart.on("GET", "/v3/returns", {"returnOrders": [return_order()]})
    walmart.on("POST", "/v3/returns/R-1/refund", {"returnOrderId": "R-1"})

    first = adapter.handle_return(RETURN, key="k")
    assert adapter.find_command(RETURN, key="k") is None
    walmart.on("GET", "/v3/returns", {"returnOrders": [return_order(return_line(refundedQty=1))]})
    again = adapter.handle_return(RETURN, key="k")

    assert outcomes(first) == outcomes(again) == [Outcome.ACCEPTED]
    assert adapter.find_command(RETURN, key="k") is not None
    (call,) = (one for one in walmart.calls if one.method == "POST")
    assert json.loads(call.content) == {
        "customerOrderId": "5281956426648",
        "refundLines": [
            {"returnOrderLineNumber": 1, "quantity": {"unitOfMeasure": "EACH", "measurementValue": 1}},
        ],
    }


def test_a_return_that_walmart_does_not_know_is_refused(walmart, adapter):
    walmart.on("GET", "/v3/returns", refusal(404, "CONTENT_NOT_FOUND"))

    assert outcomes(adapter.handle_return(RETURN, key="k")) == [Outcome.REJECTED]

"""What is told to Walmart about orders, and what an order shows of it afterwards."""

import copy
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels_app.adapters.errors import OutcomeUnknown, RejectedByChannel
from channels_app.adapters.types import (
    CommandLine,
    OrderCommand,
    Outcome,
    Verb,
)
from channels_app.adapters.walmart import (
    commands,
    orders,
    times,
    traces,
)
from tests.adapters.walmart.bodies import charge, order, order_line
from tests.adapters.walmart.script import NOW


def command(verb: Verb, *lines: CommandLine, **more: Any) -> OrderCommand:
    return OrderCommand(verb=verb, order_remote_id="1796277083022", currency="USD", lines=lines, **more)


def line(number: str = "1", quantity: int = 1, **more: Any) -> CommandLine:
    return CommandLine(line_remote_id=number, quantity=quantity, **more)


def test_a_shipment_says_the_method_that_the_order_asked_for():
    told = command(Verb.SHIP, line(quantity=2), carrier_code="UPS", tracking_number="1Z9", shipped_at=NOW)

    body = commands.build_shipment(told, order(order_line(quantity=2)), now=NOW)

    (shipped,) = body["orderShipment"]["orderLines"]["orderLine"]
    (status,) = shipped["orderLineStatuses"]["orderLineStatus"]
    assert shipped["sellerOrderId"] == "1796277083022"
    assert "intentToCancelOverride" not in shipped
    assert status["statusQuantity"] == {"unitOfMeasurement": "EACH", "amount": "2"}
    assert status["trackingInfo"] == {
        "shipDateTime": times.in_milliseconds(NOW),
        "carrierName": {"carrier": "UPS"},
        "methodCode": "Express",
        "trackingNumber": "1Z9",
    }


def test_a_parcel_that_left_before_the_buyer_changed_their_mind_overrides_the_wish():
    told = command(Verb.SHIP, line(), carrier_code="UPS", tracking_number="1Z9")

    body = commands.build_shipment(told, order(order_line(intentToCancel="true")), now=NOW)

    assert body["orderShipment"]["orderLines"]["orderLine"][0]["intentToCancelOverride"] is True


def test_a_carrier_that_walmart_does_not_know_is_refused_here():
    with pytest.raises(RejectedByChannel):
        commands.build_shipment(
            command(Verb.SHIP, line(), carrier_code="Pigeon", tracking_number="1"), order(), now=NOW
        )


def test_a_cancellation_for_the_buyers_sake_says_so():
    own = commands.build_cancellation(command(Verb.CANCEL, line(reason="SELLER_CANCEL_OUT_OF_STOCK")))
    asked = commands.build_cancellation(command(Verb.ANSWER_CANCELLATION, line(), approve_request=True))

    def reason(body: dict[str, Any]) -> str:
        (told,) = body["orderCancellation"]["orderLines"]["orderLine"]
        return str(told["orderLineStatuses"]["orderLineStatus"][0]["cancellationReason"])

    assert reason(own) == "SELLER_CANCEL_OUT_OF_STOCK"
    assert reason(asked) == "CUSTOMER_REQUESTED_SELLER_TO_CANCEL"


def refunded(told: OrderCommand, body: dict[str, Any]) -> list[tuple[str, float, float]]:
    (only,) = commands.build_refund(told, body)["orderRefund"]["orderLines"]["orderLine"]
    rows = only["refunds"]["refund"][0]["refundCharges"]["refundCharge"]
    charges = [row["charge"] for row in rows]
    return [
        (c["chargeType"], c["chargeAmount"]["amount"], c.get("tax", {}).get("taxAmount", {}).get("amount", 0))
        for c in charges
    ]


def test_a_refund_is_negative_and_split_over_goods_tax_and_shipping():
    body = order(order_line(charges=[charge("PRODUCT", 20, 1.6), charge("SHIPPING", 5)]))
    told = command(Verb.REFUND, line(amount=Decimal("10.80"), shipping_amount=Decimal("5.00"), reason="DamagedItem"))

    assert refunded(told, body) == [("PRODUCT", -10.0, -0.8), ("SHIPPING", -5.0, 0)]


def test_shipping_that_was_never_charged_cannot_be_given_back():
    with pytest.raises(RejectedByChannel, match="no shipping charge"):
        commands.build_refund(command(Verb.REFUND, line(shipping_amount=Decimal(1))), order())


cents = st.integers(min_value=1, max_value=100_000).map(lambda number: Decimal(number) / 100)


@settings(deadline=None)
@given(parts=st.lists(cents, min_size=1, max_size=6), part=st.floats(min_value=0, max_value=1))
def test_shares_add_up_to_the_amount_and_none_is_more_than_was_charged(parts: list[Decimal], part: float):
    amount = (sum(parts, Decimal(0)) * Decimal(str(round(part, 4)))).quantize(Decimal("0.01"))

    shares = commands.in_proportion(amount, parts)

    assert sum(shares) == amount
    assert all(0 <= share <= charged for share, charged in zip(shares, parts, strict=True))


# What an order shows of a command whose answer was lost

PARCEL = command(Verb.SHIP, line(quantity=1), carrier_code="UPS", tracking_number="1Z9", sent_at=NOW)
SOON: dict[str, Any] = {"statusDate": times.in_milliseconds(NOW + timedelta(seconds=5))}
EARLIER: dict[str, Any] = {"statusDate": times.in_milliseconds(NOW - timedelta(hours=1))}
REFUND = command(Verb.REFUND, line(amount=Decimal("5.40"), reason="Others"), sent_at=NOW)
CANCEL = command(Verb.CANCEL, line(reason="SELLER_CANCEL_OUT_OF_STOCK"), sent_at=NOW)


def shown_refund(amount: float, tax: float) -> dict[str, Any]:
    return {"refundCharges": {"refundCharge": [{"refundReason": "Others", "charge": charge("PRODUCT", amount, tax)}]}}


@pytest.mark.parametrize(
    ("told", "shown", "done"),
    [
        (command(Verb.ACCEPT, line()), order_line(), False),
        (command(Verb.ACCEPT, line()), order_line(statuses={"Acknowledged": 1}), True),
        (PARCEL, order_line(statuses={"Acknowledged": 1}), False),
        (PARCEL, order_line(statuses={"Shipped": 1}, tracking="1Z9"), True),
        (PARCEL, order_line(quantity=2, statuses={"Shipped": 1, "Acknowledged": 1}, tracking="OTHER"), False),
        (CANCEL, order_line(statuses={"Cancelled": 1}), True),
        (CANCEL, order_line(quantity=2), False),
        (CANCEL, order_line(quantity=2, statuses={"Cancelled": 1, "Acknowledged": 1}, **SOON), True),
        (CANCEL, order_line(quantity=2, statuses={"Cancelled": 1, "Acknowledged": 1}, **EARLIER), None),
        (
            command(Verb.ANSWER_CANCELLATION, line(), approve_request=True, sent_at=NOW),
            order_line(statuses={"Cancelled": 1}),
            True,
        ),
        (command(Verb.ANSWER_CANCELLATION, line(), approve_request=False, sent_at=NOW), order_line(), True),
        (REFUND, order_line(statuses={"Shipped": 1}), False),
        (REFUND, order_line(statuses={"Shipped": 1}, refund=shown_refund(-5, -0.4), **SOON), True),
        (REFUND, order_line(statuses={"Shipped": 1}, refund=shown_refund(-5, -0.4), **EARLIER), None),
        (REFUND, order_line(statuses={"Shipped": 1}, refund=shown_refund(-9, 0), **SOON), None),
        (REFUND, order_line(statuses={"Refund": 1}), None),
        (REFUND, order_line("2"), None),
    ],
)
def test_an_order_shows_whether_a_command_was_done_or_leaves_it_open(told, shown, done):
    """`done` is None where a person must look."""
    if done is None:
        with pytest.raises(OutcomeUnknown):
            traces.found(told, order(shown))
    elif done:
        found = traces.found(told, order(shown))
        assert found is not None
        assert [result.outcome for result in found.results] == [Outcome.ACCEPTED]
    else:
        assert traces.found(told, order(shown)) is None


def test_of_a_command_that_was_done_in_part_the_rest_is_sent_again():
    told = command(Verb.SHIP, line("1"), line("2"), tracking_number="1Z9", sent_at=NOW)
    shown = order(order_line("1", statuses={"Shipped": 1}, tracking="1Z9"), order_line("2"))

    found = traces.found(told, shown)

    assert found is not None
    assert [result.outcome for result in found.results] == [Outcome.ACCEPTED, Outcome.TRY_AGAIN]


def test_nothing_that_is_built_changes_what_it_was_built_from():
    body = order(order_line(charges=[charge("PRODUCT", 20, 1.6)]))
    before = copy.deepcopy(body)

    commands.build_refund(command(Verb.REFUND, line(amount=Decimal(1), reason="Others")), body)
    traces.found(PARCEL, body)
    orders.read_order(body)

    assert body == before

"""What is told of orders, what refusals mean, and what an order shows of a lost answer."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from channels_app.adapters.errors import OutcomeUnknown, RejectedByChannel
from channels_app.adapters.types import CommandResult, OrderCommand, Outcome, Verb
from marketplace_integration import clock
from tests.adapters.mirakl.bodies import asks, command, line, order, page

ORDERS = "GET /api/orders"
ACCEPT = "PUT /api/orders/C-1-A/accept"
TRACKING = "PUT /api/orders/C-1-A/tracking"
SHIP = "PUT /api/orders/C-1-A/ship"
CANCEL = "PUT /api/orders/cancel"
REFUND = "PUT /api/orders/refund"
SHIPMENTS = "POST /api/shipments"

INVALID = {"code": "ORDER_INVALID_STATE", "message": "The order is not in the right state"}


def outcomes(result: CommandResult | None) -> list[Outcome]:
    assert result is not None
    return [one.outcome for one in result.results]


def parcel(*lines: Any, **more: Any) -> OrderCommand:
    shipped = {"carrier_code": "UPS", "carrier_name": "UPS", "tracking_number": "1Z999"}
    return command(*lines, verb=Verb.SHIP, **shipped, shipped_at=datetime(2026, 11, 20, tzinfo=UTC), **more)


# Accept


def test_an_order_is_accepted_in_one_call(operator):
    operator.says(ACCEPT, None, status=204)

    result = operator.adapter().accept(command(asks(1), asks(2)), key="k")

    assert outcomes(result) == [Outcome.ACCEPTED] * 2
    assert operator.asked() == [ACCEPT]
    assert operator.body() == {
        "order_lines": [{"id": "C-1-A-1", "accepted": True}, {"id": "C-1-A-2", "accepted": True}]
    }


def test_what_was_accepted_already_is_accepted(operator):
    operator.says(ACCEPT, INVALID, status=400)
    operator.says(ORDERS, page(order(line("WAITING_DEBIT"))))

    assert outcomes(operator.adapter().accept(command(), key="k")) == [Outcome.ACCEPTED]


def test_what_the_operator_has_refused_meanwhile_is_not_accepted(operator):
    operator.says(ACCEPT, INVALID, status=400)
    operator.says(ORDERS, page(order(line("REFUSED"))))

    (result,) = operator.adapter().accept(command(), key="k").results

    assert result.outcome is Outcome.REJECTED
    assert "REFUSED" in result.reason


def test_exactly_the_lines_that_wait_are_named(operator):
    operator.says(ACCEPT, {"code": "ORDER_LINE_NOT_FOUND", "message": "?"}, status=400)
    operator.says(ACCEPT, None, status=204)
    operator.says(ORDERS, page(order(line("SHIPPING"), line("WAITING_ACCEPTANCE", number=2))))

    operator.adapter().accept(command(asks(1), asks(2)), key="k")

    assert operator.body() == {"order_lines": [{"id": "C-1-A-2", "accepted": True}]}


def test_a_refusal_that_the_order_does_not_explain_is_the_operators_word(operator):
    operator.says(ACCEPT, {"code": "ORDER_PARTIAL_ACCEPTANCE_DISABLED", "message": "All or nothing"}, status=400)
    operator.says(ORDERS, page(order(line("WAITING_ACCEPTANCE"))))

    with pytest.raises(RejectedByChannel, match="All or nothing"):
        operator.adapter().accept(command(), key="k")
    assert operator.asked() == [ACCEPT, ORDERS]


# Ship


def test_an_order_ships_with_its_tracking_number_first(operator):
    operator.says(TRACKING, None, status=204)
    operator.says(SHIP, None, status=204)

    result = operator.adapter().ship(parcel(), key="k")

    assert outcomes(result) == [Outcome.ACCEPTED]
    assert operator.asked() == [TRACKING, SHIP]
    assert operator.body(0) == {"carrier_code": "UPS", "tracking_number": "1Z999"}
    assert operator.requests[1].content == b""


def test_a_carrier_without_a_code_is_named(operator):
    operator.says(TRACKING, None, status=204)
    operator.says(SHIP, None, status=204)

    operator.adapter().ship(command(carrier_name="Van & Sons"), key="k")

    assert operator.body(0) == {"carrier_name": "Van & Sons"}


@pytest.mark.parametrize(
    ("shown", "outcome"),
    [
        (order(line("SHIPPED")), Outcome.ACCEPTED),
        (order(line("WAITING_DEBIT")), Outcome.TRY_AGAIN),
        (order(line("SHIPPING"), can_shop_ship=False), Outcome.REJECTED),
    ],
)
def test_a_refused_shipment_is_explained_by_the_order(operator, shown, outcome):
    operator.says(TRACKING, INVALID, status=400)
    operator.says(ORDERS, page(shown))

    assert outcomes(operator.adapter().ship(parcel(), key="k")) == [outcome]


def test_a_parcel_of_several_is_told_with_its_units(operator):
    operator.says(SHIPMENTS, {"shipment_success": [{"id": "S-1"}], "shipment_errors": []}, status=201)

    result = operator.adapter(multi_shipment=True).ship(parcel(asks(quantity=1)), key="k")

    assert outcomes(result) == [Outcome.ACCEPTED]
    assert operator.body() == {
        "shipments": [
            {
                "order_id": "C-1-A",
                "shipped": True,
                "shipment_lines": [{"order_line_id": "C-1-A-1", "quantity": 1}],
                "tracking": {"carrier_code": "UPS", "tracking_number": "1Z999"},
            }
        ]
    }


def test_a_success_may_hold_a_refusal(operator):
    inside = {"shipment_success": [], "shipment_errors": [{"order_id": "C-1-A", "message": "Too many units"}]}
    operator.says(SHIPMENTS, inside, status=201)
    operator.says(ORDERS, page(order(line("SHIPPING"))))

    with pytest.raises(RejectedByChannel, match="Too many units"):
        operator.adapter(multi_shipment=True).ship(parcel(), key="k")


def test_a_success_that_names_no_parcel_says_nothing(operator):
    operator.says(SHIPMENTS, {"shipment_success": [], "shipment_errors": []}, status=201)

    with pytest.raises(OutcomeUnknown):
        operator.adapter(multi_shipment=True).ship(parcel(), key="k")


# Cancel


def test_units_are_cancelled_with_what_they_cost(operator):
    taxed = line(quantity=3, taxes=[{"code": "VAT", "amount": 6.45}], shipping_taxes=[{"code": "VAT", "amount": 0.82}])
    operator.says(ORDERS, page(order(taxed)))
    operator.says(CANCEL, {"cancelations": [{"cancelation_id": "X-1", "order_line_id": "C-1-A-1"}]})

    (result,) = operator.adapter().cancel(command(asks(quantity=1, reason="34")), key="k").results

    assert (result.outcome, result.code) == (Outcome.ACCEPTED, "X-1")
    assert operator.body() == {
        "order_tax_mode": "TAX_INCLUDED",
        "cancelations": [
            {
                "order_line_id": "C-1-A-1",
                "quantity": 1,
                "amount": 12.9,
                "shipping_amount": 1.63,
                "taxes": [{"code": "VAT", "amount": 2.15}],
                "shipping_taxes": [{"code": "VAT", "amount": 0.27}],
                "reason_code": "34",
                "currency_iso_code": "EUR",
            }
        ],
    }


def test_a_whole_line_is_cancelled_to_the_cent(operator):
    operator.says(ORDERS, page(order(line(quantity=3))))
    operator.says(CANCEL, {"cancelations": []})

    operator.adapter().cancel(command(asks(quantity=3, reason="34")), key="k")

    (sent,) = operator.body()["cancelations"]
    assert (sent["amount"], sent["shipping_amount"]) == (38.7, 4.9)
    assert "taxes" not in sent


def test_a_line_that_the_answer_leaves_out_has_no_outcome(operator):
    operator.says(ORDERS, page(order(line(), line(number=2))))
    operator.says(CANCEL, {"cancelations": [{"cancelation_id": "X-1", "order_line_id": "C-1-A-2"}]})

    result = operator.adapter().cancel(command(asks(1, reason="34"), asks(2, reason="34")), key="k")

    assert [one.line_remote_id for one in result.results] == ["C-1-A-2"]


def test_until_it_is_accepted_an_order_is_refused_and_the_other_lines_are_accepted(operator):
    waiting = [line("WAITING_ACCEPTANCE", number=number) for number in (1, 2)]
    operator.says(ORDERS, page(order(*waiting, state="WAITING_ACCEPTANCE")))
    operator.says(ACCEPT, None, status=204)

    result = operator.adapter().cancel(command(asks(1, reason="34")), key="k")

    assert outcomes(result) == [Outcome.ACCEPTED]
    assert operator.body() == {
        "order_lines": [{"id": "C-1-A-1", "accepted": False}, {"id": "C-1-A-2", "accepted": True}]
    }


def test_an_order_that_is_partly_accepted_is_cancelled_as_one_that_is(operator):
    operator.says(ORDERS, page(order(line("SHIPPING"), line("WAITING_ACCEPTANCE", number=2))))
    operator.says(CANCEL, {"cancelations": []})

    operator.adapter().cancel(command(asks(1, reason="34"), asks(2, reason="34")), key="k")

    assert operator.asked() == [ORDERS, CANCEL]


def test_money_with_three_decimals_keeps_them_when_it_is_not_divided(operator):
    operator.says(ORDERS, page(order(line(quantity=1, price=1.005))))
    operator.says(CANCEL, {"cancelations": []})

    operator.adapter().cancel(command(asks(quantity=1, reason="34")), key="k")

    assert operator.body()["cancelations"][0]["amount"] == 1.005


def test_where_shops_have_no_reasons_a_whole_order_is_cancelled_without_one(operator):
    operator.says(ORDERS, page(order(line(), line("CANCELED", number=2))))
    operator.says("PUT /api/orders/C-1-A/cancel", None, status=204)

    assert outcomes(operator.adapter().cancel(command(asks()), key="k")) == [Outcome.ACCEPTED]
    assert operator.requests[1].content == b""


@pytest.mark.parametrize(
    ("shown", "asked", "code"),
    [
        (order(line("WAITING_ACCEPTANCE")), asks(quantity=1, reason="34"), "whole_lines_only"),
        (order(line("WAITING_DEBIT"), can_cancel=False), asks(reason="34"), "cannot_cancel"),
        (order(line("SHIPPING"), line("SHIPPING", number=2)), asks(), "no_reason"),
        (order(line("SHIPPING")), asks(quantity=1), "no_reason"),
    ],
)
def test_what_the_operator_would_refuse_is_not_sent(operator, shown, asked, code):
    operator.says(ORDERS, page(shown))

    (result,) = operator.adapter().cancel(command(asked), key="k").results

    assert (result.outcome, result.code) == (Outcome.REJECTED, code)
    assert result.reason
    assert operator.asked() == [ORDERS]


# Refund


def test_money_is_given_back_with_its_share_of_the_taxes(operator):
    operator.says(ORDERS, page(order(line("SHIPPED", taxes=[{"code": "VAT", "amount": "4.30"}]))))
    operator.says(REFUND, refunded())

    asked = asks(quantity=1, amount=Decimal("12.90"), shipping_amount=Decimal(0), reason="15")
    (result,) = operator.adapter().refund(command(asked), key="k").results

    assert (result.outcome, result.code) == (Outcome.ACCEPTED, "R-1/OR-1")
    assert operator.body() == {
        "order_tax_mode": "TAX_INCLUDED",
        "refunds": [
            {
                "order_line_id": "C-1-A-1",
                "quantity": 1,
                "amount": 12.9,
                "shipping_amount": 0.0,
                "taxes": [{"code": "VAT", "amount": 2.15}],
                "reason_code": "15",
                "currency_iso_code": "EUR",
            }
        ],
    }


def test_where_taxes_are_on_top_the_amount_is_without_them(operator):
    taxed = line("SHIPPED", taxes=[{"code": "ST", "amount": 2.0}, {"code": "CT", "amount": 0.58}])
    operator.says(ORDERS, page(order(taxed, order_tax_mode="TAX_EXCLUDED")))
    operator.says(REFUND, refunded())
    adapter = operator.adapter()

    for amount in ("28.38", "14.19"):
        asked = asks(amount=Decimal(amount), shipping_amount=Decimal(0), reason="15")
        adapter.refund(command(asked), key="k")

    whole, half = (operator.body(place)["refunds"][0] for place in (1, 3))
    assert (whole["amount"], [tax["amount"] for tax in whole["taxes"]]) == (25.8, [2.0, 0.58])
    assert (half["amount"], [tax["amount"] for tax in half["taxes"]]) == (12.9, [1.0, 0.29])


def refunded() -> dict[str, Any]:
    one = {"refund_id": "R-1", "order_refund_id": "OR-1", "order_line_id": "C-1-A-1"}
    return {"order_tax_mode": "TAX_INCLUDED", "refunds": [one]}


@pytest.mark.parametrize("verb", ["cancel", "refund"])
def test_an_order_that_is_gone_or_lacks_the_line_is_blamed(operator, verb):
    operator.says(ORDERS, page(), page(order(line(number=2))))
    asked = command(asks(amount=Decimal(1), reason="34"))

    for _ in range(2):
        with pytest.raises(RejectedByChannel):
            getattr(operator.adapter(), verb)(asked, key="k")


@pytest.mark.parametrize("verb", ["accept", "ship", "cancel", "refund"])
@pytest.mark.parametrize(
    "answer", [httpx.ReadTimeout("no answer"), httpx.Response(502), httpx.Response(200, text="<p>")]
)
def test_a_lost_answer_is_not_known(operator, verb, answer):
    operator.says(ORDERS, page(order(line())))
    for call in (ACCEPT, TRACKING, CANCEL, REFUND):
        operator.says(call, answer)
    asked = {"ship": parcel()}.get(verb, command(asks(reason="34", amount=Decimal(1))))

    with pytest.raises(OutcomeUnknown):
        getattr(operator.adapter(), verb)(asked, key="k")


# What an order shows of a lost answer


def date(ahead: float = 0) -> dict[str, str]:
    return {"date": format_datetime(clock.now() + timedelta(seconds=ahead), usegmt=True)}


def find(operator: Any, asked: OrderCommand, *lines: dict[str, Any], ahead: float = 0, **settings: Any) -> Any:
    """Return what is found, by an operator whose clock is `ahead` seconds before ours."""
    operator.says(ORDERS, page(order(*lines)), headers=date(ahead))
    return operator.adapter(**settings).find_command(asked, key="k")


@pytest.mark.parametrize(("state", "found"), [("WAITING_DEBIT", Outcome.ACCEPTED), ("REFUSED", Outcome.REJECTED)])
def test_a_lost_acceptance_shows_in_the_state(operator, state, found):
    assert outcomes(find(operator, command(), line(state))) == [found]


def test_a_lost_acceptance_is_none_while_the_order_waits(operator):
    assert find(operator, command(), line("WAITING_ACCEPTANCE")) is None


def test_a_lost_shipment_shows_in_the_state(operator):
    assert outcomes(find(operator, parcel(), line("SHIPPED"))) == [Outcome.ACCEPTED]


def test_a_shipment_that_the_order_does_not_show_was_not_told(operator):
    assert find(operator, parcel(), line("SHIPPING")) is None


@pytest.mark.parametrize(
    ("units", "number", "state", "seconds_after", "is_it"),
    [
        (1, "1Z999", "SHIPPED", 1, True),
        (2, "1Z999", "SHIPPED", 1, False),
        (1, "1Z998", "SHIPPED", 1, False),
        (1, "1Z999", "CANCELED", 1, False),
        (1, "1Z999", "SHIPPED", -3600, False),
    ],
)
def test_a_lost_parcel_of_several_is_found_by_all_it_says(operator, units, number, state, seconds_after, is_it):
    shipment = {
        "id": "S-1",
        "status": state,
        "created_date": (clock.now() + timedelta(seconds=seconds_after)).isoformat(),
        "shipment_lines": [{"order_line_id": "C-1-A-1", "quantity": units}],
        "tracking": {"tracking_number": number},
    }
    operator.says("GET /api/shipments", {"data": [shipment]}, headers=date())
    asked = parcel(asks(quantity=1), sent_at=clock.now())

    found = find(operator, asked, line("SHIPPING"), multi_shipment=True)

    assert (found is not None) == is_it


@pytest.mark.parametrize("asked", [command(asks(9)), parcel(asks(9)), command(asks(9, reason="34"))])
def test_a_line_that_the_order_does_not_hold_any_more_is_blamed(operator, asked):
    with pytest.raises(RejectedByChannel):
        find(operator, asked, line())


def refund_of(amount: str, *, seconds_after: float, reason: str = "15") -> dict[str, Any]:
    made = (clock.now() + timedelta(seconds=seconds_after)).isoformat()
    return {"id": "R", "amount": amount, "shipping_amount": 0, "reason_code": reason, "created_date": made}


def refund(number: int = 1) -> Any:
    return asks(number, quantity=1, amount=Decimal("12.90"), shipping_amount=Decimal(0), reason="15")


def sent(*lines: Any, verb: Verb = Verb.REFUND) -> OrderCommand:
    return command(*lines, verb=verb, sent_at=clock.now())


def test_a_lost_refund_shows_on_its_line(operator):
    shown = line("SHIPPED", refunds=[refund_of("12.90", seconds_after=1)])

    assert outcomes(find(operator, sent(refund()), shown)) == [Outcome.ACCEPTED]


@pytest.mark.parametrize(
    "other",
    [
        refund_of("12.90", seconds_after=1, reason="16"),
        refund_of("12.89", seconds_after=1),
        refund_of("12.90", seconds_after=-3600),
    ],
)
def test_another_refund_is_not_this_one(operator, other):
    assert find(operator, sent(refund()), line("SHIPPED", refunds=[other])) is None


def test_a_refund_of_about_the_same_time_needs_a_person(operator):
    shown = line("SHIPPED", refunds=[refund_of("12.90", seconds_after=-60)])

    with pytest.raises(OutcomeUnknown):
        find(operator, sent(refund()), shown)


def test_the_operators_moments_are_in_whole_seconds(operator):
    made = clock.now().replace(microsecond=0).isoformat()
    shown = line("SHIPPED", refunds=[{**refund_of("12.90", seconds_after=0), "created_date": made}])

    assert outcomes(find(operator, sent(refund()), shown)) == [Outcome.ACCEPTED]


def test_a_refund_without_a_date_needs_a_person(operator):
    with pytest.raises(OutcomeUnknown):
        find(
            operator,
            sent(refund()),
            line("SHIPPED", refunds=[{**refund_of("12.90", seconds_after=1), "created_date": None}]),
        )


def test_half_of_a_refund_needs_a_person(operator):
    done = line("SHIPPED", refunds=[refund_of("12.90", seconds_after=1)])

    with pytest.raises(OutcomeUnknown):
        find(operator, sent(refund(1), refund(2)), done, line("SHIPPED", number=2))


@pytest.mark.parametrize("ahead", [-600, 600])
def test_the_operators_clock_may_differ_from_ours(operator, ahead):
    now = line("SHIPPED", refunds=[refund_of("12.90", seconds_after=ahead + 1)])

    assert outcomes(find(operator, sent(refund()), now, ahead=ahead)) == [Outcome.ACCEPTED]


def test_a_refund_before_ours_by_the_operators_clock_is_not_ours(operator):
    earlier = line("SHIPPED", refunds=[refund_of("12.90", seconds_after=1)])

    assert find(operator, sent(refund()), earlier, ahead=600) is None


def test_a_lost_cancellation_shows_on_its_line_or_in_its_state(operator):
    made = {"id": "X", "quantity": 1, "amount": 12.9, "reason_code": "34"}
    shown = line(cancelations=[{**made, "created_date": (clock.now() + timedelta(seconds=1)).isoformat()}])
    asked = sent(asks(quantity=1, reason="34"), verb=Verb.CANCEL)

    assert outcomes(find(operator, asked, shown)) == [Outcome.ACCEPTED]
    operator.answers.clear()
    assert outcomes(find(operator, asked, line("CANCELED"))) == [Outcome.ACCEPTED]
    operator.answers.clear()
    assert find(operator, asked, line()) is None

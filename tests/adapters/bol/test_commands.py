"""What is told of orders and returns, and how it is found again after a lost answer."""

import json
from typing import Any

import httpx
import pytest

from channels_app.adapters.errors import OutcomeUnknown, TemporaryError
from channels_app.adapters.types import CommandLine, CommandResult, OrderCommand, Outcome, Verb
from tests.adapters.bol.bodies import asks, command, item, order, return_item, return_of, status
from tests.adapters.bol.script import Script

ORDER = "GET /retailer/orders/A2K8290LP8"
SHIP = "POST /retailer/shipments"
SHIPMENTS = "GET /retailer/shipments"
CANCEL = "PUT /retailer/orders/cancellation"
HANDLE = "PUT /retailer/returns/86121"
BULK = "POST /shared/process-status"
BY_ENTITY = "GET /shared/process-status"

FIRST, SECOND = "2012345671", "2012345672"


def outcomes(result: CommandResult | None) -> dict[str, Outcome]:
    assert result is not None
    return {one.line_remote_id: one.outcome for one in result.results}


def statuses(*found: dict[str, Any]) -> dict[str, Any]:
    return {"processStatuses": list(found)}


def parcel(*item_ids: str, reference: str = "k") -> dict[str, Any]:
    items = [{"orderItemId": item_id, "ean": "1"} for item_id in item_ids]
    return {"shipmentId": "1", "shipmentReference": reference, "shipmentItems": items}


# Ship


def test_a_parcel_is_told_with_our_key_as_its_reference(bol):
    bol.says(SHIP, status(), status=202)

    told = bol.adapter().ship(
        command(asks(1), asks(2, 1), carrier_code="TNT", tracking_number="3SBOL0987654321"), key="key-1"
    )

    assert bol.body() == {
        "orderItems": [{"orderItemId": FIRST, "quantity": 2}, {"orderItemId": SECOND, "quantity": 1}],
        "shipmentReference": "key-1",
        "transport": {"transporterCode": "TNT", "trackAndTrace": "3SBOL0987654321"},
    }
    assert (json.loads(told.handle), told.results) == ({"1234567": [FIRST, SECOND]}, ())


def test_a_parcel_without_a_number_or_a_known_carrier_is_told_too(bol):
    bol.says(SHIP, status(), status=202)

    bol.adapter().ship(command(), key="k")

    assert bol.body()["transport"] == {"transporterCode": "OTHER"}


def test_a_parcel_of_many_items_is_told_in_several_calls(bol):
    bol.says(SHIP, status(number="1"), status(number="2"), status=202)
    lines = [CommandLine(line_remote_id=str(number), quantity=1) for number in range(101)]

    told = bol.adapter().ship(command(*lines), key="k")

    assert [len(ids) for ids in json.loads(told.handle).values()] == [100, 1]


# Processes


@pytest.mark.parametrize(
    ("state", "outcome"),
    [("SUCCESS", Outcome.ACCEPTED), ("FAILURE", Outcome.REJECTED), ("TIMEOUT", Outcome.TRY_AGAIN)],
)
def test_a_process_ends_in_one_of_three_ways(bol, state, outcome):
    bol.says(BULK, statuses(status(state, errorMessage="Too late." if state == "FAILURE" else None)))
    handle = json.dumps({"1234567": [FIRST, SECOND]})

    told = bol.adapter().poll_commands([handle])[handle]

    assert (outcomes(told), told.handle) == ({FIRST: outcome, SECOND: outcome}, "")
    assert [one.reason for one in told.results] == ["Too late." if outcome is Outcome.REJECTED else ""] * 2


@pytest.mark.parametrize("state", ["PENDING", "DREAMING"])
def test_a_process_that_runs_is_asked_about_again(bol, state):
    bol.says(BULK, statuses(status(state)))
    handle = json.dumps({"1234567": [FIRST]})

    assert bol.adapter().poll_commands([handle])[handle] == CommandResult(handle=handle)


@pytest.mark.parametrize(("answer", "code"), [({}, 200), (statuses(), 200), ({"title": "Not found"}, 404)])
def test_a_process_that_bol_has_forgotten_is_looked_for_on_the_order(bol, answer, code):
    bol.says(BULK, answer, status=code)
    handle = json.dumps({"1234567": [FIRST]})

    assert bol.adapter().poll_commands([handle])[handle] == CommandResult()


def test_of_two_processes_the_one_that_ended_is_not_lost_with_the_forgotten_one(bol):
    bol.says(BULK, statuses(status("SUCCESS", number="1")))
    handle = json.dumps({"1": [FIRST], "2": [SECOND]})

    told = bol.adapter().poll_commands([handle])[handle]

    assert (outcomes(told), told.handle) == ({FIRST: Outcome.ACCEPTED}, "")


def test_many_commands_are_asked_about_in_one_call(bol):
    bol.says(BULK, statuses())

    bol.adapter().poll_commands([json.dumps({str(number): ["x"]}) for number in range(1001)])

    assert [len(bol.body(place)["processStatusQueries"]) for place in (0, 1)] == [1000, 1]


# Cancel


def test_whole_items_are_cancelled_one_call_each(bol):
    bol.says(ORDER, order(item(1), item(2)))
    bol.says(CANCEL, status(number="1"), status(number="2"), status=202)
    asked = command(asks(1, reason="OUT_OF_STOCK"), asks(2, reason="OUT_OF_STOCK"), verb=Verb.CANCEL)

    told = bol.adapter().cancel(asked, key="k")

    assert bol.body() == {"orderItems": [{"orderItemId": SECOND, "reasonCode": "OUT_OF_STOCK"}]}
    assert json.loads(told.handle) == {"1": [FIRST], "2": [SECOND]}


@pytest.mark.parametrize(
    ("shown", "outcome", "words"),
    [
        (item(cancelled=2), Outcome.ACCEPTED, ""),
        (item(shipped=2), Outcome.REJECTED, "shipped already"),
        (item(quantity=3, shipped=1), Outcome.REJECTED, "part of this one was shipped"),
        (item(quantity=3), Outcome.REJECTED, "all 3 of it, or none"),
        (item(9), Outcome.REJECTED, "does not know this item"),
    ],
)
def test_what_the_order_says_already_is_not_asked_for(bol, shown, outcome, words):
    bol.says(ORDER, order(shown))

    (told,) = bol.adapter().cancel(command(verb=Verb.CANCEL), key="k").results

    assert (told.outcome, bol.asked()) == (outcome, [ORDER])
    assert words in told.reason


def test_one_refused_item_does_not_stop_the_others(bol):
    bol.says(ORDER, order(item(1), item(2)))
    bol.says(CANCEL, httpx.Response(400, json={"detail": "No."}), httpx.Response(202, json=status()))

    told = bol.adapter().cancel(command(asks(1), asks(2), verb=Verb.CANCEL), key="k")

    assert outcomes(told) == {FIRST: Outcome.REJECTED}
    assert json.loads(told.handle) == {"1234567": [SECOND]}


def test_what_could_not_be_asked_any_more_is_asked_again_alone(bol):
    bol.says(ORDER, order(item(1), item(2)))
    bol.says(CANCEL, httpx.Response(202, json=status()), httpx.Response(429))

    told = bol.adapter().cancel(command(asks(1), asks(2), verb=Verb.CANCEL), key="k")

    assert outcomes(told) == {SECOND: Outcome.TRY_AGAIN}
    assert json.loads(told.handle) == {"1234567": [FIRST]}


def test_if_the_first_could_not_be_asked_nothing_was_done(bol):
    bol.says(ORDER, order(item(1)))
    bol.says(CANCEL, httpx.Response(429))

    with pytest.raises(TemporaryError):
        bol.adapter().cancel(command(verb=Verb.CANCEL), key="k")


def test_a_wish_is_granted_by_cancelling_and_refused_by_saying_nothing(bol):
    bol.says(ORDER, order(item(cancellationRequest=True)))
    bol.says(CANCEL, status(), status=202)
    granted, refused = (command(verb=Verb.ANSWER_CANCELLATION, approve_request=yes) for yes in (True, False))

    bol.adapter().answer_cancellation(granted, key="k")
    reason = bol.body()["orderItems"][0]["reasonCode"]
    told = bol.adapter().answer_cancellation(refused, key="k")

    assert (reason, outcomes(told)) == ("REQUESTED_BY_CUSTOMER", {FIRST: Outcome.ACCEPTED})
    assert bol.asked() == [ORDER, CANCEL]


# Returns


def decision(*lines: CommandLine) -> OrderCommand:
    line = CommandLine(line_remote_id="86121", quantity=1, reason="RETURN_RECEIVED")
    return command(*(lines or (line,)), verb=Verb.HANDLE_RETURN, return_remote_id="65921")


def test_a_decision_about_a_return_is_told(bol):
    bol.says(HANDLE, status(), status=202)

    told = bol.adapter().handle_return(decision(), key="k")

    assert bol.body() == {"handlingResult": "RETURN_RECEIVED", "quantityReturned": 1}
    assert json.loads(told.handle) == {"1234567": ["86121"]}


@pytest.mark.parametrize(
    ("decided", "found"),
    [("RETURN_RECEIVED", {"86121": Outcome.ACCEPTED}), ("REPAIR_PRODUCT", None), ("", None)],
)
def test_a_lost_decision_is_found_on_the_return(bol, decided, found):
    bol.says("GET /retailer/returns/65921", return_of(return_item(decided=decided)))
    bol.says(BY_ENTITY, {})

    told = bol.adapter().find_command(decision(), key="k")

    assert (told and outcomes(told)) == found


# Find


def find(bol: Script, asked: OrderCommand) -> CommandResult | None:
    return bol.adapter().find_command(asked, key="k")


def test_a_lost_parcel_is_found_by_its_reference(bol):
    bol.says(SHIPMENTS, {"shipments": [parcel(FIRST, reference="another"), parcel(FIRST, SECOND)]})

    assert outcomes(find(bol, command(asks(1), asks(2)))) == {FIRST: Outcome.ACCEPTED, SECOND: Outcome.ACCEPTED}
    assert bol.query() == {"order-id": "A2K8290LP8"}


def test_a_parcel_that_bol_is_busy_with_is_waited_for_with_all_its_lines(bol):
    bol.says(SHIPMENTS, {})
    bol.says(BY_ENTITY, statuses(status("FAILURE", number="1"), status(number="2")))

    told = find(bol, command(asks(1), asks(2)))

    assert bol.query() == {"entity-id": FIRST, "event-type": "CREATE_SHIPMENT"}
    assert told is not None
    assert json.loads(told.handle) == {"2": [FIRST, SECOND]}


@pytest.mark.parametrize(
    "known", [{}, statuses(status("FAILURE")), statuses(status("TIMEOUT")), statuses(status("SUCCESS"))]
)
def test_a_parcel_without_a_trace_was_not_told_though_an_earlier_one_was(bol, known):
    bol.says(SHIPMENTS, {"shipments": [parcel(FIRST, reference="earlier")]})
    bol.says(BY_ENTITY, known)

    assert find(bol, command()) is None


def test_a_success_without_a_parcel_to_show_for_it_is_not_clear(bol):
    bol.says(SHIPMENTS, {"shipments": [parcel(FIRST, reference="earlier")]})
    bol.says(BY_ENTITY, statuses(status("SUCCESS", number="1"), status("SUCCESS", number="2")))

    with pytest.raises(OutcomeUnknown):
        find(bol, command())


def test_a_parcel_that_shows_only_some_of_its_lines_is_not_clear(bol):
    bol.says(SHIPMENTS, {"shipments": [parcel(FIRST)]})
    bol.says(BY_ENTITY, {})

    with pytest.raises(OutcomeUnknown):
        find(bol, command(asks(1), asks(2)))


def test_lost_cancellations_are_found_on_the_order_line_by_line(bol):
    bol.says(ORDER, order(item(1, cancelled=2), item(2), item(3)))
    bol.says(BY_ENTITY, httpx.Response(200, json=statuses(status(number="7"))), httpx.Response(200, json={}))

    told = find(bol, command(asks(1), asks(2), asks(3), verb=Verb.CANCEL))

    assert outcomes(told) == {FIRST: Outcome.ACCEPTED, "2012345673": Outcome.TRY_AGAIN}
    assert told is not None
    assert json.loads(told.handle) == {"7": [SECOND]}


def test_a_cancellation_that_the_order_shows_nothing_of_was_not_made(bol):
    bol.says(ORDER, order(item(1)))
    bol.says(BY_ENTITY, {"title": "Not found"}, status=404)

    assert find(bol, command(verb=Verb.CANCEL)) is None
    assert bol.query()["event-type"] == "CANCEL_ORDER"


def test_a_refused_wish_has_nothing_to_be_looked_for(bol):
    asked = command(verb=Verb.ANSWER_CANCELLATION, approve_request=False)

    assert outcomes(find(bol, asked)) == {FIRST: Outcome.ACCEPTED}
    assert bol.asked() == []

"""What buyers send back, as the operator lists it, and what is told of it."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from channels_app.adapters.errors import OutcomeUnknown, RejectedByChannel, TemporaryError
from channels_app.adapters.mirakl.decisions import RETURN_DECISIONS
from channels_app.adapters.mirakl.returns import COMPLIANT, read_return
from channels_app.adapters.types import CommandLine, OrderCommand, Outcome, ReturnPage, Verb
from tests.adapters.mirakl.operator import Operator

RETURNS = "GET /api/returns"
ACCEPT, RECEIVE, JUDGE = (f"PUT /api/returns/{verb}" for verb in ("accept", "receive", "compliance"))
SINCE = datetime(2026, 11, 20, 8, tzinfo=UTC)
MISSING, DAMAGED = "RETURN_NON_COMPLIANT_MISSING_ITEM", "RETURN_NON_COMPLIANT_DAMAGED_PRODUCT"
TOO_LATE = "RETURN_REJECTION_WINDOW_CLOSED"
DONE = {"return_success": [{"id": "R-1"}], "return_errors": []}


def line(number: int = 1, quantity: int = 2, **more: Any) -> dict[str, Any]:
    return {
        "order_line_id": f"C-1-A-{number}",
        "quantity": quantity,
        "reason_code": "RETURN_CHANGED_MIND",
        "compliance": None,
        **more,
    }


def returned(*lines: dict[str, Any], state: str = "IN_PROGRESS", **more: Any) -> dict[str, Any]:
    return {
        "id": "R-1",
        "order_id": "C-1-A",
        "order_commercial_id": "C-1",
        "state": state,
        "date_created": "2026-11-20T09:12:44Z",
        "last_updated": "2026-11-20T09:12:50Z",
        "reason_code": "RETURN_OTHER",
        "rejection_reason_code": None,
        "return_lines": list(lines) or [line()],
        **more,
    }


def page(*found: dict[str, Any], token: str | None = None) -> dict[str, Any]:
    return {"data": list(found), "next_page_token": token}


def judged(code: str = "") -> list[dict[str, Any]]:
    return [{"compliant": not code, "non_compliance_reason_code": code or None}]


def decides(*lines: CommandLine) -> OrderCommand:
    return OrderCommand(
        verb=Verb.HANDLE_RETURN,
        order_remote_id="C-1-A",
        return_remote_id="R-1",
        lines=lines or (about(),),
        sent_at=SINCE,
    )


def about(number: int = 1, quantity: int = 2, reason: str = COMPLIANT) -> CommandLine:
    return CommandLine(line_remote_id=f"C-1-A-{number}", quantity=quantity, reason=reason)


# Reading


def test_a_return_names_its_order_and_what_comes_back_and_why():
    one = read_return(returned(line(1), line(2, quantity=1, reason_code=None), description="Too blue"))

    assert (one.remote_id, one.order_remote_id) == ("R-1", "C-1-A")
    assert one.requested_at == datetime(2026, 11, 20, 9, 12, 44, tzinfo=UTC)
    assert [(told.remote_id, told.order_line_remote_id, told.quantity) for told in one.lines] == [
        ("C-1-A-1", "C-1-A-1", 2),
        ("C-1-A-2", "C-1-A-2", 1),
    ]
    assert [(told.reason, told.comment, told.decision) for told in one.lines] == [
        ("Changed mind", "Too blue", ""),
        ("Other", "Too blue", ""),
    ]


@pytest.mark.parametrize(
    ("shown", "decision"),
    [
        (returned(state="WAITING_ACCEPTANCE"), ""),
        (returned(state="RECEIVED"), ""),
        (returned(state="TELEPORTED"), ""),
        (returned(line(compliance=judged()), state="RECEIVED"), COMPLIANT),
        (returned(line(compliance=[*judged(), *judged(DAMAGED)]), state="CLOSED"), DAMAGED),
        (returned(line(compliance=[{"compliant": False}])), "RETURN_NON_COMPLIANT_OTHER"),
        (returned(state="REFUSED", rejection_reason_code=TOO_LATE), TOO_LATE),
        (returned(state="REFUSED"), "Refused"),
        (returned(state="CANCELED"), "Cancelled"),
        (returned(state="NO_RECEPTION"), "Nothing came back"),
    ],
)
def test_what_was_decided_is_read_wherever_it_was_decided(shown, decision):
    assert read_return(shown).lines[0].decision == decision


def test_every_decision_fits_where_it_is_kept():
    assert all(len(choice.code) <= 60 for choice in RETURN_DECISIONS)


def read_from(operator: Operator, cursor: str) -> ReturnPage:
    return operator.adapter(unlimited=True).fetch_returns(cursor)


def test_a_round_reads_all_pages_and_the_next_begins_a_little_before_it(operator):
    now = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    date = {"date": format_datetime(now, usegmt=True)}
    later = {"date": format_datetime(now + timedelta(hours=1), usegmt=True)}
    operator.says(RETURNS, page(returned(), token="T-2"), headers=date)
    operator.says(RETURNS, page(returned(id="R-2")), headers=later)
    adapter = operator.adapter(unlimited=True)

    first = adapter.fetch_returns(adapter.first_returns_cursor(SINCE))
    second = adapter.fetch_returns(first.next_cursor)

    assert [one.remote_id for one in (*first.returns, *second.returns)] == ["R-1", "R-2"]
    assert (first.has_more, second.has_more) == (True, False)
    assert second.next_cursor == adapter.first_returns_cursor(now - timedelta(minutes=10))
    assert [dict(request.url.params) for request in operator.requests] == [
        {"return_last_updated_from": "2026-11-20T08:00:00Z", "limit": "100"},
        {"page_token": "T-2"},
    ]


def test_a_round_never_begins_before_the_last_one(operator):
    operator.says(RETURNS, page(), headers={"date": format_datetime(SINCE, usegmt=True)})
    cursor = operator.adapter().first_returns_cursor(SINCE)

    assert read_from(operator, cursor) == ReturnPage(returns=(), next_cursor=cursor, has_more=False)


def test_where_nobody_says_what_time_it_is_the_round_begins_again(operator):
    operator.says(RETURNS, page(returned()), headers={"date": ""})
    cursor = operator.adapter().first_returns_cursor(SINCE)

    assert read_from(operator, cursor).next_cursor == cursor


def test_a_page_that_is_gone_has_the_round_begin_anew(operator):
    operator.says(RETURNS, page(returned(), token="T-2"))
    operator.says(RETURNS, {"message": "The token has expired"}, status=400)
    cursor = operator.adapter().first_returns_cursor(SINCE)

    gone = read_from(operator, read_from(operator, cursor).next_cursor)

    assert gone == ReturnPage(returns=(), next_cursor=cursor, has_more=False)


def test_a_list_that_is_refused_says_so(operator):
    operator.says(RETURNS, {"message": "Returns are not enabled"}, status=400)

    with pytest.raises(RejectedByChannel, match="not enabled"):
        read_from(operator, operator.adapter().first_returns_cursor(SINCE))


@pytest.mark.parametrize(
    "answer", [page(returned(), token="T-2"), page({"id": "R-1"}), {"data": [7]}], ids=["circle", "half", "number"]
)
def test_pages_in_a_circle_and_pages_that_are_none_stop_the_round(operator, answer):
    operator.says(RETURNS, page(token="T-2"), answer)
    first = read_from(operator, operator.adapter().first_returns_cursor(SINCE))

    with pytest.raises(TemporaryError):
        read_from(operator, first.next_cursor)


# Deciding


@pytest.mark.parametrize(
    ("state", "calls"),
    [
        ("WAITING_ACCEPTANCE", [ACCEPT, RECEIVE, JUDGE]),
        ("IN_PROGRESS", [RECEIVE, JUDGE]),
        ("RECEIVED", [JUDGE]),
    ],
)
def test_what_came_back_is_told_from_wherever_the_return_stands(operator, state, calls):
    operator.says(RETURNS, page(returned(line(1), line(2), state=state)))
    for call in calls:
        operator.says(call, DONE)

    result = operator.adapter().handle_return(decides(about(1), about(2, quantity=1, reason=MISSING)), key="k")

    assert [told.outcome for told in result.results] == [Outcome.ACCEPTED] * 2
    assert operator.asked() == [RETURNS, *calls]
    assert operator.requests[0].url.params["return_id"] == "R-1"
    assert operator.body() == {
        "returns": [
            {
                "id": "R-1",
                "return_lines": [
                    {"order_line_id": "C-1-A-1", "compliant": True},
                    {
                        "order_line_id": "C-1-A-2",
                        "compliant": False,
                        "non_compliance_reason_code": MISSING,
                        "non_compliance_additional_info": "1 of 2 came back.",
                    },
                ],
            }
        ]
    }


def test_a_return_is_refused_before_it_is_sent(operator):
    operator.says(RETURNS, page(returned(state="WAITING_ACCEPTANCE")))
    operator.says(ACCEPT, DONE)

    operator.adapter().handle_return(decides(about(reason=TOO_LATE)), key="k")

    assert operator.body() == {"returns": [{"id": "R-1", "accepted": False, "rejection_reason_code": TOO_LATE}]}


@pytest.mark.parametrize(
    ("shown", "asked", "why"),
    [
        (returned(state="CANCELED"), [about()], "Cancelled"),
        (returned(line(compliance=judged(DAMAGED))), [about()], "Received, damaged"),
        (returned(line(1), line(2)), [about(1)], "all lines"),
        (returned(), [about(reason=TOO_LATE)], "before it is sent"),
        (
            returned(line(1), line(2), state="WAITING_ACCEPTANCE"),
            [about(1, reason=TOO_LATE), about(2, reason=DAMAGED)],
            "whole return",
        ),
        (returned(), [about(quantity=1)], "incomplete"),
    ],
)
def test_what_the_marketplace_has_no_words_for_is_not_told_in_part(operator, shown, asked, why):
    operator.says(RETURNS, page(shown))

    with pytest.raises(RejectedByChannel, match=why):
        operator.adapter().handle_return(decides(*asked), key="k")
    assert operator.asked() == [RETURNS]


def test_a_return_that_is_not_there_cannot_be_decided(operator):
    operator.says(RETURNS, page(returned(id="R-2")))

    with pytest.raises(RejectedByChannel, match="does not know this return"):
        operator.adapter().handle_return(decides(), key="k")


def test_a_success_may_hold_a_refusal(operator):
    operator.says(RETURNS, page(returned()))
    operator.says(RECEIVE, {"return_success": [], "return_errors": [{"id": "R-1", "message": "Invalid state"}]})

    with pytest.raises(RejectedByChannel, match="Invalid state"):
        operator.adapter().handle_return(decides(), key="k")


@pytest.mark.parametrize("answer", [{"return_success": [], "return_errors": []}, httpx.ReadTimeout("no answer")])
def test_what_says_nothing_of_the_return_leaves_it_open(operator, answer):
    operator.says(RETURNS, page(returned(state="RECEIVED")))
    operator.says(JUDGE, answer)

    with pytest.raises(OutcomeUnknown):
        operator.adapter().handle_return(decides(), key="k")


# Looking


def test_a_decision_whose_answer_was_lost_shows_on_the_return(operator):
    operator.says(RETURNS, page(returned(line(compliance=judged()), state="RECEIVED")))
    adapter = operator.adapter()

    found = adapter.find_command(decides(), key="k")
    again = adapter.handle_return(decides(), key="k")

    assert found == again
    assert [told.outcome for told in again.results] == [Outcome.ACCEPTED]
    assert operator.asked() == [RETURNS, RETURNS]


@pytest.mark.parametrize("shown", [returned(state="RECEIVED"), returned(line(compliance=judged(DAMAGED)))])
def test_a_decision_that_the_return_does_not_show_may_be_told_again(operator, shown):
    operator.says(RETURNS, page(shown))

    assert operator.adapter().find_command(decides(), key="k") is None

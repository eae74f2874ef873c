"""What buyers send back, read page by page in the order of its making, and what was decided about it.

Source: developer.mirakl.com, RT11 of the seller API (read 2026-08).
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from channels_app.adapters.errors import RejectedByChannel, TemporaryError
from channels_app.adapters.mirakl.client import OVERLAP, PAGE, MiraklClient
from channels_app.adapters.mirakl.values import build_moment, read_moment
from channels_app.adapters.types import RemoteReturn, RemoteReturnLine, ReturnPage

WAITING, IN_PROGRESS = "WAITING_ACCEPTANCE", "IN_PROGRESS"
#: Nothing more is decided about a return that is so; why it was refused, Mirakl says by a code.
_ENDED = {
    "REFUSED": "Refused",
    "CANCELED": "Cancelled",
    "NO_RECEPTION": "Nothing came back",
    "CLOSED": "Closed",
}
#: The goods are as they should be; what they are else, Mirakl says by a code.
COMPLIANT = "COMPLIANT"
_NOT_COMPLIANT = "RETURN_NON_COMPLIANT_OTHER"
PATH = "/api/returns"

Return = Mapping[str, Any]
Line = Mapping[str, Any]


def first_cursor(since: datetime) -> str:
    return json.dumps({"since": build_moment(since)})


def read_page(client: MiraklClient, cursor: str) -> ReturnPage:
    """Return a page of returns changed since the round's beginning.

    The cursor holds that (`since`), the token of the page, and the operator's time at the round's first page (`until`):
    from there, less the overlap, the next round begins. A token that is not taken any more has the round begin anew.
    """
    place = json.loads(cursor)
    since, token = place["since"], place.get("token")
    filters = {"page_token": token} if token else {"return_last_updated_from": since, "limit": PAGE}
    try:
        page = client.get("returns", PATH, filters)
    except RejectedByChannel:
        if not token:
            raise
        return ReturnPage(returns=(), next_cursor=json.dumps({"since": since}), has_more=False)
    until = place.get("until") or (build_moment(client.time) if client.time else since)
    return ReturnPage(returns=_read_all(page), **_behind(page, since=since, until=until, token=token))


def _behind(page: Mapping[str, Any], *, since: str, until: str, token: str | None) -> dict[str, Any]:
    """Return where it goes on."""
    there = page.get("next_page_token")
    if not there:
        began_again = max(read_moment(since), read_moment(until) - OVERLAP)
        return {"next_cursor": first_cursor(began_again), "has_more": False}
    if there == token:
        raise TemporaryError("The marketplace gives the same page again and again.", code="pages_in_a_circle")
    return {"next_cursor": json.dumps({"since": since, "token": there, "until": until}), "has_more": True}


def _read_all(page: Mapping[str, Any]) -> tuple[RemoteReturn, ...]:
    try:
        return tuple(read_return(one) for one in page.get("data") or ())
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TemporaryError("A page of returns is not readable.", code="unreadable") from error


def read_return(one: Return) -> RemoteReturn:
    """Return what comes back of one order. A line is named by the order line that it is of."""
    return RemoteReturn(
        remote_id=str(one["id"]),
        order_remote_id=str(one["order_id"]),
        requested_at=read_moment(one["date_created"]),
        lines=tuple(_line(one, line) for line in lines_of(one)),
    )


def lines_of(one: Return) -> Sequence[Line]:
    return list(one.get("return_lines") or ())


def _line(one: Return, line: Line) -> RemoteReturnLine:
    return RemoteReturnLine(
        remote_id=str(line["order_line_id"]),
        quantity=int(line["quantity"]),
        order_line_remote_id=str(line["order_line_id"]),
        reason=_in_words(str(line.get("reason_code") or one.get("reason_code") or "")),
        comment=str(one.get("description") or ""),
        decision=read_decision(one, line),
    )


def _in_words(code: str) -> str:
    """Return the reason as a buyer would say it: RETURN_CHANGED_MIND is "Changed mind"."""
    return code.removeprefix("RETURN_").replace("_", " ").capitalize()


def read_decision(one: Return, line: Line) -> str:
    """Return what was decided about a line, or "" while it may still be. A state that we do not know is left alone."""
    judged = list(line.get("compliance") or ())
    if judged:
        wrong = [said for said in judged if said.get("compliant") is False]
        return str(wrong[-1].get("non_compliance_reason_code") or _NOT_COMPLIANT) if wrong else COMPLIANT
    state = str(one.get("state"))
    return str(one.get("rejection_reason_code") or _ENDED[state]) if state in _ENDED else ""

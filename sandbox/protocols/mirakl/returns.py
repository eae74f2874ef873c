"""Goods that buyers send back: RT11, RT21, RT25, RT26, RT27. A return gives no money back: OR28 does.

The buyer is the control API's; the engine keeps the return and what is decided about it.
"""

from collections.abc import Callable, Iterable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from sandbox.clock import parse
from sandbox.engine import notes, returns
from sandbox.engine.errors import Conflict, Invalid, NotFound, Refused
from sandbox.engine.market import Market, new_id
from sandbox.protocols.gate import GatedRoute, check_quota
from sandbox.protocols.mirakl import paging
from sandbox.protocols.mirakl.account import Account, MarketDep
from sandbox.protocols.mirakl.orders import Strict
from sandbox.protocols.mirakl.words import LIST_OF_RETURNS, moment

router = APIRouter(prefix="/api/returns", route_class=GatedRoute)

WAITING, IN_PROGRESS, REFUSED = "WAITING_ACCEPTANCE", "IN_PROGRESS", "REFUSED"
RECEIVED, CLOSED = "RECEIVED", "CLOSED"
_ALL = 1_000_000
#: The engine's reasons of buyers -> Mirakl's.
_REASONS = {"CHANGED_MIND": "RETURN_CHANGED_MIND", "DAMAGED": "RETURN_BROKEN_ITEM"}


class Named(Strict):
    id: str


class Acceptance(Named):
    accepted: bool
    rejection_reason_code: (
        Literal["RETURN_REJECTION_NOT_ELIGIBLE", "RETURN_REJECTION_NOT_NEEDED", "RETURN_REJECTION_WINDOW_CLOSED"] | None
    ) = None


class LineCompliance(Strict):
    order_line_id: str
    compliant: bool
    non_compliance_reason_code: (
        Literal[
            "RETURN_NON_COMPLIANT_MISSING_ITEM",
            "RETURN_NON_COMPLIANT_WRONG_PRODUCT",
            "RETURN_NON_COMPLIANT_DAMAGED_PRODUCT",
            "RETURN_NON_COMPLIANT_WINDOW_CLOSED",
            "RETURN_NON_COMPLIANT_OTHER",
        ]
        | None
    ) = None
    non_compliance_additional_info: Annotated[str, Field(max_length=2000)] | None = None


class Compliance(Named):
    return_lines: Annotated[list[LineCompliance], Field(min_length=1, max_length=200)]


class Names(Strict):
    returns: Annotated[list[Named], Field(min_length=1, max_length=100)]


class Acceptances(Strict):
    returns: Annotated[list[Acceptance], Field(min_length=1, max_length=100)]


class Compliances(Strict):
    returns: Annotated[list[Compliance], Field(min_length=1, max_length=100)]


@router.get("", name="RT11")
def list_returns(
    request: Request,
    market: MarketDep,
    account_id: Account,
    return_id: Annotated[list[str], Query()] = [],  # noqa: B006 - never changed
    return_state: Annotated[list[str], Query()] = [],  # noqa: B006 - never changed
    return_last_updated_from: str | None = None,
    limit: int = 10,
    page_token: str | None = None,
) -> JSONResponse:
    """The returns, oldest first. The list has a quota; a look at single ones has none."""
    if not return_id:
        check_quota(request, account_id, "RT11 list", LIST_OF_RETURNS)

    def found(asked: Any) -> list[dict[str, Any]]:
        since, named = parse(asked["since"]) if asked["since"] else 0, set(asked["ids"])
        rows = returns.list_returns(market, account_id, limit=_ALL)
        wanted = [row for row in rows if not named or row["return_id"] in named]
        told = [
            _shown(row, kept) for row in wanted if _changed_at(row, kept := _kept(market, row["return_id"])) >= since
        ]
        return [one for one in told if not asked["states"] or one["state"] in asked["states"]]

    asked = {"ids": return_id, "states": return_state, "since": return_last_updated_from}
    return paging.seek(found, asked, limit=limit, page_token=page_token)


def _kept(market: Market, return_id: str) -> dict[str, Any]:
    kept: dict[str, Any] = notes.load(market, f"mirakl return {return_id}", {"state": WAITING, "compliance": {}})
    return kept


def _changed_at(row: dict[str, Any], kept: dict[str, Any]) -> int:
    return int(max(row["updated_at"], kept.get("changed_at", 0)))


def _shown(row: dict[str, Any], kept: dict[str, Any]) -> dict[str, Any]:
    reasons = [_REASONS.get(line["reason"], "RETURN_OTHER") for line in row["lines"]]
    lines = [
        {"order_line_id": line["line_id"], "quantity": line["quantity"], "reason_code": reason}
        | {"compliance": kept["compliance"].get(line["line_id"])}
        for line, reason in zip(row["lines"], reasons, strict=True)
    ]
    shown = {
        "id": row["return_id"],
        "order_id": row["order_id"],
        "order_commercial_id": row["order_id"],
        "state": kept["state"],
        "date_created": moment(row["registered_at"]),
        "last_updated": moment(_changed_at(row, kept)),
        "reason_code": reasons[0],
        "return_lines": lines,
        "documents": [],
    }
    rejection = kept.get("rejection_reason_code")
    return shown | ({"rejection_reason_code": rejection} if rejection else {})


def _each(market: Market, account_id: str, asked: Iterable[Any], do: Callable[[Any, Any, Any], None]) -> JSONResponse:
    """200 whatever became of each, which stands inside. `do` has the return, what is kept of it, what is asked."""
    done, refused = [], []
    for one in asked:
        try:
            row, kept = returns.get_return(market, account_id, one.id), _kept(market, one.id)
            do(row, kept, one)
            notes.save(market, f"mirakl return {one.id}", {**kept, "changed_at": market.now()})
            done.append({"id": one.id})
        except Refused as refusal:
            reason = "The return does not exist." if isinstance(refusal, NotFound) else refusal.reason
            refused.append({"id": one.id, "message": reason})
    return JSONResponse({"return_success": done, "return_errors": refused})


def _move(kept: dict[str, Any], to: str, *, of: tuple[str, ...]) -> None:
    if kept["state"] not in of:
        raise Conflict("return_invalid_state", "Return is in invalid state")
    kept["state"] = to


def _decide(market: Market, account_id: str, row: dict[str, Any], decision: str, lines: list[dict[str, Any]]) -> None:
    decided = [{"number": line["number"], "decision": decision, "quantity": line["quantity"]} for line in lines]
    returns.decide(market, account_id, row["return_id"], decided, key=new_id("return"))


@router.put("/accept", name="RT21")
def accept(market: MarketDep, account_id: Account, body: Acceptances) -> JSONResponse:
    """The buyer may send the goods, or may not."""

    def do(row: dict[str, Any], kept: dict[str, Any], one: Acceptance) -> None:
        _move(kept, IN_PROGRESS if one.accepted else REFUSED, of=(WAITING,))
        if not one.accepted:
            kept["rejection_reason_code"] = one.rejection_reason_code
            _decide(market, account_id, row, "REFUSED", row["lines"])

    return _each(market, account_id, body.returns, do)


@router.put("/receive", name="RT25")
def receive(market: MarketDep, account_id: Account, body: Names) -> JSONResponse:
    """The goods are back."""
    return _each(market, account_id, body.returns, lambda row, kept, one: _move(kept, RECEIVED, of=(IN_PROGRESS,)))


@router.put("/compliance", name="RT26")
def judge(market: MarketDep, account_id: Account, body: Compliances) -> JSONResponse:
    """Each line is as the buyer said, or is not."""

    def do(row: dict[str, Any], kept: dict[str, Any], one: Compliance) -> None:
        _move(kept, RECEIVED, of=(RECEIVED,))
        lines = {line["line_id"]: line for line in row["lines"]}
        unsaid = sorted(lines.keys() - {said.order_line_id for said in one.return_lines})
        if unsaid or len(one.return_lines) > len(lines):
            message = "The compliance has not been specified on the following order lines: "
            raise Invalid("compliance", message + ", ".join(unsaid))
        for said in one.return_lines:
            decision = "COMPLIANT" if said.compliant else "NOT_COMPLIANT"
            _decide(market, account_id, row, decision, [lines[said.order_line_id]])
            kept["compliance"][said.order_line_id] = [said.model_dump(exclude_none=True, exclude={"order_line_id"})]

    return _each(market, account_id, body.returns, do)


@router.put("/close", name="RT27")
def close(market: MarketDep, account_id: Account, body: Names) -> JSONResponse:
    """There is nothing more to do about it."""
    return _each(market, account_id, body.returns, lambda row, kept, one: _move(kept, CLOSED, of=(RECEIVED,)))

"""What buyers send back: the list, and the refund of its lines. Whoever has no access to returns is told so."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from sandbox.engine import orders, returns
from sandbox.engine.errors import Conflict, Invalid, NotFound
from sandbox.engine.market import Market, new_id
from sandbox.protocols.gate import Refused
from sandbox.protocols.protocol import Refusal
from sandbox.protocols.walmart import paging, return_rendering
from sandbox.protocols.walmart.account import Account, MarketDep, may_see_returns
from sandbox.protocols.walmart.bodies import Strict
from sandbox.protocols.walmart.route import WalmartRoute
from sandbox.protocols.walmart.words import customer_order_of, since_and_until

router = APIRouter(prefix="/v3/returns", route_class=WalmartRoute)

_ALL = 1_000_000
_REFUND = "REFUND"


class Asked(BaseModel):
    """Which returns. Of a span of time both ends are given, or none."""

    model_config = ConfigDict(alias_generator=to_camel)

    return_order_id: str | None = None
    customer_order_id: str | None = None
    status: Literal["INITIATED", "DELIVERED", "COMPLETED"] | None = None
    return_type: Literal["REFUND", "REPLACEMENT"] | None = None
    is_wfs_enabled: Annotated[Literal["Y", "N"], Field(alias="isWFSEnabled")] = "N"
    return_creation_start_date: str | None = None
    return_creation_end_date: str | None = None
    return_last_modified_start_date: str | None = None
    return_last_modified_end_date: str | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 10
    offset: Annotated[int, Field(ge=0, alias="soIndex")] = 0


class Measure(Strict):
    unit_of_measure: Literal["EACH"]
    measurement_value: Annotated[float, Field(gt=0)]


class RefundLine(Strict):
    return_order_line_number: int
    quantity: Measure | None = None


class ReturnRefund(Strict):
    customer_order_id: str
    refund_lines: Annotated[list[RefundLine], Field(min_length=1)]


def _with_access(market: MarketDep, account_id: Account) -> str:
    """The account, if its key has access to returns. Raises Refused."""
    if not may_see_returns(market, account_id):
        raise Refused(Refusal(status=403, code="forbidden", reason="This key has no access to returns."))
    return account_id


Admitted = Annotated[str, Depends(_with_access)]


@router.get("", name="returns")
def list_returns(
    request: Request, market: MarketDep, account_id: Admitted, asked: Annotated[Asked, Query()]
) -> JSONResponse:
    """A page of returns, oldest first."""
    found = [one for one in _rendered(market, account_id, asked) if _fits(one, asked)]
    shown = found[asked.offset : asked.offset + asked.limit]
    after = asked.offset + len(shown)
    if after < len(found) and market.faults.draw("repeated_page", operation="returns", account_id=account_id):
        after = asked.offset
    following = paging.next_query(request, offset=after) if after < len(found) and shown else ""
    meta = {"totalCount": len(found), "limit": asked.limit, "nextCursor": following}
    return JSONResponse({"meta": meta, "returnOrders": shown})


def _rendered(market: Market, account_id: str, asked: Asked) -> list[dict[str, Any]]:
    """The returns of the time asked for. What Walmart ships itself, or sends anew, is none of the simulated ones."""
    created = since_and_until(asked.return_creation_start_date, asked.return_creation_end_date)
    modified = since_and_until(asked.return_last_modified_start_date, asked.return_last_modified_end_date)
    if asked.is_wfs_enabled == "Y" or asked.return_type == "REPLACEMENT":
        return []
    now = market.settled_now()
    return [
        return_rendering.render(one, orders.get_order(market, account_id, one["order_id"]), now=now)
        for one in returns.list_returns(market, account_id, registered=created, limit=_ALL)
        if modified[0] <= return_rendering.modified_at(one, now) <= modified[1]
    ]


def _fits(shown: Mapping[str, Any], asked: Asked) -> bool:
    if asked.return_order_id not in (None, shown["returnOrderId"]):
        return False
    if asked.customer_order_id not in (None, shown["customerOrderId"]):
        return False
    return asked.status is None or asked.status in {line["status"] for line in shown["returnOrderLines"]}


@router.post("/{return_id}/refund", name="return_refund")
def refund(market: MarketDep, account_id: Admitted, return_id: str, body: ReturnRefund) -> JSONResponse:
    """The buyer has the money back for these lines: all of them, or none. Twice is refused."""
    one = returns.get_return(market, account_id, return_id)
    if body.customer_order_id != customer_order_of(one["order_id"]):
        raise Invalid("invalid_request_content", "The return belongs to another order.")
    numbers = [line.return_order_line_number for line in body.refund_lines]
    if len(set(numbers)) < len(numbers):
        raise Invalid("invalid_request_content", "A line is named twice.")
    decided = [_decided(one, line) for line in body.refund_lines]
    returns.decide(market, account_id, return_id, decided, key=new_id("return"))
    return JSONResponse({"returnOrderId": return_id, **body.model_dump(by_alias=True, exclude_none=True)})


def _decided(one: Mapping[str, Any], asked: RefundLine) -> dict[str, Any]:
    """The decision about a line; without a quantity all that is left. Raises NotFound, Conflict or Invalid."""
    if not 0 < asked.return_order_line_number <= len(one["lines"]):
        raise NotFound("content_not_found", f"The return has no line {asked.return_order_line_number}.")
    line = one["lines"][asked.return_order_line_number - 1]
    if return_rendering.is_kept(line):
        raise Conflict("invalid_request", "Walmart has refunded this line itself.")
    left = line["quantity"] - line["quantity_refunded"]
    units = asked.quantity.measurement_value if asked.quantity else left
    if units != int(units):
        raise Invalid("invalid_request_content", "Units are whole.")
    if units > left or not left:
        raise Conflict("invalid_request", f"Of line {asked.return_order_line_number} {left} can still be refunded.")
    return {"number": line["number"], "decision": _REFUND, "quantity": int(units), "refund": int(units)}

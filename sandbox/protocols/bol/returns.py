"""What buyers send back, and what the seller decides: bol.com pays back what was received."""

import uuid
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field, field_validator

from sandbox.engine import returns
from sandbox.engine.market import Market
from sandbox.protocols.bol import processes
from sandbox.protocols.bol.account import Account, MarketDep
from sandbox.protocols.bol.bodies import Strict
from sandbox.protocols.bol.orders import ean_of, order_of
from sandbox.protocols.bol.route import BolRoute
from sandbox.protocols.bol.words import PAGE, listed, moment, said

router = APIRouter(prefix="/retailer/returns", route_class=BolRoute)

#: Decisions after which bol.com pays the buyer back.
_PAID_BACK = ("RETURN_RECEIVED", "STILL_APPROVED")


class Decision(Strict):
    handling_result: Literal[
        "RETURN_RECEIVED",
        "EXCHANGE_PRODUCT",
        "RETURN_DOES_NOT_MEET_CONDITIONS",
        "REPAIR_PRODUCT",
        "CUSTOMER_KEEPS_PRODUCT_PAID",
        "STILL_APPROVED",
    ]
    quantity_returned: Annotated[int, Field(ge=1, le=9999)]


class Unannounced(Decision):
    order_item_id: str

    @field_validator("handling_result")
    @classmethod
    def is_more_than_approved(cls, result: str) -> str:
        """What is back already is not merely approved."""
        if result == "STILL_APPROVED":
            raise ValueError("not for a return that nobody announced")
        return result


@router.get("", name="returns")
def list_returns(
    market: MarketDep,
    account_id: Account,
    handled: bool | None = None,
    page: Annotated[int, Query(ge=1)] = 1,
    method: Annotated[str, Query(alias="fulfilment-method")] = "FBR",
) -> JSONResponse:
    """A page of returns: those that wait, or those that were decided about."""
    found = returns.list_returns(market, account_id, handled=handled, offset=(page - 1) * PAGE, limit=PAGE)
    shown = [_shown(market, account_id, one) for one in found] if method == "FBR" else []
    return listed("returns", shown)


@router.get("/{return_id}", name="return")
def get_return(market: MarketDep, account_id: Account, return_id: str) -> JSONResponse:
    """One return."""
    one = returns.get_return(market, account_id, return_id)
    shown = _shown(market, account_id, one)
    items = zip(shown["returnItems"], one["lines"], strict=True)
    return said(
        {
            **shown,
            "returnItems": [
                {**item, "title": line["title"] or "", "customerDetails": {"salutation": "UNKNOWN"}}
                for item, line in items
            ],
        }
    )


def _shown(market: Market, account_id: str, one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "returnId": one["return_id"],
        "registrationDateTime": moment(one["registered_at"]),
        "fulfilmentMethod": "FBR",
        "returnItems": [_item(market, account_id, line, one) for line in one["lines"]],
    }


def _item(market: Market, account_id: str, line: Mapping[str, Any], one: Mapping[str, Any]) -> dict[str, Any]:
    results = [
        {
            "quantity": decision["quantity"],
            "processingResult": "ACCEPTED" if decision["refund"] else "REJECTED",
            "handlingResult": decision["decision"],
            "processingDateTime": moment(decision["decided_at"]),
        }
        for decision in line["decisions"]
    ]
    return {
        "rmaId": str(line["number"]),
        "orderId": one["order_id"],
        "ean": ean_of(market, account_id, line["sku"]),
        "expectedQuantity": line["quantity"],
        "returnReason": {"mainReason": line["reason"], "detailedReason": None, "customerComments": line["comment"]},
        "handled": bool(results),
        "processingResults": results,
    }


@router.put("/{rma_id}", name="handle_return", status_code=202)
def handle_return(
    request: Request, market: MarketDep, account_id: Account, rma_id: int, body: Decision
) -> JSONResponse:
    """The seller has decided about a line of a return; a later decision takes the place of an earlier one."""
    returns.find_line(market, account_id, rma_id)
    return processes.begin(request, account_id, "HANDLE_RETURN_ITEM", [str(rma_id)], body)


def run_handle(market: Market, account_id: str, request: dict[str, Any]) -> None:
    """The decision stands, and the buyer has the money back for what was not paid back before."""
    body, rma = Decision.model_validate(request["body"]), int(request["entity"])
    one, line = returns.find_line(market, account_id, rma)
    missing = max(0, body.quantity_returned - line["quantity_refunded"])
    decided = {"number": rma, **_decided(body, paid_back=missing)}
    returns.decide(market, account_id, one["return_id"], [decided], key=str(uuid.uuid4()))


@router.post("", name="create_return", status_code=202)
def create_return(request: Request, market: MarketDep, account_id: Account, body: Unannounced) -> JSONResponse:
    """Goods came back that no buyer had announced; they are decided about at once."""
    return processes.begin(request, account_id, "CREATE_RETURN_ITEM", [body.order_item_id], body)


def run_create(market: Market, account_id: str, request: dict[str, Any]) -> None:
    """The return is there, and decided about."""
    body = Unannounced.model_validate(request["body"])
    line = {"line_id": body.order_item_id, "quantity": body.quantity_returned}
    decided = _decided(body, paid_back=body.quantity_returned)
    order_id = order_of(body.order_item_id)
    returns.create_return(market, account_id, order_id, line, decided, key=str(uuid.uuid4()))


def _decided(body: Decision, *, paid_back: int) -> dict[str, Any]:
    refund = paid_back if body.handling_result in _PAID_BACK else 0
    return {"decision": body.handling_result, "quantity": body.quantity_returned, "refund": refund}

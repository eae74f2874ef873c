"""What buyers send back, and what the seller decides: bol.com pays back what was received."""

import uuid
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from sandbox.engine import returns
from sandbox.engine.errors import Invalid, NotFound
from sandbox.engine.market import Market
from sandbox.protocols.bol import catalogue, processes
from sandbox.protocols.bol.account import Account, MarketDep
from sandbox.protocols.bol.orders import attempt
from sandbox.protocols.bol.words import PAGE, moment, said
from sandbox.protocols.gate import GatedRoute, says_unheard_of

router = APIRouter(prefix="/retailer/returns", route_class=GatedRoute)

#: Decisions after which bol.com pays the buyer back.
_PAID_BACK = ("RETURN_RECEIVED", "STILL_APPROVED")


class Decision(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)

    handling_result: Literal[
        "RETURN_RECEIVED",
        "EXCHANGE_PRODUCT",
        "RETURN_DOES_NOT_MEET_CONDITIONS",
        "REPAIR_PRODUCT",
        "CUSTOMER_KEEPS_PRODUCT_PAID",
        "STILL_APPROVED",
    ]
    quantity_returned: Annotated[int, Field(ge=1, le=9999)]


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
    return said({"returns": shown})


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
    offer = catalogue.find_by(market, account_id, reference=line["sku"])
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
        "ean": offer.ean if offer else "",
        "expectedQuantity": line["quantity"],
        "returnReason": {"mainReason": line["reason"], "detailedReason": None, "customerComments": line["comment"]},
        "handled": bool(results),
        "processingResults": results,
    }


@router.put("/{rma_id}", name="handle_return", status_code=202)
def handle_return(
    request: Request, market: MarketDep, account_id: Account, rma_id: str, body: Decision
) -> JSONResponse:
    """The seller has decided about a line of a return; a later decision takes the place of an earlier one."""
    if not rma_id.isdigit():
        raise NotFound("rmaId", f"There is no return {rma_id}.")
    returns.find_line(market, account_id, int(rma_id))
    refusal = attempt(lambda: _decide(market, account_id, int(rma_id), body))
    told = f"Handle return {rma_id}."
    status = processes.begin(market, account_id, "HANDLE_RETURN_ITEM", [rma_id], description=told, refusal=refusal)
    if says_unheard_of(request):
        status = {**status, "status": "TELEPORTED"}
    return said(status, status=202)


def _decide(market: Market, account_id: str, rma: int, body: Decision) -> None:
    one, line = returns.find_line(market, account_id, rma)
    if body.quantity_returned > line["quantity"]:
        raise Invalid("quantityReturned", f"Only {line['quantity']} come back.")
    left = line["quantity"] - line["quantity_refunded"]
    refund = min(body.quantity_returned, left) if body.handling_result in _PAID_BACK else 0
    decided = {"number": rma, "decision": body.handling_result, "quantity": body.quantity_returned, "refund": refund}
    returns.decide(market, account_id, one["return_id"], [decided], key=str(uuid.uuid4()))

"""Money that goes back for what was shipped: negative charges. Twice is twice."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from sandbox.engine import fulfillment, notes, orders
from sandbox.engine.errors import Invalid
from sandbox.engine.market import Market, new_id
from sandbox.protocols.walmart import rendering
from sandbox.protocols.walmart.account import Account, MarketDep
from sandbox.protocols.walmart.bodies import Refund, RefundCharge, RefundRequest
from sandbox.protocols.walmart.order_list import changed_order, told_note
from sandbox.protocols.walmart.route import WalmartRoute

router = APIRouter(prefix="/v3/orders/{order_id}", route_class=WalmartRoute)


@router.post("/refund", name="refund")
def refund(
    request: Request, market: MarketDep, account_id: Account, order_id: str, body: RefundRequest
) -> JSONResponse:
    """All refunds of the call, or none. The second one of a line has another number than the first."""
    if body.order_refund.purchase_order_id != order_id:
        raise Invalid("invalid_request_content", "The order in the body is another one.")
    currency = orders.get_order(market, account_id, order_id)["currency"]
    lines = {line.line_number: line.refunds.refund for line in body.order_refund.order_lines.order_line}
    with market.storage.writing():
        for place in range(max(map(len, lines.values()))):
            due = {number: refunds[place] for number, refunds in lines.items() if place < len(refunds)}
            _give_back(market, account_id, order_id, due, currency)
    return changed_order(request, market, account_id, order_id)


def _give_back(market: Market, account_id: str, order_id: str, due: Mapping[str, Refund], currency: str) -> None:
    """One refund of each line, under one number."""
    charges = {number: one.refund_charges.refund_charge for number, one in due.items()}
    lines = [_refunded_line(order_id, number, asked, currency) for number, asked in charges.items()]
    done = fulfillment.refund(market, account_id, order_id, {"lines": lines}, key=new_id("walmart"))
    notes.save(market, told_note(done["refund_id"]), {number: _as_told(one) for number, one in due.items()})


def _as_told(refund: Refund) -> dict[str, Any]:
    return refund.model_dump(mode="json", by_alias=True, exclude_none=True)


def _refunded_line(order_id: str, line_number: str, charges: list[RefundCharge], currency: str) -> dict[str, Any]:
    """What goes back for one line. Raises Invalid for an amount that is not negative, or an unknown reason."""
    amounts = [one.charge.charge_amount.amount for one in charges]
    taxes = [one.charge.tax.tax_amount.amount if one.charge.tax else Decimal(0) for one in charges]
    if max(*amounts, *taxes) > 0:
        raise Invalid("invalid_request_content", "What is refunded is negative.")
    if {one.charge.charge_amount.currency for one in charges} != {currency}:
        raise Invalid("invalid_request_content", f"The order was paid in {currency}.")
    unknown = {one.refund_reason for one in charges} - rendering.REFUND_REASONS.keys()
    if unknown:
        raise Invalid("invalid_request_content", f"There is no reason {unknown.pop()} to refund.")
    is_shipping = [one.charge.charge_type == "SHIPPING" for one in charges]
    goods = [place for place, shipping in enumerate(is_shipping) if not shipping]
    return {
        "line_id": f"{order_id}-{line_number}",
        "quantity": 0,
        "amount": str(-sum(amounts[place] for place in goods)),
        "tax": str(-sum(taxes[place] for place in goods)),
        "shipping_amount": str(-sum(a + t for a, t, yes in zip(amounts, taxes, is_shipping, strict=True) if yes)),
        "reason": rendering.REFUND_REASONS[charges[0].refund_reason],
    }

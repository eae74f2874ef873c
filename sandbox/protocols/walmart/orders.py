"""Orders: the list and one, acknowledge, ship, cancel, refund."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from sandbox.clock import MICROSECONDS
from sandbox.engine import fulfillment, notes, orders
from sandbox.engine.errors import Conflict, Invalid
from sandbox.engine.market import CARRIERS, Market
from sandbox.protocols.gate import says_unheard_of
from sandbox.protocols.walmart import paging, rendering
from sandbox.protocols.walmart.account import Account, MarketDep
from sandbox.protocols.walmart.bodies import Cancellation, RefundCharge, RefundRequest, Shipment, Status
from sandbox.protocols.walmart.route import WalmartRoute
from sandbox.protocols.walmart.words import moment_in

router = APIRouter(prefix="/v3", route_class=WalmartRoute)

#: Without a beginning the list reaches back so far.
_USUAL_REACH = 7 * 86_400 * MICROSECONDS
#: A seller may not ask for more orders than this.
_MOST_ORDERS = 10_000


Moment = str | None


@router.get("/orders", name="orders")
def list_orders(
    request: Request,
    market: MarketDep,
    account_id: Account,
    created_start: Annotated[Moment, Query(alias="createdStartDate")] = None,
    modified_start: Annotated[Moment, Query(alias="lastModifiedStartDate")] = None,
    modified_end: Annotated[Moment, Query(alias="lastModifiedEndDate")] = None,
    ship_node_type: Annotated[str, Query(alias="shipNodeType")] = "SellerFulfilled",
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
    offset: paging.Offset = 0,
) -> JSONResponse:
    """Orders by time of change. The way to the next page is a whole query, to be sent as it is."""
    now = market.settled_now()
    shown, total = orders.list_by_offset(
        market,
        account_id,
        since=moment_in(modified_start) if modified_start else 0,
        until=moment_in(modified_end) if modified_end else None,
        placed_since=moment_in(created_start) if created_start else now - _USUAL_REACH,
        offset=offset,
        limit=limit,
    )
    if total > _MOST_ORDERS:
        raise Invalid("too_many_orders", f"Ask for less: there are {total} orders.")
    if ship_node_type != "SellerFulfilled":
        shown, total = [], 0
    meta: dict[str, Any] = {"totalCount": total, "limit": limit}
    if offset + len(shown) < total:
        after = offset
        if not market.faults.draw("repeated_page", operation="orders", account_id=account_id):
            after += len(shown)
        meta["nextCursor"] = paging.next_query(request, offset=after)
    rendered = [_rendered(request, market, order) for order in shown]
    return JSONResponse({"list": {"meta": meta, "elements": {"order": rendered}}})


def _rendered(request: Request, market: Market, order: Mapping[str, Any]) -> dict[str, Any]:
    done = fulfillment.operations_of(market, order["id"])
    refunds = {
        one["answer"]["refund_id"]: notes.load(market, _refund_note(one["answer"]["refund_id"]), {})
        for one in done
        if one["operation"] == "refund"
    }
    return rendering.render(order, done, refunds, unheard_of=says_unheard_of(request))


def _refund_note(refund_id: str) -> str:
    return f"walmart refund {refund_id}"


@router.get("/orders/{order_id}", name="order")
def get_order(request: Request, market: MarketDep, account_id: Account, order_id: str) -> JSONResponse:
    """One order; the moment of its purchase is a text here, for whatever reason."""
    shown = _rendered(request, market, orders.get_order(market, account_id, order_id))
    return JSONResponse({**shown, "orderDate": str(shown["orderDate"])})


def _changed(request: Request, market: Market, account_id: str, order_id: str) -> JSONResponse:
    """The order after a call that changed it."""
    return JSONResponse({"order": _rendered(request, market, orders.get_order(market, account_id, order_id))})


def _key() -> str:
    """Walmart honours no idempotency keys: every call is one of its own."""
    return str(uuid.uuid4())


@router.post("/orders/{order_id}/acknowledge", name="acknowledge")
def acknowledge(request: Request, market: MarketDep, account_id: Account, order_id: str) -> JSONResponse:
    """The seller takes the whole order."""
    fulfillment.accept(market, account_id, order_id, key=_key())
    return _changed(request, market, account_id, order_id)


@router.post("/orders/{order_id}/shipping", name="ship")
def ship(request: Request, market: MarketDep, account_id: Account, order_id: str, body: Shipment) -> JSONResponse:
    """Units have left, each with the number of its parcel: all of a parcel, or nothing of it."""
    parcels: dict[tuple[str, str], list[dict[str, Any]]] = {}
    shipped_at: dict[tuple[str, str], int] = {}
    for line in body.order_shipment.order_lines.order_line:
        if not line.seller_order_id:
            raise Invalid("invalid_request_content", "sellerOrderId is missing.")
        for status in line.order_line_statuses.order_line_status:
            if status.status != "Shipped" or status.tracking_info is None:
                raise Invalid("invalid_request_content", "A shipment has lines that are Shipped, with tracking.")
            name = status.tracking_info.carrier_name
            parcel = (name.carrier or name.other_carrier or "", status.tracking_info.tracking_number)
            parcels.setdefault(parcel, []).append(_asked(order_id, line.line_number, status))
            shipped_at[parcel] = status.tracking_info.ship_date_time
    for (carrier, number), lines in parcels.items():
        parcel_told = {**_carrier(carrier), "tracking_number": number, "shipped_at": _iso(shipped_at[carrier, number])}
        fulfillment.ship(market, account_id, order_id, {"lines": lines, **parcel_told}, key=_key())
    return _changed(request, market, account_id, order_id)


def _asked(order_id: str, line_number: str, status: Status) -> dict[str, Any]:
    amount = status.status_quantity.amount
    return {"line_id": f"{order_id}-{line_number}", "quantity": int(amount) if amount.isdigit() else amount}


def _carrier(name: str) -> dict[str, str]:
    """The carrier as the engine knows it, under the name that Walmart has for it."""
    known = {str(one["code"]) for one in CARRIERS}
    return {"carrier_code": name.upper() if name.upper() in known else "OTHER", "carrier_name": name}


def _iso(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat()


@router.post("/orders/{order_id}/cancel", name="cancel")
def cancel(request: Request, market: MarketDep, account_id: Account, order_id: str, body: Cancellation) -> JSONResponse:
    """Units will not be shipped, by line and with a reason; the buyer's sake is one only if the buyer asked."""
    order = orders.get_order(market, account_id, order_id)
    lines = []
    for line in body.order_cancellation.order_lines.order_line:
        for status in line.order_line_statuses.order_line_status:
            reason = rendering.CANCEL_REASONS.get(status.cancellation_reason or "")
            if status.status != "Cancelled" or reason is None:
                raise Invalid("invalid_request_content", f"There is no reason {status.cancellation_reason} to cancel.")
            if reason == rendering.BUYER_ASKED and not order["cancellation_request"]:
                raise Conflict("invalid_request", "The buyer has not asked to cancel.")
            lines.append({**_asked(order_id, line.line_number, status), "reason": reason})
    fulfillment.cancel(market, account_id, order_id, {"lines": lines}, key=_key())
    return _changed(request, market, account_id, order_id)


@router.post("/orders/{order_id}/refund", name="refund")
def refund(
    request: Request, market: MarketDep, account_id: Account, order_id: str, body: RefundRequest
) -> JSONResponse:
    """Money goes back for lines that have shipped: negative charges. Twice is twice."""
    if body.order_refund.purchase_order_id != order_id:
        raise Invalid("invalid_request_content", "The order in the body is another one.")
    charges = {
        line.line_number: [one for refund in line.refunds.refund for one in refund.refund_charges.refund_charge]
        for line in body.order_refund.order_lines.order_line
    }
    lines = [_refunded_line(order_id, number, asked) for number, asked in charges.items()]
    done = fulfillment.refund(market, account_id, order_id, {"lines": lines}, key=_key())
    told = {number: [_as_told(one) for one in asked] for number, asked in charges.items()}
    notes.save(market, _refund_note(done["refund_id"]), told)
    return _changed(request, market, account_id, order_id)


def _as_told(charge: RefundCharge) -> dict[str, Any]:
    return charge.model_dump(mode="json", by_alias=True, exclude_none=True)


def _refunded_line(order_id: str, line_number: str, charges: list[RefundCharge]) -> dict[str, Any]:
    """What goes back for one line. Raises Invalid for an amount that is not negative, or an unknown reason."""
    amounts = [one.charge.charge_amount.amount for one in charges]
    taxes = [one.charge.tax.tax_amount.amount if one.charge.tax else Decimal(0) for one in charges]
    if not charges or max(*amounts, *taxes) > 0:
        raise Invalid("invalid_request_content", "What is refunded is negative.")
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

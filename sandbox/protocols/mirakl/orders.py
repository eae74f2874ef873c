"""What sellers do to orders: OR21, OR23, OR24, OR28, OR29, OR30."""

import uuid
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from sandbox.engine import fulfillment, notes, orders
from sandbox.engine.errors import Conflict, Invalid, NotFound
from sandbox.engine.market import CARRIERS, Market
from sandbox.protocols.gate import GatedRoute
from sandbox.protocols.mirakl import rendering
from sandbox.protocols.mirakl.account import CANCEL_REASONS, REFUND_REASONS, Account, MarketDep

router = APIRouter(prefix="/api/orders", route_class=GatedRoute)


class Strict(BaseModel):
    """A body in which a word that Mirakl does not know is an error."""

    model_config = ConfigDict(extra="forbid")


class Decision(Strict):
    id: str
    accepted: bool


class Acceptance(Strict):
    order_lines: list[Decision]


class Carried(Strict):
    """Who carries a parcel, and under which number. Each operation has a word of its own for where it is followed."""

    carrier_code: str | None = None
    carrier_name: str | None = None
    carrier_standard_code: str | None = None
    tracking_number: str | None = None


class Tracking(Carried):
    carrier_url: str | None = None


class Tax(Strict):
    code: str
    amount: float


class Refund(Strict):
    order_line_id: str
    amount: float
    shipping_amount: float
    reason_code: str
    quantity: int | None = None
    taxes: list[Tax] = []
    shipping_taxes: list[Tax] = []
    currency_iso_code: str | None = None
    excluded_from_shipment: bool | None = None


class Refunds(Strict):
    refunds: list[Refund]
    order_tax_mode: str | None = None


class Cancelation(Strict):
    order_line_id: str
    quantity: int
    amount: float
    shipping_amount: float
    reason_code: str
    taxes: list[Tax] = []
    shipping_taxes: list[Tax] = []
    currency_iso_code: str | None = None


class Cancelations(Strict):
    cancelations: list[Cancelation]
    order_tax_mode: str | None = None


def order_and_states(market: Market, account_id: str, order_id: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The order, and the state of each line. Raises NotFound."""
    order = orders.get_order(market, account_id, order_id)
    done, now = fulfillment.operations_of(market, order_id), market.settled_now()
    return order, {line["id"]: rendering.state_of(line, order, done, now) for line in order["lines"]}


def _key() -> str:
    """Mirakl honours no idempotency keys: every call is one of its own."""
    return str(uuid.uuid4())


@router.put("/{order_id}/accept", name="OR21", status_code=204)
def accept(market: MarketDep, account_id: Account, order_id: str, body: Acceptance) -> Response:
    """Every line that waits is accepted or refused, all of them in one call."""
    order, states = order_and_states(market, account_id, order_id)
    waiting = {line_id for line_id, state in states.items() if state == rendering.WAITING_ACCEPTANCE}
    named = [decision.id for decision in body.order_lines]
    if not waiting:
        raise Conflict("order_invalid_state", "The order does not wait for acceptance.")
    if len(set(named)) < len(named):
        raise Invalid("order_line_duplicate_id", "A line is named twice.")
    if not set(named) <= states.keys():
        raise Invalid("order_line_not_found", "The order has no such line.")
    if set(named) != waiting:
        raise Invalid("order_line_acceptance_decision_missing", "Decide about every line that waits.")
    refused = {decision.id for decision in body.order_lines if not decision.accepted}
    if refused:
        lines = [
            {"line_id": line["id"], "quantity": line["quantity"], "reason": "OUT_OF_STOCK"}
            for line in order["lines"]
            if line["id"] in refused
        ]
        fulfillment.cancel(market, account_id, order_id, {"lines": lines}, key=_key())
    if refused != waiting:
        fulfillment.accept(market, account_id, order_id, key=_key())
    return Response(status_code=204)


@router.put("/{order_id}/tracking", name="OR23", status_code=204)
def track(market: MarketDep, account_id: Account, order_id: str, body: Tracking) -> Response:
    """The parcel of the order is known by this number."""
    orders.get_order(market, account_id, order_id)
    check_carrier(body)
    notes.save(market, f"mirakl tracking {order_id}", body.model_dump())
    return Response(status_code=204)


def check_carrier(tracking: Carried) -> None:
    """Raises Invalid for a carrier that the operator does not know."""
    if tracking.carrier_code is not None and tracking.carrier_code not in {one["code"] for one in CARRIERS}:
        raise Invalid("carrier_not_found", f"There is no carrier {tracking.carrier_code}.")


def parcel_of(tracking: Carried | None) -> dict[str, Any]:
    """Carrier and number as the engine takes them; an order may leave without either."""
    if tracking is None:
        return {"carrier_code": "OTHER", "carrier_name": "Not told"}
    return {
        "carrier_code": tracking.carrier_code or "OTHER",
        "carrier_name": tracking.carrier_name or "Not told",
        "tracking_number": tracking.tracking_number,
    }


@router.put("/{order_id}/ship", name="OR24", status_code=204)
def ship(market: MarketDep, account_id: Account, order_id: str) -> Response:
    """All that is left of the order has left, in one parcel."""
    order, states = order_and_states(market, account_id, order_id)
    left = [line for line in order["lines"] if states[line["id"]] == rendering.SHIPPING]
    if not left or set(states.values()) & {rendering.WAITING_DEBIT, rendering.WAITING_PAYMENT}:
        raise Conflict(
            "order_invalid_state", f"The order is not in SHIPPING: {', '.join(sorted(set(states.values())))}."
        )
    known = notes.load(market, f"mirakl tracking {order_id}")
    lines = [
        {"line_id": line["id"], "quantity": line["quantity"] - line["quantity_shipped"] - line["quantity_cancelled"]}
        for line in left
    ]
    parcel = parcel_of(Tracking(**known) if known else None)
    fulfillment.ship(market, account_id, order_id, {"lines": lines, **parcel}, key=_key())
    return Response(status_code=204)


@router.put("/refund", name="OR28")
def refund(market: MarketDep, account_id: Account, body: Refunds) -> JSONResponse:
    """Money goes back for lines, each with its reason. Twice is twice."""
    answers = []
    for order_id, asked in _by_order(body.refunds).items():
        order, _ = order_and_states(market, account_id, order_id)
        lines = [_refund_line(one, order) for one in asked]
        done = fulfillment.refund(market, account_id, order_id, {"lines": lines}, key=_key())
        answers += [
            {
                "refund_id": f"{done['refund_id']}-{place}",
                "order_refund_id": done["refund_id"],
                "order_line_id": one.order_line_id,
                "amount": one.amount,
                "shipping_amount": one.shipping_amount,
                "reason_code": one.reason_code,
            }
            for place, one in enumerate(asked, start=1)
        ]
        tax_mode = rendering.tax_mode(order)
    return JSONResponse({"order_tax_mode": tax_mode, "refunds": answers})


def _refund_line(one: Refund, order: dict[str, Any]) -> dict[str, Any]:
    if one.reason_code not in REFUND_REASONS:
        raise Invalid("reason_not_found", f"There is no reason {one.reason_code} to refund.")
    line = next((line for line in order["lines"] if line["id"] == one.order_line_id), None)
    if line is None:
        raise NotFound("order_line_not_found", "The order has no such line.")
    if float(line["tax"]) and not one.taxes:
        raise Invalid("validation_error", "The taxes of the line are missing.")
    taxes = sum(tax.amount for tax in one.taxes)
    return {
        "line_id": one.order_line_id,
        # Mirakl takes the units for information only.
        "quantity": 0,
        "amount": str(one.amount),
        "tax": "0" if order["tax_included"] else str(taxes),
        "shipping_amount": str(one.shipping_amount),
        "reason": REFUND_REASONS[one.reason_code],
    }


@router.put("/cancel", name="OR30")
def cancel(market: MarketDep, account_id: Account, body: Cancelations) -> JSONResponse:
    """Units that will not be shipped, by line."""
    answers = []
    for order_id, asked in _by_order(body.cancelations).items():
        order, states = order_and_states(market, account_id, order_id)
        lines = [_cancelled_line(one, states) for one in asked]
        done = fulfillment.cancel(market, account_id, order_id, {"lines": lines}, key=_key())
        answers += [
            {
                "cancelation_id": f"{done['cancellation_id']}-{place}",
                "order_line_id": one.order_line_id,
                "quantity": one.quantity,
                "amount": one.amount,
                "shipping_amount": one.shipping_amount,
                "reason_code": one.reason_code,
            }
            for place, one in enumerate(asked, start=1)
        ]
        tax_mode = rendering.tax_mode(order)
    return JSONResponse({"order_tax_mode": tax_mode, "cancelations": answers})


def _cancelled_line(one: Cancelation, states: dict[str, str]) -> dict[str, Any]:
    if one.reason_code not in CANCEL_REASONS:
        raise Invalid("reason_not_found", f"There is no reason {one.reason_code} to cancel.")
    if states.get(one.order_line_id) not in (rendering.WAITING_DEBIT, rendering.WAITING_PAYMENT, rendering.SHIPPING):
        raise Conflict("order_invalid_state", f"The line is {states.get(one.order_line_id)}: it cannot be cancelled.")
    return {"line_id": one.order_line_id, "quantity": one.quantity, "reason": CANCEL_REASONS[one.reason_code]}


@router.put("/{order_id}/cancel", name="OR29", status_code=204)
def cancel_order(market: MarketDep, account_id: Account, order_id: str) -> Response:
    """The whole order, without a reason."""
    order, states = order_and_states(market, account_id, order_id)
    if set(states.values()) - {rendering.WAITING_DEBIT, rendering.WAITING_PAYMENT, rendering.SHIPPING}:
        raise Conflict("order_invalid_state", "The order cannot be cancelled any more.")
    lines = [{"line_id": line["id"], "quantity": line["quantity"], "reason": "OUT_OF_STOCK"} for line in order["lines"]]
    fulfillment.cancel(market, account_id, order_id, {"lines": lines}, key=_key())
    return Response(status_code=204)


def _by_order(rows: list[Any]) -> dict[str, list[Any]]:
    """The rows by the order that their lines belong to: an order's number is the beginning of its lines'."""
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(row.order_line_id.rpartition("-")[0], []).append(row)
    return found

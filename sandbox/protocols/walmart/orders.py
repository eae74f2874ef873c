"""What is done to an order before it leaves, and when it does: acknowledge, cancel, ship. Of a call all, or nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from sandbox.engine import fulfillment, notes, orders
from sandbox.engine.errors import Conflict, Invalid
from sandbox.engine.market import new_id
from sandbox.protocols.walmart import rendering
from sandbox.protocols.walmart.account import Account, MarketDep
from sandbox.protocols.walmart.bodies import Cancellation, Shipment, ShippedLine, Tracking, Units
from sandbox.protocols.walmart.carriers import engine_carrier
from sandbox.protocols.walmart.order_list import changed_order, told_note
from sandbox.protocols.walmart.route import WalmartRoute

router = APIRouter(prefix="/v3/orders/{order_id}", route_class=WalmartRoute)


def _key() -> str:
    """Walmart honours no idempotency keys: every call is one of its own."""
    return new_id("walmart")


@router.post("/acknowledge", name="acknowledge")
def acknowledge(request: Request, market: MarketDep, account_id: Account, order_id: str) -> JSONResponse:
    """The seller takes the whole order."""
    fulfillment.accept(market, account_id, order_id, key=_key())
    return changed_order(request, market, account_id, order_id)


class Parcel(NamedTuple):
    """What makes two lines of a notice travel together."""

    carrier: str
    number: str


@router.post("/shipping", name="ship")
def ship(request: Request, market: MarketDep, account_id: Account, order_id: str, body: Shipment) -> JSONResponse:
    """Units have left, each with the number of its parcel."""
    parcels: dict[Parcel, list[tuple[ShippedLine, dict[str, Any]]]] = {}
    tracking: dict[Parcel, Tracking] = {}
    for line, info, units in _shipped_units(body):
        parcel = Parcel(_name_of(info), info.tracking_number)
        parcels.setdefault(parcel, []).append((line, _asked(order_id, line.line_number, units)))
        tracking[parcel] = info
    with market.storage.writing():
        for parcel, lines in parcels.items():
            told = tracking[parcel]
            left = {
                "lines": [asked for _, asked in lines],
                **engine_carrier(parcel.carrier),
                "tracking_number": parcel.number,
                "shipped_at": _iso(told.ship_date_time),
            }
            done = fulfillment.ship(market, account_id, order_id, left, key=_key())
            notes.save(market, told_note(done["shipment_id"]), _as_told(told, [line for line, _ in lines]))
    return changed_order(request, market, account_id, order_id)


def _shipped_units(body: Shipment) -> Iterator[tuple[ShippedLine, Tracking, Units]]:
    for line in body.order_shipment.order_lines.order_line:
        for status in line.order_line_statuses.order_line_status:
            yield line, status.tracking_info, status.status_quantity


def _name_of(tracking: Tracking) -> str:
    return tracking.carrier_name.carrier or tracking.carrier_name.other_carrier or ""


def _as_told(tracking: Tracking, lines: list[ShippedLine]) -> dict[str, Any]:
    shown = tracking.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {"tracking": shown, "sellerOrderIds": {line.line_number: line.seller_order_id for line in lines}}


def _asked(order_id: str, line_number: str, units: Units) -> dict[str, Any]:
    return {"line_id": f"{order_id}-{line_number}", "quantity": int(units.amount)}


def _iso(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat()


@router.post("/cancel", name="cancel")
def cancel(request: Request, market: MarketDep, account_id: Account, order_id: str, body: Cancellation) -> JSONResponse:
    """Units will not be shipped, by line and with a reason; the buyer's sake is one only if the buyer asked."""
    order = orders.get_order(market, account_id, order_id)
    lines = []
    for line in body.order_cancellation.order_lines.order_line:
        for status in line.order_line_statuses.order_line_status:
            reason = rendering.CANCEL_REASONS.get(status.cancellation_reason)
            if reason is None:
                raise Invalid("invalid_request_content", f"There is no reason {status.cancellation_reason} to cancel.")
            if reason == rendering.BUYER_ASKED and not order["cancellation_request"]:
                raise Conflict("invalid_request", "The buyer has not asked to cancel.")
            lines.append({**_asked(order_id, line.line_number, status.status_quantity), "reason": reason})
    fulfillment.cancel(market, account_id, order_id, {"lines": lines}, key=_key())
    return changed_order(request, market, account_id, order_id)

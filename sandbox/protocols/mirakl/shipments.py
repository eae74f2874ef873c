"""Several parcels an order, where the operator has switched that on: ST01 and ST11."""

import uuid
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from sandbox.engine import fulfillment, orders
from sandbox.engine.errors import Conflict, Refused
from sandbox.protocols.gate import GatedRoute
from sandbox.protocols.mirakl import rendering
from sandbox.protocols.mirakl.account import Account, MarketDep
from sandbox.protocols.mirakl.orders import Strict, Tracking, check_carrier, order_and_states, parcel_of
from sandbox.protocols.mirakl.words import moment

router = APIRouter(prefix="/api/shipments", route_class=GatedRoute)


class ShipmentLine(Strict):
    order_line_id: str
    quantity: int
    package_reference: str | None = None


class Shipment(Strict):
    order_id: str
    shipment_lines: list[ShipmentLine]
    shipped: bool = False
    tracking: Tracking | None = None


class Shipments(Strict):
    shipments: list[Shipment]


@router.post("", name="ST01", status_code=201)
def create(market: MarketDep, account_id: Account, body: Shipments) -> JSONResponse:
    """Parcels: 201 whatever became of each, which stands inside."""
    done, refused = [], []
    for asked in body.shipments:
        try:
            done.append(_ship(market, account_id, asked))
        except Refused as refusal:
            refused.append({"order_id": asked.order_id, "message": refusal.reason})
    return JSONResponse({"shipment_success": done, "shipment_errors": refused}, 201)


def _ship(market: Any, account_id: str, asked: Shipment) -> dict[str, Any]:
    _, states = order_and_states(market, account_id, asked.order_id)
    wrong = {states.get(line.order_line_id) for line in asked.shipment_lines} - {rendering.SHIPPING}
    if wrong:
        raise Conflict("order_invalid_state", f"A line is not in SHIPPING: {', '.join(map(str, wrong))}.")
    if asked.tracking:
        check_carrier(asked.tracking)
    lines = [{"line_id": line.order_line_id, "quantity": line.quantity} for line in asked.shipment_lines]
    parcel = parcel_of(asked.tracking)
    answer = fulfillment.ship(market, account_id, asked.order_id, {"lines": lines, **parcel}, key=str(uuid.uuid4()))
    return {"id": answer["shipment_id"], "order_id": asked.order_id, "status": "SHIPPED"}


@router.get("", name="ST11")
def list_shipments(market: MarketDep, account_id: Account, order_id: str) -> JSONResponse:
    """The parcels of an order."""
    orders.get_order(market, account_id, order_id)
    told = [one for one in fulfillment.operations_of(market, order_id) if one["operation"] == "ship"]
    return JSONResponse({"data": [_shown(one) for one in told]})


def _shown(one: dict[str, Any]) -> dict[str, Any]:
    answer = one["answer"]
    return {
        "id": answer["shipment_id"],
        "order_id": one["order_id"],
        "status": "SHIPPED",
        "created_date": moment(one["received_at"]),
        "shipped_date": moment(one["received_at"]),
        "shipment_lines": [
            {"order_line_id": line["line_id"], "offer_sku": line["sku"], "quantity": line["quantity"]}
            for line in answer["lines"]
        ],
        "tracking": {
            "carrier_code": answer["carrier_code"],
            "carrier_name": answer["carrier_name"],
            "tracking_number": answer["tracking_number"],
        },
    }

"""Parcels: what has left, and how it is followed. Taken in now, on its way once its process is done."""

import uuid
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field, model_validator

from sandbox.engine import fulfillment, notes, orders
from sandbox.engine.errors import Invalid, NotFound
from sandbox.engine.market import CARRIERS, Market
from sandbox.protocols.bol import processes
from sandbox.protocols.bol.account import Account, MarketDep
from sandbox.protocols.bol.bodies import Strict
from sandbox.protocols.bol.orders import ean_of, line_of, open_units, order_of
from sandbox.protocols.bol.route import BolRoute
from sandbox.protocols.bol.words import PAGE, listed, moment, number, said

router = APIRouter(prefix="/retailer", route_class=BolRoute)


class ShippedItem(Strict):
    order_item_id: str
    quantity: Annotated[int | None, Field(ge=1)] = None


class Transport(Strict):
    transporter_code: str
    track_and_trace: str | None = None


class Shipment(Strict):
    order_items: Annotated[list[ShippedItem], Field(min_length=1, max_length=100)]
    shipment_reference: Annotated[str | None, Field(min_length=1, max_length=90)] = None
    transport: Transport | None = None
    shipping_label_id: str | None = None

    @model_validator(mode="after")
    def has_one_way_to_travel(self) -> "Shipment":
        """Either a transport or a label that was bought; no label of bol.com's can be bought here."""
        if (self.transport is None) == (self.shipping_label_id is None):
            raise ValueError("exactly one of transport and shippingLabelId")
        return self


class TransportChange(Strict):
    transporter_code: str | None = None
    track_and_trace: Annotated[str, Field(min_length=1)]


@router.post("/shipments", name="ship", status_code=202)
def ship(request: Request, market: MarketDep, account_id: Account, body: Shipment) -> JSONResponse:
    """A parcel has left, with items of one order; whether that can be, its process tells."""
    ids = [item.order_item_id for item in body.order_items]
    if len({order_of(item_id) for item_id in ids}) > 1:
        raise Invalid("orderItems", "A shipment is about one order.")
    return processes.begin(request, account_id, "CREATE_SHIPMENT", ids, body)


def run_ship(market: Market, account_id: str, request: dict[str, Any]) -> None:
    """The parcel is on its way."""
    body = Shipment.model_validate(request["body"])
    if body.transport is None:
        raise NotFound("shippingLabelId", f"There is no label {body.shipping_label_id}.")
    lines = [
        {
            "line_id": item.order_item_id,
            "quantity": item.quantity or open_units(line_of(market, account_id, item.order_item_id)),
        }
        for item in body.order_items
    ]
    parcel = {
        "lines": lines,
        **_carrier(body.transport.transporter_code),
        "tracking_number": body.transport.track_and_trace,
    }
    order_id = order_of(body.order_items[0].order_item_id)
    done = fulfillment.ship(market, account_id, order_id, parcel, key=str(uuid.uuid4()))
    note = {
        "order_id": order_id,
        "reference": body.shipment_reference or "",
        "transport": body.transport.model_dump(by_alias=True),
    }
    notes.save(market, _note(account_id, done["shipment_id"]), note)


def _carrier(code: str) -> dict[str, str]:
    """The carrier as the engine knows it, under bol.com's name."""
    known = {str(one["code"]) for one in CARRIERS}
    return {"carrier_code": code if code in known else "OTHER", "carrier_name": code}


def _note(account_id: str, shipment_id: str) -> str:
    return f"bol shipment {account_id} {shipment_id}"


@router.put("/transports/{transport_id}", name="change_transport", status_code=202)
def change_transport(
    request: Request, market: MarketDep, account_id: Account, transport_id: str, body: TransportChange
) -> JSONResponse:
    """The tracking of a parcel is this from now on. A parcel and its transport have one number."""
    return processes.begin(request, account_id, "CHANGE_TRANSPORT", [transport_id], body)


def run_change(market: Market, account_id: str, request: dict[str, Any]) -> None:
    """The parcel is followed so."""
    body = TransportChange.model_validate(request["body"])
    name = _note(account_id, request["entity"])
    note = notes.load(market, name)
    if note is None:
        raise NotFound("transportId", f"There is no transport {request['entity']}.")
    note["transport"] |= body.model_dump(by_alias=True, exclude_none=True)
    notes.save(market, name, note)


@router.get("/shipments", name="shipments")
def list_shipments(
    market: MarketDep,
    account_id: Account,
    order_id: Annotated[str | None, Query(alias="order-id")] = None,
    page: Annotated[int, Query(ge=1)] = 1,
    method: Annotated[str, Query(alias="fulfilment-method")] = "FBR",
) -> JSONResponse:
    """Parcels of one order, or of all, newest first; an order that nobody knows has none."""
    done = fulfillment.list_operations(
        market, account_id, kind="ship", order_id=order_id, offset=(page - 1) * PAGE, limit=PAGE
    )
    rows = [_row(market, account_id, one["answer"]) for one in done] if method == "FBR" else []
    return listed("shipments", rows)


def _row(market: Market, account_id: str, parcel: Mapping[str, Any]) -> dict[str, Any]:
    order = orders.get_order(market, account_id, parcel["order_id"])
    note = notes.load(market, _note(account_id, parcel["shipment_id"]), {})
    return {
        "shipmentId": parcel["shipment_id"],
        "shipmentDateTime": moment(parcel["shipped_at"]),
        "shipmentReference": note.get("reference", ""),
        "order": {"orderId": order["id"], "orderPlacedDateTime": moment(order["placed_at"])},
        "shipmentItems": [
            {"orderItemId": line["line_id"], "ean": ean_of(market, account_id, line["sku"])} for line in parcel["lines"]
        ],
        "transport": {"transportId": parcel["shipment_id"]},
    }


@router.get("/shipments/{shipment_id}", name="shipment")
def get_shipment(market: MarketDep, account_id: Account, shipment_id: str) -> JSONResponse:
    """One parcel, with its transport."""
    note = notes.load(market, _note(account_id, shipment_id))
    if note is None:
        raise NotFound("shipmentId", f"There is no shipment {shipment_id}.")
    parcels = fulfillment.list_operations(
        market, account_id, kind="ship", order_id=note["order_id"], offset=0, limit=PAGE
    )
    (parcel,) = [one["answer"] for one in parcels if one["answer"]["shipment_id"] == shipment_id]
    row = _row(market, account_id, parcel)
    shipped = {line["line_id"]: line["quantity"] for line in parcel["lines"]}
    items = [
        {**item, **_item(line_of(market, account_id, item["orderItemId"]), shipped[item["orderItemId"]])}
        for item in row["shipmentItems"]
    ]
    for item in items:
        item["product"]["ean"] = item.pop("ean")
    transport = {"transportId": shipment_id, **note["transport"], "transportEvents": []}
    return said({**row, "pickupPoint": False, "shipmentItems": items, "transport": transport})


def _item(line: Mapping[str, Any], shipped: int) -> dict[str, Any]:
    return {
        "fulfilment": {"method": "FBR", "distributionParty": "RETAILER"},
        "offer": {"reference": line["sku"]},
        "product": {"title": line["title"]},
        "quantity": line["quantity"],
        "quantityShipped": shipped,
        "unitPrice": number(line["unit_price"]),
    }

"""Several parcels an order, where the operator has switched that on: ST01, ST06, ST11, ST12, ST23, ST24."""

import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import Field

from sandbox.engine import fulfillment, notes, orders
from sandbox.engine.errors import Conflict, Invalid, NotFound, Refused
from sandbox.engine.market import Market
from sandbox.engine.orders import list_by_offset
from sandbox.protocols.gate import GatedRoute
from sandbox.protocols.mirakl import paging, rendering
from sandbox.protocols.mirakl.account import Account, MarketDep
from sandbox.protocols.mirakl.orders import Carried, Strict, check_carrier, order_and_states, parcel_of
from sandbox.protocols.mirakl.words import moment

router = APIRouter(prefix="/api/shipments", route_class=GatedRoute)

_ALL = 1_000_000


class ShipmentTracking(Carried):
    tracking_url: str | None = None


class Warehouse(Strict):
    code: str | None = None


class ShippingFrom(Strict):
    warehouse: Warehouse | None = None


class ShipmentLine(Strict):
    order_line_id: str
    quantity: int
    package_reference: str | None = None


class Shipment(Strict):
    order_id: str
    shipment_lines: Annotated[list[ShipmentLine], Field(min_length=1)]
    shipped: bool = False
    tracking: ShipmentTracking | None = None
    invoice_reference: Annotated[str, Field(max_length=255, pattern=r"^[0-9a-zA-Z_-]*$")] | None = None
    shipping_from: ShippingFrom | None = None


class Shipments(Strict):
    shipments: Annotated[list[Shipment], Field(min_length=1, max_length=1000)]


class Named(Strict):
    id: str


class Names(Strict):
    shipments: Annotated[list[Named], Field(min_length=1, max_length=1000)]


class Tracked(Strict):
    id: str
    tracking: ShipmentTracking


class Trackings(Strict):
    shipments: Annotated[list[Tracked], Field(min_length=1, max_length=1000)]


@router.post("", name="ST01", status_code=201)
def create(market: MarketDep, account_id: Account, body: Shipments) -> JSONResponse:
    """Parcels: 201 whatever became of each, which stands inside."""
    done, refused = [], []
    for asked in body.shipments:
        try:
            done.append(_create(market, account_id, asked))
        except Refused as refusal:
            refused.append({"order_id": asked.order_id, "message": refusal.reason})
    return JSONResponse({"shipment_success": done, "shipment_errors": refused}, 201)


def _create(market: Market, account_id: str, asked: Shipment) -> dict[str, Any]:
    order, states = order_and_states(market, account_id, asked.order_id)
    wrong = {states.get(line.order_line_id) for line in asked.shipment_lines} - {rendering.SHIPPING}
    if wrong:
        raise Conflict("order_invalid_state", f"A line is not in SHIPPING: {', '.join(map(str, wrong))}.")
    if asked.tracking:
        check_carrier(asked.tracking)
    left = _unpacked(market, order)
    for line in asked.shipment_lines:
        if not 0 < line.quantity <= left[line.order_line_id]:
            raise Conflict("shipment_quantity", f"Only {left[line.order_line_id]} of {line.order_line_id} are left.")
    parcel = {
        "id": str(uuid.uuid4()),
        "order_id": asked.order_id,
        "created_at": market.now(),
        "lines": [line.model_dump() for line in asked.shipment_lines],
        "tracking": asked.tracking.model_dump() if asked.tracking else {},
    }
    if asked.shipped:
        _ship(market, account_id, parcel)
        parcel["shipped_at"] = market.now()
    else:
        _keep(market, account_id, parcel)
    return _shown(parcel)


def _ship(market: Market, account_id: str, parcel: dict[str, Any]) -> None:
    """The parcel has left: the engine knows it under the parcel's own number."""
    lines = [{"line_id": line["order_line_id"], "quantity": line["quantity"]} for line in parcel["lines"]]
    carried = parcel_of(ShipmentTracking(**parcel["tracking"]) if parcel["tracking"] else None)
    fulfillment.ship(market, account_id, parcel["order_id"], {"lines": lines, **carried}, key=parcel["id"])


def _place(parcel: dict[str, Any]) -> str:
    return f"mirakl shipment {parcel['order_id']} {parcel['created_at']:020} {parcel['id']}"


def _keep(market: Market, account_id: str, parcel: dict[str, Any]) -> None:
    """The parcel waits to be shipped, and is found by its number."""
    place = _place(parcel)
    notes.save_all(market, {place: parcel, f"mirakl shipment of {account_id} {parcel['id']}": place})


def _forget(market: Market, account_id: str, parcel: dict[str, Any]) -> None:
    notes.forget(market, f"mirakl shipment of {account_id} {parcel['id']}")
    notes.forget(market, _place(parcel))


def _left_parcels(market: Market, order_id: str) -> list[dict[str, Any]]:
    """The parcels of an order that have left, whichever call it was, oldest first."""
    return [
        {
            "id": one["idempotency_key"],
            "order_id": order_id,
            "created_at": one["received_at"],
            "shipped_at": one["received_at"],
            "lines": [
                {"order_line_id": line["line_id"], "offer_sku": line["sku"], "quantity": line["quantity"]}
                for line in one["answer"]["lines"]
            ],
            "tracking": notes.load(market, f"mirakl tracking of {one['idempotency_key']}")
            or {name: one["answer"][name] for name in ("carrier_code", "carrier_name", "tracking_number")},
        }
        for one in fulfillment.operations_of(market, order_id)
        if one["operation"] == "ship"
    ]


def _parcels(market: Market, order_id: str) -> list[dict[str, Any]]:
    """The parcels of an order: those that have left, then those that wait."""
    gone = _left_parcels(market, order_id)
    ids = {parcel["id"] for parcel in gone}
    return [*gone, *(one for one in notes.load_all(market, f"mirakl shipment {order_id} ") if one["id"] not in ids)]


def _unpacked(market: Market, order: dict[str, Any]) -> Counter[str]:
    """Line -> units that are in no parcel yet."""
    left = Counter(
        {
            line["id"]: line["quantity"] - line["quantity_shipped"] - line["quantity_cancelled"]
            for line in order["lines"]
        }
    )
    for parcel in _parcels(market, order["id"]):
        if "shipped_at" not in parcel:
            left.subtract({line["order_line_id"]: line["quantity"] for line in parcel["lines"]})
    return left


def _has_left(market: Market, account_id: str, shipment_id: str) -> bool:
    try:
        return bool(fulfillment.find_operation(market, account_id, shipment_id)["operation"] == "ship")
    except NotFound:
        return False


def _waiting(market: Market, account_id: str, shipment_id: str) -> dict[str, Any]:
    """The parcel that waits to be shipped. Raises NotFound, or Conflict if it has left."""
    if _has_left(market, account_id, shipment_id):
        raise Conflict("shipment_invalid_state", f"The shipment {shipment_id} is not in SHIPPING.")
    place = notes.load(market, f"mirakl shipment of {account_id} {shipment_id}")
    parcel: dict[str, Any] | None = notes.load(market, place) if place else None
    if parcel is None:
        raise NotFound("shipment_not_found", f"There is no shipment {shipment_id}.")
    return parcel


def _each(asked: Iterable[Any], do: Callable[[Any], None]) -> JSONResponse:
    """200 whatever became of each, which stands inside."""
    done, refused = [], []
    for one in asked:
        try:
            do(one)
            done.append({"id": one.id})
        except Refused as refusal:
            refused.append({"id": one.id, "message": refusal.reason})
    return JSONResponse({"shipment_success": done, "shipment_errors": refused})


@router.post("/tracking", name="ST23")
def track(market: MarketDep, account_id: Account, body: Trackings) -> JSONResponse:
    """The parcels are known by these numbers."""

    def do(one: Tracked) -> None:
        check_carrier(one.tracking)
        if _has_left(market, account_id, one.id):
            notes.save(market, f"mirakl tracking of {one.id}", one.tracking.model_dump())
        else:
            parcel = _waiting(market, account_id, one.id)
            _keep(market, account_id, {**parcel, "tracking": one.tracking.model_dump()})

    return _each(body.shipments, do)


@router.put("/ship", name="ST24")
def ship(market: MarketDep, account_id: Account, body: Names) -> JSONResponse:
    """The parcels have left."""

    def do(one: Named) -> None:
        parcel = _waiting(market, account_id, one.id)
        _ship(market, account_id, parcel)
        _forget(market, account_id, parcel)

    return _each(body.shipments, do)


@router.put("/delete", name="ST06")
def delete(market: MarketDep, account_id: Account, body: Names) -> JSONResponse:
    """The parcels are none any more; only those that have not left."""
    return _each(body.shipments, lambda one: _forget(market, account_id, _waiting(market, account_id, one.id)))


OrderIds = Annotated[list[str], Query(alias="order_id")]


@router.get("", name="ST11")
def list_shipments(
    market: MarketDep, account_id: Account, order_ids: OrderIds, limit: int = 10, page_token: str | None = None
) -> JSONResponse:
    """The parcels of orders, oldest first."""

    def found(asked: Any) -> list[dict[str, Any]]:
        for order_id in asked["order_id"]:
            orders.get_order(market, account_id, order_id)
        return [_shown(parcel) for order_id in asked["order_id"] for parcel in _parcels(market, order_id)]

    if not order_ids:
        raise Invalid("order_id", "Name an order.")
    return paging.seek(found, {"order_id": order_ids}, limit=limit, page_token=page_token)


@router.get("/items_to_ship", name="ST12")
def items_to_ship(
    market: MarketDep,
    account_id: Account,
    order_ids: OrderIds = [],  # noqa: B006 - never changed
    limit: int = 10,
    page_token: str | None = None,
) -> JSONResponse:
    """Orders with units that wait to be put into a parcel."""

    def found(asked: Any) -> list[dict[str, Any]]:
        all_orders, _ = list_by_offset(market, account_id, since=0, offset=0, limit=_ALL)
        wanted = [order for order in all_orders if order["id"] in (asked["order_id"] or [order["id"]])]
        told = [_to_ship(market, account_id, order) for order in wanted]
        return [one for one in told if one["shipment_lines"]]

    return paging.seek(found, {"order_id": order_ids}, limit=limit, page_token=page_token)


def _to_ship(market: Market, account_id: str, order: dict[str, Any]) -> dict[str, Any]:
    _, states = order_and_states(market, account_id, order["id"])
    left = _unpacked(market, order)
    lines = [
        {"order_line_id": line["id"], "offer_sku": line["sku"], "quantity": left[line["id"]]}
        for line in order["lines"]
        if states[line["id"]] == rendering.SHIPPING and left[line["id"]]
    ]
    return {"order_id": order["id"], "fulfillment": {"center": {"code": "DEFAULT"}}, "shipment_lines": lines}


def _shown(parcel: dict[str, Any]) -> dict[str, Any]:
    shown = {
        "id": parcel["id"],
        "order_id": parcel["order_id"],
        "status": rendering.SHIPPED if "shipped_at" in parcel else rendering.SHIPPING,
        "created_date": moment(parcel["created_at"]),
        "shipment_lines": [{k: v for k, v in line.items() if v is not None} for line in parcel["lines"]],
        "tracking": {k: v for k, v in parcel["tracking"].items() if v is not None},
    }
    return shown | ({"shipped_date": moment(parcel["shipped_at"])} if "shipped_at" in parcel else {})

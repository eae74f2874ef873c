"""Orders: the list of what changed, each order, shipments and cancellations."""

import uuid
from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from sandbox.clock import MICROSECONDS
from sandbox.engine import fulfillment, notes, orders
from sandbox.engine.errors import Conflict, Invalid, Refused
from sandbox.engine.market import CARRIERS, Market
from sandbox.protocols.bol import catalogue, processes
from sandbox.protocols.bol.account import Account, MarketDep
from sandbox.protocols.bol.words import PAGE, day, moment, number, said
from sandbox.protocols.gate import GatedRoute, says_unheard_of

router = APIRouter(prefix="/retailer", route_class=GatedRoute)

#: bol.com's reasons -> the engine's, where they are not just out of stock.
_REASONS = {
    "REQUESTED_BY_CUSTOMER": "BUYER_REQUEST",
    "ORDERED_TWICE": "BUYER_REQUEST",
    "INCORRECT_PRICE": "PRICE_ERROR",
    "HIGHER_SHIPCOST": "UNDELIVERABLE",
    **dict.fromkeys(
        (
            *("OUT_OF_STOCK", "BAD_CONDITION", "NOT_AVAIL_IN_TIME", "NO_BOL_GUARANTEE", "RETAIN_ITEM", "TECH_ISSUE"),
            *("UNFINDABLE_ITEM", "OTHER"),
        ),
        "OUT_OF_STOCK",
    ),
}


class Strict(BaseModel):
    """A body in which a word that bol.com does not know is an error."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)


class ShippedItem(Strict):
    order_item_id: str
    quantity: Annotated[int | None, Field(ge=1)] = None


class Transport(Strict):
    transporter_code: str
    track_and_trace: str | None = None


class Shipment(Strict):
    order_items: Annotated[list[ShippedItem], Field(min_length=1, max_length=100)]
    shipment_reference: Annotated[str | None, Field(min_length=1, max_length=90)] = None
    transport: Transport


class CancelledItem(Strict):
    order_item_id: str
    reason_code: str


class Cancellation(Strict):
    order_items: Annotated[list[CancelledItem], Field(min_length=1, max_length=1)]


@router.get("/orders", name="orders")
def list_orders(
    request: Request,
    market: MarketDep,
    account_id: Account,
    page: Annotated[int, Query(ge=1)] = 1,
    status: str = "OPEN",
    interval: Annotated[int | None, Query(alias="change-interval-minute", ge=1, le=60)] = None,
    changed_on: Annotated[date | None, Query(alias="latest-change-date")] = None,
    method: Annotated[str, Query(alias="fulfilment-method")] = "FBR",
) -> JSONResponse:
    """A page of orders that changed in the last minutes, or on a day, without addresses and prices."""
    now = market.settled_now()
    since, until = day(changed_on) if changed_on else (0, now)
    if interval:
        since = now - interval * 60 * MICROSECONDS
    if page > 1 and market.faults.draw("repeated_page", operation="orders", account_id=account_id):
        page -= 1
    shown, _ = orders.list_by_offset(market, account_id, since=since, until=until, offset=(page - 1) * PAGE, limit=PAGE)
    rows = [_row(market, account_id, order) for order in shown if method in ("FBR", "ALL") and _has(order, status)]
    return said({"orders": rows})


def _has(order: Mapping[str, Any], status: str) -> bool:
    is_open = any(_open(line) for line in order["lines"])
    return status == "ALL" or is_open == (status == "OPEN")


def _open(line: Mapping[str, Any]) -> int:
    return int(line["quantity"] - line["quantity_shipped"] - line["quantity_cancelled"])


def _ean(market: Market, account_id: str, sku: str) -> str:
    offer = catalogue.find_by(market, account_id, reference=sku)
    return offer.ean if offer else ""


def _row(market: Market, account_id: str, order: Mapping[str, Any]) -> dict[str, Any]:
    items = [
        {
            "orderItemId": line["id"],
            "ean": _ean(market, account_id, line["sku"]),
            "fulfilmentMethod": "FBR",
            "fulfilmentStatus": "OPEN" if _open(line) else "HANDLED",
            **_counts(line, order),
        }
        for line in order["lines"]
    ]
    return {"orderId": order["id"], "orderPlacedDateTime": moment(order["placed_at"]), "orderItems": items}


def _counts(line: Mapping[str, Any], order: Mapping[str, Any]) -> dict[str, Any]:
    asked = (order["cancellation_request"] or {}).get("state") == "open"
    return {
        "quantity": line["quantity"],
        "quantityShipped": line["quantity_shipped"],
        "quantityCancelled": line["quantity_cancelled"],
        "cancellationRequest": bool(asked and _open(line)),
        "latestChangedDateTime": moment(order["updated_at"]),
    }


@router.get("/orders/{order_id}", name="order")
def get_order(request: Request, market: MarketDep, account_id: Account, order_id: str) -> JSONResponse:
    """One order, with addresses and prices. There is no status: it is counted by item."""
    order = orders.get_order(market, account_id, order_id)
    unheard_of = says_unheard_of(request)
    return said(
        {
            "orderId": order["id"],
            "pickupPoint": False,
            "orderPlacedDateTime": moment(order["placed_at"]),
            "shipmentDetails": _address(order, unheard_of=unheard_of),
            "orderItems": [_item(market, account_id, line, order, unheard_of=unheard_of) for line in order["lines"]],
        }
    )


def _address(order: Mapping[str, Any], *, unheard_of: bool) -> dict[str, Any]:
    address = order["ship_to"]
    first, _, last = address["name"].partition(" ")
    house, _, street = address["street"].partition(" ")
    if not house.isdigit():
        house, street = "", address["street"]
    return {
        "salutation": "TELEPORTED" if unheard_of else "UNKNOWN",
        "firstName": first,
        "surname": last or first,
        "streetName": street,
        "houseNumber": house,
        "zipCode": address["postal_code"],
        "city": address["city"],
        "countryCode": address["country"],
        "email": order["buyer"]["email"],
    }


def _item(
    market: Market, account_id: str, line: Mapping[str, Any], order: Mapping[str, Any], *, unheard_of: bool
) -> dict[str, Any]:
    offer = catalogue.find_by(market, account_id, reference=line["sku"])
    return {
        "orderItemId": line["id"],
        "fulfilment": {
            "method": "FBR",
            "distributionParty": "RETAILER",
            "timeFrameType": "TELEPORTED" if unheard_of else "REGULAR",
        },
        "offer": {"offerId": offer.offer_id if offer else str(uuid.uuid4()), "reference": line["sku"]},
        "product": {"ean": offer.ean if offer else "", "title": line["title"]},
        "unitPrice": number(line["unit_price"]),
        "totalPrice": number(line["amount"]),
        "discounts": [],
        "commission": number(float(line["amount"]) / 10),
        **_counts(line, order),
    }


def attempt(call: Callable[[], object]) -> Refused | None:
    """Why the engine refused it, or None: it is done."""
    try:
        call()
    except Refused as refusal:
        return refusal
    return None


def _order_of(item_id: str) -> str:
    """An order's number is the beginning of its items'."""
    return item_id.rpartition("-")[0]


def _line(market: Market, account_id: str, item_id: str) -> dict[str, Any]:
    """The order line of an item. Raises NotFound, Invalid."""
    order = orders.get_order(market, account_id, _order_of(item_id))
    line: dict[str, Any] | None = next((line for line in order["lines"] if line["id"] == item_id), None)
    if line is None:
        raise Invalid("orderItemId", f"There is no item {item_id}.")
    return line


@router.post("/shipments", name="ship", status_code=202)
def ship(market: MarketDep, account_id: Account, body: Shipment) -> JSONResponse:
    """A parcel has left, with items of one order; whether that can be, its process tells."""
    ids = [item.order_item_id for item in body.order_items]
    refusal = attempt(lambda: _ship(market, account_id, body))
    told = f"Create shipment for order item {ids[0]}."
    status = processes.begin(market, account_id, "CREATE_SHIPMENT", ids, description=told, refusal=refusal)
    return said(status, status=202)


def _ship(market: Market, account_id: str, body: Shipment) -> None:
    order_ids = {_order_of(item.order_item_id) for item in body.order_items}
    if len(order_ids) > 1:
        raise Conflict("orderItems", "A shipment is about one order.")
    lines = [
        {
            "line_id": item.order_item_id,
            "quantity": item.quantity or _open(_line(market, account_id, item.order_item_id)),
        }
        for item in body.order_items
    ]
    code = body.transport.transporter_code
    known = code in {str(one["code"]) for one in CARRIERS}
    parcel = {
        "carrier_code": code if known else "OTHER",
        "carrier_name": code,
        "tracking_number": body.transport.track_and_trace,
    }
    done = fulfillment.ship(market, account_id, order_ids.pop(), {"lines": lines, **parcel}, key=str(uuid.uuid4()))
    notes.save(market, f"bol shipment {done['shipment_id']}", body.shipment_reference or "")


@router.get("/shipments", name="shipments")
def list_shipments(
    market: MarketDep,
    account_id: Account,
    order_id: Annotated[str, Query(alias="order-id")],
    page: Annotated[int, Query(ge=1)] = 1,
) -> JSONResponse:
    """The parcels of an order."""
    order = orders.get_order(market, account_id, order_id)
    done = [one for one in fulfillment.operations_of(market, order_id) if one["operation"] == "ship"]
    shown = [_parcel(market, account_id, order, one["answer"]) for one in done] if page == 1 else []
    return said({"shipments": shown})


def _parcel(market: Market, account_id: str, order: Mapping[str, Any], parcel: Mapping[str, Any]) -> dict[str, Any]:
    items = [{"orderItemId": line["line_id"], "ean": _ean(market, account_id, line["sku"])} for line in parcel["lines"]]
    return {
        "shipmentId": parcel["shipment_id"],
        "shipmentDateTime": moment(parcel["shipped_at"]),
        "shipmentReference": notes.load(market, f"bol shipment {parcel['shipment_id']}", ""),
        "order": {"orderId": order["id"], "orderPlacedDateTime": moment(order["placed_at"])},
        "shipmentItems": items,
        "transport": {"transportId": parcel["shipment_id"]},
    }


@router.put("/orders/cancellation", name="cancel", status_code=202)
def cancel(market: MarketDep, account_id: Account, body: Cancellation) -> JSONResponse:
    """All that is open of one item will not be shipped."""
    (item,) = body.order_items
    if item.reason_code not in _REASONS:
        raise Invalid("reasonCode", f"There is no reason {item.reason_code}.")
    refusal = attempt(lambda: _cancel(market, account_id, item))
    told = f"Cancel order item {item.order_item_id}."
    status = processes.begin(
        market, account_id, "CANCEL_ORDER", [item.order_item_id], description=told, refusal=refusal
    )
    return said(status, status=202)


def _cancel(market: Market, account_id: str, item: CancelledItem) -> None:
    line = _line(market, account_id, item.order_item_id)
    wanted = {"line_id": line["id"], "quantity": _open(line), "reason": _REASONS[item.reason_code]}
    order_id = _order_of(item.order_item_id)
    fulfillment.cancel(market, account_id, order_id, {"lines": [wanted]}, key=str(uuid.uuid4()))

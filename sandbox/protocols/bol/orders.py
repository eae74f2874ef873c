"""Orders: the list of what changed, each order, cancellations."""

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from sandbox.clock import MICROSECONDS
from sandbox.engine import fulfillment, orders
from sandbox.engine.errors import Invalid
from sandbox.engine.market import Market
from sandbox.protocols.bol import catalogue, processes
from sandbox.protocols.bol.account import Account, MarketDep
from sandbox.protocols.bol.bodies import Strict
from sandbox.protocols.bol.route import BolRoute
from sandbox.protocols.bol.words import PAGE, date_of, day, listed, moment, number, said
from sandbox.protocols.gate import says_unheard_of

router = APIRouter(prefix="/retailer", route_class=BolRoute)

_DAY = 86_400 * MICROSECONDS
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
    status: Literal["OPEN", "SHIPPED", "ALL"] = "OPEN",
    interval: Annotated[int | None, Query(alias="change-interval-minute", ge=1, le=60)] = None,
    changed_on: Annotated[date | None, Query(alias="latest-change-date")] = None,
    method: Annotated[Literal["FBR", "FBB", "ALL"], Query(alias="fulfilment-method")] = "FBR",
) -> JSONResponse:
    """A page of orders that changed in the last minutes, or on a day, without addresses and prices."""
    now = market.settled_now()
    since, until = day(changed_on) if changed_on else (0, now)
    if interval:
        since = now - interval * 60 * MICROSECONDS
    if page > 1 and market.faults.draw("repeated_page", operation="orders", account_id=account_id):
        page -= 1
    shown, _ = orders.list_by_offset(
        market,
        account_id,
        since=since,
        until=until,
        offset=(page - 1) * PAGE,
        limit=PAGE,
        is_open={"OPEN": True, "SHIPPED": False}.get(status),
    )
    return listed("orders", [_row(market, account_id, order) for order in shown] if method != "FBB" else [])


def open_units(line: Mapping[str, Any]) -> int:
    """How many are neither shipped nor cancelled."""
    return int(line["quantity"] - line["quantity_shipped"] - line["quantity_cancelled"])


def ean_of(market: Market, account_id: str, sku: str) -> str:
    """The EAN of the offer that is called so, or none."""
    offer = catalogue.find_by(market, account_id, reference=sku)
    return offer.ean if offer else ""


def _row(market: Market, account_id: str, order: Mapping[str, Any]) -> dict[str, Any]:
    items = [
        {
            "orderItemId": line["id"],
            "ean": ean_of(market, account_id, line["sku"]),
            "fulfilmentMethod": "FBR",
            "fulfilmentStatus": "OPEN" if open_units(line) else "HANDLED",
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
        "cancellationRequest": bool(asked and open_units(line)),
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
            "latestDeliveryDate": date_of(order["placed_at"] + 3 * _DAY),
            "expiryDate": date_of(order["placed_at"] + 7 * _DAY),
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


def order_of(item_id: str) -> str:
    """An order's number is the beginning of its items'."""
    return item_id.rpartition("-")[0]


def line_of(market: Market, account_id: str, item_id: str) -> dict[str, Any]:
    """The order line of an item. Raises NotFound, Invalid."""
    order = orders.get_order(market, account_id, order_of(item_id))
    line: dict[str, Any] | None = next((line for line in order["lines"] if line["id"] == item_id), None)
    if line is None:
        raise Invalid("orderItemId", f"There is no item {item_id}.")
    return line


@router.put("/orders/cancellation", name="cancel", status_code=202)
def cancel(request: Request, market: MarketDep, account_id: Account, body: Cancellation) -> JSONResponse:
    """All of one item will not be shipped; whether that can be, its process tells."""
    (item,) = body.order_items
    if item.reason_code not in _REASONS:
        raise Invalid("reasonCode", f"There is no reason {item.reason_code}.")
    return processes.begin(request, account_id, "CANCEL_ORDER", [item.order_item_id], body)


def run_cancel(market: Market, account_id: str, request: dict[str, Any]) -> None:
    """The item is cancelled. One of which a part has left is not: bol.com does not say what happens then."""
    (item,) = Cancellation.model_validate(request["body"]).order_items
    line = line_of(market, account_id, item.order_item_id)
    wanted = {"line_id": line["id"], "quantity": line["quantity"], "reason": _REASONS[item.reason_code]}
    order_id = order_of(item.order_item_id)
    fulfillment.cancel(market, account_id, order_id, {"lines": [wanted]}, key=str(uuid.uuid4()))

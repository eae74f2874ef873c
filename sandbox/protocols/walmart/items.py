"""Items and their quantities: the two lists, and what is done to one item at once."""

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from sandbox.clock import MICROSECONDS
from sandbox.engine import listings, notes, submissions
from sandbox.engine.errors import Conflict, Invalid, NotFound
from sandbox.engine.market import Market
from sandbox.protocols.walmart.account import Account, MarketDep
from sandbox.protocols.walmart.route import WalmartRoute
from sandbox.protocols.walmart.words import number, units

router = APIRouter(route_class=WalmartRoute)

SHIP_NODE = "10001"
#: A cursor of the list of items is dead after this.
_CURSOR_MICROSECONDS = 120 * MICROSECONDS
_INVENTORIES_PAGE = 50


class Units(BaseModel):
    unit: str
    amount: int


class Quantity(BaseModel):
    sku: str
    quantity: Units


@router.get("/v3/items", name="items")
def list_items(
    market: MarketDep,
    account_id: Account,
    next_cursor: Annotated[str | None, Query(alias="nextCursor")] = None,
    lifecycle_status: Annotated[str, Query(alias="lifecycleStatus")] = "ACTIVE",
    limit: Annotated[int, Query(ge=1, le=1000)] = 20,
) -> JSONResponse:
    """A page of items, without their quantities. The cursor stays the same from page to page; 404 if there is none."""
    status = "active" if lifecycle_status == "ACTIVE" else "ended"
    total = listings.count_listings(market, account_id, status=status)
    if not total:
        raise NotFound("content_not_found", "No items found.")
    cursor, issued, after = _place(market, account_id, next_cursor)
    shown = listings.list_listings(market, account_id, after_sku=after, limit=limit, status=status)
    answer = {"ItemResponse": [_item(one) for one in shown], "totalItems": total}
    if cursor:
        if shown and not market.faults.draw("repeated_page", operation="items", account_id=account_id):
            notes.save(market, _cursor_note(account_id, cursor), [issued, shown[-1]["sku"]])
        answer["nextCursor"] = cursor
    return JSONResponse(answer)


def _cursor_note(account_id: str, cursor: str) -> str:
    return f"walmart cursor {account_id} {cursor}"


def _place(market: Market, account_id: str, asked: str | None) -> tuple[str, int, str]:
    """The cursor of the next page, when it was issued, and the SKU after which this page begins."""
    if asked is None:
        return "", 0, ""
    if asked == "*":
        return f"AoE{uuid.uuid4().hex}", market.now(), ""
    known = notes.load(market, _cursor_note(account_id, asked))
    if known is None or known[0] + _CURSOR_MICROSECONDS < market.now():
        raise Invalid("invalid_cursor", "Invalid Cursor")
    return asked, int(known[0]), str(known[1])


def _item(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "mart": "WALMART_US",
        "sku": one["sku"],
        "condition": "New",
        "availability": "In_stock" if one["quantity"] else "Out_of_stock",
        "gtin": one.get("gtin") or "",
        "productName": one["title"],
        "price": {"currency": one["currency"], "amount": number(one["price"] or 0)},
        "publishedStatus": "PUBLISHED",
        "lifecycleStatus": "ACTIVE" if one["status"] == "active" else "RETIRED",
    }


@router.delete("/v3/items/{sku:path}", name="retire_item")
def retire_item(market: MarketDep, account_id: Account, sku: str) -> JSONResponse:
    """The item is retired."""
    _existing(market, account_id, sku)
    _at_once(market, account_id, "withdraw", {"sku": sku})
    return JSONResponse({"sku": sku, "message": "Thank you. Your item has been submitted for retirement."})


@router.put("/v3/inventory", name="inventory")
def put_quantity(market: MarketDep, account_id: Account, sku: str, body: Quantity) -> JSONResponse:
    """The quantity of one item is this from now on."""
    if body.sku != sku or body.quantity.unit != "EACH":
        raise Invalid("invalid_request_content", "SKU or unit of the quantity make no sense.")
    _existing(market, account_id, sku)
    _at_once(market, account_id, "quantity", {"sku": sku, "quantity": body.quantity.amount})
    return JSONResponse({"sku": sku, "quantity": body.quantity.model_dump()})


def _existing(market: Market, account_id: str, sku: str) -> None:
    """Raises NotFound for an item that is not there, or retired."""
    try:
        found = listings.get_listing(market, account_id, sku)
    except NotFound:
        found = {"status": "ended"}
    if found["status"] != "active":
        raise NotFound("content_not_found", f"The item {sku} was not found.")


def _at_once(market: Market, account_id: str, kind: str, line: dict[str, Any]) -> None:
    """The line is worked on before the call is answered. Raises Conflict if it is refused."""
    result = submissions.work_at_once(market, account_id, kind=kind, line=line)
    if result["status"] != "accepted":
        raise Conflict(result["code"], result["reason"])


@router.get("/v3/inventories", name="inventories")
def list_inventories(
    market: MarketDep,
    account_id: Account,
    next_cursor: Annotated[str, Query(alias="nextCursor")] = "",
    limit: Annotated[int, Query(ge=1, le=_INVENTORIES_PAGE)] = 10,
) -> JSONResponse:
    """A page of quantities by ship node; 404 if there is none. Cursors are used once, each after the one before it."""
    total = listings.count_listings(market, account_id, status="active")
    if not total:
        raise NotFound("content_not_found", "No inventories found.")
    after = _inventory_place(market, account_id, next_cursor)
    shown = listings.list_listings(market, account_id, after_sku=after, limit=limit + 1, status="active")
    has_more, shown = len(shown) > limit, shown[:limit]
    meta: dict[str, Any] = {"totalCount": total}
    repeated = market.faults.draw("repeated_page", operation="inventories", account_id=account_id)
    if has_more and next_cursor and repeated:
        meta["nextCursor"] = next_cursor
    elif has_more:
        meta["nextCursor"] = f"IN{uuid.uuid4().hex}"
        notes.save(market, _inventory_note(account_id), [meta["nextCursor"], shown[-1]["sku"]])
    else:
        notes.forget(market, _inventory_note(account_id))
    rows = [{"sku": one["sku"], "nodes": [_node(one["quantity"])]} for one in shown]
    return JSONResponse({"meta": meta, "elements": {"inventories": rows}})


def _inventory_note(account_id: str) -> str:
    return f"walmart inventories {account_id}"


def _inventory_place(market: Market, account_id: str, cursor: str) -> str:
    """The SKU after which the page begins. Raises NotFound for a cursor that is not the one that comes next."""
    if not cursor:
        return ""
    known, after = notes.load(market, _inventory_note(account_id), ["", ""])
    if cursor != known:
        raise NotFound("content_not_found", "This cursor was used already, or is not the next one.")
    return str(after)


def _node(quantity: int) -> dict[str, Any]:
    return {
        "shipNode": SHIP_NODE,
        "inputQty": units(quantity),
        "availToSellQty": units(quantity),
        "reservedQty": units(0),
    }

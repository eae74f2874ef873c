"""Orders to read, and the seller's own numbers on them: OR11, OR04."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from sandbox.clock import parse
from sandbox.engine import fulfillment, notes, orders
from sandbox.engine.errors import NotFound
from sandbox.engine.market import Market
from sandbox.protocols.gate import GatedRoute, says_unheard_of
from sandbox.protocols.mirakl import paging, rendering
from sandbox.protocols.mirakl.account import Account, MarketDep

router = APIRouter(prefix="/api/orders", route_class=GatedRoute)

#: Mirakl itself reaches back a little from the moment asked for.
_DELTA = 1_000_000
_ALL = 1_000_000


class Asked(BaseModel):
    """Which orders."""

    start_update_date: str | None = None
    end_update_date: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    order_ids: str | None = None
    order_state_codes: str | None = None
    max: Annotated[int, Query(ge=1)] = 10
    offset: Annotated[int, Query(ge=0)] = 0


@router.get("", name="OR11")
def list_orders(
    request: Request, market: MarketDep, account_id: Account, asked: Annotated[Asked, Query()]
) -> JSONResponse:
    """Orders changed since a moment, oldest first; a page holds at most 100."""
    paging.check_limit("max", asked.max)
    now = market.settled_now()
    if asked.order_ids is not None:
        found = [_found(market, account_id, order_id) for order_id in asked.order_ids.split(",")]
        shown = [order for order in found if order is not None]
        total = len(shown)
    elif asked.order_state_codes or asked.end_date:
        matching = _filtered(market, account_id, asked, now)
        shown, total = matching[asked.offset : asked.offset + asked.max], len(matching)
    else:
        shown, total = _page(market, account_id, asked, offset=asked.offset, limit=asked.max)
    unheard_of = says_unheard_of(request)
    rendered = [_render(market, order, now, unheard_of=unheard_of) for order in shown]
    headers = paging.links(request, total=total, offset=asked.offset, size=asked.max)
    return JSONResponse({"total_count": total, "orders": rendered}, headers=headers)


def _page(
    market: Market, account_id: str, asked: Asked, *, offset: int, limit: int
) -> tuple[list[dict[str, Any]], int]:
    # What the debit changes by itself came after an update that may be older than the moment asked for.
    reach = rendering.DEBIT_MICROSECONDS + _DELTA
    return orders.list_by_offset(
        market,
        account_id,
        since=parse(asked.start_update_date) - reach if asked.start_update_date else 0,
        until=parse(asked.end_update_date) if asked.end_update_date else None,
        placed_since=parse(asked.start_date) if asked.start_date else 0,
        offset=offset,
        limit=limit,
    )


def _filtered(market: Market, account_id: str, asked: Asked, now: int) -> list[dict[str, Any]]:
    """The orders that are in one of the states, and were placed by the end date."""
    found, _ = _page(market, account_id, asked, offset=0, limit=_ALL)
    until = parse(asked.end_date) if asked.end_date else now
    states = asked.order_state_codes.split(",") if asked.order_state_codes else None
    return [
        order
        for order in found
        if order["placed_at"] <= until and (states is None or _render(market, order, now)["order_state"] in states)
    ]


def _render(market: Market, order: dict[str, Any], now: int, *, unheard_of: bool = False) -> dict[str, Any]:
    done = fulfillment.operations_of(market, order["id"])
    references = notes.load(market, f"mirakl references {order['id']}", {})
    return rendering.render(order, done, now=now, unheard_of=unheard_of, references=references)


def _found(market: Market, account_id: str, order_id: str) -> dict[str, Any] | None:
    try:
        return orders.get_order(market, account_id, order_id)
    except NotFound:
        return None


class References(BaseModel):
    order_reference_for_seller: str


class Update(BaseModel):
    order_id: str
    references: References


class Updates(BaseModel):
    orders: list[Update]


@router.put("", name="OR04")
def update_orders(market: MarketDep, account_id: Account, body: Updates) -> JSONResponse:
    """Each order bears the seller's number, or has its error: 200 whatever became of each."""
    paging.check_limit("orders", len(body.orders))
    answers: list[dict[str, Any]] = []
    for one in body.orders:
        if _found(market, account_id, one.order_id) is None:
            error = {"code": "ORDER_NOT_FOUND", "field": "order_id", "message": f"There is no order {one.order_id}."}
            answers.append({"order_id": one.order_id, "errors": [error]})
        else:
            references = one.references.model_dump()
            notes.save(market, f"mirakl references {one.order_id}", references)
            answers.append({"order_id": one.order_id, "updated": {"references": references}})
    return JSONResponse({"updated_orders": answers})

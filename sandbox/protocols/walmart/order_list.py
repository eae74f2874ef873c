"""Orders to read: the list, and one."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from sandbox.clock import MICROSECONDS
from sandbox.engine import fulfillment, notes, orders
from sandbox.engine.errors import Invalid
from sandbox.engine.market import Market
from sandbox.protocols.gate import says_unheard_of
from sandbox.protocols.walmart import paging, rendering
from sandbox.protocols.walmart.account import Account, MarketDep
from sandbox.protocols.walmart.route import WalmartRoute
from sandbox.protocols.walmart.words import FOREVER, customer_order_of, moment_in

router = APIRouter(prefix="/v3/orders", route_class=WalmartRoute)

_DAY = 86_400 * MICROSECONDS
#: Without a beginning the list reaches back so far; with one, no farther than this.
_USUAL_REACH, _REACH = 7 * _DAY, 180 * _DAY
#: A seller may not ask for more orders than this.
_MOST_ORDERS = 10_000
_ALL = 1_000_000


class Asked(BaseModel):
    """Which orders."""

    model_config = ConfigDict(alias_generator=to_camel)

    created_start_date: str | None = None
    created_end_date: str | None = None
    last_modified_start_date: str | None = None
    last_modified_end_date: str | None = None
    status: Literal["Created", "Acknowledged", "Shipped", "Delivered", "Cancelled", "Refund"] | None = None
    purchase_order_id: str | None = None
    customer_order_id: str | None = None
    sku: str | None = None
    ship_node_type: Literal["SellerFulfilled", "WFSFulfilled", "3PLFulfilled"] = "SellerFulfilled"
    limit: Annotated[int, Field(ge=1, le=200)] = 100
    offset: Annotated[int, Field(ge=0, alias="soIndex")] = 0

    @property
    def is_by_time_of_change(self) -> bool:
        """Whether nothing but spans of time is asked for that the engine's list knows."""
        return not (
            self.status or self.purchase_order_id or self.customer_order_id or self.sku or self.created_end_date
        )


@router.get("", name="orders")
def list_orders(
    request: Request, market: MarketDep, account_id: Account, asked: Annotated[Asked, Query()]
) -> JSONResponse:
    """Orders, the oldest first. The way to the next page is a whole query, to be sent as it is."""
    shown, total = _page(market, account_id, asked)
    if total > _MOST_ORDERS:
        raise Invalid("too_many_orders", f"Ask for less: there are {total} orders.")
    meta: dict[str, Any] = {"totalCount": total, "limit": asked.limit}
    if asked.offset + len(shown) < total:
        after = asked.offset
        if not market.faults.draw("repeated_page", operation="orders", account_id=account_id):
            after += len(shown)
        meta["nextCursor"] = paging.next_query(request, offset=after)
    rendered = [render_order(request, market, order) for order in shown]
    return JSONResponse({"list": {"meta": meta, "elements": {"order": rendered}}})


def _page(market: Market, account_id: str, asked: Asked) -> tuple[list[dict[str, Any]], int]:
    """The orders of the page, and how many there are in all. Nothing here is shipped by Walmart or others."""
    if asked.ship_node_type != "SellerFulfilled":
        return [], 0
    if asked.is_by_time_of_change:
        return _changed(market, account_id, asked, offset=asked.offset, limit=asked.limit)
    found, _ = _changed(market, account_id, asked, offset=0, limit=_ALL)
    created_until = moment_in(asked.created_end_date) if asked.created_end_date else FOREVER
    matching = [order for order in found if order["placed_at"] <= created_until and _fits(order, asked)]
    return matching[asked.offset : asked.offset + asked.limit], len(matching)


def _changed(
    market: Market, account_id: str, asked: Asked, *, offset: int, limit: int
) -> tuple[list[dict[str, Any]], int]:
    now = market.settled_now()
    created_since = moment_in(asked.created_start_date) if asked.created_start_date else now - _USUAL_REACH
    return orders.list_by_offset(
        market,
        account_id,
        since=moment_in(asked.last_modified_start_date) if asked.last_modified_start_date else 0,
        until=moment_in(asked.last_modified_end_date) if asked.last_modified_end_date else None,
        placed_since=max(created_since, now - _REACH),
        offset=offset,
        limit=limit,
    )


def _fits(order: Mapping[str, Any], asked: Asked) -> bool:
    if asked.purchase_order_id not in (None, order["id"]):
        return False
    if asked.customer_order_id not in (None, customer_order_of(order["id"])):
        return False
    if asked.sku is not None and asked.sku not in {line["sku"] for line in order["lines"]}:
        return False
    return asked.status is None or any(asked.status in rendering.states_of(line, order) for line in order["lines"])


def render_order(request: Request, market: Market, order: Mapping[str, Any]) -> dict[str, Any]:
    """The order as it stands, with what the seller told of its parcels and refunds."""
    done = fulfillment.operations_of(market, order["id"])
    told = {key: notes.load(market, told_note(key), {}) for one in done if (key := rendering.key_of(one))}
    return rendering.render(order, done, told, unheard_of=says_unheard_of(request))


def told_note(key: str) -> str:
    """Where it is kept what the seller told of a parcel or a refund, in Walmart's words."""
    return f"walmart told {key}"


@router.get("/{order_id}", name="order")
def get_order(request: Request, market: MarketDep, account_id: Account, order_id: str) -> JSONResponse:
    """One order; the moment of its purchase is a text here, for whatever reason."""
    shown = render_order(request, market, orders.get_order(market, account_id, order_id))
    return JSONResponse({**shown, "orderDate": str(shown["orderDate"])})


def changed_order(request: Request, market: Market, account_id: str, order_id: str) -> JSONResponse:
    """The order after a call that changed it."""
    return JSONResponse({"order": render_order(request, market, orders.get_order(market, account_id, order_id))})

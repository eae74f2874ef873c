"""The control API: what tests, demonstrations and judges do to the marketplace. It listens on loopback.

With ``SANDBOX_CONTROL_TOKEN`` set, every call needs the header ``X-Control-Token`` with that value.
"""

import hmac
import json
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from sandbox import clock, worker
from sandbox import faults as fault_kinds
from sandbox.engine import accounts, fulfillment, listings, orders, returns, submissions
from sandbox.engine.errors import Invalid, Unauthorized
from sandbox.engine.market import EVENT_FIELDS, Market
from sandbox.faults import Fault
from sandbox.protocols.gate import market_of
from sandbox.protocols.rendering import answer, moment, rendered


def check_token(x_control_token: Annotated[str | None, Header()] = None) -> None:
    """Passes when no token is configured or the right one came."""
    expected = os.environ.get("SANDBOX_CONTROL_TOKEN")
    if expected and not hmac.compare_digest(expected, x_control_token or ""):
        raise Unauthorized("control_token", "The header X-Control-Token is missing or wrong.")


router = APIRouter(
    prefix="/control", tags=["control: for tests and demonstrations"], dependencies=[Depends(check_token)]
)
MarketDep = Annotated[Market, Depends(market_of)]
#: Comes as ISO 8601 text.
Moment = Annotated[int, BeforeValidator(clock.parse), WithJsonSchema({"type": "string", "format": "date-time"})]


class NewAccount(BaseModel):
    """An account to open."""

    client_id: str
    secret: str | None = Field(None, description='without one, any secret but "bad" opens the account')
    name: str | None = None
    currency: str | None = None
    tax_included: bool | None = None
    capabilities: dict[str, Any] | None = Field(None, description="what differs from the usual ones")
    credentials_expire_at: Moment | None = Field(None, description="from then on the secret opens nothing")


class AccountChange(BaseModel):
    """What to change of an account."""

    name: str | None = None
    currency: str | None = None
    tax_included: bool | None = None
    capabilities: dict[str, Any] | None = None
    credentials_expire_at: Moment | None = Field(None, description="null: they never do")

    def changes(self) -> dict[str, Any]:
        """What was named; of what may not be empty, null names nothing."""
        named = self.model_dump(exclude_unset=True)
        return {name: value for name, value in named.items() if value is not None or name == "credentials_expire_at"}


class SettingsChange(BaseModel):
    """What to change of the marketplace."""

    model_config = ConfigDict(extra="forbid")
    processing_delay_seconds: float | None = Field(None, ge=0)
    export_delay_seconds: float | None = Field(None, ge=0)
    token_seconds: int | None = Field(None, ge=1)
    open_registration: bool | None = None
    default_currency: str | None = None
    default_tax_included: bool | None = None
    handling_days: float | None = Field(None, ge=0, description="from a purchase until the parcel has to leave")
    quotas: bool | None = Field(None, description="whether the protocol's own quotas hold")
    limits: dict[str, dict[str, float]] | None = Field(
        None, description='operation (or "*") -> {"rate_per_s": .., "burst": ..}'
    )


class PurchaseLine(BaseModel):
    """What a buyer takes."""

    sku: str
    quantity: int = Field(ge=1)
    unit_price: str | float | None = None
    amount: str | float | None = Field(None, description="of the whole line; else unit price x quantity")
    tax: str | float | None = None
    title: str | None = None


class Purchase(BaseModel):
    """An order that a buyer places."""

    account_id: str
    lines: list[PurchaseLine]
    buyer: str | dict[str, Any] | None = None
    ship_to: dict[str, Any] | None = None
    shipping: str | float | None = None
    total: str | float | None = Field(None, description="only to place an order that does not add up")
    placed_at: str | None = None
    ship_by: str | None = Field(None, description="without one: placed_at and the marketplace's handling_days")
    payment_status: str | None = None
    ref: str | None = Field(None, description="the same one on the same account is the same order")

    def plain(self) -> dict[str, Any]:
        """As the engine takes it."""
        values = self.model_dump(exclude_none=True)
        moments = {"placed_at": self.placed_at, "ship_by": self.ship_by}
        return {**values, **{name: moment(text) for name, text in moments.items() if text is not None}}


class ForcedPurchase(Purchase):
    """An order, if need be beyond the stock."""

    force: bool = Field(False, description="buy more than is shown, or what is not listed")


class Purchases(BaseModel):
    """Many orders."""

    orders: list[Purchase]
    force: bool = False


class Strays(BaseModel):
    """Listings made by hand on the marketplace."""

    account_id: str
    listings: list[dict[str, Any]] = Field(description="{sku, title?, price?, quantity?}")


class Skus(BaseModel):
    """Some listings of an account."""

    account_id: str
    skus: list[str]


class Reason(BaseModel):
    """Why the buyer does it."""

    reason: str = "I changed my mind."


class ReturnedLine(BaseModel):
    """What the buyer sends back of one order line."""

    line_id: str
    quantity: int | None = Field(None, ge=1, description="without one: all of it that was shipped")
    reason: str = "CHANGED_MIND"
    comment: str = ""


class SentBack(BaseModel):
    """What the buyer sends back; no lines: everything that was shipped."""

    lines: list[ReturnedLine] = []


class OrderChange(BaseModel):
    """What happens to an order from outside."""

    payment_status: str | None = None
    remove_lines: list[str] | None = None
    ship_by: Moment | None = None


class FaultRequest(BaseModel):
    """A fault to switch on. At most one of probability, every_nth, next_n; none of them: every time."""

    model_config = ConfigDict(extra="forbid")
    name: str
    operation: str | None = None
    account_id: str | None = None
    probability: float | None = Field(None, ge=0, le=1)
    every_nth: int | None = Field(None, ge=1)
    next_n: int | None = Field(None, ge=0)
    seed: int = 0
    params: dict[str, Any] = {}

    def fault(self) -> Fault:
        """As the fault board takes it. Raises Invalid."""
        if self.name not in fault_kinds.KINDS:
            raise Invalid("unknown_fault", f"There is no fault {self.name}; there are {', '.join(fault_kinds.KINDS)}.")
        if sum(rule is not None for rule in (self.probability, self.every_nth, self.next_n)) > 1:
            raise Invalid("two_rules", "Give one of probability, every_nth and next_n.")
        return Fault(**self.model_dump())


@router.get("/accounts")
def list_accounts(market: MarketDep) -> JSONResponse:
    """All accounts."""
    return answer({"accounts": accounts.list_accounts(market)})


@router.post("/accounts", status_code=201)
def open_account(market: MarketDep, body: NewAccount) -> JSONResponse:
    """Opens an account; 409 when it exists."""
    return answer(accounts.open_account(market, **body.model_dump()), 201)


@router.patch("/accounts/{account_id}")
def change_account(market: MarketDep, account_id: str, body: AccountChange) -> JSONResponse:
    """Changes name, currency, tax, capabilities, or when the credentials expire."""
    return answer(accounts.change_account(market, account_id, body.changes()))


@router.get("/settings")
def read_settings(market: MarketDep) -> JSONResponse:
    """Delays, token life, limits."""
    return answer(asdict(market.settings))


@router.put("/settings")
def change_settings(market: MarketDep, body: SettingsChange) -> JSONResponse:
    """Changes those named; kept over a restart."""
    return answer(asdict(market.change_settings(body.model_dump(exclude_none=True))))


@router.post("/buy", status_code=201)
def buy(market: MarketDep, body: ForcedPurchase) -> JSONResponse:
    """A buyer places an order; the quantity falls. 409 when more is bought than shown, unless forced."""
    return answer(orders.buy(market, body.plain(), force=body.force), 201)


@router.post("/buy-many", status_code=201)
def buy_many(market: MarketDep, body: Purchases) -> JSONResponse:
    """Many orders in one commit; each is placed (`order_id`) or refused (`code`, `reason`) on its own."""
    placed = orders.buy_many(market, [purchase.plain() for purchase in body.orders], force=body.force)
    return answer({"orders": placed}, 201)


@router.post("/orders/{order_id}/request-cancellation")
def request_cancellation(market: MarketDep, order_id: str, body: Reason) -> JSONResponse:
    """The buyer asks to cancel; the seller decides."""
    return answer(orders.request_cancellation(market, order_id, body.reason))


@router.post("/orders/{order_id}/cancel")
def cancel_by_buyer(market: MarketDep, order_id: str, body: Reason) -> JSONResponse:
    """The buyer cancels before anything was shipped: a fact."""
    return answer(orders.cancel_by_buyer(market, order_id, body.reason))


@router.post("/orders/{order_id}/returns", status_code=201)
def send_back(market: MarketDep, order_id: str, body: SentBack) -> JSONResponse:
    """The buyer announces a return of what was shipped; the seller decides. 409 when it is more than that."""
    lines = [line.model_dump(exclude_none=True) for line in body.lines]
    return answer(returns.request_return(market, order_id, lines), 201)


@router.patch("/orders/{order_id}")
def change_order(market: MarketDep, order_id: str, body: OrderChange) -> JSONResponse:
    """The payment clears or fails; lines vanish from the order; it has to leave at another time."""
    return answer(orders.change_order(market, order_id, **body.model_dump()))


@router.get("/listings")
def list_listings(
    market: MarketDep,
    account_id: str,
    after_sku: str = "",
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1_000,
    search: str = "",
) -> JSONResponse:
    """Listings of an account in SKU order, from after a SKU."""
    page = listings.list_listings(market, account_id, after_sku=after_sku, limit=limit, search=search)
    return answer({"listings": page, "next_after_sku": page[-1]["sku"] if len(page) == limit else None})


@router.post("/listings", status_code=201)
def put_strays(market: MarketDep, body: Strays) -> JSONResponse:
    """Puts listings that no submission made."""
    return answer({"put": listings.put_strays(market, body.account_id, body.listings)}, 201)


@router.post("/listings/remove")
def vanish(market: MarketDep, body: Skus) -> JSONResponse:
    """Removes listings without telling the seller."""
    return answer({"removed": listings.vanish(market, body.account_id, body.skus)})


@router.get("/faults")
def list_faults(market: MarketDep) -> JSONResponse:
    """The faults that are on, with their counters, and those there are."""
    return answer({"faults": market.faults.listed(), "kinds": fault_kinds.KINDS})


@router.put("/faults")
def set_faults(market: MarketDep, body: list[FaultRequest]) -> JSONResponse:
    """Exactly these faults are on, with fresh counters."""
    market.faults.replace([request.fault() for request in body])
    return answer({"faults": market.faults.listed()})


@router.post("/faults", status_code=201)
def add_fault(market: MarketDep, body: FaultRequest) -> JSONResponse:
    """One more fault is on, in place of one with the same name and operation."""
    market.faults.add(body.fault())
    return answer({"faults": market.faults.listed()}, 201)


@router.delete("/faults")
def remove_faults(market: MarketDep, name: str | None = None) -> JSONResponse:
    """The faults of that name, or all, are off; submissions that were stuck go on."""
    market.faults.remove(name)
    released = submissions.release(market) if name in (None, "stuck_submission") else 0
    return answer({"faults": market.faults.listed(), "released": released})


@router.post("/submissions/release")
def release(market: MarketDep, account_id: str | None = None) -> JSONResponse:
    """Stuck submissions go on."""
    return answer({"released": submissions.release(market, account_id)})


@router.get("/events")
def events(
    market: MarketDep,
    after: int = 0,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1_000,
    account_id: str | None = None,
    kind: str | None = None,
    sku: str | None = None,
) -> JSONResponse:
    """The event log after an event id: all that ever changed on the marketplace, with `at` and `received_at`."""
    with market.storage.reading() as db:
        rows = db.execute(
            "SELECT * FROM event WHERE event_id > :after AND (:account IS NULL OR account_id = :account)"
            " AND (:kind IS NULL OR kind = :kind) AND (:sku IS NULL OR sku = :sku) ORDER BY event_id LIMIT :limit",
            {"after": after, "account": account_id, "kind": kind, "sku": sku, "limit": limit},
        ).fetchall()
    page = [_event(row) for row in rows]
    return answer({"events": page, "last_event_id": page[-1]["event_id"] if page else after})


def _event(row: sqlite3.Row) -> dict[str, Any]:
    event = {"event_id": row["event_id"], **{name: row[name] for name in EVENT_FIELDS}}
    event["data"] = json.loads(row["data"]) if row["data"] else None
    return event


@router.get("/state")
def state(market: MarketDep, account_id: str) -> StreamingResponse:
    """Everything about one account as one JSON object, streamed from one consistent view.

    `{account_id, listings, orders, returns, shipments, cancellations, refunds}`; the last three are what the seller
    did, with `order_id` and `received_at`.
    """
    accounts.get_account(market, account_id)
    return StreamingResponse(_state(market, account_id), media_type="application/json")


def _state(market: Market, account_id: str) -> Iterator[str]:
    with market.storage.snapshot() as db:
        yield f'{{"account_id": {json.dumps(account_id)}, "listings": '
        rows = db.execute("SELECT * FROM listing WHERE account_id = ? ORDER BY sku", (account_id,))
        yield from _array(listings.describe(row) for row in rows)
        yield ', "orders": '
        rows = db.execute("SELECT * FROM purchase WHERE account_id = ? ORDER BY seq", (account_id,))
        yield from _array(orders.describe(db, row) for row in rows)
        yield ', "returns": '
        rows = db.execute("SELECT * FROM return_case WHERE account_id = ? ORDER BY seq", (account_id,))
        yield from _array(returns.describe(db, row) for row in rows)
        for name, kinds in _DONE.items():
            yield f', "{name}": '
            rows = db.execute(
                "SELECT * FROM operation WHERE account_id = ? AND kind IN (?, ?) ORDER BY seq", (account_id, *kinds)
            )
            yield from _array(_flat(fulfillment.describe(row)) for row in rows)
        yield "}"


_DONE = {"shipments": ("ship", "ship"), "cancellations": ("cancel", "approve"), "refunds": ("refund", "refund")}


def _flat(operation: dict[str, Any]) -> dict[str, Any]:
    return {**operation["answer"], "idempotency_key": operation["idempotency_key"]}


def _array(items: Iterator[dict[str, Any]]) -> Iterator[str]:
    """A JSON array, a few hundred items at a time."""
    yield "["
    chunk: list[str] = []
    separator = ""
    for item in items:
        chunk.append(json.dumps(rendered(item)))
        if len(chunk) == 500:
            yield separator + ",".join(chunk)
            separator, chunk = ",", []
    yield (separator + ",".join(chunk) if chunk else "") + "]"


@router.post("/settle")
def settle(market: MarketDep) -> JSONResponse:
    """Works on everything that is due, without waiting for the background thread."""
    return answer({"done": worker.settle(market)})


@router.post("/reset")
def reset(market: MarketDep) -> JSONResponse:
    """As on the first day: no accounts, listings, orders or faults; default settings."""
    market.reset()
    return answer({"reset": True})

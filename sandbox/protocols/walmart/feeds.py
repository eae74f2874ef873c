"""Feeds: files of items, prices, quantities and retirements, taken in at once and worked on later."""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from fastapi import APIRouter, File, Query, Request, UploadFile
from fastapi.responses import JSONResponse

from sandbox.engine import notes, submissions
from sandbox.engine.errors import Invalid, NotFound, TooLarge
from sandbox.engine.market import Market
from sandbox.protocols.gate import says_unheard_of
from sandbox.protocols.walmart.account import Account, MarketDep, partner_number
from sandbox.protocols.walmart.route import WalmartRoute, take
from sandbox.protocols.walmart.words import FEED_QUOTAS, milliseconds

router = APIRouter(route_class=WalmartRoute)

_PAGE = 50
_PHASES = {"received": "RECEIVED", "processing": "INPROGRESS", "done": "PROCESSED", "failed": "ERROR"}
_RESULTS = {
    "accepted": "SUCCESS",
    "rejected": "DATA_ERROR",
    "try_again": "SYSTEM_ERROR",
    "pending": "INPROGRESS",
}
Entry = Mapping[str, Any]


def _matched(entry: Entry) -> dict[str, Any]:
    return _item(entry["Item"], title="")


def _described(entry: Entry) -> dict[str, Any]:
    (visible,) = entry["Visible"].values()
    return _item(entry["Orderable"], title=visible["productName"])


def _item(offer: Entry, *, title: str) -> dict[str, Any]:
    number = offer["productIdentifiers"]["productId"]
    return {
        "sku": offer["sku"],
        "title": title or f"Product {number}",
        "gtin": number,
        "price": str(offer["price"]),
    }


def _price(entry: Entry) -> dict[str, Any]:
    told = entry["Promo&Discount"]
    return {"sku": told["sku"], "price": str(told["price"])}


def _quantity(entry: Entry) -> dict[str, Any]:
    return {"sku": entry["sku"], "quantity": entry["quantity"]["amount"]}


def _node_quantity(entry: Entry) -> dict[str, Any]:
    return {"sku": entry["sku"], "quantity": sum(node["quantity"]["amount"] for node in entry["shipNodes"])}


@dataclass(frozen=True, slots=True)
class Layout:
    """How a feed's file is laid out, and what becomes of its entries."""

    header: str
    entries: str
    kind: str
    read: Callable[[Entry], dict[str, Any]]
    most_bytes: int


LAYOUTS = {
    "MP_ITEM": Layout("MPItemFeedHeader", "MPItem", "content", _described, 25_000_000),
    "MP_ITEM_MATCH": Layout("MPItemFeedHeader", "MPItem", "content", _matched, 25_000_000),
    "PRICE_AND_PROMOTION": Layout("MPItemFeedHeader", "MPItem", "price", _price, 10_000_000),
    "inventory": Layout("InventoryHeader", "Inventory", "quantity", _quantity, 10_000_000),
    "MP_INVENTORY": Layout("inventoryHeader", "inventory", "quantity", _node_quantity, 1_000_000),
    "RETIRE_ITEM": Layout("RetireItemHeader", "RetireItem", "withdraw", lambda one: {"sku": one["sku"]}, 400_000),
}


@dataclass(slots=True)
class Feed:
    """One file that was sent."""

    feed_id: str
    feed_type: str
    submission_id: str
    items: int
    sent_at: int


@router.post("/v3/feeds", name="feed")
def send_feed(
    request: Request,
    market: MarketDep,
    account_id: Account,
    file: Annotated[UploadFile, File()],
    feed_type: Annotated[str, Query(alias="feedType")],
) -> JSONResponse:
    """Takes a file in. Each type of feed has a rate of its own."""
    layout = LAYOUTS.get(feed_type)
    if layout is None:
        raise Invalid("invalid_feed_type", f"There is no feed type {feed_type}.")
    take(request, account_id, f"feed_{feed_type}", FEED_QUOTAS[feed_type])
    content = file.file.read()
    if len(content) > layout.most_bytes:
        raise TooLarge("file_too_large", f"A file of {feed_type} has at most {layout.most_bytes} bytes.")
    lines = _lines_of(content, layout)
    stored = submissions.receive(market, account_id, key=str(uuid.uuid4()), kind=layout.kind, lines=lines)
    feed = Feed(f"{uuid.uuid4().hex.upper()}@AVMBAgA", feed_type, stored["submission_id"], len(lines), market.now())
    notes.save(market, _note(account_id, feed.feed_id), asdict(feed))
    return JSONResponse({"feedId": feed.feed_id})


def _lines_of(content: bytes, layout: Layout) -> list[dict[str, Any]]:
    """The entries as the engine takes them. Raises Invalid for a file that is laid out in another way."""
    try:
        document = json.loads(content)
        document[layout.header]["version"]
        return [layout.read(entry) for entry in document[layout.entries]]
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise Invalid("invalid_file", f"The file is not laid out as its type wants: {error!r}.") from error


def _note(account_id: str, feed_id: str) -> str:
    return f"walmart feed {account_id} {feed_id}"


@router.get("/v3/feeds", name="feed_list")
def list_feeds(
    market: MarketDep,
    account_id: Account,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=_PAGE)] = _PAGE,
) -> JSONResponse:
    """The feeds that were sent, newest first."""
    found = [Feed(**note) for note in notes.load_all(market, _note(account_id, ""))]
    found.sort(key=lambda feed: feed.sent_at, reverse=True)
    shown = [_listed(market, account_id, feed) for feed in found[offset : offset + limit]]
    return JSONResponse({"totalResults": len(found), "offset": offset, "limit": limit, "results": {"feed": shown}})


def _listed(market: Market, account_id: str, feed: Feed) -> dict[str, Any]:
    return {
        "feedId": feed.feed_id,
        "feedSource": "MARKETPLACE_PARTNER",
        "feedType": feed.feed_type,
        "partnerId": partner_number(account_id),
        **_counted(submissions.get_submission(market, account_id, feed.submission_id)),
        "feedDate": milliseconds(feed.sent_at),
        "modifiedDtm": milliseconds(feed.sent_at),
    }


@router.get("/v3/feeds/{feed_id}", name="feed_status")
def feed_status(
    request: Request,
    market: MarketDep,
    account_id: Account,
    feed_id: str,
    include_details: Annotated[bool, Query(alias="includeDetails")] = False,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=_PAGE)] = _PAGE,
) -> JSONResponse:
    """How far a feed is; with details a page of its items. PROCESSED does not say that any of them succeeded."""
    note = notes.load(market, _note(account_id, feed_id))
    if note is None:
        raise NotFound("content_not_found", f"There is no feed {feed_id}.")
    feed = Feed(**note)
    told = submissions.get_submission(market, account_id, feed.submission_id)
    unheard_of = says_unheard_of(request)
    answer = {"feedId": feed_id, **_counted(told), "offset": offset, "limit": limit, "itemDetails": {}}
    if unheard_of:
        answer["feedStatus"] = "TELEPORTED"
    if told["phase"] == "failed":
        answer["ingestionErrors"] = {
            "ingestionError": [{"type": "DATA_ERROR", "code": told["code"], "description": told["reason"]}]
        }
    elif include_details:
        rows, _ = submissions.get_results(market, account_id, feed.submission_id, after=offset - 1, limit=limit)
        answer["itemDetails"] = {"itemIngestionStatus": [_detail(row, unheard_of=unheard_of) for row in rows]}
    return JSONResponse(answer)


def _counted(told: Mapping[str, Any]) -> dict[str, Any]:
    finished = told["phase"] in ("done", "failed")
    return {
        "feedStatus": _PHASES[told["phase"]],
        "itemsReceived": told["lines"],
        "itemsSucceeded": told["accepted"] if finished else 0,
        "itemsFailed": told["rejected"] + told["try_again"] if finished else 0,
        "itemsProcessing": 0 if finished else told["lines"],
    }


def _detail(row: Mapping[str, Any], *, unheard_of: bool) -> dict[str, Any]:
    status = "TELEPORTED" if unheard_of else _RESULTS[row["status"]]
    shown = {"martId": 0, "sku": row["sku"], "index": row["position"], "ingestionStatus": status}
    if row["status"] in ("rejected", "try_again"):
        problem = {"type": _RESULTS[row["status"]], "code": row["code"].upper(), "description": row["reason"]}
        shown["ingestionErrors"] = {"ingestionError": [problem]}
    return shown

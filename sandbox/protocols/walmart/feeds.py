"""Feeds: files of items, prices, quantities and retirements, taken in at once and worked on later.

What cannot be read as a file of its type is refused at once; one whose header is wrong is taken in, and is in ERROR
once it is looked at. Walmart does not say where it draws that line.
"""

import uuid
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from starlette.datastructures import UploadFile

from sandbox.clock import MICROSECONDS
from sandbox.engine import notes, submissions
from sandbox.engine.errors import Invalid, NotFound
from sandbox.engine.market import Market
from sandbox.protocols.gate import says_unheard_of
from sandbox.protocols.walmart.account import Account, MarketDep, partner_number
from sandbox.protocols.walmart.feed_files import LAYOUTS, File, read_file
from sandbox.protocols.walmart.route import WalmartRoute, take
from sandbox.protocols.walmart.words import FEED_QUOTAS, milliseconds

router = APIRouter(prefix="/v3/feeds", route_class=WalmartRoute)

_PAGE = 50
_PHASES = {"received": "RECEIVED", "processing": "INPROGRESS", "done": "PROCESSED", "failed": "ERROR"}
_RESULTS = {
    "accepted": "SUCCESS",
    "rejected": "DATA_ERROR",
    "try_again": "SYSTEM_ERROR",
    "pending": "INPROGRESS",
}
_WRONG = "ERR_EXT_DATA_0001"
#: Feeds that share a quota with another one.
_BUCKETS = {"price": "PRICE_AND_PROMOTION"}


@dataclass(slots=True)
class Feed:
    """One file that was sent."""

    feed_id: str
    feed_type: str
    items: int
    sent_at: int
    #: Of the engine; "" where nothing in the file could go there.
    submission_id: str = ""
    #: Place in the file -> SKU, field and reason, of entries that are wrong by themselves.
    wrong: dict[str, list[str]] = field(default_factory=dict)
    #: Field and reason, where the whole file is wrong.
    problem: list[str] = field(default_factory=list)


async def _uploaded(request: Request) -> bytes:
    """The file: a part of a form, or the whole body. Raises Invalid."""
    if request.headers.get("Content-Type", "").startswith("application/json"):
        return await request.body()
    async with request.form() as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise Invalid("invalid_file", "There is no part named file.")
        return await file.read()


@router.post("", name="feed")
def send_feed(
    request: Request,
    market: MarketDep,
    account_id: Account,
    content: Annotated[bytes, Depends(_uploaded)],
    feed_type: Annotated[str, Query(alias="feedType")],
) -> JSONResponse:
    """Takes a file in. Each type of feed has a rate of its own."""
    layout = LAYOUTS.get(feed_type)
    if layout is None:
        raise Invalid("invalid_feed_type", f"There is no feed type {feed_type}.")
    bucket = _BUCKETS.get(feed_type, feed_type)
    take(request, account_id, f"feed_{bucket}", FEED_QUOTAS[bucket])
    feed = _received(market, account_id, feed_type, read_file(content, layout))
    notes.save(market, _note(account_id, feed.feed_id), asdict(feed))
    return JSONResponse({"feedId": feed.feed_id})


def _received(market: Market, account_id: str, feed_type: str, file: File) -> Feed:
    """What is right in the file goes to the engine."""
    feed = Feed(f"{uuid.uuid4().hex.upper()}@AVMBAgA", feed_type, file.items, market.now())
    feed.wrong = {str(place): list(wrong) for place, wrong in file.wrong.items()}
    if file.problem:
        feed.problem = [file.problem.field, file.problem.reason]
    if file.lines:
        kind = LAYOUTS[feed_type].kind
        stored = submissions.receive(market, account_id, key=feed.feed_id, kind=kind, lines=file.lines)
        feed.submission_id = stored["submission_id"]
    return feed


def _note(account_id: str, feed_id: str) -> str:
    return f"walmart feed {account_id} {feed_id}"


@router.get("", name="feed_list")
def list_feeds(
    market: MarketDep,
    account_id: Account,
    feed_id: Annotated[str, Query(alias="feedId")] = "",
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=_PAGE)] = _PAGE,
) -> JSONResponse:
    """The feeds that were sent, newest first. To be listed is not to be asked for."""
    found = [Feed(**note) for note in notes.load_all(market, _note(account_id, feed_id))]
    found.sort(key=lambda feed: feed.sent_at, reverse=True)
    page = found[offset : offset + limit]
    told = submissions.see_submissions(market, account_id, [feed.submission_id for feed in page])
    shown = [_listed(market, account_id, feed, told.get(feed.submission_id)) for feed in page]
    return JSONResponse({"totalResults": len(found), "offset": offset, "limit": limit, "results": {"feed": shown}})


def _listed(market: Market, account_id: str, feed: Feed, told: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        "feedId": feed.feed_id,
        "feedSource": "MARKETPLACE_PARTNER",
        "feedType": feed.feed_type,
        "partnerId": partner_number(account_id),
        **_counted(market, feed, told),
        "feedDate": milliseconds(feed.sent_at),
        "modifiedDtm": milliseconds(feed.sent_at),
    }


@router.get("/{feed_id}", name="feed_status")
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
    told = submissions.get_submission(market, account_id, feed.submission_id) if feed.submission_id else None
    unheard_of = says_unheard_of(request)
    answer = {"feedId": feed_id, **_counted(market, feed, told), "offset": offset, "limit": limit, "itemDetails": {}}
    if answer["feedStatus"] == "ERROR":
        answer["ingestionErrors"] = {"ingestionError": [_whole_error(feed, told)]}
    elif include_details and not feed.problem:
        places = range(offset, min(offset + limit, feed.items))
        rows = _details(market, account_id, feed, places, is_over=answer["feedStatus"] == "PROCESSED")
        answer["itemDetails"] = {"itemIngestionStatus": [_worded(row, unheard_of=unheard_of) for row in rows]}
    if unheard_of:
        answer["feedStatus"] = "TELEPORTED"
    return JSONResponse(answer)


def _phase(market: Market, feed: Feed, told: Mapping[str, Any] | None) -> str:
    """How far it is; a file of which nothing went to the engine takes as long as others."""
    if told:
        return str(told["phase"])
    due_at = feed.sent_at + int(market.settings.processing_delay_seconds * MICROSECONDS)
    if market.now() < due_at:
        return "received"
    return "failed" if feed.problem else "done"


def _counted(market: Market, feed: Feed, told: Mapping[str, Any] | None) -> dict[str, Any]:
    phase = _phase(market, feed, told)
    failed = (told["rejected"] + told["try_again"] if told else 0) + len(feed.wrong)
    finished = phase in ("done", "failed")
    return {
        "feedStatus": _PHASES[phase],
        "itemsReceived": feed.items,
        "itemsSucceeded": told["accepted"] if told and finished else 0,
        "itemsFailed": failed if finished else 0,
        "itemsProcessing": 0 if finished else feed.items,
    }


def _whole_error(feed: Feed, told: Mapping[str, Any] | None) -> dict[str, Any]:
    """Why nothing of the file was taken."""
    if told:
        return {"type": "DATA_ERROR", "code": told["code"], "description": told["reason"]}
    name, reason = feed.problem
    return {"type": "DATA_ERROR", "code": _WRONG, "field": name, "description": reason}


def _details(market: Market, account_id: str, feed: Feed, places: range, *, is_over: bool) -> list[dict[str, Any]]:
    """What became of the items in these places of the file, as the engine words it."""
    # The engine counts only what came to it: wrong entries before a place make it an earlier one there.
    wrong = sorted(map(int, feed.wrong))
    rows: dict[int, dict[str, Any]] = {}
    right = [place for place in places if str(place) not in feed.wrong]
    if right:
        after = right[0] - bisect_left(wrong, right[0]) - 1
        found, _ = submissions.get_results(market, account_id, feed.submission_id, after=after, limit=len(right))
        rows = {place: {**row, "position": place} for place, row in zip(right, found, strict=False)}
    for place in places:
        if told := feed.wrong.get(str(place)):
            sku, name, reason = told
            judged = {"status": "rejected", "code": _WRONG, "field": name, "reason": reason}
            rows[place] = {"sku": sku, "position": place, **(judged if is_over else {"status": "pending"})}
    return [rows[place] for place in places if place in rows]


def _worded(row: Mapping[str, Any], *, unheard_of: bool) -> dict[str, Any]:
    status = "TELEPORTED" if unheard_of else _RESULTS[row["status"]]
    shown = {"martId": 0, "sku": row["sku"], "index": row["position"], "ingestionStatus": status}
    if row["status"] in ("rejected", "try_again"):
        problem = {"type": _RESULTS[row["status"]], "code": row["code"].upper(), "description": row["reason"]}
        named = {"field": row["field"]} if row.get("field") else {}
        shown["ingestionErrors"] = {"ingestionError": [{**problem, **named}]}
    return shown

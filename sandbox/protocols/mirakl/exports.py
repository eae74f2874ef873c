"""The export of all offers, or of those changed since a moment: OF52 to OF54."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from sandbox.clock import parse
from sandbox.engine import exports, notes
from sandbox.engine.errors import NotFound
from sandbox.engine.market import MAX_EXPORT_PAGE, Market
from sandbox.protocols.gate import GatedRoute, check_quota
from sandbox.protocols.mirakl import files, terms
from sandbox.protocols.mirakl.account import Account, MarketDep
from sandbox.protocols.mirakl.words import FULL_EXPORT, moment

router = APIRouter(prefix="/api/offers/export/async", route_class=GatedRoute)


class Asked(BaseModel):
    """What is to be exported, and in what pieces."""

    model_config = ConfigDict(extra="forbid")

    export_type: Literal["text/csv", "application/json"] = "text/csv"
    include_inactive_offers: bool = False
    items_per_chunk: Annotated[int, Field(ge=10_000, le=1_000_000)] = 100_000
    megabytes_per_chunk: Annotated[int, Field(ge=10, le=1000)] | None = None
    last_request_date: str | None = None


@router.post("", name="OF52")
def export(request: Request, market: MarketDep, account_id: Account, body: Asked) -> JSONResponse:
    """An export is on its way. The same one asked for while it runs is the same one."""
    asked = body.model_dump()
    last = notes.load(market, f"mirakl last export {account_id}")
    if last and last["asked"] == asked and _runs(market, account_id, last["number"]):
        return JSONResponse({"tracking_id": last["number"]})
    if body.last_request_date is None:
        check_quota(request, account_id, "OF52 full", FULL_EXPORT)
    number = exports.request_export(market, account_id, key=None)["export_id"]
    kept = {"asked": asked, "number": number}
    notes.save_all(market, {f"mirakl last export {account_id}": kept, f"mirakl export {number}": asked})
    return JSONResponse({"tracking_id": number})


def _runs(market: Market, account_id: str, number: str) -> bool:
    try:
        return bool(exports.get_export(market, account_id, number)["phase"] != "done")
    except NotFound:
        return False


@router.get("/status/{tracking_id}", name="OF53")
def status(request: Request, market: MarketDep, account_id: Account, tracking_id: str) -> JSONResponse:
    """How far it is, and once it is done where its files are."""
    told = exports.get_export(market, account_id, tracking_id)
    if told["phase"] != "done":
        return JSONResponse({"status": "PENDING", "tracking_id": tracking_id})
    pieces = max(1, -(-told["total"] // MAX_EXPORT_PAGE))
    base = str(request.base_url).rstrip("/")
    urls = [f"{base}/api/offers/export/async/file/{tracking_id}/{piece}" for piece in range(pieces)]
    return JSONResponse(
        {"status": "COMPLETED", "tracking_id": tracking_id, "urls": urls, "last_updated": moment(told["as_of"])}
    )


@router.get("/file/{tracking_id}/{piece}", name="OF54")
def file(market: MarketDep, account_id: Account, tracking_id: str, piece: int) -> Response:
    """One file of offers."""
    asked = Asked(**notes.load(market, f"mirakl export {tracking_id}", {}))
    rows, _ = exports.get_rows(
        market, account_id, tracking_id, after=piece * MAX_EXPORT_PAGE - 1, limit=MAX_EXPORT_PAGE
    )
    known, now = terms.of_all(market, account_id), market.now()
    offers = [_exported(row, known.get(row["sku"], {}), now) for row in rows if _belongs(row, asked)]
    if asked.export_type == "application/json":
        return JSONResponse(offers)
    return Response(files.written([_columns(offer) for offer in offers]), media_type="text/csv")


def _belongs(row: dict[str, Any], asked: Asked) -> bool:
    """A differential export tells of what has ended and what is not on sale; a full one of what is asked for."""
    if asked.last_request_date is not None:
        return bool(row["updated_at"] >= parse(asked.last_request_date))
    return row["status"] == "active" and (asked.include_inactive_offers or row["quantity"] > 0)


def _exported(row: dict[str, Any], known: terms.Terms, now: int) -> dict[str, Any]:
    return {
        **terms.shown(row, known, now),
        "deleted": row["status"] != "active",
        "last_updated": moment(row["updated_at"]),
    }


def _columns(offer: dict[str, Any]) -> dict[str, str]:
    """The offer as a line of a CSV file: kebab-case, prices of channels in columns of their own."""
    line = {name.replace("_", "-"): str(value) for name, value in offer.items() if not isinstance(value, list | dict)}
    line |= {name: line[name].lower() for name in ("active", "deleted")}
    for price in offer["all_prices"]:
        if price["channel_code"]:
            line[f"price[channel={price['channel_code']}]"] = str(price["unit_origin_price"])
    return line

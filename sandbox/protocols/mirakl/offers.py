"""Offers: OF01 to OF04, STO01 to STO03, PRI01 to PRI03, OF21, and the export OF52 to OF54."""

from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from sandbox.clock import parse
from sandbox.engine import exports, listings
from sandbox.engine.errors import NotFound
from sandbox.engine.market import MAX_EXPORT_PAGE, Market
from sandbox.protocols.gate import GatedRoute
from sandbox.protocols.mirakl import files, imports
from sandbox.protocols.mirakl.account import OFFER_STATES, Account, MarketDep
from sandbox.protocols.mirakl.words import moment, number

router = APIRouter(route_class=GatedRoute)

_CSV = "text/csv"
Upload = Annotated[UploadFile, File()]


@router.post("/api/offers/imports", name="OF01", status_code=201)
def send_offers(
    market: MarketDep,
    account_id: Account,
    file: Upload,
    import_mode: Annotated[str, Form()],
    with_products: Annotated[bool, Form()] = False,
) -> JSONResponse:
    """Takes a file of offers in; every column that is left out or empty is reset."""
    content = file.file.read()
    rows = files.read_offers(content)
    refused: dict[int, str] = {}
    work: dict[str, list[tuple[int, dict[str, Any]]]] = {"content": [], "withdraw": []}
    known = _known_skus(market, account_id, [row["sku"] for row in rows if row["update-delete"] == "delete"])
    for line, row in enumerate(rows, start=2):
        problem = files.problem_with_offer(row, with_products=with_products, states=OFFER_STATES)
        if row["update-delete"] == "delete" and row["sku"] not in known:
            problem = "The offer does not exist"
        if problem:
            refused[line] = problem
        elif row["update-delete"] == "delete":
            work["withdraw"].append((line, {"sku": row["sku"]}))
        else:
            work["content"].append((line, files.offer_line(row)))
    one = imports.receive(
        market, account_id, "offers", file=content, rows=rows, refused=refused, work=work, with_products=with_products
    )
    answer: dict[str, Any] = {"import_id": int(one.number)}
    if with_products:
        answer["product_import_id"] = int(one.number) + 1_000_000
    return JSONResponse(answer, 201, headers={"Location": f"/api/offers/imports/{one.number}"})


def _known_skus(market: Market, account_id: str, skus: list[str]) -> set[str]:
    """Which of these have an offer that has not ended."""
    found = set()
    for sku in skus:
        try:
            if listings.get_listing(market, account_id, sku)["status"] == "active":
                found.add(sku)
        except NotFound:
            continue
    return found


@router.post("/api/offers/stock/imports", name="STO01", status_code=201)
def send_stock(market: MarketDep, account_id: Account, file: Upload) -> JSONResponse:
    """Takes a file of quantities in."""
    content = file.file.read()
    rows = files.read_rows(content, {"offer-sku", "quantity"})
    work = {"quantity": [(line, files.stock_line(row)) for line, row in enumerate(rows, start=2)]}
    one = imports.receive(market, account_id, "stock", file=content, rows=rows, refused={}, work=work)
    return JSONResponse({"import_id": one.number}, 201)


@router.post("/api/offers/pricing/imports", name="PRI01", status_code=201)
def send_prices(market: MarketDep, account_id: Account, file: Upload) -> JSONResponse:
    """Takes a file of prices in: all other prices of these offers are gone."""
    content = file.file.read()
    rows = files.read_rows(content, {"offer-sku", "price"})
    work = {"price": [(line, files.price_line(row)) for line, row in enumerate(rows, start=2)]}
    one = imports.receive(market, account_id, "prices", file=content, rows=rows, refused={}, work=work)
    return JSONResponse({"import_id": one.number}, 201)


@router.get("/api/offers/imports/{import_id}", name="OF02")
def offers_status(market: MarketDep, account_id: Account, import_id: str) -> JSONResponse:
    return JSONResponse(imports.described(market, imports.find(market, account_id, "offers", import_id)))


@router.get("/api/offers/stock/imports/{import_id}/status", name="STO02")
def stock_status(market: MarketDep, account_id: Account, import_id: str) -> JSONResponse:
    return JSONResponse(imports.described(market, imports.find(market, account_id, "stock", import_id)))


@router.get("/api/offers/imports", name="OF04")
def list_offers_imports(market: MarketDep, account_id: Account, start_date: str | None = None) -> JSONResponse:
    """The imports since a moment, newest first, all on one page."""
    return JSONResponse({"data": _since(market, account_id, "offers", start_date)})


@router.get("/api/offers/pricing/imports", name="PRI02")
def prices_status(
    market: MarketDep, account_id: Account, import_id: str | None = None, start_date: str | None = None
) -> JSONResponse:
    """One import as a list of one, or the imports since a moment."""
    if import_id is None:
        return JSONResponse({"data": _since(market, account_id, "prices", start_date)})
    try:
        found = [imports.described(market, imports.find(market, account_id, "prices", import_id))]
    except NotFound:
        found = []
    return JSONResponse({"data": found})


def _since(market: Market, account_id: str, feed: str, start_date: str | None) -> list[dict[str, Any]]:
    since = parse(start_date) if start_date else 0
    return [imports.described(market, one) for one in imports.list_since(market, account_id, feed, since)]


def _report(market: Market, account_id: str, feed: str, import_id: str) -> Response:
    one = imports.find(market, account_id, feed, import_id)
    failed = imports.state_of(market, one).failed
    if not failed:
        raise NotFound("no_report", f"Import {import_id} has no error report.")
    if feed == "offers":
        return Response(files.offer_report(failed), media_type="application/octet-stream")
    return Response(files.other_report(failed), media_type=_CSV)


@router.get("/api/offers/imports/{import_id}/error_report", name="OF03")
def offers_report(market: MarketDep, account_id: Account, import_id: str) -> Response:
    return _report(market, account_id, "offers", import_id)


@router.get("/api/offers/stock/imports/{import_id}/error_report", name="STO03")
def stock_report(market: MarketDep, account_id: Account, import_id: str) -> Response:
    return _report(market, account_id, "stock", import_id)


@router.get("/api/offers/pricing/imports/{import_id}/error_report", name="PRI03")
def prices_report(market: MarketDep, account_id: Account, import_id: str) -> Response:
    return _report(market, account_id, "prices", import_id)


@router.get("/api/products/imports/{import_id}", name="P42")
def products_status(market: MarketDep, account_id: Account, import_id: int) -> JSONResponse:
    """The products of an offer file that brought them along."""
    one = imports.find(market, account_id, "offers", str(import_id - 1_000_000))
    state = imports.state_of(market, one)
    return JSONResponse(
        {
            "import_id": import_id,
            "import_status": "COMPLETE" if state.status == "COMPLETE" else "RUNNING",
            "has_error_report": False,
            "has_transformation_error_report": False,
            "has_new_product_report": False,
            "has_transformed_file": False,
        }
    )


@router.get("/api/offers", name="OF21")
def page_of_offers(
    market: MarketDep, account_id: Account, sku: str = "", max: int = 10, offset: int = 0
) -> JSONResponse:
    """One page for a screen."""
    try:
        found = [listings.get_listing(market, account_id, sku)] if sku else []
    except NotFound:
        found = []
    if not sku:
        found = listings.list_listings(market, account_id, limit=offset + min(max, 100), status="active")[offset:]
    shown = [one for one in found if one["status"] == "active"]
    return JSONResponse({"total_count": len(shown), "offers": [_offer(one) for one in shown]})


def _offer(listing: dict[str, Any]) -> dict[str, Any]:
    has_some = listing["quantity"] > 0
    return {
        "offer_id": abs(hash(listing["sku"])) % 10**9,
        "shop_sku": listing["sku"],
        "product_sku": f"P-{listing['sku']}",
        "product_title": listing["title"],
        "price": number(listing["price"] or 0),
        "quantity": listing["quantity"],
        "active": has_some,
        "inactivity_reasons": [] if has_some else ["ZERO_QUANTITY"],
        "state_code": "11",
        "currency_iso_code": listing["currency"],
    }


class ExportRequest(BaseModel):
    """What is to be exported, and in what pieces."""

    export_type: str = "application/json"
    include_inactive_offers: bool = False
    items_per_chunk: int = 10_000
    megabytes_per_chunk: int | None = None
    last_request_date: str | None = None


@router.post("/api/offers/export/async", name="OF52")
def export(market: MarketDep, account_id: Account, body: ExportRequest) -> JSONResponse:
    """An export is on its way."""
    asked = exports.request_export(market, account_id, key=None)
    return JSONResponse({"tracking_id": asked["export_id"]})


@router.get("/api/offers/export/async/status/{tracking_id}", name="OF53")
def export_status(request: Request, market: MarketDep, account_id: Account, tracking_id: str) -> JSONResponse:
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


@router.get("/api/offers/export/async/file/{tracking_id}/{piece}", name="OF54")
def export_file(market: MarketDep, account_id: Account, tracking_id: str, piece: int) -> JSONResponse:
    """One file: a list of offers. What was deleted is not in a full export."""
    rows, _ = exports.get_rows(
        market, account_id, tracking_id, after=piece * MAX_EXPORT_PAGE - 1, limit=MAX_EXPORT_PAGE
    )
    return JSONResponse([_exported(row) for row in rows if row["status"] == "active"])


def _exported(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **_offer(row),
        "origin_price": number(row["price"] or 0),
        "deleted": False,
        "date_created": moment(row["updated_at"]),
        "last_updated": moment(row["updated_at"]),
    }

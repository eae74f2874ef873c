"""Stock and prices of offers, in files of their own: STO01 to STO03, PRI01 to PRI03."""

from typing import Annotated

from fastapi import APIRouter, File, Query, Response, UploadFile
from fastapi.responses import JSONResponse

from sandbox.engine.errors import NotFound
from sandbox.protocols.gate import GatedRoute
from sandbox.protocols.mirakl import files, imports, paging, terms
from sandbox.protocols.mirakl.account import Account, MarketDep

router = APIRouter(prefix="/api/offers", route_class=GatedRoute)

_CSV = "text/csv"
Upload = Annotated[UploadFile, File()]


@router.post("/stock/imports", name="STO01", status_code=201)
def send_stock(market: MarketDep, account_id: Account, file: Upload) -> JSONResponse:
    """Takes a file of quantities in."""
    content = file.file.read()
    rows = files.read_rows(content, {"offer-sku", "quantity"})
    one = imports.find_same(market, account_id, "stock", content)
    if one is None:
        work = {"quantity": [(line, files.stock_line(row)) for line, row in enumerate(rows, start=2)]}
        one = imports.receive(market, account_id, "stock", file=content, rows=rows, refused={}, work=work)
    return JSONResponse({"import_id": one.number}, 201)


@router.get("/stock/imports/{import_id}/status", name="STO02")
def stock_status(market: MarketDep, account_id: Account, import_id: str) -> JSONResponse:
    return JSONResponse(imports.described(market, imports.find(market, account_id, "stock", import_id)))


@router.get("/stock/imports/{import_id}/error_report", name="STO03")
def stock_report(market: MarketDep, account_id: Account, import_id: str) -> Response:
    failed = imports.failed_lines(market, account_id, "stock", import_id)
    return Response(files.other_report(failed), media_type=_CSV)


@router.post("/pricing/imports", name="PRI01", status_code=201)
def send_prices(market: MarketDep, account_id: Account, file: Upload) -> JSONResponse:
    """Takes a file of prices in: all other prices of these offers are gone."""
    content = file.file.read()
    rows = files.read_rows(content, {"offer-sku", "price"})
    one = imports.find_same(market, account_id, "prices", content)
    if one is None:
        one = _receive_prices(market, account_id, content, rows)
    return JSONResponse({"import_id": one.number}, 201)


def _receive_prices(market: MarketDep, account_id: str, content: bytes, rows: list[files.Row]) -> imports.Import:
    refused: dict[int, str] = {}
    taken, work = {}, []
    for sku, lines in terms.by_offer(rows).items():
        prices = [row for _, row in lines]
        if problem := terms.problem_with_prices(prices):
            refused |= dict.fromkeys((line for line, _ in lines), problem)
        else:
            line, plain = terms.default_price(lines)
            work.append((line, {"sku": sku, "price": plain["price"].replace(",", ".")}))
            taken[sku] = prices
    terms.set_prices(market, account_id, taken)
    return imports.receive(market, account_id, "prices", file=content, rows=rows, refused=refused, work={"price": work})


@router.get("/pricing/imports", name="PRI02")
def prices_status(
    market: MarketDep,
    account_id: Account,
    import_id: str | None = None,
    start_date: str | None = None,
    end_date: str | None = None,
    status: str | None = None,
    origins: Annotated[list[str], Query()] = [],  # noqa: B006 - never changed
    limit: int = 10,
    page_token: str | None = None,
) -> JSONResponse:
    """One import as a list of one, or the imports since a moment."""
    if import_id is None:
        asked = {"start_date": start_date, "end_date": end_date, "status": status, "origins": origins}
        return paging.seek(imports.finder(market, account_id, "prices"), asked, limit=limit, page_token=page_token)
    try:
        found = [imports.described(market, imports.find(market, account_id, "prices", import_id))]
    except NotFound:
        found = []
    return JSONResponse({"data": found})


@router.get("/pricing/imports/{import_id}/error_report", name="PRI03")
def prices_report(market: MarketDep, account_id: Account, import_id: str) -> Response:
    failed = imports.failed_lines(market, account_id, "prices", import_id)
    return Response(files.other_report(failed), media_type=_CSV)

"""Offers: OF01 to OF04, OF24, and OF21."""

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from sandbox.engine import listings
from sandbox.engine.errors import Invalid, NotFound
from sandbox.engine.market import Market
from sandbox.protocols.gate import GatedRoute, check_quota
from sandbox.protocols.mirakl import catalogue, files, imports, paging, terms
from sandbox.protocols.mirakl.account import OFFER_STATES, Account, MarketDep
from sandbox.protocols.mirakl.files import Row
from sandbox.protocols.mirakl.words import WITH_PRODUCTS

router = APIRouter(prefix="/api/offers", route_class=GatedRoute)


@router.post("/imports", name="OF01", status_code=201)
def send_file(
    request: Request,
    market: MarketDep,
    account_id: Account,
    file: Annotated[UploadFile, File()],
    import_mode: Annotated[Literal["NORMAL", "REPLACE", "PARTIAL_UPDATE"], Form()],
    with_products: Annotated[bool, Form()] = False,
) -> JSONResponse:
    """Takes a file of offers in; every column that is left out or empty is reset."""
    if import_mode != "NORMAL":
        raise Invalid("import_mode", f"This operator takes no files in mode {import_mode}.")
    if with_products:
        check_quota(request, account_id, "OF01 with products", WITH_PRODUCTS)
    content = file.file.read()
    rows = files.read_offers(content)
    return _taken(_receive(market, account_id, content, rows, with_products=with_products))


class Offer(BaseModel):
    """One offer of a JSON body: what is not there is reset."""

    model_config = ConfigDict(extra="allow")

    shop_sku: str
    product_id: str
    product_id_type: str
    state_code: str
    price: float
    update_delete: str


class Offers(BaseModel):
    offers: list[Offer]


@router.post("", name="OF24", status_code=201)
def send_json(market: MarketDep, account_id: Account, body: Offers) -> JSONResponse:
    """Takes offers in, as a file would."""
    plain = [offer.model_dump() for offer in body.offers]
    rows = [files.offer_row(offer) for offer in plain]
    return _taken(_receive(market, account_id, json.dumps(plain).encode(), rows))


def _taken(one: imports.Import) -> JSONResponse:
    answer = {"import_id": int(one.number)} | ({"product_import_id": int(one.products)} if one.products else {})
    return JSONResponse(answer, 201, headers={"Location": f"/api/offers/imports/{one.number}"})


def _receive(
    market: Market, account_id: str, content: bytes, rows: list[Row], *, with_products: bool = False
) -> imports.Import:
    """The import; the same file again is the same import as long as it is not finished."""
    if not rows:
        raise Invalid("file_format", "The file is empty.")
    if same := imports.find_same(market, account_id, "offers", content):
        return same
    products = _products(market, account_id, rows) if with_products else None
    refused = _refused(market, account_id, rows, products)
    taken = {line: row for line, row in enumerate(rows, start=2) if line not in refused}
    listed = {line: row for line, row in taken.items() if row["update-delete"] != "delete"}
    had_offer = listings.active_skus(market, account_id, (row["sku"] for row in rows))
    terms.set_all(market, account_id, listed.values())
    work: dict[str, list[tuple[int, dict[str, Any]]]] = {
        "content": [(line, files.offer_line(row)) for line, row in listed.items()],
        "withdraw": [(line, {"sku": row["sku"]}) for line, row in taken.items() if line not in listed],
    }
    return imports.receive(
        market,
        account_id,
        "offers",
        file=content,
        rows=rows,
        refused=refused,
        work=work,
        had_offer=had_offer,
        products=products.number if products else "",
    )


def _products(market: Market, account_id: str, rows: list[Row]) -> catalogue.Products | None:
    """The products that the lines bring along: those that say a category."""
    described = [row for row in rows if row.get("category")]
    return catalogue.receive(market, account_id, described) if described else None


def _refused(market: Market, account_id: str, rows: list[Row], products: catalogue.Products | None) -> dict[int, str]:
    """Line -> why the operator does nothing with it."""
    ends = [row["sku"] for row in rows if row["update-delete"] == "delete"]
    there = listings.active_skus(market, account_id, ends)
    made = {catalogue.sku_of(row) for row in catalogue.rows_made(products)} if products else set()
    not_made = {catalogue.sku_of(row) for row in products.rows} - made if products else set()
    by_shop = [row["product-id"] for row in rows if row["product-id-type"] == "SHOP_SKU"]
    shops_own = made | catalogue.known(market, account_id, by_shop).keys()
    refused = {}
    for line, row in enumerate(rows, start=2):
        problem = files.problem_with_offer(row, states=OFFER_STATES, shops_own=shops_own, refused_products=not_made)
        if row["update-delete"] == "delete" and row["sku"] not in there:
            problem = "The offer does not exist"
        if problem:
            refused[line] = problem
    return refused


@router.get("/imports/{import_id}", name="OF02")
def status(market: MarketDep, account_id: Account, import_id: str) -> JSONResponse:
    return JSONResponse(imports.described(market, imports.find(market, account_id, "offers", import_id)))


@router.get("/imports/{import_id}/error_report", name="OF03")
def report(market: MarketDep, account_id: Account, import_id: str) -> Response:
    failed = imports.failed_lines(market, account_id, "offers", import_id)
    return Response(files.offer_report(failed), media_type="application/octet-stream")


@router.get("/imports", name="OF04")
def list_imports(
    market: MarketDep,
    account_id: Account,
    start_date: str | None = None,
    end_date: str | None = None,
    status: str | None = None,
    origins: Annotated[list[str], Query()] = [],  # noqa: B006 - never changed
    limit: int = 10,
    page_token: str | None = None,
) -> JSONResponse:
    """The imports since a moment, newest first."""
    asked = {"start_date": start_date, "end_date": end_date, "status": status, "origins": origins}
    return paging.seek(imports.finder(market, account_id, "offers"), asked, limit=limit, page_token=page_token)


@router.get("", name="OF21")
def page_of_offers(
    request: Request, market: MarketDep, account_id: Account, sku: str = "", max: int = 10, offset: int = 0
) -> JSONResponse:
    """One page for a screen."""
    paging.check_limit("max", max)
    if sku:
        found = _one(market, account_id, sku)
        total = len(found)
    else:
        total = listings.count_listings(market, account_id, status="active")
        found = listings.list_listings(market, account_id, limit=offset + max, status="active")[offset:]
    now = market.now()
    shown = [terms.shown(one, terms.of_offer(market, account_id, one["sku"]), now) for one in found]
    headers = paging.links(request, total=total, offset=offset, size=max)
    return JSONResponse({"total_count": total, "offers": shown}, headers=headers)


def _one(market: Market, account_id: str, sku: str) -> list[dict[str, Any]]:
    try:
        listing = listings.get_listing(market, account_id, sku)
    except NotFound:
        return []
    return [listing] if listing["status"] == "active" else []

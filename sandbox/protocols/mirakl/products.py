"""Products: P31, P41, P42, P44, P45, P47, P51."""

from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Query, Response, UploadFile
from fastapi.responses import JSONResponse

from sandbox.clock import parse
from sandbox.engine.errors import Invalid, NotFound
from sandbox.engine.market import Market
from sandbox.protocols.gate import GatedRoute
from sandbox.protocols.mirakl import catalogue, files, paging
from sandbox.protocols.mirakl.account import Account, MarketDep
from sandbox.protocols.mirakl.words import moment

router = APIRouter(prefix="/api/products", route_class=GatedRoute)

_MOST_REFERENCES = 100


@router.get("", name="P31")
def find_products(
    market: MarketDep, account_id: Account, product_references: Annotated[str, Query()] = ""
) -> JSONResponse:
    """The products that the operator knows, of those asked for as `type|id,type|id`."""
    asked = [text.partition("|") for text in product_references.split(",") if text]
    if len(asked) > _MOST_REFERENCES:
        raise Invalid(
            "product_references", f"The limit of {_MOST_REFERENCES} is exceeded for the parameter : product_references"
        )
    shops_own = catalogue.known(market, account_id, [product_id for _, _, product_id in asked])
    found = []
    for id_type, _, product_id in asked:
        if files.is_known({"product-id": product_id, "product-id-type": id_type}, shops_own):
            about = shops_own.get(product_id, {"title": f"Product {product_id}", "category": "HOME"})
            found.append(_product(id_type, product_id, about))
    return JSONResponse({"products": found, "total_count": len(found)})


def _product(id_type: str, product_id: str, about: dict[str, str]) -> dict[str, Any]:
    return {
        "product_id": product_id,
        "product_id_type": id_type,
        "product_sku": f"P-{product_id}",
        "product_title": about["title"],
        "category_code": about["category"],
        "category_label": about["category"].title(),
    }


@router.post("/imports", name="P41", status_code=201)
def send_products(
    market: MarketDep,
    account_id: Account,
    file: Annotated[UploadFile, File()],
    operator_format: Annotated[bool, Form()] = False,
    conversion_type: Annotated[str, Form()] = "STANDARD",
) -> JSONResponse:
    """Takes a file of products in."""
    if conversion_type not in ("STANDARD", "AI_CONVERTER"):
        raise Invalid("conversion_type", f"There is no conversion type {conversion_type}.")
    rows = files.read_rows(file.file.read(), {"category", "shop_sku"})
    if not rows:
        raise Invalid("file_format", "The file is empty.")
    one = catalogue.receive(market, account_id, rows)
    return JSONResponse(
        {"import_id": int(one.number)}, 201, headers={"Location": f"/api/products/imports/{one.number}"}
    )


@router.get("/imports", name="P51")
def list_imports(
    market: MarketDep,
    account_id: Account,
    start_date: str | None = None,
    limit: int = 10,
    page_token: str | None = None,
) -> JSONResponse:
    """The files since a moment, newest first."""

    def found(asked: Any) -> list[dict[str, Any]]:
        since = parse(asked["start_date"]) if asked["start_date"] else 0
        return [_shown(market, one) for one in catalogue.since(market, account_id, since)]

    return paging.seek(found, {"start_date": start_date}, limit=limit, page_token=page_token)


@router.get("/imports/{import_id}", name="P42")
def status(market: MarketDep, account_id: Account, import_id: str) -> JSONResponse:
    return JSONResponse(_shown(market, catalogue.find(market, account_id, import_id)))


def _shown(market: Market, one: catalogue.Products) -> dict[str, Any]:
    """The file as P42 shows it: which reports there are is said once it is that far."""
    told = catalogue.status_of(market, one)
    unreadable, refused = catalogue.lines_unreadable(one), catalogue.lines_refused(one)
    is_read, is_done = told in ("SENT", "COMPLETE", "TRANSFORMATION_FAILED"), told == "COMPLETE"
    shown = {
        "import_id": int(one.number),
        "import_status": told,
        "date_created": moment(one.created_at),
        "has_transformation_error_report": is_read and bool(unreadable),
        "has_transformed_file": told in ("SENT", "COMPLETE"),
        "has_error_report": is_done and bool(refused),
        "has_new_product_report": is_done and bool(catalogue.rows_made(one)),
        "transform_lines_read": len(one.rows) if is_read else 0,
        "transform_lines_in_success": len(one.rows) - len(unreadable) if is_read else 0,
        "transform_lines_in_error": len(unreadable) if is_read else 0,
        "transform_lines_with_warning": 0,
    }
    if told == "TRANSFORMATION_FAILED":
        shown["reason_status"] = "No line of the file could be read."
    if is_done:
        made = len(catalogue.rows_made(one))
        counts = {"products_successfully_synchronized": made, "rejected_products": len(refused), "invalid_products": 0}
        shown["integration_details"] = counts
    return shown


def _report(market: Market, one: catalogue.Products, flag: str, text: str) -> Response:
    if not _shown(market, one)[flag]:
        raise NotFound("no_report", f"Import {one.number} has no such report.")
    return Response(text, media_type="application/octet-stream")


@router.get("/imports/{import_id}/error_report", name="P44")
def refused_report(market: MarketDep, account_id: Account, import_id: str) -> Response:
    one = catalogue.find(market, account_id, import_id)
    rows = [{"shop_sku": catalogue.sku_of(row), "error": why} for _, row, why in catalogue.lines_refused(one)]
    return _report(market, one, "has_error_report", files.written(rows))


@router.get("/imports/{import_id}/new_product_report", name="P45")
def made_report(market: MarketDep, account_id: Account, import_id: str) -> Response:
    one = catalogue.find(market, account_id, import_id)
    rows = [{"shop_sku": catalogue.sku_of(row), "warning": ""} for row in catalogue.rows_made(one)]
    return _report(market, one, "has_new_product_report", files.written(rows))


@router.get("/imports/{import_id}/transformation_error_report", name="P47")
def unreadable_report(market: MarketDep, account_id: Account, import_id: str) -> Response:
    one = catalogue.find(market, account_id, import_id)
    text = files.transformation_report(catalogue.lines_unreadable(one))
    return _report(market, one, "has_transformation_error_report", text)

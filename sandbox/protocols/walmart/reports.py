"""Reports of all items and quantities, for accounts that are too large to be listed."""

import csv
import io
import zipfile
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from sandbox.clock import MICROSECONDS
from sandbox.engine import exports, notes
from sandbox.engine.errors import Conflict, Invalid, NotFound
from sandbox.engine.market import MAX_EXPORT_PAGE, Market, new_id
from sandbox.protocols.gate import Refused
from sandbox.protocols.protocol import Refusal
from sandbox.protocols.walmart.account import Account, MarketDep
from sandbox.protocols.walmart.items import SHIP_NODE
from sandbox.protocols.walmart.route import WalmartRoute, take
from sandbox.protocols.walmart.words import REPORT_QUOTA, moment

router = APIRouter(prefix="/v3/reports", route_class=WalmartRoute)

#: An address of a file is good for so long. Walmart says no more than that it is short.
_TICKET_MICROSECONDS = 600 * MICROSECONDS
_VERSIONS = {"ITEM": ("v1", "v2", "v3", "v4", "v5", "v6"), "INVENTORY": ("v1",)}
_COLUMNS = {
    "ITEM": ("SKU", "Product Name", "Lifecycle Status", "Publish Status", "Price", "Currency"),
    "INVENTORY": ("SKU", "Ship Node ID", "Input Quantity"),
}


@router.post("/reportRequests", name="report_create")
def ask_for_report(
    request: Request,
    market: MarketDep,
    account_id: Account,
    report_type: Annotated[str, Query(alias="reportType")],
    report_version: Annotated[str, Query(alias="reportVersion")],
) -> JSONResponse:
    """A report is on its way. Each type has a rate of its own."""
    if report_version not in _VERSIONS.get(report_type, ()):
        raise Invalid("invalid_report_type", f"There is no report {report_type} {report_version} here.")
    take(request, account_id, f"report_{report_type}", REPORT_QUOTA)
    asked = exports.request_export(market, account_id, key=None)
    about = {"account_id": account_id, "reportType": report_type, "reportVersion": report_version}
    notes.save(market, f"walmart report {asked['export_id']}", about)
    return JSONResponse(_described(asked, about))


def _described(told: dict[str, Any], about: dict[str, str]) -> dict[str, Any]:
    return {
        "requestId": told["export_id"],
        "requestStatus": "READY" if told["phase"] == "done" else "RECEIVED",
        "requestSubmissionDate": moment(told["received_at"]),
        "reportType": about["reportType"],
        "reportVersion": about["reportVersion"],
    }


def _known(market: Market, request_id: str) -> dict[str, str]:
    about: dict[str, str] | None = notes.load(market, f"walmart report {request_id}")
    if about is None:
        raise NotFound("content_not_found", f"There is no report {request_id}.")
    return about


@router.get("/reportRequests/{request_id}", name="report_status")
def report_status(market: MarketDep, account_id: Account, request_id: str) -> JSONResponse:
    """How far it is."""
    about = _known(market, request_id)
    return JSONResponse(_described(exports.get_export(market, account_id, request_id), about))


@router.get("/downloadReport", name="report_download")
def report_address(
    request: Request, market: MarketDep, account_id: Account, request_id: Annotated[str, Query(alias="requestId")]
) -> JSONResponse:
    """Where the file is, for a short while; no header of the seller's belongs there."""
    about = _known(market, request_id)
    told = exports.get_export(market, account_id, request_id)
    if told["phase"] != "done":
        raise Conflict("report_not_ready", "The report is not ready.")
    ticket, expires_at = new_id("ticket"), market.now() + _TICKET_MICROSECONDS
    notes.save(market, _ticket_note(ticket), [request_id, expires_at])
    address = f"{str(request.base_url).rstrip('/')}/v3/reports/files/{ticket}.zip"
    described = _described(told, about)
    return JSONResponse({**described, "downloadURL": address, "downloadURLExpirationTime": moment(expires_at)})


def _ticket_note(ticket: str) -> str:
    return f"walmart report ticket {ticket}"


@router.get("/files/{ticket}.zip", name="report_file")
def report_file(market: MarketDep, ticket: str) -> Response:
    """The report as a zipped CSV, for whoever has an address that has not expired."""
    request_id, expires_at = notes.load(market, _ticket_note(ticket), ["", 0])
    if expires_at < market.now():
        raise Refused(Refusal(status=403, code="access_denied", reason="The address has expired."))
    about = _known(market, request_id)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS[about["reportType"]])
    rows = _rows(market, about["account_id"], request_id)
    if about["reportType"] == "ITEM":
        writer.writerows(
            (row["sku"], row["title"], "ACTIVE", "PUBLISHED", row["price"] or "", row["currency"]) for row in rows
        )
    else:
        writer.writerows((row["sku"], SHIP_NODE, row["quantity"]) for row in rows)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("report.csv", text.getvalue())
    return Response(packed.getvalue(), media_type="application/octet-stream")


def _rows(market: Market, account_id: str, request_id: str) -> Iterator[dict[str, Any]]:
    after: int | None = -1
    while after is not None:
        rows, after = exports.get_rows(market, account_id, request_id, after=after, limit=MAX_EXPORT_PAGE)
        yield from (row for row in rows if row["status"] == "active")

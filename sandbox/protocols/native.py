"""The marketplace's own protocol: JSON over HTTP, version 1.

Get a token, send submissions, poll them, read exports and orders, answer orders. Every write carries an
`Idempotency-Key`: the same key has its effect once, and what it did can be looked up later. Refusals are JSON objects
with `code` and `reason`. Amounts of money are strings; moments are ISO 8601 in UTC with microseconds.
"""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from sandbox.engine import accounts, exports, fulfillment, listings, orders, submissions
from sandbox.engine.errors import Invalid, NotFound, TooLarge, Unauthorized
from sandbox.engine.market import (
    EXPORT_PAGE,
    MAX_EXPORT_PAGE,
    MAX_ORDER_PAGE,
    ORDER_PAGE,
    RESULT_PAGE,
    Market,
)
from sandbox.protocols.gate import GatedRoute, admit, market_of, says_unheard_of
from sandbox.protocols.native_types import (
    Cancellation,
    Refund,
    Shipment,
    SubmissionIds,
    SubmissionRequest,
    TokenRequest,
)
from sandbox.protocols.protocol import Protocol, plainly
from sandbox.protocols.rendering import answer, moment, page_position, page_token
from sandbox.protocols.signing_in import no_account

router = APIRouter(prefix="/v1", tags=["seller protocol, version 1"], route_class=GatedRoute)

_MAX_BODY = 64 * 1024 * 1024


async def caller(request: Request, authorization: Annotated[str | None, Header()] = None) -> str:
    """The account that calls, once its token is good and neither limit nor fault stands in the way."""
    market = market_of(request)

    def account() -> str:
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthorized("token_missing", "Send the header Authorization: Bearer <access token>.")
        return accounts.account_of_token(market, token.strip())

    return await admit(request, account)


def idempotency_key(idempotency_key: Annotated[str | None, Header(max_length=200)] = None) -> str:
    """The key of a write."""
    if not idempotency_key:
        raise Invalid("idempotency_key_missing", "A write needs the header Idempotency-Key.")
    return idempotency_key


MarketDep = Annotated[Market, Depends(market_of)]
Account = Annotated[str, Depends(caller)]
Key = Annotated[str, Depends(idempotency_key)]


@router.post("/token", name="token", dependencies=[Depends(no_account)])
def token(market: MarketDep, body: TokenRequest) -> JSONResponse:
    """Exchanges client credentials for a short-lived access token. 401 when they are wrong."""
    access_token, expires_in = accounts.issue_token(market, body.client_id, body.client_secret)
    return answer({"access_token": access_token, "token_type": "bearer", "expires_in": expires_in})


@router.get("/account", name="account")
def account(market: MarketDep, account_id: Account) -> JSONResponse:
    """Name, currency, carriers, reasons, capabilities and limits of the account."""
    return answer(accounts.get_account(market, account_id))


_SUBMISSION_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": SubmissionRequest.model_json_schema(ref_template="#/$defs/{model}")}
        },
    }
}


@router.post("/submissions", name="submit", status_code=202, openapi_extra=_SUBMISSION_BODY)
async def submit(market: MarketDep, account_id: Account, key: Key, request: Request) -> JSONResponse:
    """Takes in up to 10,000 lines, to be worked on later; 413 beyond.

    `content` creates or updates a listing and may carry price and quantity; `offer`, `quantity` and `price` change an
    active one and are rejected otherwise; `withdraw` ends one (an ended or unknown one counts as ended already).
    Quantities are absolute. Submissions of an account are worked on in the order of receipt. The same key with the
    same body gives the same submission; with another body 409.
    """
    raw = await request.body()
    if len(raw) > _MAX_BODY:
        raise TooLarge("body_too_large", "The body has more than 64 MiB.")
    return await run_in_threadpool(_receive, market, account_id, key, raw)


def _receive(market: Market, account_id: str, key: str, raw: bytes) -> JSONResponse:
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise Invalid("not_json", "The body is not JSON.") from error
    if not isinstance(body, dict):
        raise Invalid("not_an_object", "The body is not a JSON object.")
    stored = submissions.receive(market, account_id, key=key, kind=body.get("kind"), lines=body.get("lines"))
    return answer(stored, 202)


@router.get("/submissions", name="find_submission")
def find_submission(market: MarketDep, account_id: Account, idempotency_key: str) -> JSONResponse:
    """The submission that came with this key; 404 if none ever did. For when the answer to a submission was lost."""
    found = submissions.find_submission(market, account_id, idempotency_key)
    if found is None:
        raise NotFound("unknown_submission", "No submission came with this key.")
    return answer(found)


@router.post("/submissions/status", name="submissions_status")
def submissions_status(market: MarketDep, account_id: Account, body: SubmissionIds) -> JSONResponse:
    """Phases and counts of up to 500 submissions at once; unknown ones are left out."""
    return answer({"submissions": submissions.get_submissions(market, account_id, body.submission_ids)})


@router.get("/submissions/{submission_id}", name="submission")
def submission(market: MarketDep, account_id: Account, submission_id: str) -> JSONResponse:
    """Phase (received, processing, done, failed) and counts. `failed` means that no line was applied."""
    return answer(submissions.get_submission(market, account_id, submission_id))


@router.get("/submissions/{submission_id}/results", name="results")
def results(
    market: MarketDep,
    account_id: Account,
    submission_id: str,
    page_token: str | None = None,
    limit: Annotated[int, Query(ge=1, le=RESULT_PAGE)] = RESULT_PAGE,
) -> JSONResponse:
    """Per line: accepted, rejected, try_again or pending, with code and reason. `done` says nothing about the lines."""
    after = _position(page_token, -1)
    rows, last = submissions.get_results(market, account_id, submission_id, after=after, limit=limit)
    return _page(market, "results", account_id, {"results": rows}, here=after, beyond=last)


@router.post("/exports", name="export", status_code=202)
def export(
    market: MarketDep, account_id: Account, idempotency_key: Annotated[str | None, Header()] = None
) -> JSONResponse:
    """Asks for the whole list of listings as it will be at one moment."""
    return answer(exports.request_export(market, account_id, key=idempotency_key), 202)


@router.get("/exports/{export_id}", name="export_status")
def export_status(market: MarketDep, account_id: Account, export_id: str) -> JSONResponse:
    """Phase (received, done), the moment it shows (`as_of`) and the number of rows (`total`)."""
    return answer(exports.get_export(market, account_id, export_id))


@router.get("/exports/{export_id}/rows", name="export_rows")
def export_rows(
    market: MarketDep,
    account_id: Account,
    export_id: str,
    page_token: str | None = None,
    limit: Annotated[int, Query(ge=1, le=MAX_EXPORT_PAGE)] = EXPORT_PAGE,
) -> JSONResponse:
    """The rows of the export, page by page. The last page has no `next_page_token`."""
    after = _position(page_token, -1)
    rows, last = exports.get_rows(market, account_id, export_id, after=after, limit=limit)
    return _page(market, "export_rows", account_id, {"rows": rows}, here=after, beyond=last)


@router.get("/listings/{sku:path}", name="listing")
def listing(market: MarketDep, account_id: Account, sku: str) -> JSONResponse:
    """One listing as it is now; 404 when there is none."""
    return answer(listings.get_listing(market, account_id, sku))


@router.get("/orders", name="orders")
def list_orders(
    request: Request,
    market: MarketDep,
    account_id: Account,
    updated_since: str | None = None,
    page_token: str | None = None,
    limit: Annotated[int, Query(ge=1, le=MAX_ORDER_PAGE)] = ORDER_PAGE,
) -> JSONResponse:
    """Orders whose last update is at or after `updated_since`, oldest update first.

    An order updated while pages are read moves to the end and may be seen twice, but is never missed. `server_time`
    was read before the page, and nothing older is still to come: the next round may start there, less an overlap.
    """
    now = market.settled_now()
    since = moment(updated_since)
    here = _position(page_token, [since, -1])
    page, last = orders.list_orders(market, account_id, since=since, after=tuple(here), limit=limit)
    if says_unheard_of(request):
        page = [{**order, "status": "teleported"} for order in page]
    content = {"orders": page, "server_time": now}
    return _page(market, "orders", account_id, content, here=here, beyond=last)


@router.get("/orders/{order_id}", name="order")
def order(market: MarketDep, account_id: Account, order_id: str) -> JSONResponse:
    """One order as it is now."""
    return answer(orders.get_order(market, account_id, order_id))


@router.post("/orders/{order_id}/accept", name="accept")
def accept(market: MarketDep, account_id: Account, key: Key, order_id: str) -> JSONResponse:
    """The seller takes the order; needed before anything is shipped. Accepting twice is harmless."""
    return answer(fulfillment.accept(market, account_id, order_id, key=key))


@router.post("/orders/{order_id}/shipments", name="ship")
def ship(market: MarketDep, account_id: Account, key: Key, order_id: str, body: Shipment) -> JSONResponse:
    """A parcel has left. 409: not accepted, not paid, or more than is open. 422: unknown carrier or line."""
    request = body.model_dump(mode="json", exclude_none=True)
    return answer(fulfillment.ship(market, account_id, order_id, request, key=key))


@router.post("/orders/{order_id}/cancellations", name="cancel")
def cancel(market: MarketDep, account_id: Account, key: Key, order_id: str, body: Cancellation) -> JSONResponse:
    """Quantities that will not be shipped. 409: already shipped or cancelled. Does not put stock back on sale."""
    request = body.model_dump(mode="json", exclude_none=True)
    return answer(fulfillment.cancel(market, account_id, order_id, request, key=key))


@router.post("/orders/{order_id}/refunds", name="refund")
def refund(market: MarketDep, account_id: Account, key: Key, order_id: str, body: Refund) -> JSONResponse:
    """Money given back for shipped lines. 409: not shipped, or more than was paid."""
    request = body.model_dump(mode="json", exclude_none=True)
    return answer(fulfillment.refund(market, account_id, order_id, request, key=key))


@router.post("/orders/{order_id}/cancellation-request/{decision}", name="cancellation_decision")
def cancellation_decision(
    market: MarketDep, account_id: Account, key: Key, order_id: str, decision: str
) -> JSONResponse:
    """`approve` cancels all that has not left; `refuse` does not. 409: there is no open request."""
    return answer(fulfillment.decide(market, account_id, order_id, decision, key=key))


@router.get("/operations/{key}", name="find_operation")
def find_operation(market: MarketDep, account_id: Account, key: str) -> JSONResponse:
    """What was done under an idempotency key; 404 when nothing was. For when the answer to a write was lost."""
    return answer(fulfillment.find_operation(market, account_id, key))


def _position(token_text: str | None, start: Any) -> Any:
    return start if token_text is None else page_position(token_text)


def _page(
    market: Market, operation: str, account_id: str, content: dict[str, Any], *, here: Any, beyond: Any
) -> JSONResponse:
    """A page of rows (the first value of ``content``) with the token of the next one, as the faults leave it."""
    where = {"operation": operation, "account_id": account_id}
    rows_name = next(iter(content))
    if fault := market.faults.draw("reordered_page", **where):
        content[rows_name] = fault.shuffled(content[rows_name])
    if market.faults.draw("repeated_page", **where):
        beyond = here
    content["next_page_token"] = None if beyond is None else page_token(beyond)
    return answer(content)


PROTOCOL = Protocol(name="native", about=(__doc__ or "").strip(), router=router, word=plainly, not_understood=422)

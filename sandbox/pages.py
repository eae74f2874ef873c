"""Plain pages for a person: what buyers see and do, and the switches for faults. Server-rendered, no scripts."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader
from starlette.concurrency import run_in_threadpool

from sandbox import clock
from sandbox import faults as fault_kinds
from sandbox.engine import accounts, fulfillment, listings, orders, submissions
from sandbox.engine.errors import NotFound, Refused
from sandbox.engine.market import Market
from sandbox.faults import Fault
from sandbox.protocols.gate import market_of

_HERE = Path(__file__).parent
_LISTINGS_SHOWN = 25
_ORDERS_SHOWN = 50
_SUBMISSIONS_SHOWN = 25

router = APIRouter(include_in_schema=False)
MarketDep = Annotated[Market, Depends(market_of)]


class ForeignForm(Exception):
    """A form on another site was sent here."""


def same_site(request: Request) -> None:
    """Refuses forms that another site's page sends: the page has no sign-in, so the origin is what there is."""
    origin = request.headers.get("origin")
    if origin and urlsplit(origin).netloc != request.headers.get("host"):
        raise ForeignForm


def _moment(at: int | None) -> str:
    """A moment for people: day, time to the second, zone."""
    if at is None:
        return ""
    return f"{datetime.fromisoformat(clock.text(at) or ''):%d %b %Y, %H:%M:%S} UTC"


def _words(name: str) -> str:
    """A status or an event as words."""
    return name.replace("_", " ")


_templates = Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True, trim_blocks=True)
_templates.filters["moment"] = _moment
_templates.filters["words"] = _words


def _page(request: Request, template: str, **context: Any) -> HTMLResponse:
    said = request.query_params.get("said", "")
    failed = request.query_params.get("failed", "")
    return HTMLResponse(
        _templates.get_template(template).render(said=said, failed=failed, **context),
        headers={"Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; img-src 'self'"},
    )


def _back(path: str, *, said: str = "", failed: str = "") -> RedirectResponse:
    """Redirects to the page the form came from, with a message."""
    message = {name: text for name, text in (("said", said), ("failed", failed)) if text}
    separator = "&" if "?" in path else "?"
    return RedirectResponse(f"{path}{separator}{urlencode(message)}" if message else path, 303)


@router.get("/sandbox.css")
def stylesheet() -> FileResponse:
    """The pages' own style."""
    return FileResponse(_HERE / "static" / "sandbox.css", media_type="text/css")


@router.get("/")
def home(request: Request, market: MarketDep) -> HTMLResponse:
    """The accounts."""
    return _page(request, "home.html", title="Seller accounts", accounts=accounts.list_accounts(market))


@router.get("/accounts/{account_id}")
def shop(
    request: Request, market: MarketDep, account_id: str, search: str = "", after: str = "", status: str = "active"
) -> HTMLResponse:
    """One account's listings, to look at and to buy."""
    status = status if status in ("active", "ended") else ""
    found = listings.list_listings(
        market, account_id, after_sku=after, limit=_LISTINGS_SHOWN + 1, search=search, status=status
    )
    shown = found[:_LISTINGS_SHOWN]
    more = {"search": search, "status": status or "all", "after": shown[-1]["sku"]} if len(found) > len(shown) else None
    return _page(
        request,
        "listings.html",
        title="Listings",
        tab="listings",
        account=accounts.get_account(market, account_id),
        listings=shown,
        search=search,
        status=status or "all",
        is_first=not after,
        more=urlencode(more) if more else "",
    )


@router.get("/accounts/{account_id}/orders")
def order_list(request: Request, market: MarketDep, account_id: str) -> HTMLResponse:
    """The orders placed last."""
    return _page(
        request,
        "orders.html",
        title="Orders",
        tab="orders",
        account=accounts.get_account(market, account_id),
        orders=orders.newest_orders(market, account_id, _ORDERS_SHOWN),
        shown=_ORDERS_SHOWN,
    )


@router.get("/accounts/{account_id}/orders/{order_id}")
def order_page(request: Request, market: MarketDep, account_id: str, order_id: str) -> HTMLResponse:
    """One order: its lines, its parcels, and what its buyer may do."""
    order = orders.get_order(market, account_id, order_id)
    request_state = (order["cancellation_request"] or {}).get("state")
    is_open = any(line["quantity"] > line["quantity_shipped"] + line["quantity_cancelled"] for line in order["lines"])
    return _page(
        request,
        "order.html",
        title=f"Order {order_id}",
        tab="orders",
        account=accounts.get_account(market, account_id),
        order=order,
        operations=fulfillment.operations_of(market, order_id),
        may_ask=is_open and request_state != "open",
        may_cancel=is_open and not any(line["quantity_shipped"] for line in order["lines"]),
    )


@router.get("/accounts/{account_id}/submissions")
def submission_list(request: Request, market: MarketDep, account_id: str) -> HTMLResponse:
    """What the seller's software sent last."""
    return _page(
        request,
        "submissions.html",
        title="Submissions",
        tab="submissions",
        account=accounts.get_account(market, account_id),
        submissions=submissions.newest_submissions(market, account_id, _SUBMISSIONS_SHOWN),
    )


@router.get("/faults")
def fault_page(request: Request, market: MarketDep) -> HTMLResponse:
    """The faults that are on, and the form to switch one on."""
    return _page(
        request,
        "faults.html",
        title="Faults",
        faults=market.faults.listed(),
        kinds=fault_kinds.KINDS,
        operations=accounts.OPERATIONS,
        settings=asdict(market.settings),
    )


@router.get("/api")
def api_page(request: Request) -> HTMLResponse:
    """The OpenAPI document as a page."""
    document = request.app.openapi()
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, calls in document["paths"].items():
        for method, call in calls.items():
            parameters = [parameter["name"] for parameter in call.get("parameters", ())]
            about = {"method": method.upper(), "path": path, "text": call.get("description", "")}
            groups.setdefault(call["tags"][0], []).append({**about, "parameters": parameters})
    info = document["info"]["description"]
    return _page(request, "api.html", title="API", info=info, groups=list(groups.items()))


@router.post("/accounts/{account_id}/buy", dependencies=[Depends(same_site)])
def buy(
    market: MarketDep,
    account_id: str,
    sku: Annotated[str, Form()],
    quantity: Annotated[int, Form(ge=1)],
    back: Annotated[str, Form()] = "",
) -> RedirectResponse:
    """A buyer takes some of one listing."""
    page = f"/accounts/{account_id}"
    try:
        order = orders.buy(market, {"account_id": account_id, "lines": [{"sku": sku, "quantity": quantity}]})
    except NotFound as refusal:
        return _back(page, failed=refusal.reason)
    except Refused as refusal:
        return _back(f"{page}?{urlencode({'search': back})}" if back else page, failed=refusal.reason)
    return _back(f"{page}/orders/{order['id']}", said=f"Bought {quantity} of {sku} for {order['total']}.")


@router.post("/accounts/{account_id}/orders/{order_id}/{wish}", dependencies=[Depends(same_site)])
def buyer_acts(
    market: MarketDep, account_id: str, order_id: str, wish: str, reason: Annotated[str, Form()] = ""
) -> RedirectResponse:
    """The buyer asks to cancel, or cancels."""
    page = f"/accounts/{account_id}/orders/{order_id}"
    reason = reason.strip() or "I changed my mind."
    try:
        orders.get_order(market, account_id, order_id)
        if wish == "request-cancellation":
            orders.request_cancellation(market, order_id, reason)
            return _back(page, said="The buyer has asked to cancel. The seller decides.")
        if wish == "cancel":
            orders.cancel_by_buyer(market, order_id, reason)
            return _back(page, said="The buyer has cancelled the order.")
    except Refused as refusal:
        return _back(page, failed=refusal.reason)
    return _back(page, failed="There is no such button.")


@router.post("/faults", dependencies=[Depends(same_site)])
async def change_faults(request: Request, market: MarketDep, remove: Annotated[str, Query()] = "") -> RedirectResponse:
    """One fault is switched on as the form says, or those named are switched off."""
    form = {name: str(value).strip() for name, value in (await request.form()).items()}
    return await run_in_threadpool(_change_faults, market, form, remove)


def _change_faults(market: Market, form: dict[str, str], remove: str) -> RedirectResponse:
    if remove:
        name = None if remove == "all" else remove
        market.faults.remove(name)
        if name in (None, "stuck_submission"):
            submissions.release(market)
        return _back("/faults", said="Switched off.")
    try:
        market.faults.add(_fault_from(form))
    except (KeyError, ValueError) as error:
        return _back("/faults", failed=f"That makes no sense: {error}.")
    return _back("/faults", said=f"“{_words(form['name'])}” is on.")


def _fault_from(form: dict[str, str]) -> Fault:
    """The fault that the form describes. Raises KeyError, ValueError."""
    if form["name"] not in fault_kinds.KINDS:
        raise ValueError("there is no such fault")
    fault = Fault(name=form["name"], operation=form.get("operation") or None, seed=int(form.get("seed") or 0))
    how, number = form.get("how", "always"), form.get("number") or "1"
    if how == "next_n":
        fault.next_n = int(number)
    elif how == "every_nth":
        fault.every_nth = int(number)
        if fault.every_nth < 1:
            raise ValueError("every 0th call is none")
    elif how == "probability":
        fault.probability = min(max(float(number) / 100, 0.0), 1.0)
    if form.get("parameter"):
        name, _, value = form["parameter"].partition("=")
        fault.params[name.strip()] = float(value) if _is_number(value) else value.strip()
    return fault


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

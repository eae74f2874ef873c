"""How Walmart says no, how often it may be called, and how it writes moments and amounts."""

import math
from decimal import Decimal
from typing import Any

from fastapi import Response
from fastapi.responses import JSONResponse

from sandbox import clock
from sandbox.engine.errors import Invalid
from sandbox.protocols.protocol import Quota, Refusal


def _a_minute(calls: float, burst: float = 10) -> Quota:
    return Quota(rate_per_s=calls / 60, burst=burst)


def _an_hour(calls: float) -> Quota:
    return Quota(rate_per_s=calls / 3600, burst=calls)


#: Token buckets for each seller and call. Feeds and reports have one for each type.
QUOTAS = {
    "partner_profile": _a_minute(50),
    "feed_status": _a_minute(5000, 200),
    "feed_list": _a_minute(5000, 200),
    "items": _a_minute(300),
    "item_spec": _a_minute(3, 3),
    "taxonomy": _a_minute(3, 3),
    "retire_item": _a_minute(900, 50),
    "inventory": _a_minute(200, 50),
    "inventories": _a_minute(200, 50),
    "report_status": _an_hour(20),
    "report_download": _an_hour(20),
    "orders": _a_minute(5000, 200),
    "order": _a_minute(5000, 200),
    "acknowledge": _a_minute(60, 20),
    "ship": _a_minute(60, 20),
    "cancel": _a_minute(60, 20),
    "refund": _a_minute(60, 20),
    "returns": _a_minute(50),
    "return_refund": _a_minute(60),
}
FEED_QUOTAS = {
    "MP_ITEM": _an_hour(10),
    "MP_ITEM_MATCH": _an_hour(20),
    "PRICE_AND_PROMOTION": _an_hour(10),
    "inventory": _an_hour(10),
    "MP_INVENTORY": _an_hour(50),
    "RETIRE_ITEM": _an_hour(10),
}
REPORT_QUOTA = _an_hour(1)
#: Later than any moment.
FOREVER = 2**62
#: Where what cannot be understood is a problem in the sense of RFC 9457.
_PROBLEMS = "/v3/reports/"
#: What does not fit the state of things is a request that cannot be done.
_STATUS = {409: 400, 422: 400}


def word(refusal: Refusal, path: str) -> Response:
    """Walmart's error. The gateway's own failures (5xx) come without a body."""
    status = _STATUS.get(refusal.status, refusal.status)
    if status >= 500:
        return Response(status_code=status)
    headers = {} if refusal.retry_after is None else {"Retry-After": str(math.ceil(refusal.retry_after))}
    if status == 400 and path.startswith(_PROBLEMS):
        problem = {"type": "about:blank", "title": "Bad Request", "status": status, "detail": refusal.reason}
        return JSONResponse(problem, status, media_type="application/problem+json")
    category = "REQUEST" if status in (401, 403, 429) else "DATA"
    return JSONResponse({"errors": [error(_code(refusal, path), refusal.reason, category)]}, status, headers=headers)


def _code(refusal: Refusal, path: str) -> str:
    """The code, with the name of the service behind its dot."""
    part = path.removeprefix("/v3/").partition("/")[0].upper() or "GATEWAY"
    return f"{refusal.code.upper()}.GMP_{part}_API"


def error(code: str, description: str, category: str = "DATA") -> dict[str, Any]:
    return {
        "code": code,
        "field": "data",
        "description": description,
        "info": "",
        "severity": "ERROR",
        "category": category,
        "causes": [],
        "errorIdentifiers": {},
    }


def milliseconds(at: int) -> int:
    """The moment as orders and feeds write it."""
    return at // 1000


def moment(at: int) -> str:
    """The moment as queries and reports write it."""
    return f"{str(clock.text(at))[:19]}Z"


def moment_in(text: str) -> int:
    """The moment that a query names. Raises Invalid."""
    try:
        return clock.parse(text)
    except ValueError as error:
        raise Invalid("invalid_request_param", f"{text!r} is not a moment.") from error


def since_and_until(since: str | None, until: str | None) -> tuple[int, int]:
    """A span of time, without either end: all of it. Raises Invalid if only one end is given."""
    if since is None and until is None:
        return 0, FOREVER
    if since is None or until is None:
        raise Invalid("invalid_request_param", "Give both the start and the end of a span of time.")
    return moment_in(since), moment_in(until)


def customer_order_of(order_id: str) -> str:
    """The buyer's number of an order: here each order of a buyer is one purchase order."""
    return f"C{order_id}"


def number_of_line(line_id: str) -> str:
    """The number of an order line, counted from 1."""
    return line_id.rpartition("-")[2]


def number(amount: Any) -> float:
    """Money as a JSON number with two decimals at most."""
    return float(Decimal(str(amount)).quantize(Decimal("0.01")))


def each(amount: int) -> dict[str, str]:
    """Units of an order line: their number is a text."""
    return {"unitOfMeasurement": "EACH", "amount": str(amount)}


def units(amount: int) -> dict[str, Any]:
    """Units of an item in stock: their number is a number."""
    return {"unit": "EACH", "amount": amount}

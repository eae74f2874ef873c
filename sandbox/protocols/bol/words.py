"""How bol.com says no, how often it may be called, and how it writes moments, amounts and answers."""

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Response
from fastapi.responses import JSONResponse

from sandbox.clock import MICROSECONDS
from sandbox.protocols.protocol import Quota, Refusal

V10, V11 = "application/vnd.retailer.v10+json", "application/vnd.retailer.v11+json"
#: Rows of one page of everything but offers.
PAGE = 50
_AMSTERDAM = ZoneInfo("Europe/Amsterdam")


_SECOND, _MINUTE = "SECONDS", "MINUTES"
_OFFERS, _OFFER = "/retailer/offers", "/retailer/offers/{offer-id}"
#: Operation -> path, method, and how many calls each account has in a second or a minute.
LIMITS = {
    "offers": (_OFFERS, "GET", 25, _SECOND),
    "offer": (_OFFER, "GET", 25, _SECOND),
    "not_for_sale_reasons": (f"{_OFFER}/not-for-sale-reasons", "GET", 25, _SECOND),
    "create_offer": (_OFFERS, "POST", 50, _SECOND),
    "change_offer": (_OFFER, "PATCH", 50, _SECOND),
    "end_offer": (_OFFER, "DELETE", 50, _SECOND),
    "orders": ("/retailer/orders", "GET", 25, _MINUTE),
    "order": ("/retailer/orders/{order-id}", "GET", 25, _SECOND),
    "cancel": ("/retailer/orders/cancellation", "PUT", 25, _SECOND),
    "ship": ("/retailer/shipments", "POST", 25, _SECOND),
    "shipments": ("/retailer/shipments", "GET", 25, _MINUTE),
    "shipment": ("/retailer/shipments/{shipment-id}", "GET", 50, _MINUTE),
    "change_transport": ("/retailer/transports/{transport-id}", "PUT", 25, _SECOND),
    "returns": ("/retailer/returns", "GET", 20, _MINUTE),
    "return": ("/retailer/returns/{return-id}", "GET", 20, _MINUTE),
    "create_return": ("/retailer/returns", "POST", 20, _MINUTE),
    "handle_return": ("/retailer/returns/{rma-id}", "PUT", 20, _MINUTE),
    "process_status": ("/shared/process-status", "POST", 2, _SECOND),
}
#: A window is a bucket that is filled as fast as it is emptied.
QUOTAS = {
    operation: Quota(rate_per_s=calls / (1 if unit == _SECOND else 60), burst=calls)
    for operation, (_, _, calls, unit) in LIMITS.items()
}
_TITLES = {
    401: "Expired JWT",
    403: "Forbidden",
    404: "Not Found",
    406: "Not Acceptable",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
}
#: What does not fit the state of things is a request that cannot be done.
_STATUS = {409: 400, 422: 400}


def media_type_of(path: str) -> str:
    """The version that this part of the API speaks."""
    return V11 if path.startswith("/retailer/offers") else V10


def word(refusal: Refusal, path: str) -> Response:
    """bol.com's problem. The token endpoint words its own; a failure of the server may be a web page."""
    status = _STATUS.get(refusal.status, refusal.status)
    # Not always is it told in a header, but always in words.
    wait = max(1, math.ceil(refusal.retry_after or 1))
    headers = {} if refusal.retry_after is None else {"Retry-After": str(wait)}
    if path == "/token":
        error = {"error": refusal.code, "error_description": refusal.reason}
        return JSONResponse(error, status, headers=headers)
    if status >= 500:
        return Response("<html><body>Sorry</body></html>", status, media_type="text/html")
    content: dict[str, Any] = {
        "type": "https://api.bol.com/problems",
        "title": _TITLES.get(status, "Bad Request"),
        "status": status,
        "detail": f"Too many requests, retry in {wait} seconds." if status == 429 else refusal.reason,
        "violations": [{"name": refusal.code, "reason": refusal.reason}],
    }
    return JSONResponse(content, status, headers=headers, media_type=media_type_of(path))


def listed(name: str, rows: list[Any]) -> JSONResponse:
    """A list under its name; an empty one has not even that."""
    return said({name: rows} if rows else {})


def said(content: Any, path: str = "", status: int = 200) -> JSONResponse:
    """The answer, in the media type of its part of the API."""
    return JSONResponse(content, status, media_type=media_type_of(path))


def moment(at: int) -> str:
    """The moment as bol.com writes it, with Amsterdam's offset."""
    return datetime.fromtimestamp(at / MICROSECONDS, UTC).astimezone(_AMSTERDAM).isoformat(timespec="seconds")


def date_of(at: int) -> str:
    """The day of a moment in Amsterdam."""
    return moment(at)[:10]


def day(on: date) -> tuple[int, int]:
    """First and last moment of a day in Amsterdam."""
    start = datetime(on.year, on.month, on.day, tzinfo=_AMSTERDAM)
    end = datetime.fromisoformat((on + timedelta(days=1)).isoformat()).replace(tzinfo=_AMSTERDAM)
    return int(start.timestamp() * MICROSECONDS), int(end.timestamp() * MICROSECONDS) - 1


def number(amount: Any) -> float:
    """Money as a JSON number with two decimals at most."""
    return float(Decimal(str(amount)).quantize(Decimal("0.01")))

"""How bol.com says no, how often it may be called, and how it writes moments, amounts and answers."""

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


def _a_minute(calls: float) -> Quota:
    return Quota(rate_per_s=calls / 60, burst=calls)


def _a_second(calls: float) -> Quota:
    return Quota(rate_per_s=calls, burst=calls)


#: Each account and endpoint has a window of its own.
QUOTAS = {
    "offers": _a_second(25),
    "create_offer": _a_second(50),
    "change_offer": _a_second(50),
    "end_offer": _a_second(50),
    "orders": _a_minute(25),
    "order": _a_second(25),
    "ship": _a_second(25),
    "shipments": _a_minute(25),
    "cancel": _a_second(25),
    "process_status": _a_second(2),
    "returns": _a_minute(20),
    "return": _a_minute(20),
    "handle_return": _a_minute(20),
}
_TITLES = {401: "Expired JWT", 403: "Forbidden", 404: "Not Found", 429: "Too Many Requests"}
#: What does not fit the state of things is a request that cannot be done.
_STATUS = {409: 400, 422: 400}


def media_type_of(path: str) -> str:
    """The version that this part of the API speaks."""
    return V11 if path.startswith("/retailer/offers") else V10


def word(refusal: Refusal, path: str) -> Response:
    """bol.com's problem. The token endpoint words its own; a failure of the server may be a web page."""
    status = _STATUS.get(refusal.status, refusal.status)
    headers = {} if refusal.retry_after is None else {"Retry-After": f"{refusal.retry_after:.0f}"}
    if path == "/token":
        error = {"error": refusal.code, "error_description": refusal.reason}
        return JSONResponse(error, status, headers=headers)
    if status >= 500:
        return Response("<html><body>Sorry</body></html>", status, media_type="text/html")
    content: dict[str, Any] = {
        "type": "https://api.bol.com/problems",
        "title": _TITLES.get(status, "Bad Request"),
        "status": status,
        "detail": refusal.reason,
        "violations": [{"name": refusal.code, "reason": refusal.reason}],
    }
    return JSONResponse(content, status, headers=headers, media_type=media_type_of(path))


def said(content: Any, path: str = "", status: int = 200) -> JSONResponse:
    """The answer, in the media type of its part of the API."""
    return JSONResponse(content, status, media_type=media_type_of(path))


def moment(at: int) -> str:
    """The moment as bol.com writes it, with Amsterdam's offset."""
    return datetime.fromtimestamp(at / MICROSECONDS, UTC).astimezone(_AMSTERDAM).isoformat(timespec="seconds")


def day(on: date) -> tuple[int, int]:
    """First and last moment of a day in Amsterdam."""
    start = datetime(on.year, on.month, on.day, tzinfo=_AMSTERDAM)
    end = datetime.fromisoformat((on + timedelta(days=1)).isoformat()).replace(tzinfo=_AMSTERDAM)
    return int(start.timestamp() * MICROSECONDS), int(end.timestamp() * MICROSECONDS) - 1


def number(amount: Any) -> float:
    """Money as a JSON number with two decimals at most."""
    return float(Decimal(str(amount)).quantize(Decimal("0.01")))

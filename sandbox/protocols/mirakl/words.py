"""How Mirakl says no, how often it may be called, and how it writes moments and money."""

from decimal import Decimal
from typing import Any

from fastapi import Response
from fastapi.responses import JSONResponse

from sandbox import clock
from sandbox.protocols.protocol import Quota, Refusal

_DAY = 86_400
_MINUTELY = Quota(rate_per_s=1 / 60)
_DAILY = Quota(rate_per_s=1 / _DAY)
_HOURLY = Quota(rate_per_s=1 / 3600)
_FIVE_MINUTELY = Quota(rate_per_s=1 / 300)
#: "Maximum usage" of each operation.
QUOTAS = {
    "A01": _DAILY,
    "SH21": _DAILY,
    "SH12": _DAILY,
    "OF61": _DAILY,
    "RE01": _DAILY,
    "P41": Quota(rate_per_s=1 / (15 * 60)),
    "P42": _MINUTELY,
    "P51": _MINUTELY,
    "H11": _HOURLY,
    "PM11": _HOURLY,
    "VL11": _HOURLY,
    "OF01": _MINUTELY,
    "OF24": _MINUTELY,
    "OF02": _MINUTELY,
    "OF03": _MINUTELY,
    "OF04": _MINUTELY,
    "PRI01": _MINUTELY,
    "PRI02": _MINUTELY,
    "PRI03": _MINUTELY,
    "STO01": _MINUTELY,
    "STO02": Quota(rate_per_s=1 / 15),
    "STO03": _MINUTELY,
    "OF52": _MINUTELY,
    "OF53": Quota(rate_per_s=1 / 10),
    "OR11": Quota(rate_per_s=1, burst=20),
    "OR04": _MINUTELY,
    "ST12": _FIVE_MINUTELY,
}
#: Quotas by what is asked: a full export's is not that of a differential one, nor a file's that brings products along.
FULL_EXPORT = _DAILY
LIST_OF_RETURNS = _FIVE_MINUTELY
WITH_PRODUCTS = QUOTAS["P41"]
#: Mirakl knows no 409 and no 422: what does not fit the state of things is a 400.
_STATUS = {409: 400, 422: 400}


def word(refusal: Refusal, path: str) -> Response:
    """Mirakl's error: status, code, message. 429 tells the seconds to wait."""
    status = _STATUS.get(refusal.status, refusal.status)
    headers = {} if refusal.retry_after is None else {"Retry-After": f"{refusal.retry_after:.0f}"}
    content = {"status": status, "code": refusal.code.upper(), "message": refusal.reason}
    return JSONResponse(content, status, headers=headers)


def moment(at: int | None) -> str | None:
    """The moment in UTC, to the second, as Mirakl writes it."""
    text = clock.text(at)
    return None if text is None else f"{text[:19]}Z"


def number(amount: Any) -> float:
    """Money as a JSON number with two decimals at most."""
    return float(Decimal(str(amount)).quantize(Decimal("0.01")))

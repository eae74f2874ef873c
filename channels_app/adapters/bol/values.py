"""bol.com's numbers and moments. Pure.

Source: api.bol.com/retailer/public/Retailer-API, "Getting started" and the OpenAPI documents of versions 10 and 11
(read 2026-05): amounts are JSON numbers in EUR, tax included; moments are ISO 8601 with Amsterdam's offset.
"""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

CURRENCY = "EUR"
_AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def read_money(value: Any) -> Decimal:
    """Return the amount: a JSON number of up to 15 digits is exact in its shortest form. Raises for what is none."""
    if value is None or isinstance(value, bool):
        raise ValueError(f"{value} is no amount.")
    return Decimal(str(value))


def read_moment(text: str) -> datetime:
    """Return the moment, aware, in UTC; without an offset it is Amsterdam's time."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=_AMSTERDAM)).astimezone(UTC)


def day_of(moment: datetime) -> date:
    """Return the day that it is then at bol.com."""
    return moment.astimezone(_AMSTERDAM).date()


def in_milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def as_json(body: object) -> bytes:
    """Return the body with amounts as plain JSON numbers: a float is written in its shortest form, which is exact."""
    return json.dumps(body, default=_plain, separators=(",", ":")).encode()


def _plain(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no place in a request.")

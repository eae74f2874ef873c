"""Mirakl's numbers and moments. Pure.

Source: developer.mirakl.com, "General Notes" of the seller API (read 2026-08): numbers come as JSON numbers or as text,
moments are ISO 8601 in UTC. Old sample files have decimal commas.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any

_CENT = Decimal("0.01")


def read_number(value: object) -> Decimal:
    """Return the number that `value` is, or says; nothing is 0. Raises ValueError or InvalidOperation for no number."""
    if value is None or value == "":
        return Decimal(0)
    number = Decimal(str(value).replace(",", "."))
    if not number.is_finite():
        raise ValueError(f"{value} is no number.")
    return number


def read_sum(rows: Iterable[Mapping[str, Any]] | None, name: str = "amount") -> Decimal:
    """Return what the rows add up to; no rows are 0."""
    return sum((read_number(row.get(name)) for row in rows or ()), Decimal(0))


def read_moment(text: str) -> datetime:
    """Return the moment, aware, in UTC."""
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def build_moment(moment: datetime) -> str:
    """Return the moment as query strings take it, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def as_json(body: object) -> bytes:
    """Return the body with amounts as plain JSON numbers: a float is written in its shortest form, which is exact for
    amounts of up to 15 digits."""
    return json.dumps(body, default=_plain, separators=(",", ":")).encode()


def _plain(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no place in a request.")


def share(whole: Decimal, part: Decimal | int, of: Decimal | int) -> Decimal:
    """Return `part`/`of` of `whole`, to the cent and never more: parts must not add up to more than there is."""
    if part == of:
        return whole
    return (whole * part / of).quantize(_CENT, rounding=ROUND_DOWN) if of else Decimal(0)

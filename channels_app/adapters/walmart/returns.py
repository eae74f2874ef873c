"""Buyers' returns: read with what was decided about them, and refunded by return, never by order. Pure.

Source: https://developer.walmart.com/us-marketplace/docs/ (returns guide) and Walmart's OpenAPI document of its
returns, read 2026-11-23.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

from channels_app.adapters.errors import RejectedByChannel
from channels_app.adapters.types import (
    CommandLine,
    OrderCommand,
    RemoteReturn,
    RemoteReturnLine,
)
from channels_app.adapters.walmart.choices import REFUND_RETURN, WALMART_DECIDED
from channels_app.adapters.walmart.times import read_moment

#: A return of goods from several orders of ours is one for each of them: number of the return, and of the order.
_SEPARATOR = "@"
_BY_WALMART = ("walmart", "replacement")


def read_page(answer: Mapping[str, Any]) -> tuple[RemoteReturn, ...]:
    """Return the returns of a page, one for each order."""
    return tuple(
        _read_return(told, order, lines)
        for told in answer.get("returnOrders") or ()
        for order, lines in _by_order(told)
        if told.get("returnOrderId") and order
    )


def read_next(answer: Mapping[str, Any]) -> str:
    """Return the query string of the next page, or ""."""
    return str((answer.get("meta") or {}).get("nextCursor") or "")


def _by_order(told: Mapping[str, Any]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    def order_of(line: Mapping[str, Any]) -> str:
        return str(line.get("purchaseOrderId") or "")

    lines = sorted(told.get("returnOrderLines") or (), key=order_of)
    return [(order, list(group)) for order, group in groupby(lines, key=order_of)]


def _read_return(told: Mapping[str, Any], order: str, lines: Sequence[Mapping[str, Any]]) -> RemoteReturn:
    return RemoteReturn(
        remote_id=f"{told['returnOrderId']}{_SEPARATOR}{order}",
        order_remote_id=order,
        requested_at=read_moment(told["returnOrderDate"]),
        lines=tuple(_read_line(line) for line in lines),
    )


def _read_line(line: Mapping[str, Any]) -> RemoteReturnLine:
    comment = str(line.get("returnDescription") or "")
    if line.get("isKeepIt"):
        comment = f"{comment} The buyer keeps the goods.".strip()
    return RemoteReturnLine(
        remote_id=str(line["returnOrderLineNumber"]),
        quantity=int(_measure(line)),
        order_line_remote_id=_number(line.get("purchaseOrderLineNumber")),
        sku=str((line.get("item") or {}).get("sku") or ""),
        reason=str(line.get("returnReason") or ""),
        comment=comment,
        decision=read_decision(line),
    )


def _number(value: Any) -> str:
    return "" if value is None else str(value)


def _measure(line: Mapping[str, Any]) -> Decimal:
    return Decimal(str((line.get("quantity") or {}).get("measurementValue") or 0))


def refunded_units(line: Mapping[str, Any]) -> Decimal:
    return Decimal(str(line.get("refundedQty") or 0))


def read_decision(line: Mapping[str, Any]) -> str:
    """Return what was decided about a line, or "" while nothing was.

    UNVERIFIED: `refundedQty` and `refundCoveredBy` are taken at their word; the texts of refund statuses are not listed
    anywhere, so they decide nothing.
    """
    if str(line.get("refundCoveredBy") or "").lower().startswith(_BY_WALMART):
        return WALMART_DECIDED
    quantity = _measure(line)
    return REFUND_RETURN if quantity and refunded_units(line) >= quantity else ""


# What the seller decides


def numbers_of(command: OrderCommand) -> tuple[str, str]:
    """Return the number of the return and that of the order it is about."""
    number, _, order = command.return_remote_id.partition(_SEPARATOR)
    return number, order


def find_return(answer: Mapping[str, Any], number: str) -> Mapping[str, Any]:
    """Return the return of this number. Raises RejectedByChannel if Walmart does not show it."""
    for told in answer.get("returnOrders") or ():
        if str(told.get("returnOrderId")) == number:
            found: Mapping[str, Any] = told
            return found
    raise RejectedByChannel("Walmart does not know this return.", code="no_return")


def is_refunded(told: Mapping[str, Any], line: CommandLine) -> bool:
    """Say whether a line of the return has been refunded already, whoever did it."""
    return any(
        str(one.get("returnOrderLineNumber")) == line.line_remote_id
        and (read_decision(one) == WALMART_DECIDED or refunded_units(one) >= max(line.quantity, 1))
        for one in told.get("returnOrderLines") or ()
    )


def build_refund(told: Mapping[str, Any], lines: Sequence[CommandLine]) -> dict[str, Any]:
    """Return the body that refunds lines of a return."""
    return {
        "customerOrderId": str(told["customerOrderId"]),
        "refundLines": [
            {
                "returnOrderLineNumber": int(line.line_remote_id),
                "quantity": {"unitOfMeasure": "EACH", "measurementValue": line.quantity},
            }
            for line in lines
        ],
    }

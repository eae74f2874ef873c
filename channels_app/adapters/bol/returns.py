"""What buyers send back, read page by page: first what waits for a decision, then the newest page of what was decided.

Source: bol.com's Retailer API 10 (OpenAPI, read 2026-05), get-returns. It names an order and an EAN, no item.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from channels_app.adapters.bol.client import BolClient, rows_of
from channels_app.adapters.bol.values import read_moment
from channels_app.adapters.errors import TemporaryError
from channels_app.adapters.types import RemoteReturn, RemoteReturnLine, ReturnPage

Item = Mapping[str, Any]

#: The clocks of both sides may differ by this.
_CLOCK_SKEW = timedelta(minutes=15)
#: Decided, and bol.com does not say how.
_DECIDED = "HANDLED"


def first_cursor(since: datetime) -> str:
    return json.dumps({"since": since.astimezone(UTC).isoformat(), "page": 1})


def read_page(client: BolClient, cursor: str) -> ReturnPage:
    """Return a page of returns. Page 0 is that of decided ones: decided elsewhere, they need no decision here."""
    place = json.loads(cursor)
    since, number = datetime.fromisoformat(place["since"]), int(place["page"])
    filters = {"handled": "true" if number == 0 else "false", "fulfilment-method": "FBR", "page": number or 1}
    rows = rows_of(client.get("returns", "/retailer/returns", filters), "returns")
    try:
        found = [one for row in rows for one in read_returns(row) if one.requested_at >= since - _CLOCK_SKEW]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TemporaryError("A page of returns is not readable.", code="unreadable") from error
    return ReturnPage(returns=tuple(found), **_behind(place, rows))


def _behind(place: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return where it goes on: an empty page is the last of those that wait."""
    names = [str(row.get("returnId")) for row in rows]
    if place["page"] == 0:
        return {"next_cursor": json.dumps({"since": place["since"], "page": 1}), "has_more": False}
    if names and names == place.get("before"):
        raise TemporaryError("bol.com sends the same page again and again.", code="pages_in_a_circle")
    there = {"page": place["page"] + 1, "before": names} if names else {"page": 0}
    return {"next_cursor": json.dumps({"since": place["since"], **there}), "has_more": True}


def read_returns(row: Mapping[str, Any]) -> list[RemoteReturn]:
    """Return what the row tells: one return for each order that it takes goods of."""
    items = list(row["returnItems"])
    order_ids = list(dict.fromkeys(str(item["orderId"]) for item in items))
    return_id = str(row["returnId"])
    return [
        RemoteReturn(
            remote_id=return_id if len(order_ids) == 1 else f"{return_id}/{order_id}",
            order_remote_id=order_id,
            requested_at=read_moment(row["registrationDateTime"]),
            lines=tuple(_line(item) for item in items if str(item["orderId"]) == order_id),
        )
        for order_id in order_ids
    ]


def _line(item: Item) -> RemoteReturnLine:
    told = item.get("returnReason") or {}
    reasons = [str(told[name]) for name in ("mainReason", "detailedReason") if told.get(name)]
    return RemoteReturnLine(
        remote_id=str(item["rmaId"]),
        quantity=int(item["expectedQuantity"]),
        gtin=str(item.get("ean") or ""),
        reason=": ".join(reasons),
        comment=str(told.get("customerComments") or ""),
        decision=read_decision(item),
    )


def read_decision(item: Item) -> str:
    """Return what was decided last, or "" if nothing was."""
    if not item.get("handled"):
        return ""
    results = sorted(item.get("processingResults") or (), key=lambda one: str(one.get("processingDateTime")))
    return str(results[-1].get("handlingResult") or _DECIDED) if results else _DECIDED


def find_return_item(one: Mapping[str, Any], rma_id: str) -> Item | None:
    return next((item for item in one.get("returnItems") or () if str(item.get("rmaId")) == rma_id), None)

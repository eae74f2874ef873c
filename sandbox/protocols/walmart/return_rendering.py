"""A return of the engine as Walmart shows it. Pure.

Statuses and the tags of events are those of Walmart's returns guide ("Returns and refunds API overview", read 2026-11).
Its texts for the state of a refund are listed nowhere; these are of the same kind.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from sandbox.clock import MICROSECONDS
from sandbox.protocols.walmart.words import customer_order_of, moment, number, number_of_line

#: After this what a buyer has sent is back.
TRAVELS = 3 * 86_400 * MICROSECONDS
#: The reason of a buyer whom Walmart lets keep the goods, and pays back itself.
KEEPS = "KEEP_IT"
INITIATED, DELIVERED, COMPLETED = "INITIATED", "DELIVERED", "COMPLETED"
_CENT = Decimal("0.01")
#: Tag of an event -> the state of the line from then on.
_STATES = {
    "RETURN_INITIATED": INITIATED,
    "DELIVERED_AT_RETURN_CENTER": DELIVERED,
    "REFUND_ISSUED": COMPLETED,
    "DELIVERED_AFTER_INVOICE": COMPLETED,
}


class Event(NamedTuple):
    """What happened to a line, by Walmart's tag."""

    at: int
    tag: str


def is_kept(line: Mapping[str, Any]) -> bool:
    """Whether the buyer keeps the goods, and Walmart has paid."""
    return bool(line["reason"] == KEEPS)


def modified_at(one: Mapping[str, Any], now: int) -> int:
    """When anything last happened to the return, by itself too."""
    arrived_at = int(one["registered_at"]) + TRAVELS
    updated_at = int(one["updated_at"])
    return max(updated_at, arrived_at) if arrived_at <= now else updated_at


def render(one: Mapping[str, Any], order: Mapping[str, Any], *, now: int) -> dict[str, Any]:
    """The return, of one order here, with its lines numbered from 1."""
    first, _, last = str(order["buyer"]["name"]).partition(" ")
    bought = {line["id"]: line for line in order["lines"]}
    lines = [
        _line(line, one, order, bought[line["line_id"]], place=place, now=now)
        for place, line in enumerate(one["lines"], start=1)
        if line["line_id"] in bought
    ]
    whole = sum((_paid_back(line, bought[line["line_id"]]) for line in one["lines"] if line["line_id"] in bought), 0)
    return {
        "returnOrderId": one["return_id"],
        "customerEmailId": order["buyer"]["email"],
        "returnType": "REFUND",
        "customerName": {"firstName": first, "lastName": last},
        "customerOrderId": customer_order_of(one["order_id"]),
        "returnOrderDate": moment(one["registered_at"]),
        "returnByDate": moment(one["registered_at"] + 30 * 86_400 * MICROSECONDS),
        "totalRefundAmount": _money(whole, order),
        "returnOrderLines": lines,
        "returnChannel": {"channelName": "Online"},
    }


def _line(
    line: Mapping[str, Any],
    one: Mapping[str, Any],
    order: Mapping[str, Any],
    bought: Mapping[str, Any],
    *,
    place: int,
    now: int,
) -> dict[str, Any]:
    events = _events(line, one, now)
    state = _STATES[events[-1].tag]
    order_line = int(number_of_line(line["line_id"]))
    return {
        "returnOrderLineNumber": place,
        "salesOrderLineNumber": order_line,
        "returnReason": line["reason"],
        "returnDescription": line["comment"],
        "purchaseOrderId": one["order_id"],
        "purchaseOrderLineNumber": order_line,
        "isReturnForException": False,
        "item": {"sku": line["sku"], "condition": "New", "productName": line["title"]},
        "charges": [_charge(bought, order)],
        "unitPrice": _money(_share(bought, "amount"), order),
        "quantity": _units(line["quantity"]),
        "returnExpectedFlag": not is_kept(line),
        "isFastReplacement": False,
        "isKeepIt": is_kept(line),
        "refundedQty": _refunded(line),
        "refundCoveredBy": "walmart - keep it" if is_kept(line) else "seller",
        "returnTrackingDetail": _tracking(events),
        "status": state,
        "statusTime": moment(min(event.at for event in events if _STATES[event.tag] == state)),
        "currentDeliveryStatus": [event.tag for event in events if event.tag != "REFUND_ISSUED"][-1],
        "currentRefundStatus": "REFUND_ISSUED" if _refunded(line) else "NOT_REFUNDED",
    }


def _refunded(line: Mapping[str, Any]) -> int:
    return int(line["quantity"] if is_kept(line) else line["quantity_refunded"])


def _events(line: Mapping[str, Any], one: Mapping[str, Any], now: int) -> list[Event]:
    """What happened to the line so far. It is completed once all of it was refunded, though the goods come later."""
    registered_at = int(one["registered_at"])
    refunded_at = max((int(decision["decided_at"]) for decision in line["decisions"]), default=registered_at)
    is_refunded = _refunded(line) >= line["quantity"]
    found = [Event(registered_at, "RETURN_INITIATED")]
    arrived_at = registered_at + TRAVELS
    if arrived_at <= now and not is_kept(line):
        came_later = is_refunded and refunded_at < arrived_at
        found.append(Event(arrived_at, "DELIVERED_AFTER_INVOICE" if came_later else "DELIVERED_AT_RETURN_CENTER"))
    if is_refunded:
        found.append(Event(refunded_at, "REFUND_ISSUED"))
    return sorted(found, key=lambda event: event.at)


def _tracking(events: list[Event]) -> list[dict[str, Any]]:
    return [
        {
            "sequenceNo": place,
            "eventTag": event.tag,
            "eventDescription": event.tag.replace("_", " ").capitalize(),
            "eventTime": moment(event.at),
        }
        for place, event in enumerate(events, start=1)
    ]


def _charge(bought: Mapping[str, Any], order: Mapping[str, Any]) -> dict[str, Any]:
    tax = [{"taxName": "Tax1", "taxPerUnit": _money(_share(bought, "tax"), order)}] if Decimal(bought["tax"]) else []
    return {
        "chargeCategory": "PRODUCT",
        "chargeName": "ItemPrice",
        "chargePerUnit": _money(_share(bought, "amount"), order),
        "isDiscount": False,
        "isBillable": True,
        "tax": tax,
    }


def _paid_back(line: Mapping[str, Any], bought: Mapping[str, Any]) -> Decimal:
    """What the buyer gets for all of the line, tax included."""
    return sum((_share(bought, part, units=line["quantity"]) for part in ("amount", "tax")), Decimal(0))


def _share(bought: Mapping[str, Any], part: str, *, units: int = 1) -> Decimal:
    return (Decimal(bought[part]) * units / bought["quantity"]).quantize(_CENT, ROUND_HALF_UP)


def _money(amount: Any, order: Mapping[str, Any]) -> dict[str, Any]:
    return {"currencyAmount": number(amount), "currencyUnit": order["currency"]}


def _units(amount: int) -> dict[str, Any]:
    return {"unitOfMeasure": "EACH", "measurementValue": amount}

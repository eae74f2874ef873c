"""An order of the engine as Mirakl shows it. Pure but for what was done to the order."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sandbox.clock import MICROSECONDS
from sandbox.protocols.mirakl.account import CANCEL_REASONS, REFUND_REASONS
from sandbox.protocols.mirakl.words import moment, number

WAITING_ACCEPTANCE, WAITING_DEBIT, WAITING_PAYMENT = "WAITING_ACCEPTANCE", "WAITING_DEBIT", "WAITING_DEBIT_PAYMENT"
SHIPPING, SHIPPED, CANCELED, REFUSED = "SHIPPING", "SHIPPED", "CANCELED", "REFUSED"
_NOT_YET_TO_SHIP = (WAITING_ACCEPTANCE, WAITING_DEBIT, WAITING_PAYMENT)
#: From acceptance until the operator has asked for the buyer's money.
DEBIT_MICROSECONDS = MICROSECONDS // 2

_OURS = {ours: theirs for theirs, ours in (*CANCEL_REASONS.items(), *REFUND_REASONS.items())}


def changed_at(order: Mapping[str, Any], now: int) -> int:
    """When the order last changed, the debit that comes by itself included."""
    paid_at = (order["accepted_at"] or 0) + DEBIT_MICROSECONDS
    return max(order["updated_at"], paid_at) if order["accepted_at"] and paid_at <= now else order["updated_at"]


def tax_mode(order: Mapping[str, Any]) -> str:
    return "TAX_INCLUDED" if order["tax_included"] else "TAX_EXCLUDED"


def _was_refused(line: Mapping[str, Any], done: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the seller cancelled the line before the order was accepted, if it ever was."""
    for one in done:
        if one["operation"] == "accept":
            return False
        if one["operation"] == "cancel" and _part(one, line["id"]) is not None:
            return True
    return False


def state_of(line: Mapping[str, Any], order: Mapping[str, Any], done: Sequence[Mapping[str, Any]], now: int) -> str:
    """The state of one line: they differ within an order. `done` are the engine's operations on the order."""
    if line["quantity_cancelled"] == line["quantity"]:
        return REFUSED if _was_refused(line, done) else CANCELED
    if line["quantity_shipped"] + line["quantity_cancelled"] == line["quantity"]:
        return SHIPPED
    if not order["accepted_at"]:
        return WAITING_ACCEPTANCE
    if order["accepted_at"] + DEBIT_MICROSECONDS > now:
        return WAITING_DEBIT
    return SHIPPING if order["payment_status"] == "cleared" else WAITING_PAYMENT


def order_state(states: Sequence[str]) -> str:
    """The state of the whole: the earliest of its lines that go on."""
    for state in (WAITING_ACCEPTANCE, WAITING_DEBIT, WAITING_PAYMENT, SHIPPING, SHIPPED, CANCELED):
        if state in states:
            return state
    return REFUSED


def render(
    order: Mapping[str, Any],
    done: Sequence[Mapping[str, Any]],
    *,
    now: int,
    unheard_of: bool,
    references: Mapping[str, Any],
) -> dict[str, Any]:
    """The order. `done` are the engine's operations on it, `references` the numbers others gave it."""
    states = [state_of(line, order, done, now) for line in order["lines"]]
    lines = [
        _line(line, order, "TELEPORTED" if unheard_of else state, place, done)
        for place, (line, state) in enumerate(zip(order["lines"], states, strict=True))
    ]
    price = sum((Decimal(line["amount"]) for line in order["lines"]), Decimal(0))
    shipping = Decimal(order["shipping"])
    state = order_state(states)
    address = order["ship_to"]
    return {
        "order_id": order["id"],
        "commercial_id": order["id"],
        "references": dict(references),
        "order_state": "TELEPORTED" if unheard_of else state,
        "created_date": moment(order["placed_at"]),
        "last_updated_date": moment(changed_at(order, now)),
        "currency_iso_code": order["currency"],
        "order_tax_mode": tax_mode(order),
        "price": number(price),
        "shipping_price": number(shipping),
        "total_price": number(price + shipping),
        "total_commission": number(price / 10),
        "payment_workflow": "PAY_ON_ACCEPTANCE",
        "can_cancel": state in (WAITING_DEBIT, WAITING_PAYMENT, SHIPPING),
        "can_shop_ship": True,
        "shipping_deadline": None if state in _NOT_YET_TO_SHIP else moment(order["ship_by"]),
        "shipping_type_code": "STD",
        "customer_notification_email": "relay@operator.example",
        "fulfillment": {"center": {"code": "DEFAULT"}},
        "customer": {
            **_name(order["buyer"]["name"]),
            "customer_id": "c-1",
            "locale": "en",
            "shipping_address": _address(address) if order["accepted_at"] else None,
        },
        "order_lines": lines,
    }


def _name(name: str) -> dict[str, str]:
    first, _, last = name.partition(" ")
    return {"firstname": first, "lastname": last}


def _address(address: Mapping[str, str]) -> dict[str, str]:
    return {
        **_name(address["name"]),
        "street_1": address["street"],
        "street_2": address["street2"],
        "zip_code": address["postal_code"],
        "city": address["city"],
        "state": address["region"],
        "country": address["country"],
        "country_iso_code": "USA" if address["country"] == "US" else address["country"],
    }


def _line(
    line: Mapping[str, Any],
    order: Mapping[str, Any],
    state: str,
    place: int,
    done: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    shipping = Decimal(order["shipping"]) if place == 0 else Decimal(0)
    tax = Decimal(line["tax"])
    taxes = [{"code": "TAX", "amount": number(tax)}] if tax else []
    shipped_at = next(
        (one["received_at"] for one in done if one["operation"] == "ship" and _part(one, line["id"]) is not None), None
    )
    return {
        "order_line_id": line["id"],
        "order_line_index": place + 1,
        "order_line_state": state,
        "offer_id": place + 1,
        "offer_sku": line["sku"],
        "product_sku": f"P-{line['sku']}",
        "product_title": line["title"],
        "quantity": line["quantity"],
        "price_unit": float(line["unit_price"]),
        "price": number(line["amount"]),
        "shipping_price": number(shipping),
        "total_price": number(Decimal(line["amount"]) + shipping),
        "commission_fee": number(Decimal(line["amount"]) / 10),
        "taxes": taxes,
        "shipping_taxes": [],
        "can_refund": state == SHIPPED,
        "refunds": [_refund(one, part) for one, part in _parts(done, "refund", line["id"])],
        "cancelations": [_cancelation(one, part, line) for one, part in _parts(done, "cancel", line["id"])],
        "shipped_date": moment(shipped_at) if state == SHIPPED else None,
    }


def _parts(done: Sequence[Mapping[str, Any]], operation: str, line_id: str) -> list[tuple[Any, Any]]:
    """What was done to a line, each with the operation it was part of."""
    return [(one, part) for one in done if one["operation"] == operation and (part := _part(one, line_id)) is not None]


def _part(one: Mapping[str, Any], line_id: str) -> Any:
    return next((part for part in one["answer"].get("lines", ()) if part["line_id"] == line_id), None)


def _refund(one: Mapping[str, Any], part: Mapping[str, Any]) -> dict[str, Any]:
    tax = Decimal(part["tax"])
    return {
        "id": one["answer"]["refund_id"],
        "state": "REFUNDED",
        "amount": number(part["amount"]),
        "shipping_amount": number(part["shipping_amount"]),
        "quantity": part["quantity"],
        "reason_code": _OURS[part["reason"]],
        "taxes": [{"code": "TAX", "amount": number(tax)}] if tax else [],
        "shipping_taxes": [],
        "created_date": moment(one["received_at"]),
    }


def _cancelation(one: Mapping[str, Any], part: Mapping[str, Any], line: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": one["answer"]["cancellation_id"],
        "quantity": part["quantity"],
        "amount": number(Decimal(line["amount"]) * part["quantity"] / line["quantity"]),
        "shipping_amount": 0,
        "reason_code": _OURS[part["reason"]],
        "created_date": moment(one["received_at"]),
    }

"""Mirakl's orders as ours. Pure. What may be done to a line is read from the line: those of one order differ.

Source: developer.mirakl.com, OR11 of the seller API (read 2026-08); states as Mirakl's SDK for shops names them.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from channels_app.adapters.errors import RejectedByChannel, TemporaryError
from channels_app.adapters.mirakl.values import read_moment, read_number, read_sum
from channels_app.adapters.types import PaymentStatus, RawOrder, RemoteOrder, RemoteOrderLine

STAGING = "STAGING"
WAITING_ACCEPTANCE = "WAITING_ACCEPTANCE"
SHIPPING = "SHIPPING"
#: The buyer has not paid yet.
UNPAID = frozenset((STAGING, WAITING_ACCEPTANCE, "WAITING_DEBIT", "WAITING_DEBIT_PAYMENT"))
ENDED = frozenset(("REFUSED", "CANCELED"))
SHIPPED = frozenset(("SHIPPED", "TO_COLLECT", "RECEIVED", "CLOSED"))
#: What a line may be after it left, or instead of that: its shipping date tells.
_AFTERWARDS = frozenset(("INCIDENT_OPEN", "REFUNDED", "WAITING_REFUND", "WAITING_REFUND_PAYMENT"))
_KNOWN = UNPAID | ENDED | SHIPPED | _AFTERWARDS | {SHIPPING}

#: The fulfillment center of orders that the shop ships itself.
_OWN_CENTER = "DEFAULT"

Order = Mapping[str, Any]
OrderLine = Mapping[str, Any]


def is_for_us(order: Order) -> bool:
    """Say whether the order is imported: it is made, and the shop ships it, not the operator's own warehouse."""
    center = ((order.get("fulfillment") or {}).get("center") or {}).get("code") or _OWN_CENTER
    return center == _OWN_CENTER and order.get("order_state") != STAGING


def read_raw_orders(found: Sequence[Order]) -> tuple[RawOrder, ...]:
    """Return the orders of a page that are for us. Raises TemporaryError for a page that holds something else."""
    try:
        return tuple(read_raw_order(order) for order in found if is_for_us(order))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TemporaryError("A page of orders is not readable.", code="unreadable") from error


def read_raw_order(order: Order) -> RawOrder:
    """Return the order as it came, under its number and the moment of its last change."""
    changed_at = read_moment(order["last_updated_date"])
    return RawOrder(remote_id=str(order["order_id"]), version=int(changed_at.timestamp() * 1000), body=order)


def read_order(body: Order) -> RemoteOrder:
    """Return the order that the raw body describes. Raises RejectedByChannel for a body that is no order."""
    try:
        return _order(body)
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise RejectedByChannel(
            f"This order cannot be read: {type(error).__name__} {error}.", code="unreadable_order"
        ) from error


def _order(body: Order) -> RemoteOrder:
    raw = read_raw_order(body)
    lines = lines_of(body)
    included = is_tax_included(body)
    taxes = sum((tax_of(line) + shipping_tax_of(line) for line in lines), Decimal(0))
    fees = sum((read_sum(line.get("fees")) for line in lines), Decimal(0))  # the operator's, on top of our prices
    shipping_taxes = sum((shipping_tax_of(line) for line in lines), Decimal(0))
    return RemoteOrder(
        remote_id=raw.remote_id,
        version=raw.version,
        status=str(body["order_state"]),
        payment=_payment(lines),
        placed_at=read_moment(body["created_date"]),
        currency=str(body["currency_iso_code"]),
        tax_included=included,
        total=read_number(body["total_price"]) - fees + (0 if included else taxes),
        shipping=read_number(body["shipping_price"]) + (0 if included else shipping_taxes),
        lines=tuple(_line(line) for line in lines),
        buyer=_buyer(body),
        ship_to=_address((body.get("customer") or {}).get("shipping_address") or {}),
        is_accepted=all(state_of(line) not in (STAGING, WAITING_ACCEPTANCE) for line in lines),
        ship_by=read_moment(body["shipping_deadline"]) if body.get("shipping_deadline") else None,
    )


def is_tax_included(order: Order) -> bool:
    """Say whether prices hold the taxes; without a mode they do."""
    return order.get("order_tax_mode") != "TAX_EXCLUDED"


def lines_of(order: Order) -> Sequence[OrderLine]:
    return list(order.get("order_lines") or ())


def state_of(line: OrderLine) -> str:
    return str(line["order_line_state"])


def tax_of(line: OrderLine) -> Decimal:
    return read_sum(line.get("taxes"))


def shipping_tax_of(line: OrderLine) -> Decimal:
    return read_sum(line.get("shipping_taxes"))


def has_shipped(line: OrderLine) -> bool:
    state = state_of(line)
    return state in SHIPPED or (state not in ENDED and bool(line.get("shipped_date")))


def cancelled_units(line: OrderLine) -> int:
    """Return how many units will not be shipped.

    To be confirmed live: that a partial cancellation leaves `quantity` as it was ordered.
    """
    if state_of(line) in ENDED or (state_of(line) in _AFTERWARDS and not has_shipped(line)):
        return int(line["quantity"])
    return min(sum(int(one.get("quantity") or 0) for one in line.get("cancelations") or ()), int(line["quantity"]))


def _payment(lines: Sequence[OrderLine]) -> PaymentStatus:
    """Return whether everything may be shipped; a state that we do not know is left alone, so it may not."""
    unpaid = any(state_of(line) in UNPAID or state_of(line) not in _KNOWN for line in lines)
    return PaymentStatus.PENDING if unpaid else PaymentStatus.CLEARED


def _line(line: OrderLine) -> RemoteOrderLine:
    quantity, cancelled = int(line["quantity"]), cancelled_units(line)
    amount = read_number(line["price"])
    unit_price = line.get("price_unit")
    return RemoteOrderLine(
        remote_id=str(line["order_line_id"]),
        sku=str(line["offer_sku"]),
        title=str(line.get("product_title") or ""),
        quantity=quantity,
        shipped_quantity=quantity - cancelled if has_shipped(line) else 0,
        cancelled_quantity=cancelled,
        unit_price=amount / max(quantity, 1) if unit_price is None else read_number(unit_price),
        amount=amount,
        tax=tax_of(line),
    )


def _buyer(body: Order) -> dict[str, str]:
    """Return who bought; names may be missing until the order is accepted. The e-mail address is a relay."""
    customer = body.get("customer") or {}
    return {"name": _name(customer), "email": str(body.get("customer_notification_email") or "")}


def _name(person: Mapping[str, Any]) -> str:
    return " ".join(str(person[part]) for part in ("firstname", "lastname") if person.get(part))


_ADDRESS = {
    "company": "company",
    "street": "street_1",
    "street2": "street_2",
    "city": "city",
    "region": "state",
    "postal_code": "zip_code",
    "phone": "phone",
    "note": "additional_info",
}


def _address(address: Mapping[str, Any]) -> dict[str, str]:
    """Return the address under our names, without what is empty."""
    country = address.get("country_iso_code") or address.get("country")
    told = {"name": _name(address), **{ours: address.get(theirs) for ours, theirs in _ADDRESS.items()}}
    return {name: str(value) for name, value in {**told, "country": country}.items() if value}

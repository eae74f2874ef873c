"""Walmart's orders as ours. Only lines have a status, and it may be different for parts of a line. Pure.

Source: https://developer.walmart.com/us-marketplace/docs/ (order guides) and Walmart's OpenAPI document of its orders,
read 2026-11-23.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from channels_app.adapters.errors import RejectedByChannel
from channels_app.adapters.types import (
    PaymentStatus,
    RawOrder,
    RemoteCancellationRequest,
    RemoteOrder,
    RemoteOrderLine,
)
from channels_app.adapters.walmart.client import quoted
from channels_app.adapters.walmart.times import in_milliseconds, read_moment

#: Under this name the moment of the reading stands in the body that we keep: Walmart's has no version.
READ_AT = "read_at"
#: What Walmart ships from its own warehouse is none of ours.
_OTHERS_SHIP = frozenset(("WFSFulfilled",))

CREATED, ACKNOWLEDGED, SHIPPED, DELIVERED, CANCELLED, REFUNDED = (
    "Created",
    "Acknowledged",
    "Shipped",
    "Delivered",
    "Cancelled",
    "Refund",
)
_SHIPPED = frozenset((SHIPPED, DELIVERED, REFUNDED))
_SHIPPING_CHARGE = "SHIPPING"
_NO = frozenset(("", "0", "n", "no", "false", "none", "null"))
_CENTS = Decimal("0.01")


class Charge(NamedTuple):
    """One charge of a line, and the tax on it."""

    type: str
    name: str
    amount: Decimal
    tax: Decimal
    tax_name: str
    currency: str


def read_page(answer: Mapping[str, Any], *, read_at: Any) -> tuple[RawOrder, ...]:
    """Return the page's orders as they came, with the moment of this reading as their version."""
    version = in_milliseconds(read_at)
    orders = (((answer.get("list") or {}).get("elements") or {}).get("order")) or ()
    return tuple(
        RawOrder(remote_id=str(order["purchaseOrderId"]), version=version, body={**order, READ_AT: version})
        for order in orders
        if order.get("purchaseOrderId") and (order.get("shipNode") or {}).get("type") not in _OTHERS_SHIP
    )


def read_meta(answer: Mapping[str, Any]) -> tuple[str, int]:
    """Return the query string of the next page ("" on the last), and how many orders there are in all."""
    meta = (answer.get("list") or {}).get("meta") or {}
    return str(meta.get("nextCursor") or ""), int(meta.get("totalCount") or 0)


def read_order(body: Mapping[str, Any]) -> RemoteOrder:
    """Return the order that the raw body describes. Raises RejectedByChannel for a body that is no order."""
    try:
        return _read_order(body)
    except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation, OverflowError) as error:
        raise RejectedByChannel(
            f"This order cannot be read: {type(error).__name__} {error}.", code="unreadable_order"
        ) from error


def _read_order(body: Mapping[str, Any]) -> RemoteOrder:
    raw_lines = lines_of(body)
    lines = tuple(_read_line(line) for line in raw_lines)
    charges = [charge for line in raw_lines for charge in charges_of(line)]
    placed_at = read_moment(body["orderDate"])
    statuses = dict.fromkeys(status for line in raw_lines for status, _ in statuses_of(line))
    return RemoteOrder(
        remote_id=str(body["purchaseOrderId"]),
        version=int(body.get(READ_AT) or 0),
        status=", ".join(statuses),
        # Walmart passes on only orders that it has been paid for, and captures the money when they ship.
        payment=PaymentStatus.CLEARED,
        placed_at=placed_at,
        currency=charges[0].currency if charges else "USD",
        tax_included=False,
        total=sum((charge.amount + charge.tax for charge in charges), Decimal(0)),
        shipping=sum((c.amount + c.tax for c in charges if is_shipping(c)), Decimal(0)),
        lines=lines,
        buyer=_read_buyer(body),
        ship_to=_read_address(body["shippingInfo"]["postalAddress"]),
        is_accepted=CREATED not in statuses,
        ship_by=_read_ship_by(body["shippingInfo"]),
        cancellation_request=_read_request(body, placed_at=placed_at),
    )


def _read_ship_by(shipping: Mapping[str, Any]) -> datetime | None:
    """Return Walmart's expected ship date, which sellers are held to.

    Source: https://marketplacelearn.walmart.com, "Shipping & fulfillment policy", and Sellercloud's help, "Walmart ESD
    and EDD": confirmed on or before it is shipped on time. UNVERIFIED: that the time of day counts, too.
    """
    told = shipping.get("estimatedShipDate")
    return read_moment(told) if told else None


def lines_of(body: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    lines: Sequence[Mapping[str, Any]] = body["orderLines"]["orderLine"]
    return lines


def find_line(body: Mapping[str, Any], number: str) -> Mapping[str, Any] | None:
    """Return the line of this number, if the order has it."""
    lines = (body.get("orderLines") or {}).get("orderLine") or ()
    return next((line for line in lines if str(line.get("lineNumber")) == number), None)


def _read_line(line: Mapping[str, Any]) -> RemoteOrderLine:
    quantity = units(line["orderLineQuantity"])
    goods = [charge for charge in charges_of(line) if not is_shipping(charge)]
    amount = line_amount(goods, quantity)
    cancelled = min(units_in(line, (CANCELLED,)), quantity)
    return RemoteOrderLine(
        remote_id=str(line["lineNumber"]),
        sku=str(line["item"]["sku"]),
        title=str(line["item"].get("productName") or ""),
        quantity=quantity,
        shipped_quantity=min(units_in(line, _SHIPPED), quantity - cancelled),
        cancelled_quantity=cancelled,
        unit_price=(amount / quantity).quantize(_CENTS) if quantity else amount,
        amount=amount,
        tax=sum((charge.tax for charge in goods), Decimal(0)),
    )


def line_amount(goods: Iterable[Charge], quantity: int) -> Decimal:
    """Return what the goods of a line cost without tax.

    UNVERIFIED: a charge is taken as that of the whole line, whatever its quantity; nothing says so for more than one.
    """
    return sum((charge.amount for charge in goods), Decimal(0))


def charges_of(line: Mapping[str, Any]) -> list[Charge]:
    """Return the charges of a line: PRODUCT, SHIPPING, and whatever else may come."""
    return [_read_charge(charge) for charge in (line.get("charges") or {}).get("charge") or ()]


def _read_charge(charge: Mapping[str, Any]) -> Charge:
    tax = charge.get("tax") or charge.get("taxAndOtherFees") or {}
    amount = charge["chargeAmount"]
    return Charge(
        type=str(charge["chargeType"]),
        name=str(charge.get("chargeName") or charge["chargeType"]),
        amount=Decimal(str(amount["amount"])),
        tax=Decimal(str((tax.get("taxAmount") or {}).get("amount") or 0)),
        tax_name=str(tax.get("taxName") or ""),
        currency=str(amount["currency"]),
    )


def is_shipping(charge: Charge) -> bool:
    return charge.type.upper() == _SHIPPING_CHARGE


def statuses_of(line: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each status of a line with the entry that holds its units."""
    for entry in (line.get("orderLineStatuses") or {}).get("orderLineStatus") or ():
        yield str(entry.get("status")), entry


def units_in(line: Mapping[str, Any], wanted: Iterable[str]) -> int:
    """Return the units of a line that are in one of these statuses; others, known to us or not, do not count."""
    names = frozenset(wanted)
    return sum(units(entry["statusQuantity"]) for status, entry in statuses_of(line) if status in names)


def units(quantity: Mapping[str, Any]) -> int:
    """Return the units of a quantity, whose amount is a text: "1"."""
    return int(Decimal(str(quantity["amount"])))


def asks_to_cancel(line: Mapping[str, Any]) -> bool:
    """Say whether the buyer wants this line cancelled.

    UNVERIFIED: the field is a text, and no list of its values exists; anything that does not say no is a yes.
    """
    return str(line.get("intentToCancel") or "").strip().lower() not in _NO


def _read_request(body: Mapping[str, Any], *, placed_at: Any) -> RemoteCancellationRequest | None:
    """Return the buyer's wish for the lines that can still be cancelled.

    Walmart does not say when the buyer asked, and shows the wish until the line is cancelled or shipped: the lines name
    it and the time of the order stands for its own, so that one which was refused does not come back.
    """
    asked = [str(line["lineNumber"]) for line in lines_of(body) if asks_to_cancel(line) and open_units(line)]
    if not asked:
        return None
    return RemoteCancellationRequest(
        remote_id=f"{body['purchaseOrderId']}:{','.join(asked)}"[:100],
        reason="The buyer asked Walmart to cancel.",
        requested_at=placed_at,
        lines=tuple(asked),
    )


def open_units(line: Mapping[str, Any]) -> int:
    """Return the units that have neither left nor been cancelled."""
    return max(units(line["orderLineQuantity"]) - units_in(line, (*_SHIPPED, CANCELLED)), 0)


def _read_buyer(body: Mapping[str, Any]) -> dict[str, str]:
    info = body["shippingInfo"]
    return {
        "name": str(info["postalAddress"].get("name") or ""),
        "email": str(body.get("customerEmailId") or ""),
        "phone": str(info.get("phone") or ""),
        "order": str(body.get("customerOrderId") or ""),
    }


def _read_address(address: Mapping[str, Any]) -> dict[str, str]:
    names = {
        "name": "name",
        "street": "address1",
        "street2": "address2",
        "city": "city",
        "region": "state",
        "postal_code": "postalCode",
        "country": "country",
    }
    return {ours: str(address.get(theirs) or "") for ours, theirs in names.items()}


def path_of(purchase_order: str, action: str = "") -> str:
    """Return the path of an order, or of what is done to it."""
    return f"/v3/orders/{quoted(purchase_order)}{'/' if action else ''}{action}"


def order_in(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the order inside an answer about one; empty if there is none."""
    found = answer.get("order") if "order" in answer else answer
    return dict(found) if isinstance(found, Mapping) else {}

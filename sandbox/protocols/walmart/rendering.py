"""An order of the engine as Walmart shows it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sandbox.clock import MICROSECONDS
from sandbox.protocols.walmart.words import customer_order_of, each, milliseconds, number, number_of_line

BUYER_ASKED = "BUYER_REQUEST"
#: Walmart's reasons -> the engine's.
CANCEL_REASONS = {
    "SELLER_CANCEL_OUT_OF_STOCK": "OUT_OF_STOCK",
    "SELLER_CANCEL_PRICING_ERROR": "PRICE_ERROR",
    "SELLER_CANCEL_ADDRESS_NOT_SERVICEABLE": "UNDELIVERABLE",
    "SELLER_CANCEL_FRAUD_STOP_SHIPMENT": "OUT_OF_STOCK",
    "CUSTOMER_REQUESTED_SELLER_TO_CANCEL": BUYER_ASKED,
}
_OTHERS = dict.fromkeys(
    (
        "BillingError",
        "TaxExemptCustomer",
        "IncorrectShippingPrice",
        "Missing Parts / Instructions",
        "Finance -> Goodwill",
        "Finance -> Rollback",
        "Buyer canceled",
        "General adjustment",
        "Merchandise not received",
        "Quality -> Missing Parts / Instructions",
        "Shipping & Delivery -> Shipping Price Discrepancy",
        "CancelledYetShipped",
        "ItemNotReceivedByCustomer",
        "Others",
    ),
    "GOODWILL",
)
REFUND_REASONS = {
    **_OTHERS,
    "DamagedItem": "DAMAGED",
    "DefectiveItem": "DAMAGED",
    "Shipping & Delivery -> Damaged": "DAMAGED",
    "ItemNotAsAdvertised": "NOT_AS_DESCRIBED",
    "IncorrectItemReceived": "NOT_AS_DESCRIBED",
    "CustomerChangedMind": "RETURNED",
    "Customer returned item": "RETURNED",
    "CustomerReceivedItemLate": "LATE",
}
_CANCELLED_AS = {ours: theirs for theirs, ours in reversed(CANCEL_REASONS.items())}
_DAY = 86_400 * MICROSECONDS

_BY_RETURN = "Customer returned item"

Done = Sequence[Mapping[str, Any]]
#: Number of a parcel or refund -> what the seller said of it.
Told = Mapping[str, Mapping[str, Any]]
#: Operations, each with the part of it that is about the line.
Parts = Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]


def key_of(one: Mapping[str, Any]) -> str:
    """The number of the parcel or the refund that the operation made, or ""."""
    return str(one["answer"].get("shipment_id") or one["answer"].get("refund_id") or "")


def render(order: Mapping[str, Any], done: Done, told: Told, *, unheard_of: bool) -> dict[str, Any]:
    """The order. `done` are the engine's operations on it, `told` what the seller said of each, in Walmart's words."""
    address = order["ship_to"]
    return {
        "purchaseOrderId": order["id"],
        "customerOrderId": customer_order_of(order["id"]),
        "customerEmailId": order["buyer"]["email"],
        "orderType": "REGULAR",
        "orderDate": milliseconds(order["placed_at"]),
        "shippingInfo": {
            "phone": order["buyer"]["phone"],
            "estimatedDeliveryDate": milliseconds(order["ship_by"] + 3 * _DAY),
            "estimatedShipDate": milliseconds(order["ship_by"]),
            "methodCode": "Standard",
            "postalAddress": {
                "name": address["name"],
                "address1": address["street"],
                "address2": address["street2"],
                "city": address["city"],
                "state": address["region"],
                "postalCode": address["postal_code"],
                "country": "USA" if address["country"] == "US" else address["country"],
                "addressType": "RESIDENTIAL",
            },
        },
        "orderLines": {
            "orderLine": [
                _line(line, order, done, told, unheard_of=unheard_of) | _charges(line, order, is_first=place == 0)
                for place, line in enumerate(order["lines"])
            ]
        },
        "shipNode": {"type": "SellerFulfilled"},
    }


def _line(
    line: Mapping[str, Any], order: Mapping[str, Any], done: Done, told: Told, *, unheard_of: bool
) -> dict[str, Any]:
    parts, line_number = list(_parts(line, done)), number_of_line(line["id"])
    shown = {
        "lineNumber": line_number,
        "item": {"productName": line["title"], "sku": line["sku"], "condition": "New"},
        "orderLineQuantity": each(line["quantity"]),
        "statusDate": milliseconds(_changed_at(order, parts)),
        "orderLineStatuses": {"orderLineStatus": _statuses(line, order, parts, told, unheard_of=unheard_of)},
    }
    for one, _ in parts:
        numbers = told.get(key_of(one), {}).get("sellerOrderIds", {})
        if line_number in numbers:
            shown["sellerOrderId"] = numbers[line_number]
    if refund := _newest_refund(line_number, parts, told, order["currency"]):
        shown["refund"] = refund
    if (order["cancellation_request"] or {}).get("state") == "open":
        shown["intentToCancel"] = "true"
    return shown


def _charges(line: Mapping[str, Any], order: Mapping[str, Any], *, is_first: bool) -> dict[str, Any]:
    """What the line cost, and on the first line what shipping did. Tax stands beside it."""
    charges = [_charge("PRODUCT", "ItemPrice", line["amount"], order["currency"], tax=line["tax"])]
    if is_first and Decimal(order["shipping"]):
        charges.append(_charge("SHIPPING", "Shipping", order["shipping"], order["currency"]))
    return {"charges": {"charge": charges}}


def _charge(kind: str, name: str, amount: Any, currency: str, *, tax: Any = 0) -> dict[str, Any]:
    money = _money({"currency": currency, "amount": amount})
    charge: dict[str, Any] = {"chargeType": kind, "chargeName": name, "chargeAmount": money}
    if Decimal(tax):
        charge["tax"] = {"taxName": "Tax1", "taxAmount": _money({"currency": currency, "amount": tax})}
    return charge


def _newest_refund(line_number: str, parts: Parts, told: Told, currency: str) -> dict[str, Any] | None:
    """What went back for the line last: an order line has room for one refund, which has a number of its own."""
    refunds = [(one, part) for one, part in parts if one["operation"] == "refund"]
    if not refunds:
        return None
    one, part = refunds[-1]
    said = told.get(key_of(one), {}).get(line_number)
    if said is None:
        charge = _charge("PRODUCT", "ItemPrice", -Decimal(part["amount"]), currency, tax=-Decimal(part["tax"]))
        said = {"refundCharges": {"refundCharge": [{"refundReason": _BY_RETURN, "charge": charge}]}}
    charges = _as_numbers(said["refundCharges"]["refundCharge"])
    return {**said, "refundId": key_of(one), "refundCharges": {"refundCharge": charges}}


def _as_numbers(charges: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The charges as they were sent; their amounts are numbers."""
    shown = []
    for one in charges:
        charge = {**one["charge"], "chargeAmount": _money(one["charge"]["chargeAmount"])}
        if tax := charge.get("tax"):
            charge["tax"] = {**tax, "taxAmount": _money(tax["taxAmount"])}
        shown.append({"refundReason": one["refundReason"], "charge": charge})
    return shown


def _money(told: Mapping[str, Any]) -> dict[str, Any]:
    return {"currency": told["currency"], "amount": number(told["amount"])}


def states_of(line: Mapping[str, Any], order: Mapping[str, Any]) -> dict[str, int]:
    """Units of the line by their status."""
    shipped, cancelled = line["quantity_shipped"], line["quantity_cancelled"]
    left = "Acknowledged" if order["accepted_at"] else "Created"
    units = {"Shipped": shipped, "Cancelled": cancelled, left: line["quantity"] - shipped - cancelled}
    return {status: amount for status, amount in units.items() if amount}


def _statuses(
    line: Mapping[str, Any], order: Mapping[str, Any], parts: Parts, told: Told, *, unheard_of: bool
) -> list[dict[str, Any]]:
    """The units of a line by what became of them: parcels, cancellations, and those that are left."""
    found = []
    for status, amount in states_of(line, order).items():
        if status == "Shipped":
            found += [
                {**_status(status, part["quantity"]), "trackingInfo": told[key_of(one)]["tracking"]}
                for one, part in parts
                if one["operation"] == "ship"
            ]
        elif status == "Cancelled":
            reasons = [_CANCELLED_AS[part["reason"]] for one, part in parts if one["operation"] == "cancel"]
            found.append(_status(status, amount) | ({"cancellationReason": reasons[-1]} if reasons else {}))
        else:
            found.append(_status(status, amount))
    return [{**one, "status": "Teleported"} for one in found] if unheard_of else found


def _status(status: str, quantity: int) -> dict[str, Any]:
    return {"status": status, "statusQuantity": each(quantity)}


def _changed_at(order: Mapping[str, Any], parts: Parts) -> int:
    """When anything was last done to the line."""
    return max(order["placed_at"], order["accepted_at"] or 0, *(one["received_at"] for one, _ in parts))


def _parts(line: Mapping[str, Any], done: Done) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Yield what was done to the line, each with the operation that it was part of."""
    for one in done:
        for part in one["answer"].get("lines", ()):
            if part["line_id"] == line["id"]:
                yield one, part

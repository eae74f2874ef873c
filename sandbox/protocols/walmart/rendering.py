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

Done = Sequence[Mapping[str, Any]]


def render(
    order: Mapping[str, Any], done: Done, refunds: Mapping[str, Mapping[str, Any]], *, unheard_of: bool
) -> dict[str, Any]:
    """The order. `done` are the engine's operations on it, `refunds` the charges given back by refund and line."""
    address = order["ship_to"]
    placed = order["placed_at"]
    return {
        "purchaseOrderId": order["id"],
        "customerOrderId": customer_order_of(order["id"]),
        "customerEmailId": order["buyer"]["email"],
        "orderType": "REGULAR",
        "orderDate": milliseconds(placed),
        "shippingInfo": {
            "phone": order["buyer"]["phone"],
            "estimatedDeliveryDate": milliseconds(placed + 5 * _DAY),
            "estimatedShipDate": milliseconds(placed + 2 * _DAY),
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
                _line(line, order, done, refunds, place, unheard_of=unheard_of)
                for place, line in enumerate(order["lines"])
            ]
        },
        "shipNode": {"type": "SellerFulfilled"},
    }


def _line(
    line: Mapping[str, Any],
    order: Mapping[str, Any],
    done: Done,
    refunds: Mapping[str, Mapping[str, Any]],
    place: int,
    *,
    unheard_of: bool,
) -> dict[str, Any]:
    shown = {
        "lineNumber": number_of_line(line["id"]),
        "item": {"productName": line["title"], "sku": line["sku"], "condition": "New"},
        "charges": {"charge": _charges(line, order, place)},
        "orderLineQuantity": each(line["quantity"]),
        "statusDate": milliseconds(_changed_at(line, order, done)),
        "orderLineStatuses": {"orderLineStatus": _statuses(line, order, done, unheard_of=unheard_of)},
    }
    charges = [charge for told in refunds.values() for charge in told.get(number_of_line(line["id"]), ())]
    if charges:
        shown["refund"] = {"refundId": next(iter(refunds)), "refundCharges": {"refundCharge": _as_numbers(charges)}}
    if (order["cancellation_request"] or {}).get("state") == "open":
        shown["intentToCancel"] = "true"
    return shown


def _charges(line: Mapping[str, Any], order: Mapping[str, Any], place: int) -> list[dict[str, Any]]:
    """What the line cost, and on the first line what shipping did. Tax stands beside it."""
    charges = [_charge("PRODUCT", "ItemPrice", line["amount"], order["currency"])]
    if Decimal(line["tax"]):
        amount = {"currency": order["currency"], "amount": number(line["tax"])}
        charges[0]["tax"] = {"taxName": "Tax1", "taxAmount": amount}
    if place == 0 and Decimal(order["shipping"]):
        charges.append(_charge("SHIPPING", "Shipping", order["shipping"], order["currency"]))
    return charges


def _charge(kind: str, name: str, amount: str, currency: str) -> dict[str, Any]:
    return {
        "chargeType": kind,
        "chargeName": name,
        "chargeAmount": {"currency": currency, "amount": number(amount)},
    }


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


def _statuses(
    line: Mapping[str, Any], order: Mapping[str, Any], done: Done, *, unheard_of: bool
) -> list[dict[str, Any]]:
    """The units of a line by what became of them: parcels, cancellations, and those that are left."""
    found = []
    for one, part in _parts(line, done):
        if one["operation"] == "ship":
            found.append({**_status("Shipped", part["quantity"]), "trackingInfo": _tracking(one["answer"])})
    if line["quantity_cancelled"]:
        cancelled = _status("Cancelled", line["quantity_cancelled"])
        reasons = [part["reason"] for one, part in _parts(line, done) if one["operation"] == "cancel"]
        found.append({**cancelled, **({"cancellationReason": _CANCELLED_AS[reasons[-1]]} if reasons else {})})
    left = line["quantity"] - line["quantity_shipped"] - line["quantity_cancelled"]
    if left:
        found.append(_status("Acknowledged" if order["accepted_at"] else "Created", left))
    return [{**one, "status": "Teleported"} for one in found] if unheard_of else found


def _status(status: str, quantity: int) -> dict[str, Any]:
    return {"status": status, "statusQuantity": each(quantity)}


def _tracking(parcel: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "shipDateTime": milliseconds(parcel["shipped_at"]),
        "carrierName": {"carrier": parcel["carrier_name"]},
        "methodCode": "Standard",
        "trackingNumber": parcel["tracking_number"],
    }


def _changed_at(line: Mapping[str, Any], order: Mapping[str, Any], done: Done) -> int:
    """When anything was last done to the line."""
    moments = [one["received_at"] for one, _ in _parts(line, done)]
    return max(order["placed_at"], order["accepted_at"] or 0, *moments)


def _parts(line: Mapping[str, Any], done: Done) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Yield what was done to the line, each with the operation that it was part of."""
    for one in done:
        for part in one["answer"].get("lines", ()):
            if part["line_id"] == line["id"]:
                yield one, part

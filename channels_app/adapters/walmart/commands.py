"""What is told to Walmart about an order: bodies of its calls, from the command and the order as it stands. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from channels_app.adapters.errors import RejectedByChannel
from channels_app.adapters.types import CommandLine, OrderCommand
from channels_app.adapters.walmart import orders
from channels_app.adapters.walmart.choices import CARRIER_NAMES, CUSTOMER_REQUESTED
from channels_app.adapters.walmart.orders import Charge
from channels_app.adapters.walmart.times import in_milliseconds

_METHODS = frozenset(("Standard", "Express", "OneDay", "Freight", "WhiteGlove", "Value"))
_CENT = Decimal("0.01")


def build_shipment(command: OrderCommand, order: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """Return the body of a shipping notice. Raises RejectedByChannel for a carrier that Walmart does not know."""
    if command.carrier_code not in CARRIER_NAMES:
        raise RejectedByChannel("Choose a carrier that Walmart knows.", code="unknown_carrier")
    method = str((order.get("shippingInfo") or {}).get("methodCode"))
    tracking = {
        "shipDateTime": in_milliseconds(command.shipped_at or now),
        "carrierName": {"carrier": command.carrier_code},
        "methodCode": method if method in _METHODS else "Standard",
        "trackingNumber": command.tracking_number,
    }
    lines = [_shipped_line(line, command, order, tracking) for line in command.lines]
    return {"orderShipment": {"orderLines": {"orderLine": lines}}}


def _shipped_line(
    line: CommandLine, command: OrderCommand, order: Mapping[str, Any], tracking: Mapping[str, Any]
) -> dict[str, Any]:
    """A line that the buyer wanted cancelled has left all the same: its wish is overridden."""
    told = orders.find_line(order, line.line_remote_id)
    override = {"intentToCancelOverride": True} if told and orders.asks_to_cancel(told) else {}
    status = {"status": orders.SHIPPED, "statusQuantity": _units(line.quantity), "trackingInfo": dict(tracking)}
    return {
        "lineNumber": line.line_remote_id,
        **override,
        "sellerOrderId": command.order_remote_id[:30],
        "orderLineStatuses": {"orderLineStatus": [status]},
    }


def build_cancellation(command: OrderCommand) -> dict[str, Any]:
    """Return the body of a cancellation; one that the buyer asked for has that as its reason."""
    lines = [
        {
            "lineNumber": line.line_remote_id,
            "orderLineStatuses": {
                "orderLineStatus": [
                    {
                        "status": orders.CANCELLED,
                        "cancellationReason": CUSTOMER_REQUESTED if command.approve_request else line.reason,
                        "statusQuantity": _units(line.quantity),
                    }
                ]
            },
        }
        for line in command.lines
    ]
    return {"orderCancellation": {"orderLines": {"orderLine": lines}}}


def _units(quantity: int) -> dict[str, str]:
    return {"unitOfMeasurement": "EACH", "amount": str(quantity)}


def build_refund(command: OrderCommand, order: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a refund: negative amounts, split over the charges and taxes of the order as it stands.

    Raises RejectedByChannel if the order has nothing to give the money back from.
    """
    lines = [
        {
            "lineNumber": line.line_remote_id,
            "isFullRefund": False,
            "refunds": {"refund": [{"refundCharges": {"refundCharge": _refund_charges(line, order)}}]},
        }
        for line in command.lines
    ]
    return {"orderRefund": {"purchaseOrderId": command.order_remote_id, "orderLines": {"orderLine": lines}}}


def _refund_charges(line: CommandLine, order: Mapping[str, Any]) -> list[dict[str, Any]]:
    told = orders.find_line(order, line.line_remote_id)
    charges = orders.charges_of(told) if told else []
    goods = [charge for charge in charges if not orders.is_shipping(charge)]
    shipping = [charge for charge in charges if orders.is_shipping(charge)]
    found = [
        *_split(line.amount or Decimal(0), goods, "Walmart shows no price for this line to give back."),
        *_split(line.shipping_amount or Decimal(0), shipping, "Walmart shows no shipping charge on this line."),
    ]
    return [{"refundReason": line.reason, "charge": charge} for charge in found]


def _split(amount: Decimal, charges: Sequence[Charge], why_not: str) -> list[dict[str, Any]]:
    """Return `amount` as negative charges, each with its share of the tax, to the cent."""
    if not amount:
        return []
    positive = [charge for charge in charges if charge.amount > 0]
    if not positive:
        raise RejectedByChannel(why_not, code="nothing_charged")
    shares = in_proportion(amount, [part for charge in positive for part in (charge.amount, charge.tax)])
    pairs = zip(positive, shares[::2], shares[1::2], strict=True)
    return [_negative(charge, share, tax) for charge, share, tax in pairs if share or tax]


def in_proportion(amount: Decimal, parts: Sequence[Decimal]) -> list[Decimal]:
    """Return `amount` split like `parts`, in cents; the shares add up to it."""
    whole = sum(parts, Decimal(0))
    shares, given, seen = [], Decimal(0), Decimal(0)
    for part in parts:
        seen += part
        upto = (amount * seen / whole).quantize(_CENT)
        shares.append(upto - given)
        given = upto
    return shares


def _negative(charge: Charge, amount: Decimal, tax: Decimal) -> dict[str, Any]:
    taken = {
        "chargeType": charge.type,
        "chargeName": charge.name,
        "chargeAmount": {"currency": charge.currency, "amount": -float(amount)},
    }
    if tax:
        tax_amount = {"currency": charge.currency, "amount": -float(tax)}
        taken["tax"] = {"taxName": charge.tax_name or "Tax", "taxAmount": tax_amount}
    return taken

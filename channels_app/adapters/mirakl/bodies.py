"""What is done to an order, as Mirakl takes it. Pure; amounts and taxes are split as the order's own lines say.

Source: developer.mirakl.com, OR21, OR23, OR28, OR30 and ST01 of the seller API (read 2026-08).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from channels_app.adapters.errors import RejectedByChannel
from channels_app.adapters.mirakl.orders import (
    Order,
    OrderLine,
    is_tax_included,
    lines_of,
)
from channels_app.adapters.mirakl.values import read_number, share
from channels_app.adapters.types import CommandLine, OrderCommand

Body = dict[str, Any]


def build_decisions(line_ids: Iterable[str], *, refused: Collection[str] = ()) -> Body:
    """Return the decision about lines that wait for acceptance. Mirakl wants every one of them to be named."""
    return {"order_lines": [{"id": line_id, "accepted": line_id not in refused} for line_id in line_ids]}


def build_tracking(command: OrderCommand) -> Body:
    """Return carrier and tracking number, without what is empty. A carrier that has no code is named."""
    carrier = {"carrier_code": command.carrier_code} if command.carrier_code else {"carrier_name": command.carrier_name}
    return {name: value for name, value in {**carrier, "tracking_number": command.tracking_number}.items() if value}


def build_shipment(command: OrderCommand) -> Body:
    """Return one parcel, which has left."""
    shipment: Body = {
        "order_id": command.order_remote_id,
        "shipped": True,
        "shipment_lines": [{"order_line_id": line.line_remote_id, "quantity": line.quantity} for line in command.lines],
    }
    if tracking := build_tracking(command):
        shipment["tracking"] = tracking
    return {"shipments": [shipment]}


def build_refunds(command: OrderCommand, order: Order) -> Body:
    """Return the money to give back. Raises RejectedByChannel for a line that the order does not hold."""
    return {
        "order_tax_mode": order.get("order_tax_mode") or "TAX_INCLUDED",
        "refunds": [_refund(line, find_line(order, line), order) for line in command.lines],
    }


def _refund(asked: CommandLine, line: OrderLine, order: Order) -> Body:
    goods = _given_back(asked.amount, read_number(line["price"]), line.get("taxes"), order)
    freight = _given_back(asked.shipping_amount, read_number(line["shipping_price"]), line.get("shipping_taxes"), order)
    return {
        "order_line_id": asked.line_remote_id,
        **({"quantity": asked.quantity} if asked.quantity else {}),
        **_amounts(goods, freight),
        "reason_code": asked.reason,
        "currency_iso_code": str(order["currency_iso_code"]),
    }


Part = tuple[Decimal, list[Body]]


def _given_back(asked: Decimal | None, price: Decimal, taxes: Sequence[Mapping[str, Any]] | None, order: Order) -> Part:
    """Return the amount in the order's tax mode, and its taxes. What we are asked to give back holds the taxes."""
    gross = asked or Decimal(0)
    taxes = taxes or ()
    included = is_tax_included(order)
    paid = price if included else price + sum((read_number(tax["amount"]) for tax in taxes), Decimal(0))
    parts = [{"code": tax["code"], "amount": share(read_number(tax["amount"]), gross, paid)} for tax in taxes]
    return gross if included else gross - sum((part["amount"] for part in parts), Decimal(0)), parts


def build_cancelations(command: OrderCommand, order: Order) -> Body:
    """Return the units that will not be shipped, with what they cost."""
    return {
        "order_tax_mode": order.get("order_tax_mode") or "TAX_INCLUDED",
        "cancelations": [_cancelation(line, find_line(order, line), order) for line in command.lines],
    }


def _cancelation(asked: CommandLine, line: OrderLine, order: Order) -> Body:
    units, of = asked.quantity, int(line["quantity"])
    goods = _units(read_number(line["price"]), line.get("taxes"), units, of)
    freight = _units(read_number(line["shipping_price"]), line.get("shipping_taxes"), units, of)
    return {
        "order_line_id": asked.line_remote_id,
        "quantity": units,
        **_amounts(goods, freight),
        "reason_code": asked.reason,
        "currency_iso_code": str(order["currency_iso_code"]),
    }


def _units(price: Decimal, taxes: Sequence[Mapping[str, Any]] | None, units: int, of: int) -> Part:
    parts = [{"code": tax["code"], "amount": share(read_number(tax["amount"]), units, of)} for tax in taxes or ()]
    return share(price, units, of), parts


def _amounts(goods: Part, freight: Part) -> Body:
    """Return the amounts of a line; taxes only where the order's line has some."""
    body: Body = {"amount": goods[0], "shipping_amount": freight[0]}
    return body | {name: part[1] for name, part in (("taxes", goods), ("shipping_taxes", freight)) if part[1]}


def find_line(order: Order, asked: CommandLine) -> OrderLine:
    """Return the order's line that a command is about. Raises RejectedByChannel if there is none."""
    for line in lines_of(order):
        if str(line["order_line_id"]) == asked.line_remote_id:
            return line
    raise RejectedByChannel("The marketplace's order has no such line (any more).", code="no_such_line")

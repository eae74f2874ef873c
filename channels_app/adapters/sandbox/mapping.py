"""The sandbox's JSON and our values, both ways. Pure.

Source: the sandbox's own /openapi.json, version 1. Money is text; moments are ISO 8601 in UTC.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from channels_app.adapters.errors import RejectedByChannel
from channels_app.adapters.types import (
    Capability,
    Choice,
    CommandLineResult,
    CommandResult,
    ConnectionFacts,
    ContentLine,
    Kind,
    Line,
    LineResult,
    OrderCommand,
    Outcome,
    PaymentStatus,
    Phase,
    RawOrder,
    RemoteCancellationRequest,
    RemoteListing,
    RemoteOrder,
    RemoteOrderLine,
    WithdrawLine,
)

#: Its name of an ability -> ours.
_CAPABILITIES = {
    "export_listings": Capability.RECONCILE,
    "accept_required": Capability.ACCEPT,
    "partial_shipment": Capability.SHIP_PARTIAL,
    "tracking_required": Capability.TRACKING_REQUIRED,
    "line_cancellation": Capability.CANCEL_LINE,
    "partial_cancellation": Capability.CANCEL_PARTIAL,
    "refunds": Capability.REFUND,
    "partial_refund": Capability.REFUND_PARTIAL,
    "cancellation_requests": Capability.CANCELLATION_REQUESTS,
    "ordered_submissions": Capability.ORDERED_SUBMISSIONS,
    "quantity_is_net_of_known_orders": Capability.QUANTITY_NETS_ORDERS,
    "fulfillments_required": Capability.FULFILLMENTS_REQUIRED,
    "shows_shipments": Capability.TELLS_SHIPPED,
}
_PHASES = {"done": Phase.DONE, "failed": Phase.FAILED}
_OUTCOMES = {outcome.value: outcome for outcome in Outcome}
_PAYMENTS = {status.value: status for status in PaymentStatus}


def build_line(kind: Kind, line: Line) -> dict[str, Any]:
    """Return the line as the sandbox takes it for a submission of this kind."""
    if isinstance(line, WithdrawLine):
        return {"sku": line.sku}
    payload: dict[str, Any] = _content(line) if isinstance(line, ContentLine) else {"sku": line.sku}
    if kind != Kind.QUANTITY:
        payload["price"] = str(line.price)
        payload["currency"] = line.currency
    if kind != Kind.PRICE:
        payload["quantity"] = line.quantity
    return payload


def _content(line: ContentLine) -> dict[str, Any]:
    """Return what describes the item, without what is empty. Written plainly: a first feed has a million of them."""
    payload: dict[str, Any] = {"sku": line.sku, "title": line.title}
    if line.description:
        payload["description"] = line.description
    if line.brand:
        payload["brand"] = line.brand
    if line.gtin:
        payload["gtin"] = line.gtin
    if line.images:
        payload["images"] = list(line.images)
    if line.attributes or line.variation or line.parent_sku:
        attributes = {**line.attributes, **line.variation}
        if line.parent_sku:
            attributes["parent_sku"] = line.parent_sku
        payload["attributes"] = attributes
    return payload


def read_phase(submission: Mapping[str, Any]) -> Phase:
    """Return the phase; one we do not know is taken as not finished."""
    return _PHASES.get(str(submission["phase"]), Phase.OPEN)


def read_result(row: Mapping[str, Any]) -> LineResult:
    """Return what became of one line; a status we do not know is taken as not settled."""
    return LineResult(
        sku=str(row["sku"]),
        outcome=_OUTCOMES.get(str(row["status"]), Outcome.PENDING),
        code=row.get("code") or "",
        reason=row.get("reason") or "",
    )


def read_facts(account: Mapping[str, Any]) -> ConnectionFacts:
    """Return what this connection can do."""
    can, ends = account["capabilities"], account.get("credentials_expire_at")
    return ConnectionFacts(
        account_id=str(account["account_id"]),
        account_name=str(account["name"]),
        currency=str(account["currency"]),
        capabilities=frozenset(ours for name, ours in _CAPABILITIES.items() if can.get(name)),
        carriers=_choices(account["carriers"]),
        cancel_reasons=_choices(account["cancel_reasons"]),
        refund_reasons=_choices(account["refund_reasons"]),
        credentials_expire_at=read_moment(ends) if ends else None,
    )


def _choices(rows: Iterable[Mapping[str, Any]]) -> tuple[Choice, ...]:
    return tuple(Choice(code=str(row["code"]), name=str(row["name"])) for row in rows)


def read_listing(row: Mapping[str, Any]) -> RemoteListing:
    """Return one row of an export."""
    return RemoteListing(
        sku=str(row["sku"]),
        title=str(row["title"]),
        price=None if row["price"] is None else Decimal(row["price"]),
        currency=str(row["currency"]),
        quantity=int(row["quantity"]),
        active=row["status"] == "active",
    )


def read_moment(text: str) -> datetime:
    """Return the moment, aware, in UTC."""
    return datetime.fromisoformat(text)


def read_raw_order(order: Mapping[str, Any]) -> RawOrder:
    """Return the order as it came, under its id and version."""
    return RawOrder(remote_id=str(order["id"]), version=int(order["version"]), body=order)


def read_order(body: Mapping[str, Any]) -> RemoteOrder:
    """Return the order that the raw body describes. Raises RejectedByChannel for a body that is no order."""
    try:
        return RemoteOrder(
            remote_id=str(body["id"]),
            version=int(body["version"]),
            status=str(body["status"]),
            payment=_PAYMENTS.get(str(body["payment_status"]), PaymentStatus.PENDING),
            placed_at=read_moment(body["placed_at"]),
            currency=str(body["currency"]),
            tax_included=bool(body["tax_included"]),
            total=Decimal(body["total"]),
            shipping=Decimal(body["shipping"]),
            lines=tuple(_order_line(line) for line in body["lines"]),
            buyer={name: str(value or "") for name, value in body["buyer"].items()},
            ship_to={name: str(value or "") for name, value in body["ship_to"].items()},
            is_accepted=body["accepted_at"] is not None,
            ship_by=read_moment(body["ship_by"]) if body.get("ship_by") else None,
            cancellation_request=_cancellation_request(body),
        )
    except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation) as error:
        raise RejectedByChannel(
            f"This order cannot be read: {type(error).__name__} {error}.", code="unreadable_order"
        ) from error


def _order_line(line: Mapping[str, Any]) -> RemoteOrderLine:
    return RemoteOrderLine(
        remote_id=str(line["id"]),
        sku=str(line["sku"]),
        title=str(line["title"]),
        quantity=int(line["quantity"]),
        shipped_quantity=int(line["quantity_shipped"]),
        cancelled_quantity=int(line["quantity_cancelled"]),
        unit_price=Decimal(line["unit_price"]),
        amount=Decimal(line["amount"]),
        tax=Decimal(line["tax"]),
    )


def _cancellation_request(body: Mapping[str, Any]) -> RemoteCancellationRequest | None:
    """Return the buyer's wish if it still waits for an answer."""
    request = body["cancellation_request"]
    if request is None or request["state"] != "open":
        return None
    # The sandbox gives a request no id of its own; order and moment name it.
    return RemoteCancellationRequest(
        remote_id=f"{body['id']}@{request['requested_at']}",
        reason=str(request["reason"]),
        requested_at=read_moment(request["requested_at"]),
    )


def build_shipment(command: OrderCommand) -> dict[str, Any]:
    """Return the body of a shipping notice."""
    shipment: dict[str, Any] = {
        "lines": [{"line_id": line.line_remote_id, "quantity": line.quantity} for line in command.lines],
        "carrier_code": command.carrier_code or "OTHER",
    }
    if command.carrier_name:
        shipment["carrier_name"] = command.carrier_name
    if command.tracking_number:
        shipment["tracking_number"] = command.tracking_number
    if command.shipped_at:
        shipment["shipped_at"] = command.shipped_at.isoformat()
    return shipment


def build_cancellation(command: OrderCommand) -> dict[str, Any]:
    """Return the body of a cancellation by the seller."""
    return {
        "lines": [
            {"line_id": line.line_remote_id, "quantity": line.quantity, "reason": line.reason} for line in command.lines
        ]
    }


def build_refund(command: OrderCommand) -> dict[str, Any]:
    """Return the body of a refund."""
    return {
        "lines": [
            {
                "line_id": line.line_remote_id,
                "quantity": line.quantity,
                "amount": str(line.amount or 0),
                "shipping_amount": str(line.shipping_amount or 0),
                "reason": line.reason,
                "restock": command.restock,
            }
            for line in command.lines
        ]
    }


def all_accepted(command: OrderCommand) -> CommandResult:
    """Return that every line of the command was done: the sandbox does all of a call or nothing of it."""
    return _same_for_all(command, Outcome.ACCEPTED)


def all_rejected(command: OrderCommand, error: RejectedByChannel) -> CommandResult:
    """Return that no line of the command was done, with the sandbox's reason."""
    return _same_for_all(command, Outcome.REJECTED, code=error.code, reason=str(error))


def _same_for_all(command: OrderCommand, outcome: Outcome, *, code: str = "", reason: str = "") -> CommandResult:
    results: Sequence[CommandLineResult] = [
        CommandLineResult(line_remote_id=line.line_remote_id, outcome=outcome, code=code, reason=reason)
        for line in command.lines
    ]
    return CommandResult(results=tuple(results))

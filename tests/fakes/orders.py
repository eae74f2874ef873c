"""Orders of the marketplace in memory: what commands do to them, and what they read as."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from channels_app.adapters.types import (
    CommandLineResult,
    CommandResult,
    OrderCommand,
    Outcome,
    PaymentStatus,
    RemoteCancellationRequest,
    RemoteOrder,
    RemoteOrderLine,
)
from tests.fakes.market import FakeMarket


def carry_out(market: FakeMarket, verb: str, command: OrderCommand) -> CommandResult:
    """Change the order as the command asks; a tracking number `REJECT` is refused."""
    if command.tracking_number == "REJECT" or command.order_remote_id not in market.orders:
        refused = [
            CommandLineResult(
                line_remote_id=line.line_remote_id, outcome=Outcome.REJECTED, code="C1", reason="Refused."
            )
            for line in command.lines
        ]
        return CommandResult(results=tuple(refused))
    if verb == "handle_return":
        return _decide(command)
    order = market.orders[command.order_remote_id]
    lines = {line["id"]: line for line in order["lines"]}
    for asked in command.lines:
        line = lines[asked.line_remote_id]
        if verb == "ship":
            line["shipped"] += asked.quantity
        elif verb == "cancel" or (verb == "answer_cancellation" and command.approve_request):
            line["cancelled"] += asked.quantity or line["quantity"]
    if verb == "accept":
        order["accepted"] = True
    if verb == "answer_cancellation":
        order["request"] = None
    market.touch(command.order_remote_id)
    return CommandResult(
        results=tuple(
            CommandLineResult(line_remote_id=line.line_remote_id, outcome=Outcome.ACCEPTED) for line in command.lines
        )
    )


def _decide(command: OrderCommand) -> CommandResult:
    """Take decisions about a return, but never for the reason "refused"."""
    return CommandResult(
        results=tuple(
            CommandLineResult(
                line_remote_id=line.line_remote_id,
                outcome=Outcome.REJECTED if line.reason == "refused" else Outcome.ACCEPTED,
                reason="Not like this." if line.reason == "refused" else "",
            )
            for line in command.lines
        )
    )


def copy_of(order: dict[str, Any]) -> dict[str, Any]:
    """Return the order as it stands now."""
    return {**order, "lines": [dict(line) for line in order["lines"]]}


def remote_order(body: Mapping[str, Any]) -> RemoteOrder:
    """Return what the order's body reads as."""
    request = body["request"]
    return RemoteOrder(
        remote_id=body["id"],
        version=body["version"],
        status=body["status"],
        payment=PaymentStatus(body["payment"]),
        placed_at=datetime.fromisoformat(body["placed_at"]),
        ship_by=datetime.fromisoformat(body["ship_by"]) if "ship_by" in body else None,
        currency=body["currency"],
        tax_included=body["tax_included"],
        total=Decimal(body["total"]),
        shipping=Decimal(body["shipping"]),
        buyer={"name": "Ada Buyer"},
        ship_to=body.get("ship_to", {"name": "Ada Buyer", "city": "Springfield"}),
        is_accepted=body["accepted"],
        cancellation_request=request
        and RemoteCancellationRequest(
            remote_id=request["id"],
            reason=request["reason"],
            requested_at=datetime.fromisoformat(request["requested_at"]),
        ),
        lines=tuple(
            RemoteOrderLine(
                remote_id=line["id"],
                sku=line["sku"],
                title=line["sku"],
                quantity=line["quantity"],
                shipped_quantity=line["shipped"],
                cancelled_quantity=line["cancelled"],
                unit_price=Decimal(line["price"]),
                amount=Decimal(line["price"]) * line["quantity"],
            )
            for line in body["lines"]
        ),
    )

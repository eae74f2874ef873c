"""What an order shows of a command whose answer was lost. Pure.

Mirakl knows no idempotency keys; refunds and cancellations made twice are made twice. So a command counts as done only
if the order shows it, as not done only if it shows nothing of the kind, and otherwise a person must look.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from channels_app.adapters.errors import OutcomeUnknown
from channels_app.adapters.mirakl.bodies import build_tracking, find_line
from channels_app.adapters.mirakl.orders import (
    ENDED,
    WAITING_ACCEPTANCE,
    Order,
    OrderLine,
    has_shipped,
    lines_of,
    state_of,
)
from channels_app.adapters.mirakl.values import read_moment, read_number
from channels_app.adapters.types import CommandLineResult, CommandResult, OrderCommand, Outcome

Body = Mapping[str, Any]

#: Moments of the order and of ours, put on one clock, agree to about this; the operator's are in whole seconds.
_AGREE = timedelta(seconds=5)
#: What was done so shortly before could be this command's doing or an earlier one's.
_UNSURE = timedelta(minutes=2)
#: The same, if the operator's clock is not known.
_UNSURE_OF_CLOCK = timedelta(minutes=15)


def results_for(command: OrderCommand, outcome: Outcome, *, code: str = "", reason: str = "") -> CommandResult:
    """Return the same outcome for every line of the command."""
    return CommandResult(
        results=tuple(
            CommandLineResult(line_remote_id=line.line_remote_id, outcome=outcome, code=code, reason=reason)
            for line in command.lines
        )
    )


def commanded(command: OrderCommand, order: Order) -> list[OrderLine]:
    """Return the order's lines that the command is about. Raises RejectedByChannel if it does not hold one of them."""
    return [find_line(order, line) for line in command.lines]


def waiting_ids(order: Order) -> list[str]:
    """Return the lines that wait to be accepted or refused."""
    return [str(line["order_line_id"]) for line in lines_of(order) if state_of(line) == WAITING_ACCEPTANCE]


def find_acceptance(command: OrderCommand, order: Order) -> CommandResult | None:
    """Return the decisions about the lines, or None if one still waits."""
    lines = commanded(command, order)
    if any(state_of(line) == WAITING_ACCEPTANCE for line in lines):
        return None
    return CommandResult(results=tuple(_decision(line) for line in lines))


def _decision(line: OrderLine) -> CommandLineResult:
    ended = state_of(line) in ENDED
    return CommandLineResult(
        line_remote_id=str(line["order_line_id"]),
        outcome=Outcome.REJECTED if ended else Outcome.ACCEPTED,
        reason=f"The marketplace shows this line as {state_of(line)}." if ended else "",
    )


def find_shipping(command: OrderCommand, order: Order) -> CommandResult | None:
    """Return that the lines have shipped, or None if one has not."""
    return results_for(command, Outcome.ACCEPTED) if all(map(has_shipped, commanded(command, order))) else None


def find_parcel(
    command: OrderCommand, shipments: Sequence[Body], *, clock_ahead: timedelta | None
) -> CommandResult | None:
    """Return that such a parcel was made since it was sent, or None. Raises OutcomeUnknown if that is not clear."""
    made = [one for one in shipments if _same_parcel(one, command) and _is_since(command, one, clock_ahead)]
    return results_for(command, Outcome.ACCEPTED) if made else None


def _same_parcel(one: Body, command: OrderCommand) -> bool:
    units = {str(line.get("order_line_id")): line.get("quantity") for line in one.get("shipment_lines") or ()}
    number = (one.get("tracking") or {}).get("tracking_number") or ""
    return (
        units == {line.line_remote_id: line.quantity for line in command.lines}
        and number == build_tracking(command).get("tracking_number", "")
        and one.get("status") != "CANCELED"
    )


def find_refunds(
    command: OrderCommand, sent: Sequence[Body], order: Order, *, clock_ahead: timedelta | None
) -> CommandResult | None:
    """Return that the order shows these refunds, made since they were sent, or None if it shows none of them."""
    return _find(command, sent, order, "refunds", _same_refund, clock_ahead)


def find_cancelations(
    command: OrderCommand, sent: Sequence[Body], order: Order, *, clock_ahead: timedelta | None
) -> CommandResult | None:
    """Return that the units are cancelled, or None if the order shows nothing of that."""
    if all(state_of(line) in ENDED for line in commanded(command, order)):
        return results_for(command, Outcome.ACCEPTED)
    return _find(command, sent, order, "cancelations", _same_cancelation, clock_ahead)


def _find(
    command: OrderCommand,
    sent: Sequence[Body],
    order: Order,
    kind: str,
    is_same: Callable[[Body, Body], bool],
    clock_ahead: timedelta | None,
) -> CommandResult | None:
    """Raises OutcomeUnknown for a part of it, and for what may have been made before."""
    by_line = {str(line["order_line_id"]): line.get(kind) or () for line in lines_of(order)}
    found = [[one for one in by_line.get(body["order_line_id"], ()) if is_same(one, body)] for body in sent]
    fresh = [[one for one in same if _is_since(command, one, clock_ahead)] for same in found]
    if all(fresh):
        return results_for(command, Outcome.ACCEPTED)
    if any(fresh):
        raise OutcomeUnknown("The marketplace shows only some lines of this as done.", code="partly_done")
    return None


def _is_since(command: OrderCommand, one: Body, clock_ahead: timedelta | None) -> bool:
    """Say whether it was made since the command was sent. Raises OutcomeUnknown if that cannot be told."""
    made = one.get("created_date")
    if made is None or command.sent_at is None:
        raise OutcomeUnknown("The marketplace does not say when it did the like of this.", code="no_date")
    sent_at: datetime = command.sent_at + (clock_ahead or timedelta())
    before = sent_at - read_moment(str(made))
    if before <= _AGREE:
        return True
    if before <= (_UNSURE if clock_ahead is not None else _UNSURE_OF_CLOCK):
        raise OutcomeUnknown("The marketplace shows the like of this, made at about the same time.", code="unclear")
    return False


def _same_refund(one: Body, body: Body) -> bool:
    amounts: list[tuple[object, Decimal]] = [(one.get(name), body[name]) for name in ("amount", "shipping_amount")]
    same_money = all(read_number(shown) == meant for shown, meant in amounts)
    return same_money and str(one.get("reason_code")) == body["reason_code"]


def _same_cancelation(one: Body, body: Body) -> bool:
    """Amounts follow from the units; what is left of a line may have changed them by now."""
    return int(one.get("quantity") or 0) == body["quantity"] and str(one.get("reason_code")) == body["reason_code"]

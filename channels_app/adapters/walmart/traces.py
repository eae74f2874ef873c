"""What an order says was done: Walmart honours no idempotency keys, so that is read off its lines. Pure."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from enum import Enum, auto
from typing import Any

from channels_app.adapters.errors import OutcomeUnknown, RejectedByChannel
from channels_app.adapters.types import CommandLine, CommandLineResult, CommandResult, OrderCommand, Outcome, Verb
from channels_app.adapters.walmart import orders
from channels_app.adapters.walmart.times import read_moment

#: Walmart's clock may be behind ours by this.
_CLOCK_SKEW = timedelta(minutes=1)


class Trace(Enum):
    """What an order shows of a line of a command."""

    DONE = auto()
    NOT_DONE = auto()
    UNCLEAR = auto()


Judge = Callable[[OrderCommand, CommandLine, Mapping[str, Any]], Trace]


def judge_of(command: OrderCommand) -> Judge:
    """Return what reads off an order line whether the command was done."""
    match command.verb:
        case Verb.ACCEPT:
            return _accepted
        case Verb.SHIP:
            return _shipped
        case Verb.REFUND:
            return _refunded
        case Verb.ANSWER_CANCELLATION if not command.approve_request:
            return _nothing_to_do
    return _cancelled


def _nothing_to_do(command: OrderCommand, line: CommandLine, told: Mapping[str, Any]) -> Trace:
    return Trace.DONE


def _accepted(command: OrderCommand, line: CommandLine, told: Mapping[str, Any]) -> Trace:
    return Trace.NOT_DONE if orders.units_in(told, (orders.CREATED,)) else Trace.DONE


def _shipped(command: OrderCommand, line: CommandLine, told: Mapping[str, Any]) -> Trace:
    shipped = sum(
        orders.units(entry["statusQuantity"])
        for status, entry in orders.statuses_of(told)
        if status in (orders.SHIPPED, orders.DELIVERED)
        and (entry.get("trackingInfo") or {}).get("trackingNumber") == command.tracking_number
    )
    return Trace.DONE if shipped >= line.quantity else Trace.NOT_DONE


def _cancelled(command: OrderCommand, line: CommandLine, told: Mapping[str, Any]) -> Trace:
    """Units cancelled earlier look the same: only a change since it was sent, or a whole line, speaks for this one."""
    cancelled = orders.units_in(told, (orders.CANCELLED,))
    if cancelled < line.quantity:
        return Trace.NOT_DONE
    is_whole = line.quantity >= orders.units(told["orderLineQuantity"])
    return Trace.DONE if is_whole or _changed_since(command, told) else Trace.UNCLEAR


def _refunded(command: OrderCommand, line: CommandLine, told: Mapping[str, Any]) -> Trace:
    """A refund is never repeated in doubt: only none at all, or one of this very amount since it was sent, is clear."""
    refund = told.get("refund")
    if not refund and not orders.units_in(told, (orders.REFUNDED,)):
        return Trace.NOT_DONE
    asked = (line.amount or Decimal(0)) + (line.shipping_amount or Decimal(0))
    is_this = refund_total(refund or {}) == -asked and _changed_since(command, told)
    return Trace.DONE if is_this else Trace.UNCLEAR


def refund_total(refund: Mapping[str, Any]) -> Decimal:
    """Return the money and tax of a refund as a line shows it: negative."""
    rows = (refund.get("refundCharges") or {}).get("refundCharge") or ()
    charges = orders.charges_of({"charges": {"charge": [row["charge"] for row in rows]}})
    return sum((charge.amount + charge.tax for charge in charges), Decimal(0))


def _changed_since(command: OrderCommand, told: Mapping[str, Any]) -> bool:
    """Say whether the line got its status after the command was sent, as far as two clocks can tell."""
    return command.sent_at is None or read_moment(told["statusDate"]) >= command.sent_at - _CLOCK_SKEW


def read_traces(command: OrderCommand, order: Mapping[str, Any]) -> dict[str, Trace]:
    """Return by line what the order shows of the command. What cannot be read is unclear."""
    judge = judge_of(command)
    return {line.line_remote_id: _trace(judge, command, line, order) for line in command.lines}


def _trace(judge: Judge, command: OrderCommand, line: CommandLine, order: Mapping[str, Any]) -> Trace:
    told = orders.find_line(order, line.line_remote_id)
    if told is None:
        return Trace.UNCLEAR
    try:
        return judge(command, line, told)
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return Trace.UNCLEAR


def done_lines(command: OrderCommand, order: Mapping[str, Any]) -> CommandResult:
    """Return the lines of which the answer to a call shows that they were done; the others are looked for later."""
    traces = read_traces(command, order)
    return CommandResult(
        results=tuple(_result(line, Outcome.ACCEPTED) for line, t in traces.items() if t is Trace.DONE)
    )


def found(command: OrderCommand, order: Mapping[str, Any]) -> CommandResult | None:
    """Return what a lost command did, or None if it did nothing. Raises OutcomeUnknown if the order leaves it open."""
    traces = read_traces(command, order)
    if Trace.UNCLEAR in traces.values():
        raise OutcomeUnknown("Walmart's order does not show clearly whether this was done. Look at it there.")
    if Trace.DONE not in traces.values():
        return None
    outcomes = {Trace.DONE: Outcome.ACCEPTED, Trace.NOT_DONE: Outcome.TRY_AGAIN}
    return CommandResult(results=tuple(_result(line, outcomes[trace]) for line, trace in traces.items()))


def all_accepted(command: OrderCommand) -> CommandResult:
    return CommandResult(results=tuple(_result(line.line_remote_id, Outcome.ACCEPTED) for line in command.lines))


def all_rejected(command: OrderCommand, error: RejectedByChannel) -> CommandResult:
    """Return that no line was done, with Walmart's reason: it does all of a call or nothing.

    UNVERIFIED for calls with several lines.
    """
    return CommandResult(
        results=tuple(
            CommandLineResult(
                line_remote_id=line.line_remote_id, outcome=Outcome.REJECTED, code=error.code, reason=str(error)
            )
            for line in command.lines
        )
    )


def _result(line: str, outcome: Outcome) -> CommandLineResult:
    return CommandLineResult(line_remote_id=line, outcome=outcome)

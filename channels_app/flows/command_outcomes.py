"""What becomes of commands once the channel has answered, and what follows from a refusal."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum, auto

from channels_app.adapters.errors import ChannelError, TemporaryError
from channels_app.adapters.types import CommandLineResult, CommandResult, Outcome
from channels_app.flows import attention
from channels_app.flows.engine import LONGEST_BACKOFF_SECONDS, Claim
from channels_app.flows.overwrite import overwrite
from channels_app.flows.printed import compare_with_printed
from channels_app.flows.reservation import ranked_locations, rebalance_lines
from channels_app.flows.shipping import shipping_status
from channels_app.models import CancellationRequest, Channel, Command, LedgerState, Order, OrderLine, ReturnLine

#: How long to leave a busy channel alone: a quarter of the time it has had, within these bounds.
_POLL_SECONDS = (1.0, 300.0)


class Verdict(Enum):
    """What came of one call."""

    ANSWERED = auto()
    REFUSED = auto()  # the channel refused the call as a whole
    UNKNOWN = auto()  # the answer was lost
    UNCLEAR = auto()  # it was looked for, and the channel cannot say (yet)
    TRY_LATER = auto()  # nothing was done
    NOT_SENT = auto()  # the call was not made after all


@dataclass(slots=True)
class Answer:
    """The rows of one call, and what came of it. `failure` ends the slice once this is stored."""

    rows: Sequence[Command]
    verdict: Verdict
    result: CommandResult | None = None
    error: ChannelError | None = None
    failure: Exception | None = None


_FIELDS = ["state", "handle", "group_key", "not_before", "closed_at", "overdue", "code", "reason"]


def store_answers(claim: Claim, answers: Sequence[Answer]) -> None:
    """The answers stand on their rows, and what follows from them on the orders; one fenced commit."""
    with claim.settling():
        rows = [row for answer in answers for row in answer.rows]
        asked_about = [row for row in rows if row.is_lost]
        for answer in answers:
            _apply(answer, now=claim.now)
        # Orders first and in one order, then their commands, and stock last, as the download of orders does it: nobody
        # waits for us in a circle.
        held = Order.objects.select_for_update().filter(pk__in={row.order_id for row in rows}).order_by("pk")
        orders = {order.pk: order for order in held}
        overwrite(rows, _FIELDS)
        cleared = [row for row in asked_about if not row.is_lost]
        _follow(claim.channel, orders, rows, cleared=cleared, now=claim.now)
    states = [row.state for row in rows]
    claim.count(confirmed=states.count(LedgerState.CONFIRMED), rejected=states.count(LedgerState.REJECTED))


def _apply(answer: Answer, *, now: datetime) -> None:
    """Write the outcome into the rows, in memory."""
    match answer.verdict:
        case Verdict.ANSWERED:
            assert answer.result is not None
            _apply_result(answer.rows, answer.result, now=now)
        case Verdict.REFUSED:
            for row in answer.rows:
                code = answer.error.code if answer.error else ""
                _close(row, LedgerState.REJECTED, now=now, code=code, reason=str(answer.error or ""))
        case Verdict.UNKNOWN:
            for row in answer.rows:
                row.state, row.handle, row.overdue = LedgerState.UNKNOWN, "", False
        case Verdict.UNCLEAR:
            for row in answer.rows:
                row.not_before = now + timedelta(seconds=_poll_delay(row, now))
        case Verdict.TRY_LATER:
            wait = answer.failure.retry_after if isinstance(answer.failure, TemporaryError) else None
            for row in answer.rows:
                _wait(row, now=now, seconds=wait)
        case Verdict.NOT_SENT:
            for row in answer.rows:
                row.state = LedgerState.PENDING


def _apply_result(rows: Sequence[Command], result: CommandResult, *, now: datetime) -> None:
    by_line = {told.line_remote_id: told for told in result.results}
    again = uuid.uuid4()
    for row in rows:
        told = by_line.get(row.told_line)
        if told is None and not result.handle:
            row.state, row.handle = LedgerState.UNKNOWN, ""  # an answer that leaves this line out answers nothing
        elif told is None or told.outcome is Outcome.PENDING:
            row.state, row.handle = LedgerState.SENT, result.handle or row.handle
            row.not_before = now + timedelta(seconds=_poll_delay(row, now))
        elif told.outcome is Outcome.TRY_AGAIN:
            # Fewer lines are another call: the same key would promise the channel the same content.
            row.group_key = again
            _wait(row, now=now)
        else:
            _close_by(row, told, now=now)


def _close_by(row: Command, told: CommandLineResult, *, now: datetime) -> None:
    accepted = told.outcome is Outcome.ACCEPTED
    _close(
        row,
        LedgerState.CONFIRMED if accepted else LedgerState.REJECTED,
        now=now,
        code=told.code,
        reason="" if accepted else told.reason,
    )


def _close(row: Command, state: LedgerState, *, now: datetime, code: str, reason: str) -> None:
    row.state, row.closed_at, row.not_before, row.overdue = state, now, None, False
    row.code, row.reason = code[:100], reason


def _wait(row: Command, *, now: datetime, seconds: float | None = None) -> None:
    backoff = min(5.0 * 2 ** min(row.attempts, 10), LONGEST_BACKOFF_SECONDS)
    row.state, row.handle = LedgerState.PENDING, ""
    row.not_before = now + timedelta(seconds=seconds if seconds is not None else backoff)


def _poll_delay(row: Command, now: datetime) -> float:
    age = (now - (row.sent_at or now)).total_seconds()
    return min(max(age / 4, _POLL_SECONDS[0]), _POLL_SECONDS[1])


# --- what follows ----------------------------------------------------------------------------------------------------


def _follow(
    channel: Channel,
    orders: dict[int, Order],
    rows: Sequence[Command],
    *,
    cleared: Sequence[Command],
    now: datetime,
) -> None:
    """Accepted orders say since when; what was refused is taken back where it can be, and a person is asked to look.

    Nobody need look any more for those that are `cleared` up. The `orders` of all rows are locked.
    """
    accepted = {r.order_id for r in rows if r.kind == Command.Kind.ACCEPT and r.state == LedgerState.CONFIRMED}
    refused = [row for row in rows if row.state == LedgerState.REJECTED]
    Order.objects.filter(pk__in=accepted, accepted_at=None).update(accepted_at=now)
    for row in cleared:
        forget_lost(orders[row.order_id], [row])
    if refused:
        _take_back(channel, orders, refused, now=now)


def forget_lost(order: Order, rows: Sequence[Command]) -> None:
    """Nobody need look for these commands any more. The order is locked."""
    said = [attention.lost(row.kind, row.line.sku) for row in rows]
    order.attention = attention.raised(order.attention, before=said, after=[])
    order.save(update_fields=["attention"])


def _take_back(channel: Channel, orders: dict[int, Order], refused: Sequence[Command], *, now: datetime) -> None:
    """Refused cancellations are due again and refused refunds owed again; a parcel has left all the same."""
    lines = {line.pk: line for line in OrderLine.objects.filter(pk__in={row.line_id for row in refused})}
    reopened: set[int] = set()
    for row in refused:
        line, order = lines[row.line_id], orders[row.order_id]
        if row.kind == Command.Kind.CANCEL or (row.kind == Command.Kind.ANSWER_CANCELLATION and row.approve_request):
            line.cancelled = max(line.cancelled - row.quantity, 0)
            reopened.add(row.order_id)
        elif row.kind == Command.Kind.REFUND:
            line.refunded = max(line.refunded - (row.amount or Decimal(0)), Decimal(0))
        said = attention.refused(row.kind, line.sku, row.reason)
        order.attention = attention.raised(order.attention, before=[], after=[said])
    overwrite(list(lines.values()), ["cancelled", "refunded"])
    undecided = [row.return_line_id for row in refused if row.return_line_id is not None]
    ReturnLine.objects.filter(pk__in=undecided).update(decision="", decided_at=None, decided_by=None)
    requests = {row.request_id for row in refused if row.request_id is not None}
    CancellationRequest.objects.filter(pk__in=requests).update(
        state=CancellationRequest.State.OPEN, decided_at=None, decided_by=None
    )
    again = [line for line in lines.values() if line.order_id in reopened]
    if again:
        rebalance_lines(again, channel=channel, is_ours=True, ranked=ranked_locations(channel), now=now)
    for order in orders.values():
        if order.pk in reopened:
            its_lines = list(order.lines.all())
            order.shipping_status = shipping_status(its_lines, is_ours=order.is_ours)
            compare_with_printed(order, its_lines)
        order.save(update_fields=["attention", "shipping_status", "changed_since_printed"])

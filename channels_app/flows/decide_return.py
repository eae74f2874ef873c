"""What the seller decides about goods that come back: recorded at once, told to the channel afterwards."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from channels_app.adapters.types import Capability
from channels_app.flows.fulfil_rules import FulfilmentError, check_choice, why_not_tell
from channels_app.flows.opened import Actor, OpenOrder, opened_order, refuse
from channels_app.flows.restock import put_back
from channels_app.models import Command, Order, OrderLine, Return, ReturnLine


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnDecision:
    """What is decided about one line of a return, and for how many units."""

    code: str
    quantity: int


def why_not_decide(order: Order, lines: Sequence[ReturnLine]) -> str:
    """Return why nothing about this return can be decided here, or ""."""
    if told := why_not_tell(order):
        return told
    if not order.channel.can(Capability.RETURNS):
        return "This marketplace takes no decisions about returns from here."
    if all(line.decision for line in lines):
        return "Everything in this return was decided already."
    if all(line.order_line_id is None for line in lines if not line.decision):
        return "The marketplace names no line of this order: decide about this return there."
    return ""


def decide_return(
    of_return: Return,
    *,
    key: UUID,
    decisions: Mapping[int, ReturnDecision],
    restock: bool,
    actor: Actor,
    now: datetime,
) -> list[Command]:
    """These lines are decided and the channel will be told; with `restock` their units are on hand again.

    `decisions` are by line id. The same key again changes nothing. Raises FulfilmentError.
    """
    assert of_return.order_id is not None
    with opened_order(of_return.order_id, actor=actor, now=now) as held:
        if known := held.recorded(key):
            return known
        lines = {line.pk: line for line in of_return.lines.select_for_update().order_by("pk")}
        refuse(why_not_decide(held.order, list(lines.values())))
        if not decisions:
            raise FulfilmentError("Decide about at least one line.")
        commands = [
            _decide(held, _checked(held, lines, line_id, decision), decision, key)
            for line_id, decision in sorted(decisions.items())
        ]
        Command.objects.bulk_create(commands)
        if restock:
            put_back(held, _units_back(held, lines, decisions), key=uuid.uuid5(key, "return"))
    return commands


def _checked(held: OpenOrder, lines: Mapping[int, ReturnLine], line_id: int, decision: ReturnDecision) -> ReturnLine:
    """Return the line. Raises FulfilmentError if this cannot be decided about it."""
    line = lines.get(line_id)
    if line is None or line.order_line_id is None:
        raise FulfilmentError("This return has no such line.")
    if line.decision:
        raise FulfilmentError(f"{line.name} was decided already.")
    if not 1 <= decision.quantity <= line.quantity:
        raise FulfilmentError(f"Of {line.name}, 1 to {line.quantity} can come back.")
    check_choice(decision.code, held.order.channel.choices("return_decisions"), what="decision")
    return line


def _decide(held: OpenOrder, line: ReturnLine, decision: ReturnDecision, key: UUID) -> Command:
    line.decision, line.decided_at = decision.code, held.now
    line.decided_by_id = held.actor.pk if held.actor else None
    line.save(update_fields=["decision", "decided_at", "decided_by"])
    assert line.order_line_id is not None
    return held.command(
        Command.Kind.HANDLE_RETURN,
        held.lines[line.order_line_id],
        key,
        quantity=decision.quantity,
        reason_code=decision.code,
        return_line=line,
    )


def _units_back(
    held: OpenOrder, lines: Mapping[int, ReturnLine], decisions: Mapping[int, ReturnDecision]
) -> dict[OrderLine, int]:
    """Return how many units of each order line are on the shelf again."""
    units: dict[OrderLine, int] = {}
    for line_id, decision in decisions.items():
        order_line = held.lines[lines[line_id].order_line_id or 0]
        units[order_line] = units.get(order_line, 0) + decision.quantity
    return units

"""A person has looked at the channel for a command of which nobody could say whether it was done."""

import uuid
from datetime import datetime
from uuid import UUID

from channels_app.flows.command_outcomes import forget_lost
from channels_app.flows.fulfil_rules import why_not_tell
from channels_app.flows.opened import Actor, opened_order, refuse
from channels_app.models import Command, LedgerState, Order

DONE_BY_HAND = "seen-by-a-person"


def settle_lost(order: Order, *, group_key: UUID, was_done: bool, actor: Actor, now: datetime) -> int:
    """The lost call counts as done, or is sent once more as a new call. Returns its lines; 0 if none is lost any more.

    Raises FulfilmentError for an order that others manage.
    """
    with opened_order(order.pk, actor=actor, now=now) as held:
        refuse(why_not_tell(held.order))
        of_call = held.order.commands.filter(group_key=group_key, state=LedgerState.UNKNOWN, overdue=True)
        rows = list(of_call.select_related("line").select_for_update(of=("self",)))
        if not rows:
            return 0
        forget_lost(held.order, rows)
        fields = _as_done(actor, now) if was_done else _as_new(now)
        Command.objects.filter(pk__in=[row.pk for row in rows]).update(**fields)
        return len(rows)


def _as_done(actor: Actor, now: datetime) -> dict[str, object]:
    who = actor.get_username() if actor else "somebody"
    return {
        "state": LedgerState.CONFIRMED,
        "closed_at": now,
        "not_before": None,
        "overdue": False,
        "code": DONE_BY_HAND,
        "reason": f"{who} saw at the marketplace that it was done.",
    }


def _as_new(now: datetime) -> dict[str, object]:
    return {
        "state": LedgerState.PENDING,
        "group_key": uuid.uuid4(),
        "handle": "",
        "attempts": 0,
        "not_before": None,
        "overdue": False,
        "created_at": now,
        "sent_at": None,
    }

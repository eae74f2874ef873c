"""Tells the channel what was done to orders: looks after lost answers, polls handles, then sends what waits.

Rows with one group key are one call. Of one order only the oldest open call is looked at, so an order is accepted
before it ships. Intents are written for a few calls at once and committed before the first of them leaves; the
outcomes of these calls are one commit again. Whoever dies in between leaves intents that are looked after, not resent.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby

from django.db import connection
from django.db.models import F, Min, Q, QuerySet

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.errors import ChannelError, NotSupported, OutcomeUnknown, RejectedByChannel
from channels_app.adapters.types import CommandLine, CommandResult, OrderCommand, Verb
from channels_app.flows import attention
from channels_app.flows.command_outcomes import Answer, Verdict, store_answers
from channels_app.flows.engine import Claim
from channels_app.models import Command, LedgerState, Order
from channels_app.models.submission import OPEN_STATES

log = logging.getLogger(__name__)

#: Calls whose intents are committed together.
CALLS_AT_ONCE = 20
#: What a channel shows no trace of after this was not done.
SETTLES_AFTER = timedelta(seconds=60)
#: Kind of a row -> what it does at the channel.
VERBS = {
    Command.Kind.ACCEPT: Verb.ACCEPT,
    Command.Kind.SHIP: Verb.SHIP,
    Command.Kind.CANCEL: Verb.CANCEL,
    Command.Kind.REFUND: Verb.REFUND,
    Command.Kind.ANSWER_CANCELLATION: Verb.ANSWER_CANCELLATION,
    Command.Kind.HANDLE_RETURN: Verb.HANDLE_RETURN,
}
#: Handles asked about in one go.
POLLED_AT_ONCE = 200
#: An open command older than this is an alarm.
OVERDUE_AFTER = timedelta(hours=1)


@dataclass(slots=True)
class Call:
    """One call to the channel: the rows of one group key, which are of one order and one kind."""

    rows: list[Command] = field(default_factory=list)

    @property
    def first(self) -> Command:
        return self.rows[0]

    @property
    def key(self) -> str:
        return str(self.first.group_key)

    def is_settled(self, now: datetime) -> bool:
        """Say whether it has been out for so long that it can no longer be on its way."""
        return self.first.sent_at is None or now - self.first.sent_at >= SETTLES_AFTER

    def as_command(self) -> OrderCommand:
        """Return it as the adapter takes it."""
        parcel, order = self.first.shipment, self.first.order
        return OrderCommand(
            verb=VERBS[Command.Kind(self.first.kind)],
            order_remote_id=order.remote_id,
            lines=tuple(
                CommandLine(
                    line_remote_id=row.told_line,
                    quantity=row.quantity,
                    amount=row.amount,
                    shipping_amount=row.shipping_amount,
                    reason=row.reason_code,
                )
                for row in self.rows
            ),
            currency=order.currency,
            carrier_code=parcel.carrier_code if parcel else "",
            carrier_name=parcel.carrier_name if parcel else "",
            tracking_number=parcel.tracking_number if parcel else "",
            shipped_at=parcel.shipped_at if parcel else None,
            restock=self.first.restock,
            approve_request=self.first.approve_request,
            return_remote_id=self.first.return_line.of_return.remote_id if self.first.return_line else "",
            sent_at=self.first.sent_at,
        )


def send_commands(claim: Claim, adapter: ChannelAdapter) -> bool:
    """Open commands are as far on as the slice reaches. Returns whether more could be done at once."""
    more = (
        look_for_unknown(claim, adapter) or poll_handles(claim, adapter) or send_pending(claim, adapter)
    )  # each says whether its time ran out
    _raise_alarms(claim)
    waits_until = _open(claim).aggregate(at=Min("not_before"))["at"]
    if waits_until is not None:
        claim.run_again_at(max(waits_until, claim.now + timedelta(seconds=1)))
    return more


def look_for_unknown(claim: Claim, adapter: ChannelAdapter) -> bool:
    """Commands whose answer was lost have it, or will be sent again with the same key. Returns whether some are left.

    A channel that knows nothing of a command has not done it. One that cannot say is asked again later; what comes
    behind it in its order waits, the other orders go on.
    """
    for call in _calls(_open(claim).filter(_is_due(claim.now), state=LedgerState.UNKNOWN)):
        if claim.seconds_left() <= 0:
            return True
        answer = _ask(call, partial(adapter.find_command, call.as_command(), key=call.key))
        if isinstance(answer.failure, OutcomeUnknown):
            answer.verdict = Verdict.UNCLEAR
        elif answer.failure is not None:
            raise answer.failure
        elif answer.verdict is Verdict.ANSWERED and answer.result is None:
            settled = adapter.honours_keys or call.is_settled(claim.now)
            answer.verdict = Verdict.NOT_SENT if settled else Verdict.UNCLEAR
        store_answers(claim, [answer])
    return False


def poll_handles(claim: Claim, adapter: ChannelAdapter) -> bool:
    """Commands that the channel is busy with have their outcome, if there is one. Returns whether some are left."""
    busy = _open(claim).exclude(handle="").filter(_is_due(claim.now), state=LedgerState.SENT)
    waiting = _calls(busy)
    for start in range(0, len(waiting), POLLED_AT_ONCE):
        if claim.seconds_left() <= 0:
            return True
        calls = waiting[start : start + POLLED_AT_ONCE]
        told = adapter.poll_commands([call.first.handle for call in calls])
        store_answers(claim, [_told_by_handle(call, told) for call in calls])
    return False


def _told_by_handle(call: Call, told: Mapping[str, CommandResult]) -> Answer:
    handle = call.first.handle
    return Answer(call.rows, Verdict.ANSWERED, result=told.get(handle, CommandResult(handle=handle)))


def send_pending(claim: Claim, adapter: ChannelAdapter) -> bool:
    """What waits is sent, the oldest of each order first. Returns whether some are left.

    Raises the channel's error after storing it: a lost answer is `unknown`, anything else waits to be sent again.
    """
    while claim.seconds_left() > 0:
        calls = _mark_sent(claim, _due_calls(claim))
        if not calls:
            return False
        answers: list[Answer] = []
        failure: Exception | None = None
        for call in calls:
            if failure is not None or claim.seconds_left() <= 0:
                answers.append(Answer(call.rows, Verdict.NOT_SENT))
                continue
            answer = _ask(call, _verb(adapter, call))
            failure = answer.failure
            answers.append(answer)
        store_answers(claim, answers)
        if failure is not None:
            raise failure
    return True


def _verb(adapter: ChannelAdapter, call: Call) -> Callable[[], CommandResult]:
    """Return the call to make."""
    command = call.as_command()
    return partial(getattr(adapter, command.verb.value), command, key=call.key)


def _ask(call: Call, ask: Callable[[], CommandResult | None]) -> Answer:
    """Make one call and say what came of it: an error of one order is its own, any other ends the slice."""
    try:
        return Answer(call.rows, Verdict.ANSWERED, result=ask())
    except (RejectedByChannel, NotSupported) as error:
        if isinstance(error, NotSupported):
            log.exception("command.not_supported", extra={"command": call.first.pk})
        return Answer(call.rows, Verdict.REFUSED, error=error)
    except OutcomeUnknown as error:
        return Answer(call.rows, Verdict.UNKNOWN, failure=error)
    except ChannelError as error:
        # Nothing was done: try later (TemporaryError), or once the seller has mended the settings.
        return Answer(call.rows, Verdict.TRY_LATER, failure=error)
    except Exception as error:
        # A bug, and the call may have gone out: look before sending again, and let it surface.
        return Answer(call.rows, Verdict.UNKNOWN, failure=error)


# The oldest open row of each order says whether its turn has come. A row that the channel has been busy with for too
# long raises an alarm and no longer holds up what comes behind it. The open commands are walked in the order of their
# index, and the walk ends once enough are found: a long backlog costs no more than a short one.
_HEADS = """
    SELECT head.group_key
    FROM channels_app_command AS head
    WHERE head.channel_id = %s AND head.state = 'pending' AND (head.not_before IS NULL OR head.not_before <= %s)
      AND NOT EXISTS (
        SELECT FROM channels_app_command AS earlier
        WHERE earlier.order_id = head.order_id AND earlier.id < head.id
          AND earlier.state IN ('pending', 'sent', 'unknown') AND NOT (earlier.overdue AND earlier.state = 'sent')
    )
    ORDER BY head.id
    LIMIT %s
"""


def _due_calls(claim: Claim) -> list[Call]:
    with connection.cursor() as cursor:
        cursor.execute(_HEADS, [claim.channel.pk, claim.now, CALLS_AT_ONCE])
        keys = [row[0] for row in cursor.fetchall()]
    return _calls(_open(claim).filter(group_key__in=keys, state=LedgerState.PENDING)) if keys else []


def _mark_sent(claim: Claim, calls: list[Call]) -> list[Call]:
    """The intents are written and committed; from here on a lost answer is looked after. Returns the calls to make."""
    if not calls:
        return []
    ids = [row.pk for call in calls for row in call.rows]
    with claim.settling():
        waiting = Command.objects.select_for_update().filter(pk__in=ids, state=LedgerState.PENDING).order_by("id")
        still = set(waiting.values_list("pk", flat=True))
        calls = [call for call in calls if all(row.pk in still for row in call.rows)]
        Command.objects.filter(pk__in=[row.pk for call in calls for row in call.rows]).update(
            state=LedgerState.SENT,
            fence=claim.fence,
            sent_at=claim.now,
            attempts=F("attempts") + 1,
            handle="",
            not_before=None,
        )
    return calls


def _open(claim: Claim) -> "QuerySet[Command]":
    return Command.objects.filter(channel=claim.channel, state__in=OPEN_STATES)


def _is_due(now: datetime) -> Q:
    return Q(not_before=None) | Q(not_before__lte=now)


def _calls(rows: "QuerySet[Command]") -> list[Call]:
    """Return the rows as calls, in the order in which they were asked for."""
    ordered = rows.select_related("order", "line", "shipment", "return_line__of_return").order_by("id")
    grouped = groupby(sorted(ordered, key=lambda row: str(row.group_key)), key=lambda row: row.group_key)
    return sorted((Call(list(group)) for _, group in grouped), key=lambda call: call.first.pk)


def _raise_alarms(claim: Claim) -> None:
    """What has been open for too long is flagged; where nobody can say what became of it, a person is asked."""
    late = _open(claim).filter(overdue=False, created_at__lt=claim.now - OVERDUE_AFTER)
    # What was lost only now is looked for first.
    late = late.exclude(state=LedgerState.UNKNOWN, not_before=None)
    if not late.exists():
        return
    lost = list(late.filter(state=LedgerState.UNKNOWN).select_related("line"))
    with claim.settling():
        orders = Order.objects.select_for_update().filter(pk__in={row.order_id for row in lost}).order_by("pk")
        for order in orders:
            said = [attention.lost(row.kind, row.line.sku) for row in lost if row.order_id == order.pk]
            order.attention = attention.raised(order.attention, before=[], after=said)
            order.save(update_fields=["attention"])
        late.update(overdue=True)

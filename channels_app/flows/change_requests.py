"""What Live locks, the seller asks support for; support applies or declines it, and both sides see why."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from channels_app.flows import permissions
from channels_app.flows.activate import back_to_testing, deactivate
from channels_app.flows.change import locked, remember
from channels_app.flows.permissions import Action
from channels_app.flows.switches import set_switch
from channels_app.models import ChangeRequest, Channel

What = ChangeRequest.What

#: Asked for -> (switch, on).
SWITCHES: dict[str, tuple[str, bool]] = {
    What.LISTINGS_ON: ("listings_on", True),
    What.LISTINGS_OFF: ("listings_on", False),
    What.RECONCILER_OFF: ("reconciler_on", False),
    What.ORDERS_ON: ("orders_on", True),
    What.ORDERS_OFF: ("orders_on", False),
    What.FULFILLMENTS_OFF: ("fulfillments_on", False),
}


class AlreadyDecided(Exception):
    """Somebody else was faster; the message says what became of it."""


def possible_requests(channel: Channel) -> list[What]:
    """Return what can be asked of support as the channel stands: nothing that is so already or is being asked."""
    if channel.state != Channel.State.LIVE:
        return []
    open_ones = set(
        ChangeRequest.objects.filter(channel=channel, state=ChangeRequest.State.OPEN).values_list("what", flat=True)
    )
    return [what for what in What if what not in open_ones and not is_so_already(channel, what)]


def ask(channel: Channel, what: str, *, reason: str, actor: AbstractBaseUser, now: datetime) -> ChangeRequest:
    """Support has the request, once. Raises NotAllowed, and ValidationError by field with what is wrong."""
    if what not in What.values:
        raise ValidationError({"what": "Choose what support should change."})
    if not reason.strip():
        raise ValidationError({"reason": "Say why, so that support can decide."})
    action = Action.ASK_DEACTIVATION if what == What.DEACTIVATE else Action.ASK_SUPPORT
    try:
        with locked(channel) as row:
            permissions.require(row, actor, action)
            if is_so_already(row, what):
                raise ValidationError({"what": "This is how the channel stands already."})
            request = ChangeRequest.objects.create(
                channel=row, what=what, reason=reason.strip(), requested_by_id=actor.pk, created_at=now
            )
            remember(row, "change request", before=None, after=request.what, actor=actor, now=now, reason=reason)
            return request
    except IntegrityError as error:
        if "one_open_request_of_a_kind" not in str(error):
            raise
        raise ValidationError({"what": "Support has been asked for this already and will answer."}) from None


def apply(request: ChangeRequest, *, actor: AbstractBaseUser, now: datetime, answer: str = "") -> None:
    """What was asked is done, as support, and the request says so, in one commit.

    Raises AlreadyDecided, NotAllowed, TransitionNotAllowed (the channel has moved on).
    """
    with _deciding(request) as row:
        permissions.require(row.channel, actor, Action.DECIDE_REQUEST, as_support=True)
        why = f"Asked by the seller: {row.reason}"
        _deed(row, actor=actor, now=now, why=f"{why} — {answer.strip()}" if answer.strip() else why)()
        _decide(row, ChangeRequest.State.APPLIED, actor=actor, now=now, answer=answer)


def decline(request: ChangeRequest, *, actor: AbstractBaseUser, now: datetime, answer: str) -> None:
    """The request is closed and nothing was changed; the seller reads why. Raises AlreadyDecided, NotAllowed."""
    if not answer.strip():
        raise ValidationError({"answer": "Say why, so that the seller knows what to do instead."})
    with _deciding(request) as row:
        permissions.require(row.channel, actor, Action.DECIDE_REQUEST, as_support=True)
        _decide(row, ChangeRequest.State.DECLINED, actor=actor, now=now, answer=answer)


def withdraw(request: ChangeRequest, *, actor: AbstractBaseUser, now: datetime) -> None:
    """The seller no longer asks. Raises AlreadyDecided, NotAllowed."""
    with _deciding(request) as row:
        permissions.require(row.channel, actor, Action.WITHDRAW_REQUEST)
        _decide(row, ChangeRequest.State.WITHDRAWN, actor=actor, now=now, answer="")


@contextmanager
def _deciding(request: ChangeRequest) -> Iterator[ChangeRequest]:
    with transaction.atomic():
        row = ChangeRequest.objects.select_for_update(of=("self",)).select_related("channel").get(pk=request.pk)
        if row.state != ChangeRequest.State.OPEN:
            raise AlreadyDecided(f"This request is closed already: {row.get_state_display()}.")
        yield row
    request.refresh_from_db()


def _decide(
    row: ChangeRequest, state: ChangeRequest.State, *, actor: AbstractBaseUser, now: datetime, answer: str
) -> None:
    row.decided_by_id, row.decided_at, row.answer = actor.pk, now, answer.strip()
    row.state = state
    row.save(update_fields=["state", "decided_by", "decided_at", "answer"])
    remember(row.channel, "change request", before=row.what, after=state.value, actor=actor, now=now, reason=answer)


def _deed(row: ChangeRequest, *, actor: AbstractBaseUser, now: datetime, why: str) -> Callable[[], None]:
    """Return what applying this request does."""
    if row.what in SWITCHES:
        name, on = SWITCHES[row.what]
        return partial(set_switch, row.channel, name, on, actor=actor, now=now, as_support=True, reason=why)
    if row.what == What.BACK_TO_TESTING:
        return partial(back_to_testing, row.channel, ends_at=None, actor=actor, now=now, reason=why)
    choice = Channel.OnDeactivate.LEAVE
    return partial(deactivate, row.channel, choice=choice, actor=actor, now=now, as_support=True, reason=why)


def is_so_already(channel: Channel, what: str) -> bool:
    """Say whether the channel stands as asked, so that there is nothing to apply."""
    if what not in SWITCHES:
        return channel.state != Channel.State.LIVE
    name, on = SWITCHES[what]
    return bool(getattr(channel, name) == on)

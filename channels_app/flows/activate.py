"""The life cycle: Setup, Testing, Live and back, and the switches in between (design, life cycle)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django import forms
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django_fsm import TransitionNotAllowed

from channels_app.adapters.errors import SettingsError
from channels_app.flows import connection, permissions
from channels_app.flows.change import locked, remember, require_reason
from channels_app.flows.deactivation import end_the_work
from channels_app.flows.fan_out import walk_channel
from channels_app.flows.jobs import enable_jobs, nudge
from channels_app.flows.permissions import Action
from channels_app.flows.settings import price_problems, quantity_problems
from channels_app.flows.switches import fit_to_the_connection, set_switch
from channels_app.models import ChangeRequest, Channel, ChannelJob
from channels_app.secrets import read_secrets
from inventory import labels

__all__ = [
    "MissingStep",
    "NotReady",
    "activate",
    "archive",
    "back_to_testing",
    "deactivate",
    "go_live",
    "missing_steps",
    "move_testing_end",
    "promote_due",
    "set_switch",
    "testing_end",
]

_ACCOUNT_TAKEN = "one_active_channel_per_account"


@dataclass(frozen=True, slots=True)
class MissingStep:
    """What is still to be done before activation, and the part of the settings page where."""

    text: str
    anchor: str


class NotReady(Exception):
    """The channel cannot be activated yet; `missing` says what is to be done first."""

    def __init__(self, missing: list[MissingStep]) -> None:
        super().__init__(" ".join(step.text for step in missing))
        self.missing = missing


def missing_steps(channel: Channel) -> list[MissingStep]:
    """Return what must be done before Save and Activate, in the order of the page; empty when it may be tried."""
    return [*_missing_label(channel), *_missing_rules(channel), *_missing_account(channel)]


def activate(
    channel: Channel, *, actor: AbstractBaseUser, now: datetime, reason: str = "", as_support: bool = False
) -> None:
    """The channel is in Testing for TESTING_DAYS, its jobs run, and every item on its label is looked at.

    Raises TransitionNotAllowed (a second click, another tab), NotAllowed, NotReady, SettingsError (the marketplace
    refused the credentials, or another channel has the account), TemporaryError (it could not be reached).
    """
    _refuse_active(channel)
    require_reason(reason, as_support=as_support)
    permissions.require(channel, actor, Action.ACTIVATE, as_support=as_support)
    _refuse_missing(channel)
    connection.check_connection(channel, now=now, actor=actor)
    try:
        with locked(channel) as row:
            _refuse_active(row)
            _refuse_missing(row)
            _refuse_taken_account(row)
            if not connection.connection_is_checked(row):
                raise SettingsError("The account information was changed in another tab. Try again.")
            _begin_testing(row, actor=actor, now=now, reason=reason)
    except IntegrityError as error:
        if _ACCOUNT_TAKEN not in str(error):
            raise
        raise _account_taken() from None


def deactivate(
    channel: Channel,
    *,
    choice: str,
    actor: AbstractBaseUser,
    now: datetime,
    reason: str = "",
    as_support: bool = False,
) -> None:
    """The channel is back in Setup; its listings are left, set to 0 or ended as `choice` (Channel.OnDeactivate) says.

    What was not sent is superseded; what is at the channel is still followed to its end. Raises NotAllowed,
    TransitionNotAllowed, ValidationError for an unknown choice.
    """
    require_reason(reason, as_support=as_support)
    if choice not in Channel.OnDeactivate.values:
        raise ValidationError({"choice": "Choose what is to happen to the listings."})
    with locked(channel) as row:
        permissions.require(row, actor, Action.DEACTIVATE, as_support=as_support)
        before = row.state
        row.deactivate()
        row.on_deactivate = choice
        row.save()
        end_the_work(row, choice=choice, now=now)
        enable_jobs(row, now=now)
        nudge([row.pk], [ChannelJob.Kind.OFFERS], now=now)
        _close_requests(row, now=now)
        after = {"state": row.state, "listings": choice}
        remember(row, "state", before=before, after=after, actor=actor, now=now, reason=reason)


def archive(channel: Channel, *, actor: AbstractBaseUser, now: datetime) -> None:
    """The channel in Setup is gone from all pages; its orders and history stay. Raises NotAllowed."""
    with locked(channel) as row:
        permissions.require(row, actor, Action.ARCHIVE)
        row.archived_at = now
        row.label = None
        row.save(update_fields=["archived_at", "label"])
        enable_jobs(row, now=now)
        remember(row, "archived", before=False, after=True, actor=actor, now=now)


def promote_due(*, now: datetime) -> int:
    """Every channel whose Testing has ended is Live. The clock alone decides. Returns how many went."""
    due = Channel.objects.filter(state=Channel.State.TESTING, testing_ends_at__lte=now, archived_at=None)
    return sum(_promote(channel, now=now) for channel in due)


def go_live(channel: Channel, *, actor: AbstractBaseUser, now: datetime, reason: str) -> None:
    """Support ends Testing now. Raises NotAllowed, TransitionNotAllowed, ValidationError without a reason."""
    require_reason(reason, as_support=True)
    with locked(channel) as row:
        permissions.require(row, actor, Action.GO_LIVE, as_support=True)
        _enter_live(row, actor=actor, now=now, reason=reason)


def back_to_testing(
    channel: Channel, *, ends_at: datetime | None, actor: AbstractBaseUser, now: datetime, reason: str
) -> None:
    """A Live channel is in Testing again until `ends_at` (None: TESTING_DAYS from now). Raises as `go_live`."""
    require_reason(reason, as_support=True)
    ends_at = ends_at or testing_end(now)
    _refuse_past(ends_at, now=now)
    with locked(channel) as row:
        permissions.require(row, actor, Action.BACK_TO_TESTING, as_support=True)
        before = row.state
        row.return_to_testing()
        row.testing_ends_at, row.live_at = ends_at, None
        row.save()
        _close_requests(row, now=now)
        after = {"state": row.state, "testing_ends_at": ends_at.isoformat()}
        remember(row, "state", before=before, after=after, actor=actor, now=now, reason=reason)


def move_testing_end(
    channel: Channel, *, ends_at: datetime, actor: AbstractBaseUser, now: datetime, reason: str
) -> None:
    """Testing ends at `ends_at`, which is still to come. Raises as `go_live`."""
    require_reason(reason, as_support=True)
    _refuse_past(ends_at, now=now)
    with locked(channel) as row:
        permissions.require(row, actor, Action.MOVE_TESTING_END, as_support=True)
        before = row.testing_ends_at.isoformat() if row.testing_ends_at else None
        row.testing_ends_at = ends_at
        row.save(update_fields=["testing_ends_at"])
        after = ends_at.isoformat()
        remember(row, "testing_ends_at", before=before, after=after, actor=actor, now=now, reason=reason)


def testing_end(now: datetime) -> datetime:
    """Return when a Testing phase that begins now ends."""
    return now + timedelta(days=settings.TESTING_DAYS)


def _missing_label(channel: Channel) -> list[MissingStep]:
    if channel.label is None:
        return [MissingStep("Choose the label whose items this channel lists.", "label")]
    if not labels.member_count(channel.label, limit=1):
        return [MissingStep(f"The label “{channel.label}” holds no items: put items on it.", "label")]
    return []


def _missing_rules(channel: Channel) -> list[MissingStep]:
    found = [MissingStep(f"Quantity: {text}", "quantity") for text in quantity_problems(channel).values()]
    return found + [MissingStep(f"Price: {text}", "price") for text in price_problems(channel).values()]


def _missing_account(channel: Channel) -> list[MissingStep]:
    try:
        form_class = connection.adapter_class(channel).account_form
        form = form_class({**channel.settings, **read_secrets(channel)})
    except SettingsError as error:
        return [MissingStep(str(error), "account")]
    return [MissingStep(text, "account") for text in _account_problems(form)]


def _account_problems(form: forms.Form) -> Iterator[str]:
    """Yield what is wrong with the account information, field by field, in the seller's words."""
    for name, problems in form.errors.as_data().items():
        label = str(form.fields[name].label or name) if name in form.fields else ""
        for problem in problems:
            if problem.code == "required":
                yield f"Account information: enter {label}."
            else:
                yield ": ".join(filter(None, ["Account information", label, " ".join(problem.messages)]))


def _refuse_active(channel: Channel) -> None:
    if channel.state != Channel.State.SETUP:
        raise TransitionNotAllowed("This channel is already active.", object=channel, method=channel.start_testing)


def _refuse_missing(channel: Channel) -> None:
    missing = missing_steps(channel)
    if missing:
        raise NotReady(missing)


def _refuse_taken_account(row: Channel) -> None:
    same = Channel.objects.filter(adapter_key=row.adapter_key, account_id=row.account_id, mode=row.mode)
    other = same.exclude(pk=row.pk).exclude(state=Channel.State.SETUP).first()
    if other is not None:
        raise _account_taken(other.name if other.seller_id == row.seller_id else "")


def _account_taken(name: str = "") -> SettingsError:
    """Two channels on one account would end each other's listings. Only the seller's own channel is named."""
    which = f"your channel “{name}”" if name else "another active channel"
    return SettingsError(
        f"This marketplace account is already used by {which}. Two channels on one account would end each other's "
        "listings: use another account, or deactivate the other channel first.",
        code="account_taken",
    )


def _refuse_past(ends_at: datetime, *, now: datetime) -> None:
    if ends_at <= now:
        raise ValidationError({"ends_at": "The end of Testing must be in the future; to end it now, use Live now."})


def _begin_testing(row: Channel, *, actor: AbstractBaseUser, now: datetime, reason: str) -> None:
    row.start_testing()
    row.testing_started_at, row.testing_ends_at, row.live_at = now, testing_end(now), None
    row.on_deactivate = ""
    fit_to_the_connection(row, actor=actor, now=now)
    row.save()
    enable_jobs(row, now=now)
    if row.listings_on:
        walk_channel(row, "activation", now=now)
    after = {"state": row.state, "testing_ends_at": row.testing_ends_at.isoformat()}
    remember(row, "state", before=Channel.State.SETUP.value, after=after, actor=actor, now=now, reason=reason)


def _promote(channel: Channel, *, now: datetime) -> bool:
    with locked(channel) as row:
        if row.state != Channel.State.TESTING or row.testing_ends_at is None or row.testing_ends_at > now:
            return False  # support moved it meanwhile, or another promotion came first
        _enter_live(row, actor=None, now=now, reason="Testing ended.")
        return True


def _close_requests(row: Channel, *, now: datetime) -> None:
    """Outside Live nothing is locked, so what was asked of support the seller can do again."""
    ChangeRequest.objects.filter(channel=row, state=ChangeRequest.State.OPEN).update(
        state=ChangeRequest.State.WITHDRAWN, decided_at=now, answer="The channel is no longer Live."
    )


def _enter_live(row: Channel, *, actor: AbstractBaseUser | None, now: datetime, reason: str) -> None:
    before = row.state
    row.go_live()
    row.live_at = now
    row.save()
    remember(row, "state", before=before, after=row.state, actor=actor, now=now, reason=reason)

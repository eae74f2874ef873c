"""Saving the settings page: each part that was touched for itself, so that one wrong number loses nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError

from channels_app.adapters.errors import SettingsError, TemporaryError
from channels_app.flows import permissions
from channels_app.flows import settings as settings_flow
from channels_app.flows.activate import set_switch
from channels_app.flows.connection import adapter_class
from channels_app.flows.permissions import Action, Actor, NotAllowed, why_not
from channels_app.flows.switches import action_of, why_not_switch
from channels_app.forms import AccountPart, LabelPart, NamePart, Part, PricePart, QuantityPart, SwitchPart, WordsPart
from channels_app.models import Channel
from channels_app.secrets import read_secrets
from inventory import labels


@dataclass(kw_only=True)
class Saved:
    """What became of one press of a button."""

    #: Titles of the parts that are stored now.
    done: list[str] = field(default_factory=list)
    #: The parts that are not, with what is wrong in them.
    failed: dict[str, Part] = field(default_factory=dict)
    #: The label part, if the person must first agree to what it does to the listings.
    question: LabelPart | None = None


def build_parts(channel: Channel, actor: Actor, data: Mapping[str, Any] | None = None) -> dict[str, Part]:
    """Return the parts of the page by name, in the order in which they are saved."""

    def lock(action: Action) -> str:
        return why_not(channel.state, actor, action)

    parts: list[Part] = [
        NamePart(channel, data, why_locked=lock(Action.RENAME)),
        LabelPart(channel, data, why_locked=lock(Action.EDIT_LABEL)),
        QuantityPart(channel, data, why_locked=lock(Action.EDIT_QUANTITY)),
        PricePart(channel, data, why_locked=lock(Action.EDIT_PRICE)),
        WordsPart(channel, data, why_locked=lock(Action.EDIT_WORDS)),
        _account_part(channel, data, why_locked=lock(Action.EDIT_ACCOUNT)),
        SwitchPart(channel, data, locks=_switch_locks(channel, actor)),
    ]
    return {part.part: part for part in parts}


def save_parts(parts: Mapping[str, Part], channel: Channel, *, actor: AbstractBaseUser, now: datetime) -> Saved:
    """Every part that was touched and is valid is stored; the others are in the answer. Raises NotAllowed."""
    saved = Saved()
    account = cast(AccountPart, parts["account"])
    if account.is_forced():
        raise NotAllowed(account.why_locked)
    for name, part in parts.items():
        if not part.is_valid():
            saved.failed[name] = part
        elif part.is_touched():
            _save_touched(part, channel, saved, actor=actor, now=now)
    return saved


def _save_touched(part: Part, channel: Channel, saved: Saved, *, actor: AbstractBaseUser, now: datetime) -> None:
    if part.is_stale():
        part.refuse_as_stale()
        saved.failed[part.part] = part
        return
    if isinstance(part, LabelPart) and part.needs_confirmation():
        saved.question = part
        return
    try:
        _save_part(part, channel, actor=actor, now=now)
    except ValidationError as error:
        part.add_error(None, error) if not hasattr(error, "error_dict") else _add_errors(part, error)
    except NotAllowed as error:
        part.add_error(None, str(error))
    except SettingsError as error:
        cast(AccountPart, part).show(error.field_errors, str(error))
    except TemporaryError as error:
        part.add_error(None, f"{error} Nothing was changed; try again in a moment.")
    if part.errors:
        saved.failed[part.part] = part
    else:
        saved.done.append(part.title)


def _add_errors(part: Part, error: ValidationError) -> None:
    for name, problems in error.message_dict.items():
        part.add_error(name if name in part.fields else None, problems)


def _save_part(part: Part, channel: Channel, *, actor: AbstractBaseUser, now: datetime) -> None:
    match part:
        case NamePart():
            settings_flow.save_name(channel, part.cleaned_data["name"], actor=actor, now=now)
        case LabelPart():
            _save_label(part, channel, actor=actor, now=now)
        case QuantityPart():
            settings_flow.save_quantity(channel, part.settings(), actor=actor, now=now)
        case PricePart():
            settings_flow.save_price(channel, part.values(), actor=actor, now=now)
        case WordsPart():
            settings_flow.save_words(channel, part.words(), actor=actor, now=now)
        case AccountPart():
            settings_flow.save_account(channel, part.settings(), actor=actor, now=now)
        case SwitchPart():
            for name, on in part.changes():
                set_switch(channel, name, on, actor=actor, now=now)


def _save_label(part: LabelPart, channel: Channel, *, actor: AbstractBaseUser, now: datetime) -> None:
    label = part.cleaned_data["label"]
    if part.cleaned_data["new_label"]:
        permissions.require(channel, actor, Action.EDIT_LABEL)
        label = labels.create_label(channel.seller, part.cleaned_data["new_label"], now=now)
        if channel.is_running:
            raise ValidationError(
                {"label": f"The label {label} is created. It is empty: put items on it, then choose it here."}
            )
    settings_flow.save_label(channel, {"label": label}, actor=actor, now=now)


def _account_part(channel: Channel, data: Mapping[str, Any] | None, *, why_locked: str) -> AccountPart:
    try:
        stored = frozenset(name for name, value in read_secrets(channel).items() if value)
    except SettingsError:
        stored = frozenset()  # the key is lost: all secrets must be entered again, and the page says so
    adapter = adapter_class(channel)
    return AccountPart(
        channel,
        data,
        account_form=adapter.account_form,
        stored_secrets=stored,
        expiry_help=adapter.expiry_help,
        why_locked=why_locked,
    )


def _switch_locks(channel: Channel, actor: Actor) -> dict[str, str]:
    """Return for each switch why it cannot be moved now, or ""."""
    locks = {}
    for name in SwitchPart.NAMES:
        target = not getattr(channel, name)
        locks[name] = why_not(channel.state, actor, action_of(name, target)) or why_not_switch(channel, name, target)
    if channel.state != Channel.State.LIVE and not channel.listings_on and not channel.reconciler_on:
        locks["reconciler_on"] = _reconciler_lock_with_listings(channel, actor)
    return locks


def _reconciler_lock_with_listings(channel: Channel, actor: Actor) -> str:
    """Both may be switched on in one go, so Listings being off locks nothing where the seller can switch it on."""
    probe = Channel(state=channel.state, adapter_key=channel.adapter_key, facts=channel.facts, listings_on=True)
    return why_not(channel.state, actor, Action.RECONCILER_ON) or why_not_switch(probe, "reconciler_on", True)

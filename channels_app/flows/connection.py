"""Opening a channel's adapter, and asking the marketplace whether these very credentials work."""

import copy
import json
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.utils.crypto import salted_hmac

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.errors import (
    ChannelError,
    OutcomeUnknown,
    RejectedByChannel,
    SettingsError,
    TemporaryError,
)
from channels_app.adapters.http import HttpClient
from channels_app.adapters.registry import UnknownAdapter, get_adapter_class
from channels_app.adapters.tokens import TokenStore
from channels_app.adapters.types import Account, Capability, Choice, ConnectionFacts, Limit, Mode
from channels_app.flows.change import locked, remember
from channels_app.flows.fan_out import walk_channel
from channels_app.flows.jobs import enable_jobs, go_on
from channels_app.flows.pace import limits_of
from channels_app.models import Channel
from channels_app.secrets import read_secrets

#: A check answers a person who waits: all its calls together take no longer.
CHECK_SECONDS = 10.0


def adapter_class(channel: Channel) -> type[ChannelAdapter]:
    """Return the class that speaks for this channel. Raises SettingsError if its package is not installed here."""
    try:
        return get_adapter_class(channel.adapter_key)
    except UnknownAdapter as error:
        raise SettingsError(str(error), code="unknown_adapter") from None


def fingerprint(channel: Channel) -> str:
    """Return what names the account information as it stands, secrets included, without giving them away."""
    told = [channel.adapter_key, channel.mode, channel.settings, read_secrets(channel)]
    return salted_hmac("channel-credentials", json.dumps(told, sort_keys=True), algorithm="sha256").hexdigest()


def connection_is_checked(channel: Channel) -> bool:
    """Say whether these very credentials have passed a check. Credentials that cannot be read have not."""
    try:
        return bool(channel.checked_fingerprint) and channel.checked_fingerprint == fingerprint(channel)
    except SettingsError:
        return False


def check_connection(
    channel: Channel, *, now: datetime, force: bool = False, actor: AbstractBaseUser | None = None
) -> None:
    """These credentials have passed a check, and what it learned is stored. A passed one is asked again only if forced.

    The network is asked with no transaction open. Raises SettingsError or TemporaryError; its words stand in
    `check_error` then.
    """
    if not force and connection_is_checked(channel):
        return
    asked = copy.copy(channel)
    try:
        mark = fingerprint(asked)
        facts = ask_channel(asked)
        refuse_another_account(asked, facts)
    except ChannelError as error:
        with locked(channel) as row:
            row.check_error = str(error)
            row.save(update_fields=["check_error"])
        raise
    with locked(channel) as row:
        if fingerprint(row) != mark:
            raise SettingsError("The account information was changed during the check. Check again.")
        _store(row, facts, actor=actor, now=now)


def ask_channel(channel: Channel) -> ConnectionFacts:
    """Return what the marketplace says of these credentials; nothing is stored.

    Raises SettingsError when the seller must act, TemporaryError when it could not be asked.
    """
    try:
        until = time.monotonic() + CHECK_SECONDS
        return open_adapter(channel, deadline=lambda: until).check_connection()
    except RejectedByChannel as error:
        raise SettingsError(str(error), code=error.code) from error
    except OutcomeUnknown as error:
        raise TemporaryError(str(error), code=error.code) from error


def refuse_another_account(channel: Channel, facts: ConnectionFacts) -> None:
    """Raise SettingsError if a channel that has been active would move to another account."""
    if channel.testing_started_at and channel.account_id and facts.account_id != channel.account_id:
        raise SettingsError(
            f"These credentials belong to another account ({facts.account_name or facts.account_id}). "
            "This channel's listings and orders belong to the account it was activated with: "
            "make a new channel for the other one."
        )


def apply_facts(row: Channel, facts: ConnectionFacts, *, now: datetime) -> None:
    """Write what a passed check learned into the locked row; the caller saves it."""
    currency_before = row.currency
    row.facts = facts_as_json(facts)
    row.account_id, row.currency = facts.account_id, facts.currency
    row.credentials_expire_at = facts.credentials_expire_at
    row.checked_fingerprint, row.checked_at, row.check_error = fingerprint(row), now, ""
    go_on(row, now=now)
    if row.is_running and row.listings_on and row.currency != currency_before:
        walk_channel(row, "currency", now=now)


def facts_as_json(facts: ConnectionFacts) -> dict[str, Any]:
    """Return `facts` as Channel.facts keeps them."""
    return {
        "account_name": facts.account_name,
        "capabilities": sorted(capability.value for capability in facts.capabilities),
        "carriers": _choices(facts.carriers),
        "cancel_reasons": _choices(facts.cancel_reasons),
        "refund_reasons": _choices(facts.refund_reasons),
        "return_decisions": _choices(facts.return_decisions),
        "limits": {
            operation: {"per_second": limit.per_second, "burst": limit.burst}
            for operation, limit in facts.limits.items()
        },
    }


def could_do(channel: Channel, capability: Capability) -> bool:
    """Say whether this connection can; before its first passed check, whether its kind of marketplace can."""
    if channel.facts:
        return channel.can(capability)
    try:
        return capability in adapter_class(channel).capabilities
    except SettingsError:
        return False


def _store(row: Channel, facts: ConnectionFacts, *, actor: AbstractBaseUser | None, now: datetime) -> None:
    before = {"account": row.account_id, "currency": row.currency}
    apply_facts(row, facts, now=now)
    row.save()
    if row.is_running:
        enable_jobs(row, now=now)
    after = {"account": row.account_id, "currency": row.currency}
    if before != after:
        remember(row, "connection", before=before, after=after, actor=actor, now=now)


def _choices(choices: tuple[Choice, ...]) -> list[dict[str, str]]:
    return [{"code": choice.code, "name": choice.name} for choice in choices]


def open_adapter(channel: Channel, *, deadline: Callable[[], float] | None = None) -> ChannelAdapter:
    """Return an adapter for this channel; none of its calls outlasts what `deadline` says at its start (monotonic).

    Raises SettingsError if its credentials cannot be opened or its package is not installed here.
    """
    made = adapter_class(channel)
    own = {operation: Limit(**rate) for operation, rate in channel.facts.get("limits", {}).items()}
    account = Account(
        settings=channel.settings,
        secrets=read_secrets(channel),
        mode=Mode(channel.mode),
        scope=f"{channel.adapter_key}:{channel.pk}",
        limits=limits_of(made, own),
    )
    return made(account, http=HttpClient(account, made, deadline=deadline), tokens=TokenStore(account))

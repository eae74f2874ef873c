"""Listings, Reconciler, Orders, Fulfillments: what each needs, and what switching it brings with it."""

from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser

from channels_app.adapters.types import Capability
from channels_app.flows import connection, permissions
from channels_app.flows.change import locked, remember, require_reason
from channels_app.flows.fan_out import walk_channel
from channels_app.flows.jobs import enable_jobs
from channels_app.flows.permissions import Action, NotAllowed
from channels_app.models import Channel

#: Field of the channel -> (to switch it on, to switch it off).
SWITCHES: dict[str, tuple[Action, Action]] = {
    "listings_on": (Action.LISTINGS_ON, Action.LISTINGS_OFF),
    "reconciler_on": (Action.RECONCILER_ON, Action.RECONCILER_OFF),
    "orders_on": (Action.ORDERS_ON, Action.ORDERS_OFF),
    "fulfillments_on": (Action.FULFILLMENTS_ON, Action.FULFILLMENTS_OFF),
}

#: Field of the channel -> what people call it.
NAMES: dict[str, str] = {field: str(Channel._meta.get_field(field).verbose_name) for field in SWITCHES}


def set_switch(
    channel: Channel,
    name: str,
    on: bool,
    *,
    actor: AbstractBaseUser,
    now: datetime,
    as_support: bool = False,
    reason: str = "",
) -> None:
    """The switch stands as asked, its jobs with it, and Reconciler never without Listings. As it was: nothing happens.

    Raises NotAllowed with the reason, ValidationError if support gives none.
    """
    require_reason(reason, as_support=as_support)
    with locked(channel) as row:
        if getattr(row, name) == on:
            return
        permissions.require(row, actor, action_of(name, on), as_support=as_support)
        obstacle = why_not_switch(row, name, on, as_support=as_support)
        if obstacle:
            raise NotAllowed(obstacle)
        changed = [name]
        setattr(row, name, on)
        if name == "listings_on" and not on and row.reconciler_on:
            row.reconciler_on = False
            changed.append("reconciler_on")
        row.save(update_fields=changed)
        for field in changed:
            remember(row, field, before=not on, after=on, actor=actor, now=now, reason=reason)
        if row.is_running:
            enable_jobs(row, now=now)
            if name == "listings_on" and on:
                walk_channel(row, "listings on", now=now)


def action_of(name: str, on: bool) -> Action:
    """Return what the table of permissions calls this. Raises KeyError for a field that is no switch."""
    return SWITCHES[name][0 if on else 1]


def why_not_switch(channel: Channel, name: str, on: bool, *, as_support: bool = False) -> str:
    """Return why the channel itself, whoever asks, cannot have this switch so, in the seller's words; "" if it can."""
    if name == "reconciler_on" and on:
        if not connection.could_do(channel, Capability.RECONCILE):
            return "This marketplace cannot list what it shows, so there is nothing to reconcile with."
        if not channel.listings_on:
            if channel.state == Channel.State.LIVE and not as_support:
                return "Reconciler needs Listings. Ask support to switch on Listings."
            return "Reconciler needs Listings: switch on Listings first."
    # What the kind of marketplace may require is no requirement of this account before its connection says so.
    if name == "fulfillments_on" and not on and channel.can(Capability.FULFILLMENTS_REQUIRED):
        return "This marketplace requires that its orders are fulfilled here: Fulfillments stays on."
    return ""


def fit_to_the_connection(row: Channel, *, actor: AbstractBaseUser, now: datetime) -> None:
    """Switches set before the first check obey what it learned; the caller saves the locked row."""
    forced = {}
    if row.reconciler_on and why_not_switch(row, "reconciler_on", True):
        forced["reconciler_on"] = False
    if not row.fulfillments_on and why_not_switch(row, "fulfillments_on", False):
        forced["fulfillments_on"] = True
    for name, on in forced.items():
        why = why_not_switch(row, name, not on)
        setattr(row, name, on)
        remember(row, name, before=not on, after=on, actor=actor, now=now, reason=why)

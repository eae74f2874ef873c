"""The seller saves a part of the settings page: label, quantity, price, account information, name."""

import copy
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError

from channels_app.adapters.errors import SettingsError
from channels_app.adapters.registry import get_adapter_class
from channels_app.adapters.types import Mode
from channels_app.flows import connection, expiry, permissions
from channels_app.flows.change import in_words, locked, remember, require_reason
from channels_app.flows.fan_out import walk_channel
from channels_app.flows.jobs import enable_jobs
from channels_app.flows.permissions import Action
from channels_app.models import Channel, ChannelHistory, ChannelLocation, Listing
from channels_app.secrets import store_secrets
from inventory import labels
from inventory.models import Label, Location, Membership, Role, Seller
from inventory.paging import count_up_to

#: Part of the settings -> what the table of permissions calls changing it.
ACTIONS = {
    "name": Action.RENAME,
    "label": Action.EDIT_LABEL,
    "quantity": Action.EDIT_QUANTITY,
    "price": Action.EDIT_PRICE,
    "words": Action.EDIT_WORDS,
    "account": Action.EDIT_ACCOUNT,
}

#: Parts whose change may change what every listing shows.
_FEED_PARTS = {"label", "quantity", "price"}

QUANTITY_FIELDS = ("buffer", "floor", "quantity_mode", "quantity_limit")
PRICE_FIELDS = ("price_percent", "price_amount", "price_ending", "price_minimum", "currency_rate")


def add_channel(
    seller: Seller, adapter_key: str, name: str, *, actor: AbstractBaseUser, now: datetime, mode: Mode = Mode.TEST
) -> Channel:
    """A channel in Setup exists. Raises NotAllowed below manager, UnknownAdapter for a marketplace not installed."""
    role = Membership.objects.filter(user_id=actor.pk, seller=seller).values_list("role", flat=True).first()
    if role not in (Role.OWNER, Role.MANAGER):
        raise permissions.NotAllowed("This needs the role manager or higher.")
    made = get_adapter_class(adapter_key)
    channel = Channel(
        seller=seller,
        adapter_key=made.key,
        name=name.strip() or made.label,
        mode=Mode(mode).value,
        settings=_usual_settings(made.account_form),
        created_at=now,
    )
    channel.save()
    remember(channel, "state", before=None, after=channel.state, actor=actor, now=now)
    return channel


def save_name(channel: Channel, name: str, *, actor: AbstractBaseUser, now: datetime) -> ChannelHistory | None:
    """The channel has this name. Raises ValidationError for an empty or too long one."""
    return change_settings(channel, {"name": name.strip()}, what="name", actor=actor, now=now)


def save_label(
    channel: Channel,
    values: Mapping[str, Any],
    *,
    actor: AbstractBaseUser,
    now: datetime,
    reason: str = "",
    as_support: bool = False,
) -> ChannelHistory | None:
    """The items of `values["label"]` are what the channel lists. Raises ValidationError, NotAllowed."""
    changes = {"label": values["label"]}
    return change_settings(channel, changes, what="label", actor=actor, now=now, reason=reason, as_support=as_support)


def save_quantity(
    channel: Channel,
    values: Mapping[str, Any],
    *,
    actor: AbstractBaseUser,
    now: datetime,
    reason: str = "",
    as_support: bool = False,
) -> ChannelHistory | None:
    """Buffer, floor, mode, limit and, if `values` has "locations", the ranked locations are as given."""
    changes = {name: values[name] for name in (*QUANTITY_FIELDS, "locations") if name in values}
    if changes.get("quantity_mode") == Channel.QuantityMode.ALL:
        changes["quantity_limit"] = None
    return change_settings(
        channel, changes, what="quantity", actor=actor, now=now, reason=reason, as_support=as_support
    )


def save_price(
    channel: Channel,
    values: Mapping[str, Any],
    *,
    actor: AbstractBaseUser,
    now: datetime,
    reason: str = "",
    as_support: bool = False,
) -> ChannelHistory | None:
    """Percentage, amount, ending, lower bound and currency rate are as given. Raises ValidationError, NotAllowed."""
    changes = {name: values[name] for name in PRICE_FIELDS if name in values}
    return change_settings(channel, changes, what="price", actor=actor, now=now, reason=reason, as_support=as_support)


def save_words(
    channel: Channel, words: Mapping[str, Mapping[str, str]], *, actor: AbstractBaseUser, now: datetime
) -> ChannelHistory | None:
    """Our carriers and reasons mean what `words` says here: name of a list -> our word -> the marketplace's code."""
    changes = {"words": {name: dict(codes) for name, codes in words.items()}}
    return change_settings(channel, changes, what="words", actor=actor, now=now)


def _usual_settings(form: type[forms.Form]) -> dict[str, Any]:
    """Return what the account form proposes: it holds until the seller says otherwise."""
    shown, hidden = form(), secret_fields(form)
    proposed = {
        name: shown.get_initial_for_field(field, name) for name, field in shown.fields.items() if name not in hidden
    }
    return in_words({name: value for name, value in proposed.items() if value not in (None, "")})


def change_settings(
    channel: Channel,
    changes: Mapping[str, Any],
    *,
    what: str,
    actor: AbstractBaseUser,
    now: datetime,
    reason: str = "",
    as_support: bool = False,
) -> ChannelHistory | None:
    """The fields have these values, history says so, and the feed looks at every listing again where it must.

    Returns None if nothing differs. Raises ValidationError by field, and NotAllowed where the table says no.
    """
    require_reason(reason, as_support=as_support)
    with locked(channel) as row:
        permissions.require(row, actor, ACTIONS[what], as_support=as_support)
        before = as_remembered(row, changes.keys())
        for name, value in changes.items():
            if name != "locations":
                setattr(row, name, value)
        _check(row, changes)
        after = {name: _value(value) for name, value in changes.items()}
        if before == after:
            return None
        row.save(update_fields=[name for name in changes if name != "locations"])
        if "locations" in changes:
            _rank_locations(row, changes["locations"])
        if row.is_running and row.listings_on and what in _FEED_PARTS:
            walk_channel(row, what, now=now)
        return remember(row, what, before=before, after=after, actor=actor, now=now, reason=reason)


def save_account(
    channel: Channel,
    values: Mapping[str, Any],
    *,
    actor: AbstractBaseUser,
    now: datetime,
    reason: str = "",
    as_support: bool = False,
) -> ChannelHistory | None:
    """The account information is as in `values` (the adapter's cleaned form); a blank secret keeps the old one.

    `values` may also say when the credentials expire (expiry.EXPIRES_ON, a day or None). Other secrets are other
    credentials: the stored day is gone with the old ones, unless another one is given.

    In Setup it is saved as it is and checked later. While the channel runs, the marketplace is asked first, and only
    credentials it accepts, of the same account, replace those in use. Raises SettingsError (nothing is saved then),
    TemporaryError if the marketplace cannot be reached, NotAllowed.
    """
    require_reason(reason, as_support=as_support)
    permissions.require(channel, actor, Action.EDIT_ACCOUNT, as_support=as_support)
    expiry.refuse_impossible_day(channel, values.get(expiry.EXPIRES_ON), now=now)
    plain, secret = split_account(channel, values)
    asked = None
    if channel.is_running:
        candidate = copy.copy(channel)
        candidate.settings = plain
        store_secrets(candidate, secret)
        if connection.fingerprint(candidate) != channel.checked_fingerprint:
            asked = connection.ask_channel(candidate)
            connection.refuse_another_account(channel, asked)
    with locked(channel) as row:
        permissions.require(row, actor, Action.EDIT_ACCOUNT, as_support=as_support)
        if row.is_running and asked is None and not channel.is_running:
            raise SettingsError("The channel was activated meanwhile: load the page again.")
        before = _account_values(row)
        row.settings = plain
        changed_secrets = store_secrets(row, secret)
        row.credentials_expire_on = _entered_day(row, values, is_new=bool(changed_secrets))
        after = _account_values(row)
        if before == after and not changed_secrets:
            return None
        if not connection.connection_is_checked(row):
            row.credentials_expire_at = None
        if asked is not None:
            connection.apply_facts(row, asked, now=now)
        row.save()
        if row.is_running:
            enable_jobs(row, now=now)
        if changed_secrets:
            after["replaced secrets"] = sorted(changed_secrets)
        return remember(row, "account", before=before, after=after, actor=actor, now=now, reason=reason)


def _account_values(row: Channel) -> dict[str, Any]:
    """Return the account information that is no secret, as history keeps it."""
    day = row.credentials_expire_on
    return {**row.settings, expiry.EXPIRES_ON: day.isoformat()} if day else dict(row.settings)


def _entered_day(row: Channel, values: Mapping[str, Any], *, is_new: bool) -> date | None:
    """Return the last day of the credentials as entered; the stored one says nothing of new ones."""
    stored = row.credentials_expire_on
    entered: date | None = values.get(expiry.EXPIRES_ON, stored)
    return None if is_new and entered == stored else entered


def secret_fields(form: type[forms.Form] | forms.Form) -> frozenset[str]:
    """Return the names of the fields that are secrets: those a browser hides while they are typed."""
    return frozenset(name for name, field in form.base_fields.items() if isinstance(field.widget, forms.PasswordInput))


def split_account(channel: Channel, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return `values` as (plain settings, secrets), as the adapter's form declares them; other names are left out."""
    form = connection.adapter_class(channel).account_form
    hidden = secret_fields(form)
    plain = {name: values.get(name, "") for name in form.base_fields if name not in hidden}
    return in_words(plain), {name: values.get(name) or "" for name in hidden}


def count_ended_by(channel: Channel, label: Label) -> int:
    """Return how many listings would end if the channel named `label`, counted no further than pages say."""
    listed = Listing.objects.filter(channel=channel, state__in=[Listing.State.CREATING, Listing.State.LISTED])
    return count_up_to(listed.exclude(item_id__in=labels.members(label).values("pk")))


def as_remembered(row: Channel, names: Collection[str]) -> dict[str, Any]:
    """Return these settings as history keeps them: amounts as text, rows by their names."""
    found = {name: _value(getattr(row, name)) for name in names if name != "locations"}
    if "locations" in names:
        found["locations"] = [str(served.location) for served in row.channel_locations.select_related("location")]
    return found


def _value(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [str(location) for location in value]
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"  # 2, 2.00 and 2.0000 are the same setting
    return in_words({"value": value})["value"]


def _rank_locations(row: Channel, locations: Sequence[Location]) -> None:
    row.channel_locations.all().delete()
    ChannelLocation.objects.bulk_create(
        [ChannelLocation(channel=row, location=location, rank=rank) for rank, location in enumerate(locations)]
    )


def _check(row: Channel, changes: Mapping[str, Any]) -> None:
    """Raise ValidationError by field for values that make no sense, alone or together."""
    names = set(changes)
    row.clean_fields(exclude={field.name for field in row._meta.fields} - names)
    problems = quantity_problems(row) | price_problems(row) | _label_problems(row)
    problems = {name: text for name, text in problems.items() if name in names}
    foreign = [place for place in changes.get("locations", ()) if place.seller_id != row.seller_id]
    if foreign:
        problems["locations"] = "This location is not yours."
    if problems:
        raise ValidationError(problems)


def quantity_problems(row: Channel) -> dict[str, str]:
    """Return what is wrong with the quantity settings, by field; empty when they are valid."""
    needs_number = row.quantity_mode in (Channel.QuantityMode.CAP, Channel.QuantityMode.FIXED)
    if needs_number and not row.quantity_limit:
        return {"quantity_limit": "Give a number above 0: how many the channel may show."}
    return {}


def price_problems(row: Channel) -> dict[str, str]:
    """Return what is wrong with the price settings, by field; empty when they are valid."""
    problems = {}
    if row.price_percent <= -100:
        problems["price_percent"] = "Taking off 100 % or more leaves no price."
    if row.price_ending is not None and not 0 <= row.price_ending < 1:
        problems["price_ending"] = "Give the part after the point, from 0.00 to 0.99."
    if row.price_minimum is not None and row.price_minimum < 0:
        problems["price_minimum"] = "A price cannot be below 0."
    if row.currency_rate is not None and row.currency_rate <= 0:
        problems["currency_rate"] = "A rate must be above 0."
    return problems


def _label_problems(row: Channel) -> dict[str, str]:
    if row.label is None:
        return {"label": "An active channel needs a label."} if row.is_running else {}
    if row.label.seller_id != row.seller_id:
        return {"label": "This label does not exist."}
    if row.is_running and not labels.member_count(row.label, limit=1):
        return {
            "label": f"“{row.label}” holds no items, so every listing would end. Put items on it first, "
            "or deactivate the channel."
        }
    return {}

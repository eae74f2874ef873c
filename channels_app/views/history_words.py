"""A channel's history as sentences: who did what, from what to what."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.utils.choices import flatten_choices

from channels_app.adapters import registry
from channels_app.flows.switches import NAMES
from channels_app.forms.basics import LabelPart, SwitchPart
from channels_app.forms.rules import PricePart, QuantityPart
from channels_app.models import ChangeRequest, Channel, ChannelHistory
from channels_app.vocabulary import LISTS

#: Where history keeps which secrets were replaced.
_SECRETS = "replaced secrets"
#: What a form says only beside its other fields.
_CALLED = {
    "quantity_limit": "The number that buyers see",
    "credentials_expire_on": "Credentials expire on",
    "name": "Channel name",
}
_PARTS = (SwitchPart, LabelPart, QuantityPart, PricePart)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    at: datetime
    who: str
    text: str
    reason: str


def describe(entry: ChannelHistory) -> HistoryRow:
    """Return the entry in words; what has no words of its own is shown as name, before and after."""
    who = entry.actor.get_username() if entry.actor else "The system"
    return HistoryRow(at=entry.at, who=who, text=_text(entry), reason=entry.reason)


def _text(entry: ChannelHistory) -> str:
    if entry.what in NAMES:
        return f"switched {NAMES[entry.what]} {'on' if entry.after else 'off'}"
    if entry.what == "state":
        return _state_text(entry)
    if entry.what == "brake":
        return str(entry.after)
    if entry.what == "change request":
        return _request_text(entry)
    if entry.what == "archived":
        return "removed the channel"
    if entry.what == "testing_ends_at":
        return f"moved the end of Testing {_moved(entry.before, entry.after, ZoneInfo(entry.channel.seller.time_zone))}"
    if isinstance(entry.after, dict):
        return _settings_text(entry, entry.before if isinstance(entry.before, dict) else {}, entry.after)
    return _change_text(entry.channel, entry.what, entry.before, entry.after)


def _settings_text(entry: ChannelHistory, before: dict[str, Any], after: dict[str, Any]) -> str:
    channel = entry.channel
    replaced = [f"replaced “{_name(channel, name)}”, which is never shown" for name in after.get(_SECRETS, ())]
    before, after = _flat(before), _flat(after)
    changed = [
        _change_text(channel, name, before.get(name), after.get(name))
        for name in dict.fromkeys([*before, *after])
        if name != _SECRETS and _value(before.get(name)) != _value(after.get(name))
    ]
    text = "; ".join([*replaced, *changed])
    return f"{text} ({entry.what})" if entry.what.startswith("products in ") else text


def _change_text(channel: Channel, name: str, before: Any, after: Any) -> str:
    """Return one change as a sentence without its subject."""
    words = f"“{_name(channel, name)}”"
    was, now = (_choice(channel, name, value) if _value(value) else "" for value in (before, after))
    if not was:
        return f"set {words} to {now}"
    return f"changed {words} from {was} to {now}" if now else f"emptied {words}, which was {was}"


def _moved(before: Any, after: Any, zone: ZoneInfo) -> str:
    to = f"to {_moment(after, zone)}"
    return f"from {_moment(before, zone)} {to}" if before else to


def _moment(text: Any, zone: ZoneInfo) -> str:
    local = datetime.fromisoformat(str(text)).astimezone(zone)
    return f"{local.day} {local:%b %Y, %H:%M %Z}"


def _flat(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values with what carriers and reasons mean under a name for each: "carriers-ups"."""
    flat = {name: value for name, value in values.items() if name != "words"}
    for kind, codes in (values.get("words") or {}).items():
        flat |= {f"{kind}-{key}": code for key, code in codes.items()}
    return flat


def _state_text(entry: ChannelHistory) -> str:
    after: Any = entry.after.get("state") if isinstance(entry.after, dict) else entry.after
    if entry.before is None:
        return "added the channel"
    if after == Channel.State.SETUP:
        choice = entry.after.get("listings", "") if isinstance(entry.after, dict) else ""
        what = dict(Channel.OnDeactivate.choices).get(choice, "")
        return f"deactivated the channel{f'; the listings: {what.lower()}' if what else ''}"
    if after == Channel.State.LIVE:
        return "made the channel Live"
    return (
        "activated the channel: Testing" if entry.before == Channel.State.SETUP else "put the channel back to Testing"
    )


def _request_text(entry: ChannelHistory) -> str:
    whats: dict[Any, Any] = dict(ChangeRequest.What.choices)
    states: dict[Any, Any] = dict(ChangeRequest.State.choices)
    if entry.before is None:
        return f"asked support: {whats.get(entry.after, entry.after)}"
    return f"closed the request “{whats.get(entry.before, entry.before)}”: {states.get(entry.after, entry.after)}"


@cache
def _fields(adapter_key: str) -> dict[str, forms.Field]:
    """Return the fields of the settings page; those of the account where the adapter is still installed."""
    adapter = registry.adapters().get(adapter_key)
    fields = dict(adapter.account_form.base_fields) if adapter else {}
    for part in _PARTS:
        fields |= part.base_fields
    return fields


@cache
def _words() -> dict[str, str]:
    """Return what the settings page calls each carrier and reason: "carriers-ups": "Carriers: UPS"."""
    return {f"{kind}-{word.key}": f"{title}: {word.name}" for kind, (title, words) in LISTS.items() for word in words}


def _name(channel: Channel, name: str) -> str:
    field = _fields(channel.adapter_key).get(name)
    said = _CALLED.get(name) or _words().get(name) or (field and field.label)
    return str(said or name[:1].upper() + name[1:].replace("_", " "))


def _choice(channel: Channel, name: str, value: Any) -> str:
    """Return the value as its form words it."""
    field, text = _fields(channel.adapter_key).get(name), _value(value)
    if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.ModelChoiceField):
        return str(dict(flatten_choices(cast(Any, field.choices))).get(text, text))
    kind = name.partition("-")[0]
    return dict(channel.choices(kind)).get(text, text) if name in _words() else text


def _value(value: Any) -> str:
    """Return it in words; "" for nothing."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value in ("", []):
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)

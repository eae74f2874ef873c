"""A channel's history as sentences: who did what, from what to what."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from channels_app.adapters import registry
from channels_app.flows.switches import NAMES
from channels_app.models import ChangeRequest, Channel, ChannelHistory

_FIELDS = {
    "quantity_mode": "what buyers see",
    "quantity_limit": "that number",
    "price_percent": "percent",
    "price_amount": "amount",
    "price_ending": "ending",
    "price_minimum": "never below",
    "currency_rate": "exchange rate",
    "credentials_expire_on": "credentials expire on",
}


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
    if isinstance(entry.after, dict):
        before = entry.before if isinstance(entry.before, dict) else {}
        replaced = entry.after.get("replaced secrets", [])
        words = {**_account_words(entry.channel.adapter_key), **_FIELDS}
        changed = [f"{words.get(name, name.replace('_', ' '))}: replaced, never shown" for name in replaced]
        changed += [
            f"{words.get(name, name.replace('_', ' '))}: {_value(before.get(name))} → {_value(value)}"
            for name, value in (dict.fromkeys(before) | entry.after).items()
            if name != "replaced secrets" and _value(before.get(name)) != _value(value)
        ]
        return f"changed {'; '.join(changed)}"
    return f"changed {entry.what.replace('_', ' ')}: {_value(entry.before)} → {_value(entry.after)}"


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
def _account_words(adapter_key: str) -> dict[str, str]:
    """Return what the form for the account calls its fields; nothing where the adapter is not installed any more."""
    adapter = registry.adapters().get(adapter_key)
    fields = adapter.account_form.base_fields if adapter else {}
    return {name: str(field.label or name.replace("_", " ").capitalize()) for name, field in fields.items()}


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value in ("", []):
        return "none"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)

"""What stands on a channel's page at the desk: how it is, what can be done, what waits, what runs, what was done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse

from channels_app.adapters.errors import SettingsError
from channels_app.admin.cards import build_cards
from channels_app.admin.deeds import DEEDS, TRANSITIONS, Deed, possible_deeds, why_not_switch
from channels_app.flows.connection import adapter_class
from channels_app.flows.expiry import expiry_of
from channels_app.flows.switches import NAMES, SWITCHES
from channels_app.models import ChangeRequest, Channel, ChannelJob, ExpiryWarning
from channels_app.views.history_words import describe

HISTORY_SHOWN = 50
REQUESTS_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    name: str
    is_on: bool
    #: What would move it; None if support cannot now.
    deed: Deed | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    job: ChannelJob
    state: str
    words: str


def build_page(channel: Channel, *, now: datetime) -> dict[str, Any]:
    """Return the context of the page; `seller` makes its times the seller's."""
    requests = ChangeRequest.objects.filter(channel=channel).select_related("requested_by", "decided_by")
    waiting = list(requests.filter(state=ChangeRequest.State.OPEN).order_by("pk"))
    decided = list(requests.exclude(state=ChangeRequest.State.OPEN).order_by("-pk")[:REQUESTS_SHOWN])
    for row in (*waiting, *decided):
        row.channel = channel
    history = channel.history.select_related("actor").order_by("-pk")
    jobs = ChannelJob.objects.filter(channel=channel).order_by("-blocked", "-failures", "kind")
    possible = possible_deeds(channel)
    return {
        "channel": channel,
        "seller": channel.seller,
        "marketplace": marketplace_of(channel),
        "days_left": channel.days_left(now),
        "deeds": [deed for deed in TRANSITIONS if deed in possible],
        "switches": [_switch(channel, field, possible) for field in SWITCHES],
        "cards": build_cards(waiting, now=now),
        "decided": build_cards(decided, now=now),
        "jobs": [job_row(job, now) for job in jobs],
        "facts": _facts(channel, now),
        "warnings": ExpiryWarning.objects.filter(channel=channel).order_by("-pk")[:REQUESTS_SHOWN],
        "history": [describe(entry) for entry in history[:HISTORY_SHOWN]],
        "sellers_pages": _sellers_pages(channel),
    }


def marketplace_of(channel: Channel) -> str:
    """Return what the marketplace is called; the stored key if its package is not installed here."""
    try:
        return adapter_class(channel).label
    except SettingsError:
        return channel.adapter_key


def _switch(channel: Channel, field: str, possible: Sequence[Deed]) -> Switch:
    is_on = bool(getattr(channel, field))
    deed = DEEDS[f"{field}-{'off' if is_on else 'on'}"]
    can = deed in possible
    return Switch(
        name=NAMES[field],
        is_on=is_on,
        deed=deed if can else None,
        why="" if can else why_not_switch(channel, field, not is_on) or "This channel was removed.",
    )


def job_row(job: ChannelJob, now: datetime) -> JobRow:
    """Return the job with its state, and that in words."""
    if not job.enabled:
        state, words = "off", "Off"
    elif job.claim_expires_at:
        state, words = "running", "Running"
    elif job.blocked:
        state, words = "blocked", "Stopped"
    elif job.failures:
        state, words = "retry", f"Failed {job.failures} ×"
    else:
        state, words = ("queued", "Queued") if job.next_run_at <= now else ("done", "In order")
    return JobRow(job=job, state=state, words=words)


def _facts(channel: Channel, now: datetime) -> list[tuple[str, Any]]:
    """Return the settings by name, without any secret."""
    quantity = str(channel.get_quantity_mode_display())
    if channel.quantity_limit is not None:
        quantity += f": {channel.quantity_limit}"
    price = [
        f"{channel.price_percent:+} %" if channel.price_percent else "",
        f"{channel.price_amount:+.2f}" if channel.price_amount else "",
        f"ending on {channel.price_ending}" if channel.price_ending is not None else "",
        f"never below {channel.price_minimum:.2f}" if channel.price_minimum is not None else "",
        f"exchange rate {channel.currency_rate}" if channel.currency_rate is not None else "",
    ]
    return [
        ("Label", channel.label or "none yet"),
        ("Quantity", ", ".join(filter(None, [quantity, *_kept_back(channel)]))),
        ("Price", ", ".join(filter(None, price)) or "the item's own"),
        ("Account", f"{channel.account_id or 'not connected yet'} ({channel.get_mode_display()})"),
        ("Currency", channel.currency or "not known yet"),
        ("Connection", channel.check_error or ("passed its check" if channel.checked_at else "not checked yet")),
        ("Credentials", _credentials(channel, now)),
        *_account_settings(channel),
    ]


def _credentials(channel: Channel, now: datetime) -> str:
    expiry = expiry_of(channel, now=now)
    if expiry is None:
        return "nobody has said when they expire"
    return f"{expiry.words} ({'told by the marketplace' if expiry.is_told else 'entered by the seller'})"


def _kept_back(channel: Channel) -> list[str]:
    return [
        f"{channel.buffer:,} kept back" if channel.buffer else "",
        f"0 at {channel.floor:,} or fewer" if channel.floor else "",
    ]


def _account_settings(channel: Channel) -> list[tuple[str, Any]]:
    try:
        fields = adapter_class(channel).account_form.base_fields
    except SettingsError:
        fields = {}
    named = {name: field.label or name.replace("_", " ").capitalize() for name, field in fields.items()}
    return [(named.get(name, name), value) for name, value in channel.settings.items() if value not in ("", None)]


def _sellers_pages(channel: Channel) -> list[tuple[str, str]]:
    slug, args = channel.seller.slug, [channel.seller.slug, channel.public_id]
    of_channel = f"?channel={channel.public_id}"
    return [
        ("Settings", reverse("channel_settings", args=args)),
        ("Listings", reverse("channel_listings", args=args)),
        ("Reconciler", reverse("channel_reconciler", args=args)),
        ("Orders", reverse("orders", args=[slug]) + of_channel),
        ("Issues", reverse("issues", args=[slug]) + of_channel),
        ("Activity", reverse("activity", args=[slug]) + of_channel),
    ]

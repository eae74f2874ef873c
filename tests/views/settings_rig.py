"""The settings page as a browser meets it: what it sends, and a channel in each state."""

from datetime import timedelta
from typing import Any

from django.test import Client
from django.urls import reverse

from channels_app.flows.permissions import Actor
from channels_app.models import Channel
from channels_app.views.settings_save import build_parts
from tests.factories import NOW


def url(channel: Channel, name: str = "channel_settings", *args: Any) -> str:
    return reverse(name, args=[channel.seller.slug, channel.public_id, *args])


def filled(channel: Channel, **changes: Any) -> dict[str, Any]:
    """Return what a browser sends when the page is posted as it was shown, but for `changes`."""
    data: dict[str, Any] = {}
    for part in build_parts(channel, Actor.OWNER).values():
        for bound in part:
            value = bound.value()
            if value is None or value is False or bound.name == "confirmed":
                continue
            data[bound.html_name] = "on" if value is True else value
    for name, value in changes.items():
        key = name.replace("__", "-")
        if value is None:
            data.pop(key, None)
        else:
            data[key] = value
    return data


def post(browser: Client, channel: Channel, action: str = "save", **changes: Any) -> Any:
    return browser.post(url(channel), {**filled(channel, **changes), "action": action}, follow=True)


def make_live(channel: Channel) -> None:
    """The channel is Live, as the clock would have made it."""
    Channel.objects.filter(pk=channel.pk).update(
        state="live", listings_on=True, orders_on=True, account_id="acct-live", currency="USD",
        testing_started_at=NOW - timedelta(days=31), testing_ends_at=NOW, live_at=NOW,
    )  # fmt: skip
    channel.refresh_from_db()

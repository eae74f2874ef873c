"""For whom the work of channels is gathered, and what all its sources need."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.urls import reverse

from channels_app.flows.permissions import Action, Actor, allowed
from channels_app.models import Channel
from inventory.paging import COUNT_LIMIT
from inventory.work import Asked, Found, Retry


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedOfChannels(Asked):
    """For whom it is gathered, and on which channels; none of them was removed."""

    channels: Sequence[Channel]
    actor: Actor

    def by_id(self) -> dict[int, Channel]:
        return {channel.pk: channel for channel in self.channels}

    def active(self) -> list[int]:
        """Return the channels on which a person may decide anything now."""
        return [channel.pk for channel in self.channels if channel.is_running]

    def url(self, name: str, *args: object) -> str:
        return reverse(name, args=[self.seller.slug, *args])

    def may_run(self, channel: Channel) -> bool:
        """Say whether this person may wake a job of the channel now."""
        return self.can_manage and allowed(channel.state, self.actor, Action.RUN_NOW)

    def run_again(self, channel: Channel, kind: str, text: str) -> Retry | None:
        """Return the button that wakes a job."""
        url = self.url("channel_run_now", channel.public_id, kind)
        return Retry(url=url, text=text) if self.may_run(channel) else None


#: Finds one kind of work.
SourceOfChannels = Callable[[AskedOfChannels], Found]


def shown(count: int) -> str:
    """Return a number that was counted no further than COUNT_LIMIT."""
    return f"{count:,}" if count < COUNT_LIMIT else f"{COUNT_LIMIT - 1:,}+"

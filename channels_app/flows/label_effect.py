"""What items that come onto a label, or leave it, do to the channels that list it. Nothing is changed."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from channels_app.flows.preview import Fate, Foreseen, Preview
from channels_app.models import Channel
from inventory.foresee import Change, Moves
from inventory.models import Label


class Effect(NamedTuple):
    """Listings of one channel."""

    new: int = 0
    ended: int = 0
    #: Would not be listed: something is missing, or the channel has refused the same before.
    refused: int = 0

    def plus(self, rows: list[Foreseen]) -> "Effect":
        fates = Counter(row.fate for row in rows)
        return Effect(self.new + fates[Fate.NEW], self.ended + fates[Fate.END], self.refused + fates[Fate.REFUSED])


def channels_of(label: Label) -> list[Channel]:
    """Return the channels that name `label`, by name."""
    return list(Channel.objects.filter(label=label, archived_at=None).order_by("name"))


def lists_now(channel: Channel) -> bool:
    """Say whether what is on its label is being listed."""
    return channel.is_running and channel.listings_on


class Effects:
    """The effect on every channel that lists the label now, summed up slice by slice."""

    def __init__(self, channels: list[Channel], so_far: Mapping[int, Effect]) -> None:
        self._previews = [Preview(channel) for channel in channels if lists_now(channel)]
        self.by_channel = {one.channel.pk: so_far.get(one.channel.pk, Effect()) for one in self._previews}

    def add(self, moves: Moves) -> None:
        for preview in self._previews:
            for rows in preview.if_moved(coming=moves.coming, leaving=moves.leaving):
                self.by_channel[preview.channel.pk] = self.by_channel[preview.channel.pk].plus(rows)


def walk(channels: list[Channel], change: Change) -> Iterator[list[tuple[str, bool, dict[str, Foreseen]]]]:
    """Yield all that moves, a slice at a time: SKU, whether it comes, and what becomes of it by channel's name."""
    previews = [Preview(channel) for channel in channels if lists_now(channel)]
    after: str | None = ""
    while after is not None:
        moves = change(after)
        found: dict[str, dict[str, Foreseen]] = {sku: {} for sku in (*moves.coming, *moves.leaving)}
        for preview in previews:
            for rows in preview.if_moved(coming=moves.coming, leaving=moves.leaving):
                for row in rows:
                    found[row.sku][preview.channel.name] = row
        coming = set(moves.coming)
        yield [(sku, sku in coming, fates) for sku, fates in found.items()]
        after = moves.after

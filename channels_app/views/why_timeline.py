"""What happened to one SKU on one channel around a moment: movements, lines, settings, in one list."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from channels_app.models import ChannelHistory, FeedLine, LedgerState, OrderLine
from channels_app.views.history_words import describe
from channels_app.views.moments import in_address
from channels_app.views.why_words import describe_line
from inventory.models import StockMovement

#: How many of each kind are looked at before and after the moment, and how many events are shown in all.
BEFORE, AFTER = 20, 8
SHOWN_BEFORE, SHOWN_AFTER = 30, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened."""

    at: datetime
    text: str
    note: str = ""
    #: A ledger state with its words.
    state: str = ""
    state_text: str = ""
    #: Where more of it stands, and what that is called.
    url: str = ""
    url_text: str = ""

    @property
    def address(self) -> str:
        """The same page as it was once this had happened."""
        return f"?at={in_address(self.at)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Events, the newest first: those after the moment looked at, and those up to it."""

    after: list[Event]
    before: list[Event]


def merge(events: Iterable[Event], at: datetime) -> Timeline:
    """Return the events around `at`, as many as are shown: those nearest to it.

    Of events of one moment, those that are given later count as newer.
    """
    ordered = sorted(events, key=lambda event: event.at)[::-1]
    after = [event for event in ordered if event.at > at]
    return Timeline(
        after=after[-SHOWN_AFTER:],
        before=[event for event in ordered if event.at <= at][:SHOWN_BEFORE],
    )


def of_movements(movements: Iterable[StockMovement], lines: Mapping[int, OrderLine], slug: str) -> Iterator[Event]:
    for movement in movements:
        line = lines.get(movement.line_id or 0)
        moved = {"on hand": movement.on_hand_delta, "reserved": movement.reserved_delta}
        told = ", ".join(f"{units:+,} {what}" for what, units in moved.items() if units)
        by = f" by {movement.actor.get_username()}" if movement.actor else ""
        yield Event(
            at=movement.at,
            text=f"{movement.get_reason_display()}{by}: {told or 'nothing'} at {movement.location.name}",
            note=movement.note,
            url=reverse("order", args=[slug, line.order.public_id]) if line else "",
            url_text=f"Order {line.order.remote_id} on {line.order.channel.name}" if line else "",
        )


def of_lines(lines: Iterable[FeedLine], slug: str, currency: str) -> Iterator[Event]:
    for line in lines:
        url = reverse("submission", args=[slug, line.submission.key])
        told = describe_line(line, currency)
        yield Event(at=line.created_at, text=f"Sent {told}", url=url, url_text="What was sent")
        if line.closed_at is None:
            continue
        state = LedgerState(line.state)
        text = {LedgerState.CONFIRMED: "Confirmed", LedgerState.REJECTED: "Refused"}.get(
            state, "Given up for a newer one"
        )
        yield Event(
            at=line.closed_at,
            text=f"{text}: {told}",
            note=line.reason,
            state=line.state,
            state_text=state.label,
        )


def of_settings(entries: Iterable[ChannelHistory]) -> Iterator[Event]:
    for entry in entries:
        row = describe(entry)
        yield Event(at=row.at, text=f"{row.who} {row.text}", note=row.reason)

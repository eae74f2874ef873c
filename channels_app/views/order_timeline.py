"""Everything that happened to an order, newest first: what the buyer did, what the channel was told and answered."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any
from uuid import UUID

from channels_app.flows.attention import command_name
from channels_app.flows.engine import SLICE_SECONDS
from channels_app.flows.order_news import is_only_a_word
from channels_app.models import CancellationRequest, Command, LedgerState, Order, OrderNote, RawOrder
from inventory.money import spell

#: Versions shown.
_VERSIONS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to an order, or that the channel was told."""

    at: datetime
    text: str
    note: str = ""
    by: str = ""
    #: A ledger state with its words, for what was told to the channel.
    state: str = ""
    state_text: str = ""
    #: What can be sent again.
    group_key: UUID | None = None
    #: What a person must look for at the marketplace.
    lost_key: UUID | None = None
    #: The parcel that left.
    parcel: UUID | None = None
    #: What somebody of the seller's wrote; all else happened.
    written: OrderNote | None = None


def timeline(
    order: Order,
    commands: Sequence[Command],
    requests: Iterable[CancellationRequest],
    notes: Iterable[OrderNote],
) -> list[Event]:
    """Return what happened, and what was noted about it, newest first."""
    events = [Event(at=order.placed_at, text="The buyer placed the order.")]
    events += _of_versions(order, commands)
    events += _of_requests(requests)
    events += _of_shipments(order)
    events += _of_returns(order)
    events += _of_commands(order, commands)
    events += [Event(at=note.at, text=note.text, by=_name(note.author), written=note) for note in notes]
    # Of what happened at the same moment, the consequence stands above its cause.
    return sorted(events, key=lambda event: event.at)[::-1]


#: What is told of a version that was not read, or not taken.
_NOT_TAKEN = {
    RawOrder.State.OLDER: "A version was downloaded that is older than what we have.",
    RawOrder.State.NEW: "A version was downloaded and waits to be read.",
    RawOrder.State.NEEDS_ATTENTION: "A version was downloaded that could not be read.",
}


def _of_versions(order: Order, commands: Sequence[Command]) -> Iterable[Event]:
    """Yield what each version brought; those that brought nothing, after commands of ours mostly, share one line."""
    raws = RawOrder.objects.filter(channel_id=order.channel_id, remote_id=order.remote_id).defer("body")
    read: RawOrder | None = None
    without_news = []
    for raw in raws.order_by("fetched_at", "pk")[:_VERSIONS]:
        if raw.state != RawOrder.State.DONE:
            yield Event(at=raw.fetched_at, text=_NOT_TAKEN[RawOrder.State(raw.state)], note=raw.reason)
            continue
        news = raw.news.splitlines()
        if read is None:
            yield Event(at=raw.fetched_at, text="The order was downloaded, and its stock reserved.")
        elif not news or (is_only_a_word(news) and _was_told(commands, since=read, until=raw)):
            without_news.append(raw)
        else:
            yield Event(at=raw.fetched_at, text=" ".join(news))
        read = raw
    if without_news:
        times = "once more" if len(without_news) == 1 else f"{len(without_news)} times more"
        yield Event(at=without_news[-1].fetched_at, text=f"The order was downloaded {times}, without other news.")


def _was_told(commands: Iterable[Command], *, since: RawOrder, until: RawOrder) -> bool:
    """Say whether something of ours went to the marketplace between two versions."""
    # A version is dated by when the slice began that downloaded it.
    last = until.fetched_at + timedelta(seconds=SLICE_SECONDS)
    return any(command.sent_at is not None and since.fetched_at <= command.sent_at <= last for command in commands)


def _of_requests(requests: Iterable[CancellationRequest]) -> Iterable[Event]:
    for request in requests:
        yield Event(at=request.requested_at, text="The buyer asked to cancel.", note=request.reason)
        if request.decided_at is not None:
            text = f"The request to cancel: {request.get_state_display().lower()}."
            yield Event(at=request.decided_at, text=text, by=_name(request.decided_by))


def _of_shipments(order: Order) -> Iterable[Event]:
    for parcel in order.shipments.select_related("created_by").prefetch_related("lines__line", "lines__location"):
        held = ", ".join(f"{part.quantity} × {part.line.sku}" for part in parcel.lines.all())
        note = " ".join(part for part in (parcel.carrier_name, parcel.tracking_number) if part)
        by = _name(parcel.created_by)
        yield Event(at=parcel.created_at, text=f"A parcel left: {held}.", note=note, by=by, parcel=parcel.public_id)


def _of_returns(order: Order) -> Iterable[Event]:
    for one in order.returns.prefetch_related("lines__order_line"):
        lines = one.lines.all()
        about = ", ".join(f"{line.quantity} × {line.name}" for line in lines)
        note = "; ".join(": ".join(filter(None, (line.reason, line.comment))) for line in lines if line.reason)
        yield Event(at=one.requested_at, text=f"The buyer sends back: {about}.", note=note)


def _subject(command: Command, currency: str) -> str:
    """Return what a command is about: an amount, or units, of a line."""
    if command.kind == Command.Kind.REFUND:
        amount = (command.amount or Decimal(0)) + (command.shipping_amount or Decimal(0))
        return f"{spell(amount, currency)} for {command.line.sku}"
    return f"{command.quantity} × {command.line.sku}" if command.quantity else command.line.sku


def _of_commands(order: Order, commands: Sequence[Command]) -> Iterable[Event]:
    ordered = sorted(commands, key=lambda c: (str(c.group_key), c.state, c.pk))
    for _, group in groupby(ordered, key=lambda c: (c.group_key, c.state)):
        rows = list(group)
        first = rows[0]
        about = ", ".join(_subject(row, order.currency) for row in rows)
        kind = command_name(first.kind)
        if first.kind == Command.Kind.ANSWER_CANCELLATION:
            kind = "yes to the cancellation request" if first.approve_request else "no to the cancellation request"
        refused = first.state == LedgerState.REJECTED and first.kind in (Command.Kind.SHIP, Command.Kind.ACCEPT)
        yield Event(
            at=first.closed_at or first.sent_at or first.created_at,
            text=f"Told to the marketplace: {kind}, {about}.",
            note=first.reason,
            by=_name(first.created_by),
            state=first.state,
            state_text=LedgerState(first.state).label,
            group_key=first.group_key if refused else None,
            lost_key=first.group_key if first.is_lost else None,
        )


def _name(user: Any) -> str:
    return user.get_username() if user is not None else ""

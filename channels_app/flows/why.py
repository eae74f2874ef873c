"""Why a channel shows what it shows of an item, at a moment that may be past: pure rules.

The rules that were in force then are today's, with each field put back to what the first change after that moment says
it was before. What stood at the channel is told by the lines that had ended by then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, Self

from channels_app.adapters.types import Kind
from channels_app.flows.price import PriceRule
from channels_app.flows.quantity import QuantityRule, quantity_to_send
from channels_app.flows.standing import Offer
from channels_app.models import Channel, FeedLine, LedgerState, Listing


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """A channel's settings at a moment, as its history keeps them: rows by their names."""

    quantity: QuantityRule
    price: PriceRule
    #: Empty: none was chosen.
    label: str
    #: In the order in which they serve; none: all do.
    locations: tuple[str, ...]
    #: None: the channel was not there yet.
    state: str | None
    listings_on: bool

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Return the settings from their values as history keeps them."""
        return cls(
            quantity=QuantityRule(
                buffer=values["buffer"],
                floor=values["floor"],
                mode=values["quantity_mode"],
                limit=values["quantity_limit"],
            ),
            price=PriceRule(
                percent=Decimal(values["price_percent"]),
                amount=Decimal(values["price_amount"]),
                ending=_amount(values["price_ending"]),
                minimum=_amount(values["price_minimum"]),
                rate=_amount(values["currency_rate"]),
                currency=values["currency"],
            ),
            label=values["label"] or "",
            locations=tuple(values["locations"]),
            state=values["state"],
            listings_on=values["listings_on"],
        )

    @property
    def is_running(self) -> bool:
        return self.state in (Channel.State.TESTING, Channel.State.LIVE)


def _amount(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def rewind(today: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a moment: those of today, but for what has changed since, which is as it was before."""
    return {name: before.get(name, value) for name, value in today.items()}


def state_then(line: FeedLine, at: datetime) -> str:
    """Return how the line stood at `at`; what has ended since had been sent."""
    if line.closed_at is not None and line.closed_at > at:
        return LedgerState.SENT
    return line.state


class Confirmed(NamedTuple):
    """What the channel had confirmed at a moment."""

    #: None: no listing, or its end.
    offer: Offer | None
    #: False: it is not known any more.
    is_told: bool = True


def kept_since(listing: Listing | None, at: datetime, *, is_complete: bool) -> Confirmed:
    """Return what the listing itself tells of `at`: all, if the channel has confirmed nothing since.

    `is_complete` says that every line up to then is at hand: then what none of them tells was not.
    """
    if listing is None or listing.confirmed_at is None or listing.confirmed_at > at:
        return Confirmed(None, is_told=is_complete)
    if listing.remote_as_of is not None and listing.remote_as_of > at:
        return Confirmed(None, is_told=is_complete)  # The reconciler may have put what it read in its place.
    is_listed = listing.confirmed_price is not None or listing.confirmed_quantity is not None
    return Confirmed(Offer(listing.confirmed_quantity, listing.confirmed_price) if is_listed else None)


def confirmed_then(lines: Sequence[FeedLine], at: datetime, kept: Confirmed) -> Confirmed:
    """Return what the channel had confirmed by `at`, from the lines up to then, the newest first.

    Each half is the newest that was told; what these lines do not tell, `kept` may.
    """
    price, quantity, found = None, None, False
    for line in lines:
        if state_then(line, at) != LedgerState.CONFIRMED:
            continue
        if line.kind == Kind.WITHDRAW:
            return Confirmed(Offer(quantity, price) if found else None)
        found = True
        price = line.price if price is None else price
        quantity = line.quantity if quantity is None else quantity
    if not found:
        return kept
    older = kept.offer or Offer(None, None)
    return Confirmed(
        Offer(
            older.quantity if quantity is None else quantity,
            older.price if price is None else price,
        )
    )


def because(available: int, rule: QuantityRule, *, is_past: bool = False) -> str:
    """Return how the quantity comes about, as the end of a sentence: "5 are available and 2 are kept back"."""
    is_, are = ("was", "were") if is_past else ("is", "are")
    if available <= 0:
        return f"none {is_} available"
    told = [f"{available:,} {_of(available, is_, are)} available"]
    free = available - rule.buffer
    if rule.buffer:
        told.append(f"{rule.buffer:,} {_of(rule.buffer, is_, are)} kept back")
    if 0 < free <= rule.floor:
        told.append(f"{rule.floor:,} or fewer {are} shown as none")
    elif rule.limit is not None and free > 0:
        if rule.mode == Channel.QuantityMode.FIXED:
            told.append(f"{rule.limit:,} {are} always shown while any {is_} left")
        elif rule.mode == Channel.QuantityMode.CAP and free > rule.limit:
            told.append(f"no more than {rule.limit:,} {are} shown")
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"


def _of(number: int, one: str, several: str) -> str:
    return one if number == 1 else several


@dataclass(frozen=True, slots=True, kw_only=True)
class Then:
    """What is known of one SKU on one channel at a past moment."""

    channel_name: str
    in_force: InForce
    #: None: it cannot be told.
    available: int | None
    #: Up to then, the newest first.
    lines: Sequence[FeedLine]
    #: The first that was sent after it.
    next_line: FeedLine | None
    kept: Confirmed
    at: datetime

    @property
    def confirmed(self) -> Confirmed:
        return confirmed_then(self.lines, self.at, self.kept)

    @property
    def wanted_quantity(self) -> int | None:
        return None if self.available is None else quantity_to_send(self.available, self.in_force.quantity)


def why_then(then: Then) -> tuple[str, str]:
    """Return why buyers did not see at that moment what we wanted, and how that is coloured; "" if nothing is known."""
    newest = then.lines[0] if then.lines else None
    state = state_then(newest, then.at) if newest else ""
    if then.in_force.state is None:
        return f"{then.channel_name} was not added yet.", ""
    if state in (LedgerState.SENT, LedgerState.PENDING, LedgerState.UNKNOWN):
        return "It had been sent, and the marketplace had not answered yet.", ""
    if newest and state == LedgerState.REJECTED:
        return f"The marketplace had refused it: {newest.reason or 'it gave no reason.'}", "bad"
    if not then.in_force.is_running:
        return f"{then.channel_name} was not active: nothing was sent.", ""
    if not then.in_force.listings_on:
        return f"{then.channel_name} had Listings switched off: nothing was sent.", ""
    if then.next_line and then.next_line.changed_at and then.next_line.changed_at <= then.at:
        return "The change waited to be sent.", ""
    if newest and newest.kind == Kind.WITHDRAW:
        return "Its listing had been ended.", ""
    if newest is None and then.confirmed.offer is None:
        return f"Nothing of it had been sent to {then.channel_name} by then.", ""
    return "", ""

"""What proves, during Testing, that a channel works: each step seen once on this very account."""

from dataclasses import dataclass
from datetime import datetime

from channels_app.models import Channel, ChannelLedger, Command, LedgerState, Order, Submission


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One step; `at` is when it was seen first, None while it was not. `note` says what brings it about."""

    text: str
    at: datetime | None
    note: str = ""


def find_proofs(channel: Channel) -> list[Proof]:
    """Return the steps from a listing to a parcel, and whether the last check could explain everything."""
    return [_listing(channel), _order(channel), _parcel(channel), _ledger(channel)]


def _listing(channel: Channel) -> Proof:
    confirmed = Submission.objects.filter(channel=channel, confirmed_count__gt=0).order_by("created_at", "pk")
    first = confirmed.values_list("closed_at", "sent_at").first()
    note = "They are on their way." if channel.listings_on else "Switch on Listings."
    return Proof(text="A listing is confirmed by the marketplace", at=first and (first[0] or first[1]), note=note)


def _order(channel: Channel) -> Proof:
    first = Order.objects.filter(channel=channel).order_by("pk").values_list("imported_at", flat=True).first()
    note = "Nobody has bought yet." if channel.orders_on else "Switch on Orders."
    return Proof(text="An order was downloaded", at=first, note=note)


def _parcel(channel: Channel) -> Proof:
    accepted = Command.objects.filter(channel=channel, kind=Command.Kind.SHIP, state=LedgerState.CONFIRMED)
    first = accepted.order_by("pk").values_list("closed_at", flat=True).first()
    note = "Ship an order." if channel.fulfillments_on else "Fulfillments is off: others ship your orders."
    return Proof(text="The marketplace accepted a parcel", at=first, note=note)


def _ledger(channel: Channel) -> Proof:
    last = ChannelLedger.objects.filter(channel=channel).values_list("at", "offences").first()
    at, offences = last or (None, 0)
    note = "The check runs every night." if at is None else f"The last check found {offences:,} it cannot explain."
    return Proof(text="Both sides agree, or it is known why not", at=None if offences else at, note=note)

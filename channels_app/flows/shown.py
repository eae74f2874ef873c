"""What the channel showed when it was last read. A row has words of its own only where they differ from the confirmed.

So the reading of a quiet catalogue, a million listings that are as they should be, writes one row: its run.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import OuterRef, Subquery

from channels_app.models import Channel, Listing, ReconcileRun

State = ReconcileRun.State

#: Runs that read the channel's list to its end, and believed it.
READ = [State.PLANNED, State.APPLIED, State.CLEAN, State.EXPIRED]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What buyers saw at `as_of`; of a listing that was not shown, what they saw before."""

    price: Decimal | None
    quantity: int | None
    is_shown: bool
    as_of: datetime


def last_reading(listing: Listing) -> Reading | None:
    """Return the last reading of this listing, or None if it was not read since the channel last confirmed it."""
    read_at = last_read([listing.channel_id]).get(listing.channel_id)
    return reading_of(listing, read_at) if read_at else None


def last_read(channel_ids: Iterable[int]) -> dict[int, datetime]:
    """Return when each channel's list was last read, by the channel; those that never were are left out."""
    runs = ReconcileRun.objects.filter(channel=OuterRef("pk"), state__in=READ).order_by("-id")
    rows = Channel.objects.filter(pk__in=channel_ids).values_list("pk", Subquery(runs.values("as_of")[:1]))
    return {channel_id: as_of for channel_id, as_of in rows if as_of is not None}


def reading_of(listing: Listing, read_at: datetime) -> Reading | None:
    """Return what the reading of that time, the last of its channel, found; None as above."""
    if listing.remote_active is not None:
        return Reading(
            price=listing.remote_price,
            quantity=listing.remote_quantity,
            is_shown=listing.remote_active,
            as_of=read_at,
        )
    if listing.confirmed_at is not None and listing.confirmed_at > read_at:
        return None
    return Reading(price=listing.confirmed_price, quantity=listing.confirmed_quantity, is_shown=True, as_of=read_at)

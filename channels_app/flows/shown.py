"""What the channel showed when it was last read. A row has words of its own only where they differ from the confirmed.

So the reading of a quiet catalogue, a million listings that are as they should be, writes one row: its run.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from channels_app.models import Listing, ReconcileRun

State = ReconcileRun.State

#: Runs that read the channel's list to its end, and believed it.
_READ = [State.PLANNED, State.APPLIED, State.CLEAN, State.EXPIRED]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What buyers saw at `as_of`; of a listing that was not shown, what they saw before."""

    price: Decimal | None
    quantity: int | None
    is_shown: bool
    as_of: datetime


def last_reading(listing: Listing) -> Reading | None:
    """Return the last reading of this listing, or None if it was not read since the channel last confirmed it."""
    run = ReconcileRun.objects.filter(channel_id=listing.channel_id, state__in=_READ).order_by("-id").first()
    if run is None or run.as_of is None:
        return None
    if listing.remote_active is not None:
        return Reading(
            price=listing.remote_price,
            quantity=listing.remote_quantity,
            is_shown=listing.remote_active,
            as_of=run.as_of,
        )
    if listing.confirmed_at is not None and listing.confirmed_at > run.as_of:
        return None
    return Reading(price=listing.confirmed_price, quantity=listing.confirmed_quantity, is_shown=True, as_of=run.as_of)

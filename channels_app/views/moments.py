"""A past moment in an address: as a form sends it, in the seller's zone, or as links carry it, with its zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from inventory.models import Seller

#: From now -> what the link to it says.
JUMPS = (
    (timedelta(hours=1), "An hour ago"),
    (timedelta(days=1), "Yesterday"),
    (timedelta(days=7), "A week ago"),
    (timedelta(days=30), "30 days ago"),
)


def moment_in(text: str, seller: Seller, *, now: datetime) -> datetime | None:
    """Return the past moment that `text` names; None for one that is no time, or not past."""
    try:
        told = datetime.fromisoformat(text)
        moment = (told if told.tzinfo else told.replace(tzinfo=ZoneInfo(seller.time_zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment < now else None


def in_address(moment: datetime) -> str:
    """Return the moment as links carry it: exact, so that what happened in it has happened."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def in_field(moment: datetime, seller: Seller) -> str:
    """Return the moment as a field for date and time shows it, to the second that had begun by then."""
    local = moment.astimezone(ZoneInfo(seller.time_zone))
    if local.microsecond:
        local = local.replace(microsecond=0) + timedelta(seconds=1)
    return f"{local:%Y-%m-%dT%H:%M:%S}"

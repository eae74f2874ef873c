"""Days as people mean them: whole ones, where the seller is."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from inventory.models import Seller

#: Days further away would leave what the clock can tell once they are put into another zone; nobody means them.
OLDEST, NEWEST = date(1970, 1, 1), date(2999, 12, 31)


def day_in(text: str) -> date | None:
    """Return the day that stands in an address; one that was tampered with is none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if OLDEST <= day <= NEWEST else None


def bounds_of(day: date, seller: Seller) -> tuple[datetime, datetime]:
    """Return when the day begins, and when the next one does."""
    zone = ZoneInfo(seller.time_zone)
    return datetime.combine(day, time(), zone), datetime.combine(day + timedelta(days=1), time(), zone)

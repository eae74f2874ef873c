"""The one clock of the product.

Every process of ours reads business time here: UTC plus ``CLOCK_OFFSET_SECONDS``. Moving the offset moves the whole
product (30 days of Testing can be seen to end in a minute). A flow calls `now` in its first line and passes the value
down, so that a test can choose the time. Leases alone use the database's own clock.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings


def now() -> datetime:
    """Business time: aware, in UTC."""
    return real_now() + timedelta(seconds=settings.CLOCK_OFFSET_SECONDS)


def real_now() -> datetime:
    """The time by clocks that our offset does not move: phones count one-time codes by it."""
    return datetime.now(UTC)


def zone(name: str) -> tzinfo:
    """Return the zone; UTC for a name that nobody knows, so that one seller's mistake stops nobody's work."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC

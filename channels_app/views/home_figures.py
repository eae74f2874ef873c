"""The figures on Home that are drawn: orders of the last days."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from inventory.models import Seller

DAYS = 14
#: Of the drawing, in its own units.
WIDTH, HEIGHT, GAP = 280, 64, 4

# Plan: the seller's orders of these days by (seller, placed at).
_BY_DAY = """
SELECT (placed_at AT TIME ZONE %(zone)s)::date, count(*)
FROM channels_app_order
WHERE seller_id = %(seller)s AND placed_at >= %(since)s
GROUP BY 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One day: how many orders, and where its bar stands."""

    day: date
    count: int
    x: float
    y: float
    width: float
    height: float


def orders_by_day(seller: Seller, *, now: datetime) -> list[Bar]:
    """Return a bar for each of the last days, today last; empty if nobody has bought in them."""
    zone = ZoneInfo(seller.time_zone)
    today = now.astimezone(zone).date()
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    since = datetime.combine(days[0], datetime.min.time(), zone)
    params: dict[str, Any] = {"zone": seller.time_zone, "seller": seller.pk, "since": since}
    with connection.cursor() as cursor:
        cursor.execute(_BY_DAY, params)
        counts: dict[date, int] = dict(cursor.fetchall())
    most = max((counts.get(day, 0) for day in days), default=0)
    return [_bar(place, day, counts.get(day, 0), most) for place, day in enumerate(days)] if most else []


def _bar(place: int, day: date, count: int, most: int) -> Bar:
    width = (WIDTH - GAP * (DAYS - 1)) / DAYS
    # A day without orders is a line, so that one sees that it was counted.
    height = max(HEIGHT * count / most, 1)
    return Bar(day=day, count=count, x=place * (width + GAP), y=HEIGHT - height, width=width, height=height)

"""The figures on Home that are drawn: orders of the last days, and how fast the last changes went out."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection

from channels_app.flows.listing_counts import ListingCounts
from inventory.days import bounds_of
from inventory.models import Seller

DAYS = 14
_WEEK = timedelta(days=7)
#: Of the drawing, in its own units.
WIDTH, HEIGHT, GAP = 280, 64, 4

# Plan: the seller's orders of these days by (seller, placed at).
_BY_DAY = """
SELECT (placed_at AT TIME ZONE %(zone)s)::date, currency, payment_status = 'cleared', count(*), sum(total),
       count(*) FILTER (WHERE placed_at <= %(a_week_ago)s),
       coalesce(sum(total) FILTER (WHERE placed_at <= %(a_week_ago)s), 0)
FROM channels_app_order
WHERE seller_id = %(seller)s AND placed_at >= %(since)s AND shipping_status <> 'cancelled'
  AND payment_status <> 'failed'
GROUP BY 1, 2, 3
ORDER BY 5 DESC
"""


class _Sum(NamedTuple):
    """Orders of one day and currency, paid or not yet; and those of them up to this time a week ago."""

    day: date
    currency: str
    is_paid: bool
    number: int
    total: Decimal
    number_by_then: int
    total_by_then: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar: what it is about, in words, and where it stands."""

    text: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SoldBy:
    """What was sold on the same day of last week up to this time of day."""

    #: "Friday", "17:28": where the seller is.
    weekday: str
    time: str
    count: int
    amounts: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sales:
    """What was sold in the last days: paid, and not cancelled. Amounts by currency."""

    bars: Sequence[Bar]
    since: date
    count: int
    #: Of one day.
    most: int
    today: int
    amounts_today: Mapping[str, Decimal]
    #: Orders of today that are sold once their payment clears.
    unpaid_today: int
    #: None while the first order is less than a week old: there is nothing yet to compare with.
    a_week_ago: SoldBy | None


def sales_of(seller: Seller, *, now: datetime) -> Sales:
    """Return what was sold in the last days: a bar for each day, today last; no bars if nothing was."""
    zone = ZoneInfo(seller.time_zone)
    local = now.astimezone(zone)
    today, a_week_ago = local.date(), local - _WEEK
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    since, _ = bounds_of(days[0], seller)
    params: dict[str, Any] = {"zone": seller.time_zone, "seller": seller.pk, "since": since, "a_week_ago": a_week_ago}
    with connection.cursor() as cursor:
        cursor.execute(_BY_DAY, params)
        rows = [_Sum._make(row) for row in cursor.fetchall()]
    counts: Counter[date] = Counter()
    for row in rows:
        counts[row.day] += row.number if row.is_paid else 0
    shown = [counts[day] for day in days]
    return Sales(
        bars=draw(shown, lambda place: f"{days[place]:%-d %b}: {shown[place]:,}") if any(shown) else [],
        since=days[0],
        count=sum(shown),
        most=max(shown),
        today=counts[today],
        amounts_today={row.currency: row.total for row in rows if row.day == today and row.is_paid and row.total},
        unpaid_today=sum(row.number for row in rows if row.day == today and not row.is_paid),
        a_week_ago=_sold_by(a_week_ago, rows),
    )


def _sold_by(moment: datetime, rows: Sequence[_Sum]) -> SoldBy | None:
    if all(row.day > moment.date() for row in rows):
        return None
    that_day = [row for row in rows if row.day == moment.date() and row.is_paid]
    return SoldBy(
        weekday=f"{moment:%A}",
        time=f"{moment:%H:%M}",
        count=sum(row.number_by_then for row in that_day),
        amounts={row.currency: row.total_by_then for row in that_day if row.total_by_then},
    )


def draw(values: Sequence[float], words: Callable[[int], str], *, gap: float = GAP) -> list[Bar]:
    """Return a bar for each value, side by side over the whole width; the largest is as high as the drawing."""
    width = (WIDTH - gap * (len(values) - 1)) / max(len(values), 1)
    most = max(values, default=0) or 1
    # A bar of nothing is a line, so that one sees that it was counted.
    heights = [max(HEIGHT * value / most, 1) for value in values]
    return [
        Bar(text=words(place), x=place * (width + gap), y=HEIGHT - height, width=width, height=height)
        for place, height in enumerate(heights)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One part of a whole: its colour by tone, its words, and where it stands, of 100."""

    tone: str
    text: str
    count: int
    x: float
    width: float


def shares_of(counts: ListingCounts) -> list[Share]:
    """Return the states that any of a channel's listings is in; the smallest part can still be seen."""
    parts = [
        ("good", "as wanted", counts.good),
        ("info", "on the way", counts.on_the_way),
        ("warn", "with older details", counts.outdated),
        ("bad", "refused", counts.refused),
    ]
    shown = [part for part in parts if part[2]]
    least = 2.0
    whole = sum(counts) or 1
    widths = [max(100 * count / whole, least) for _, _, count in shown]
    shares, x = [], 0.0
    for (tone, text, count), width in zip(shown, widths, strict=True):
        width *= 100 / sum(widths)
        shares.append(Share(tone=tone, text=text, count=count, x=x, width=width))
        x += width
    return shares

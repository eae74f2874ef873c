"""When the credentials of a channel expire: the one place that reads it, and in the words of every page.

Two may say it. The marketplace, where its interface tells (`ConnectionFacts.credentials_expire_at`): its word holds.
Else the seller, who read a day on the marketplace's own page: these credentials work until that day has ended.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet

from channels_app.adapters.errors import SettingsError
from channels_app.models import Channel
from marketplace_integration import clock

#: Days ahead at which people are warned, the nearest first; 0: once they have expired.
THRESHOLDS = (0, 1, 7, 30)
#: Beside the fields of the adapter's form: the day that the seller read at the marketplace.
EXPIRES_ON = "credentials_expire_on"
#: No marketplace gives credentials for longer; a later day is a slip of the keyboard.
_MOST_DAYS = 20 * 366

_TONES = {0: "bad", 1: "bad", 7: "warn", 30: "info"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """When credentials expire, as it reads at one moment at the seller."""

    #: From then on they do not work.
    at: datetime
    #: Their last day, on the seller's calendar.
    day: date
    days_left: int
    is_over: bool
    #: Whether the marketplace itself told it.
    is_told: bool

    @property
    def threshold(self) -> int | None:
        """Which warning is the one to give now, as days ahead; None while it is too early for any."""
        if self.is_over:
            return 0
        return next((days for days in THRESHOLDS[1:] if self.days_left <= days), None)

    @property
    def tone(self) -> str:
        """Info, warn or bad; empty while there is nothing to warn of."""
        return "" if self.threshold is None else _TONES[self.threshold]

    @property
    def words(self) -> str:
        """Return what they do, after "the credentials": "expire in 7 days, on 4 Dec 2026"."""
        day = f"on {self.day.day} {self.day:%b %Y}"
        if self.is_over:
            return f"expired {day}"
        if self.days_left <= 1:
            return f"expire {'tomorrow' if self.days_left == 1 else 'today'}, {day}"
        return f"expire in {self.days_left:,} days, {day}"

    @property
    def title(self) -> str:
        return f"These credentials {self.words}"


def expiry_of(channel: Channel, *, now: datetime) -> Expiry | None:
    """Return when the channel's credentials expire; None if nobody has said."""
    zone = clock.zone(channel.seller.time_zone)
    told, entered = channel.credentials_expire_at, channel.credentials_expire_on
    if told is not None:
        at, day = told, told.astimezone(zone).date()
    elif entered is not None:
        at, day = datetime.combine(entered + timedelta(days=1), time(), zone), entered
    else:
        return None
    days_left = (day - now.astimezone(zone).date()).days
    return Expiry(at=at, day=day, days_left=days_left, is_over=now >= at, is_told=told is not None)


def expiring(channels: Sequence[Channel], *, now: datetime) -> list[tuple[Channel, Expiry]]:
    """Return the running channels whose credentials will soon not work, the nearest day first."""
    found = [(one, expiry_of(one, now=now)) for one in channels if one.is_running]
    near = [(one, expiry) for one, expiry in found if expiry is not None and expiry.threshold is not None]
    return sorted(near, key=lambda pair: pair[1].at)


def may_expire_soon(*, now: datetime) -> QuerySet[Channel]:
    """Return the running channels of which people may have to be warned: these, and some whose time is near."""
    # No zone's calendar is a day away from UTC's.
    until = now + timedelta(days=THRESHOLDS[-1] + 1)
    entered = Q(credentials_expire_at=None, credentials_expire_on__lte=until.date())
    return Channel.objects.running().filter(Q(credentials_expire_at__lte=until) | entered)


def refuse_impossible_day(channel: Channel, day: date | None, *, now: datetime) -> None:
    """Raise SettingsError for another day than the stored one that cannot be the last day of working credentials."""
    if day is None or day == channel.credentials_expire_on:
        return
    days = (day - now.astimezone(clock.zone(channel.seller.time_zone)).date()).days
    if days < 0:
        message = "This day has passed. Enter the last day of the credentials that are in use, or leave it empty."
    elif days > _MOST_DAYS:
        message = "This day is very far away. Look at the year."
    else:
        return
    raise SettingsError(message, field_errors={EXPIRES_ON: message}, code="expiry_day")

"""The one brake for withdrawals, whatever their cause: many at once wait for a person."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Count, Max, Min, Q, Sum
from django.template.defaultfilters import pluralize

from channels_app.adapters.types import Kind
from channels_app.flows.jobs import nudge
from channels_app.models import Channel, ChannelHistory, ChannelJob, Listing, PendingChange, Submission
from inventory.paging import count_up_to

#: This many endings an hour are always let through ...
ALWAYS_ALLOWED = 100
#: ... and this share of the channel's listings.
SHARE = 0.1
#: For how long a person's decision lets withdrawals pass.
RELEASE_HOURS = 2
#: For how long a dismissed hold is not brought up again.
DISMISS_HOURS = 24

_HOUR = timedelta(hours=1)
#: Listings that buyers can see, or could a moment ago.
_SHOWN = (Listing.State.LISTED, Listing.State.ENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSummary:
    """Withdrawals that wait for a person."""

    count: int
    #: In the seller's words.
    reason: str
    since: datetime
    #: Dismissed until then; the listings stay as they are.
    quiet_until: datetime | None = None


def limit_of(channel: Channel, *, at_most: int | None = None) -> int:
    """Return how many listings of `channel` may end in an hour without a person, counted no further than `at_most`."""
    rows = Listing.objects.filter(channel=channel, state__in=_SHOWN)
    shown = rows.count() if at_most is None else count_up_to(rows, math.ceil(at_most / SHARE))
    return max(ALWAYS_ALLOWED, int(shown * SHARE))


def allowed_withdrawals(channel: Channel, asked: int, *, now: datetime) -> int:
    """Return how many of the withdrawals asked for may be sent: all, or none.

    What counts is all that waits, not the slice that asks: half of a wrong relabelling is as wrong as the whole.
    """
    if channel.withdrawals_allowed_until is not None and channel.withdrawals_allowed_until > now:
        return asked
    waiting = PendingChange.objects.filter(channel=channel, urgency=PendingChange.Urgency.WITHDRAW, held=False).count()
    sent = Submission.objects.filter(channel=channel, kind=Kind.WITHDRAW, created_at__gt=now - _HOUR)
    recent = sent.aggregate(lines=Sum("line_count"))["lines"] or 0
    wanted = recent + max(asked, waiting)
    # Most hours stay below the number that is always allowed, and need no count of the listings.
    if wanted <= ALWAYS_ALLOWED or wanted <= limit_of(channel):
        return asked
    return 0


def waiting(channel: Channel, *, now: datetime) -> int:
    """Return how many withdrawals wait or are held, but for what a person has put off for a while."""
    rows = PendingChange.objects.filter(channel=channel, urgency=PendingChange.Urgency.WITHDRAW)
    return rows.exclude(held=True, not_before__gt=now).count()


def would_hold(channel: Channel, more: int, *, now: datetime) -> bool:
    """Say whether so many more withdrawals, with all that wait already, would be held for a person."""
    asked = more + waiting(channel, now=now)
    return more > 0 and allowed_withdrawals(channel, asked, now=now) < asked


def held(channel: Channel, *, now: datetime | None = None) -> HeldSummary | None:
    """Return what the brake holds, or None. With `now`, what was dismissed for a while is left out."""
    rows = PendingChange.objects.filter(channel=channel, held=True)
    if now is not None:
        rows = rows.filter(Q(not_before=None) | Q(not_before__lte=now))
    found = rows.aggregate(count=Count("pk"), since=Min("changed_at"), quiet=Max("not_before"))
    if not found["count"]:
        return None
    label = f'the label "{channel.label.name}"' if channel.label else "any label"
    return HeldSummary(
        count=found["count"],
        reason=f"{found['count']:,} listings would end because their items are not on {label}, or cannot be sold. "
        f"That is more than {ALWAYS_ALLOWED} and more than {SHARE:.0%} of the listings: nothing ends until you decide.",
        since=found["since"],
        quiet_until=found["quiet"],
    )


def release(channel: Channel, *, actor: AbstractBaseUser | None, now: datetime) -> int:
    """The held withdrawals go out, and others may for a while. Returns how many were held."""
    with transaction.atomic():
        rows = PendingChange.objects.filter(channel=channel, held=True)
        let_through(channel, actor=actor, now=now, count=rows.count())
        return rows.update(held=False, not_before=None)


def let_through(channel: Channel, *, actor: AbstractBaseUser | None, now: datetime, count: int) -> None:
    """A person has decided that `count` listings may end: the brake is off for a while. Call it in a transaction."""
    until = now + timedelta(hours=RELEASE_HOURS)
    Channel.objects.filter(pk=channel.pk).update(withdrawals_allowed_until=until)
    channel.withdrawals_allowed_until = until
    remember(channel, count, "released", actor=actor, now=now)
    transaction.on_commit(lambda: _wake(channel.pk, now))


def dismiss(channel: Channel, *, actor: AbstractBaseUser | None, now: datetime) -> int:
    """The listings stay as they are, and nobody is asked again for a day. Returns how many are held."""
    with transaction.atomic():
        rows = PendingChange.objects.filter(channel=channel, held=True)
        count = rows.update(not_before=now + timedelta(hours=DISMISS_HOURS))
        remember(channel, count, "put off for a day", actor=actor, now=now)
    return count


def _wake(channel_id: int, now: datetime) -> None:
    nudge([channel_id], [ChannelJob.Kind.OFFERS], now=now)


def remember(channel: Channel, count: int, decision: str, *, actor: AbstractBaseUser | None, now: datetime) -> None:
    """What was decided about so many endings stands in the channel's history."""
    words = f"{count:,} ending{pluralize(count)} {pluralize(count, 'was,were')} {decision}"
    ChannelHistory.objects.create(
        channel=channel, actor_id=actor.pk if actor else None, at=now, what="brake", before=None, after=words
    )

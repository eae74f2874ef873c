"""Letters at once when a channel stops and waits for a person: a blocked job, or orders that could not be read.

What is mended within minutes is not told. A letter tells all that has stopped on its channel, and the next one is an
hour away. Told once, a cause is told again only after the channel went on.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse

from channels_app.flows.jobs import STOPPED
from channels_app.models import Channel, ChannelJob, RawOrder, StopWarning
from inventory.letters import Worded, note_apart, word_due
from inventory.mail import known_site
from inventory.models import Mail, Membership
from inventory.wishes import WarnedOf, note_warnings

#: Mended so soon, a stop is not told.
_CALM = timedelta(minutes=5)
#: Letters of one channel are so far apart.
_APART = timedelta(hours=1)
#: A letter that could not be sent for so long says nothing new any more.
_USEFUL_FOR = timedelta(hours=20)
#: Orders that a letter names; of the others it says how many.
_NAMED = 3

_DIFFERS_EACH_TIME = re.compile(r"\S*\d\S*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """What stopped for one reason."""

    reason: str
    since: datetime | None
    #: "Order download, Fulfillments".
    jobs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Orders that could not be read, as one letter tells them."""

    count: int
    #: The newest of them.
    named: list[RawOrder]

    @property
    def more(self) -> int:
        return self.count - len(self.named)


def write_due(*, now: datetime) -> list[int]:
    """Write the letters whose time has come. Returns those to send; safe to run twice."""
    _end(now)
    note_apart(_due(Channel.objects.running(), now), partial(_note, now=now))
    return word_due(Mail.Unworded.STOP, _word, now=now)


def _stopped(channels: QuerySet[Channel]) -> QuerySet[ChannelJob]:
    return ChannelJob.objects.filter(STOPPED, channel__in=channels)


def _untold(channels: QuerySet[Channel]) -> QuerySet[RawOrder]:
    return RawOrder.objects.filter(state=RawOrder.State.NEEDS_ATTENTION, told_at=None, channel__in=channels)


def _cause_of(job: ChannelJob) -> str:
    return _DIFFERS_EACH_TIME.sub("…", job.last_error)[:300] or job.kind


def _end(now: datetime) -> None:
    """Channels of which nothing stands still any more went on."""
    stands_still = Exists(_stopped(Channel.objects.running()).filter(channel=OuterRef("channel")))
    StopWarning.objects.filter(~stands_still, ended_at=None).update(ended_at=now)


def _due(channels: QuerySet[Channel], now: datetime) -> list[int]:
    """Return those of which something has stood still for long enough, was not told, and may be told now."""
    is_lately_told = Exists(StopWarning.objects.filter(channel=OuterRef("channel"), told_at__gt=now - _APART))
    jobs = _stopped(channels).filter(~is_lately_told, last_run_at__lte=now - _CALM)
    told = _told(channels)
    stopped = {job.channel_id for job in jobs if (job.channel_id, _cause_of(job)) not in told}
    raws = _untold(channels).filter(~is_lately_told, fetched_at__lte=now - _CALM)
    return sorted(stopped.union(raws.values_list("channel_id", flat=True).distinct()))


def _told(channels: QuerySet[Channel]) -> set[tuple[int, str]]:
    """Return the causes that were told of channels which have not gone on since."""
    rows = StopWarning.objects.filter(ended_at=None, channel__in=channels)
    return set(rows.values_list("channel_id", "cause"))


def _note(channel_id: int, *, now: datetime) -> None:
    """Write what is told by now, and its letters to be worded, in one commit, of the channel as it stands."""
    with transaction.atomic():
        rows = Channel.objects.select_for_update(no_key=True, of=("self",)).select_related("seller")
        channel = rows.get(pk=channel_id)
        alone = Channel.objects.running().filter(pk=channel_id)
        if not _due(alone, now):
            return
        new = {_cause_of(job) for job in _stopped(alone)} - {cause for _, cause in _told(alone)}
        unread = _tell_unread(alone, now)
        if not (new or unread):
            return
        letters = note_warnings(
            channel.seller, WarnedOf.STOPS, {"channel": channel_id}, now=now, useful_for=_USEFUL_FOR
        )
        ends = dict.fromkeys(sorted(new)) | ({"": now} if unread else {})
        StopWarning.objects.bulk_create(
            StopWarning(channel=channel, cause=cause, told_at=now, ended_at=ended_at, letters=len(letters))
            for cause, ended_at in ends.items()
        )


def _tell_unread(channel: QuerySet[Channel], now: datetime) -> int:
    """The channel's orders that could not be read are told by now. Returns how many were not before.

    One that is being read at this moment is left to the next letter.
    """
    rows = _untold(channel).select_for_update(no_key=True, skip_locked=True, of=("self",)).order_by("-pk")
    return RawOrder.objects.filter(pk__in=list(rows.values_list("pk", flat=True))).update(told_at=now)


def _word(mail: Mail) -> Worded | None:
    """Return the letter to this member: all that stands still by now, and the orders that were told with it."""
    alone = Channel.objects.running().filter(pk=mail.told["channel"]).select_related("seller")
    channel, unread = alone.first(), _unread(mail)
    jobs = list(_stopped(alone).order_by("last_run_at", "pk"))
    if channel is None or mail.membership is None or not (jobs or unread.count):
        return None
    text = _text(channel, _by_reason(jobs), unread, known_site(channel.seller), mail.membership)
    return Worded(subject=_subject(channel, jobs, unread), text=text)


def _unread(mail: Mail) -> Unread:
    of_letter = {"channel": mail.told["channel"], "told_at": mail.created_at}
    rows = RawOrder.objects.filter(**of_letter, state=RawOrder.State.NEEDS_ATTENTION).order_by("-pk").defer("body")
    return Unread(count=rows.count(), named=list(rows[:_NAMED]))


def _by_reason(jobs: Iterable[ChannelJob]) -> list[Stop]:
    """Return what stopped, each reason once, the first to stop first."""
    alike: dict[str, list[ChannelJob]] = {}
    for job in jobs:
        alike.setdefault(job.last_error, []).append(job)
    return [
        Stop(reason=reason, since=rows[0].last_run_at, jobs=", ".join(row.get_kind_display() for row in rows))
        for reason, rows in alike.items()
    ]


def _subject(channel: Channel, jobs: Sequence[ChannelJob], unread: Unread) -> str:
    if jobs:
        return f"{channel.seller.name}: {channel.name} stopped and waits for you"
    orders = "1 order" if unread.count == 1 else f"{unread.count:,} orders"
    return f"{channel.seller.name}: {orders} of {channel.name} could not be read"


def _text(channel: Channel, stops: list[Stop], unread: Unread, site: str, member: Membership) -> str:
    slug = channel.seller.slug
    context = {
        "channel": channel,
        "seller": channel.seller,
        "stops": stops,
        "unread": unread,
        "member": member,
        "site": site,
        "account": f"{reverse('channel_settings', args=[slug, channel.public_id])}#account",
        "activity": f"{reverse('activity', args=[slug])}?channel={channel.public_id}",
        "orders": reverse("raw_orders", args=[slug]),
        "choice": reverse("notifications", args=[slug]),
    }
    return render_to_string("channels_app/mail/stop.txt", context)

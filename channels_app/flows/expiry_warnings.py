"""Letters before credentials expire: at 30, 7 and 1 days, and once they have; each once, however often one looks."""

from datetime import date, datetime, timedelta
from functools import partial

from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from channels_app.flows.expiry import Expiry, expiry_of, may_expire_soon
from channels_app.models import Channel, ExpiryWarning
from inventory.mail import known_site, write_apart
from inventory.models import Membership
from inventory.wishes import WarnedOf, write_warnings

#: Which warning -> for so long a letter that could not be sent still says something: the next one comes then.
_USEFUL_FOR = {30: timedelta(days=20), 7: timedelta(days=5), 1: timedelta(days=2), 0: timedelta(days=14)}
#: Channels that one call warns of; the next tick goes on.
_AT_ONCE = 500


def write_due(*, now: datetime) -> list[int]:
    """Write the warnings whose time has come. Returns the letters to send; safe to run twice."""
    return write_apart(_due(now), partial(_warn, now=now))


def _due(now: datetime) -> list[int]:
    """Return the channels of which people are to be warned and were not."""
    rows = list(may_expire_soon(now=now).select_related("seller").order_by("pk"))
    given = set(
        ExpiryWarning.objects.filter(channel__in=rows).values_list("channel_id", "expires_on", "days_ahead"),
    )
    return [row.pk for row in rows if _is_new(row.pk, expiry_of(row, now=now), given)][:_AT_ONCE]


def _is_new(channel_id: int, expiry: Expiry | None, given: set[tuple[int, date, int]]) -> bool:
    if expiry is None or expiry.threshold is None:
        return False
    return (channel_id, expiry.day, expiry.threshold) not in given


def _warn(channel_id: int, *, now: datetime) -> list[int]:
    """Write the warning and its letters, in one commit, of the row as it stands: its credentials may be new by now.

    Only the nearest warning is given: what a beat that was away has missed says nothing any more.
    """
    with transaction.atomic():
        row = Channel.objects.select_for_update(no_key=True, of=("self",)).select_related("seller").get(pk=channel_id)
        expiry = expiry_of(row, now=now)
        if not row.is_running or expiry is None or expiry.threshold is None:
            return []
        of_this_day = ExpiryWarning.objects.filter(channel=row, expires_on=expiry.day)
        if of_this_day.filter(days_ahead__lte=expiry.threshold).exists():
            return []
        letters = write_warnings(
            row.seller,
            WarnedOf.EXPIRY,
            subject=_subject(row, expiry),
            text=partial(_text, row, expiry, known_site(row.seller)),
            now=now,
            useful_for=_USEFUL_FOR[expiry.threshold],
        )
        ExpiryWarning.objects.create(
            channel=row,
            expires_on=expiry.day,
            days_ahead=expiry.threshold,
            warned_at=now,
            letters=len(letters),
        )
    return [mail.pk for mail in letters]


def _subject(channel: Channel, expiry: Expiry) -> str:
    return f"{channel.seller.name}: the credentials of {channel.name} {expiry.words}"


def _text(channel: Channel, expiry: Expiry, site: str, member: Membership) -> str:
    place = reverse("channel_settings", args=[channel.seller.slug, channel.public_id])
    context = {
        "channel": channel,
        "seller": channel.seller,
        "expiry": expiry,
        "member": member,
        "link": f"{site}{place}#account" if site else "",
        "choice_link": f"{site}{reverse('notifications', args=[channel.seller.slug])}" if site else "",
    }
    return render_to_string("channels_app/mail/expiry.txt", context)

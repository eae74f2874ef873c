"""Letters before credentials expire: at 30, 7 and 1 days, and once they have; each once, however often one looks."""

from datetime import date, datetime, timedelta
from functools import partial

from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from channels_app.flows.expiry import Expiry, expiry_of, may_expire_soon
from channels_app.models import Channel, ExpiryWarning
from inventory.letters import Worded, note_apart, word_due
from inventory.mail import known_site
from inventory.models import Mail, Membership
from inventory.wishes import WarnedOf, note_warnings

#: Which warning -> for so long a letter that could not be sent still says something: the next one comes then.
_USEFUL_FOR = {30: timedelta(days=20), 7: timedelta(days=5), 1: timedelta(days=2), 0: timedelta(days=14)}


def write_due(*, now: datetime) -> list[int]:
    """Write the warnings whose time has come. Returns the letters to send; safe to run twice."""
    note_apart(_due(now), partial(_note, now=now))
    return word_due(Mail.Unworded.EXPIRY, partial(_word, now=now), now=now)


def _due(now: datetime) -> list[int]:
    """Return the channels of which people are to be warned and were not."""
    rows = list(may_expire_soon(now=now).select_related("seller").order_by("pk"))
    given = set(
        ExpiryWarning.objects.filter(channel__in=rows).values_list("channel_id", "expires_on", "days_ahead"),
    )
    return [row.pk for row in rows if _is_new(row.pk, expiry_of(row, now=now), given)]


def _is_new(channel_id: int, expiry: Expiry | None, given: set[tuple[int, date, int]]) -> bool:
    if expiry is None or expiry.threshold is None:
        return False
    return (channel_id, expiry.day, expiry.threshold) not in given


def _note(channel_id: int, *, now: datetime) -> None:
    """Write the warning, and its letters to be worded, in one commit, of the row as it stands.

    Only the nearest warning is given: what a beat that was away has missed says nothing any more.
    """
    with transaction.atomic():
        row = Channel.objects.select_for_update(no_key=True, of=("self",)).select_related("seller").get(pk=channel_id)
        expiry = expiry_of(row, now=now)
        if not row.is_running or expiry is None or expiry.threshold is None:
            return
        of_this_day = ExpiryWarning.objects.filter(channel=row, expires_on=expiry.day)
        if of_this_day.filter(days_ahead__lte=expiry.threshold).exists():
            return
        useful_for = _USEFUL_FOR[expiry.threshold]
        letters = note_warnings(row.seller, WarnedOf.EXPIRY, {"channel": row.pk}, now=now, useful_for=useful_for)
        ExpiryWarning.objects.create(
            channel=row,
            expires_on=expiry.day,
            days_ahead=expiry.threshold,
            warned_at=now,
            letters=len(letters),
        )


def _word(mail: Mail, *, now: datetime) -> Worded | None:
    """Return the letter to this member, of the channel as it stands: its credentials may be new by now."""
    row = Channel.objects.select_related("seller").get(pk=mail.told["channel"])
    expiry = expiry_of(row, now=now)
    if not (row.is_running and expiry and expiry.threshold is not None and mail.membership):
        return None
    text = _text(row, expiry, known_site(row.seller), mail.membership)
    return Worded(subject=_subject(row, expiry), text=text)


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

"""Letters before credentials expire: at 30, 7 and 1 days, and once they have; each once, however often one looks."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse

from channels_app.flows.expiry import Expiry, expiry_of, may_expire_soon
from channels_app.models import Channel, ExpiryWarning
from inventory.mail import address_of, known_site
from inventory.models import Mail, Membership, Role, Seller, WarningChoice

#: Which warning -> for so long a letter that could not be sent still says something: the next one comes then.
_USEFUL_FOR = {30: timedelta(days=20), 7: timedelta(days=5), 1: timedelta(days=2), 0: timedelta(days=14)}
#: Channels that one call warns of; the next tick goes on.
_AT_ONCE = 500


def is_warned(membership: Membership) -> bool:
    """Say whether this member gets these letters: as they chose, else owners do."""
    choice = WarningChoice.objects.filter(membership=membership).first()
    return choice.of_expiry if choice else membership.is_owner


def choose(membership: Membership, of_expiry: bool, *, site: str) -> None:
    """The member gets these letters from now on, or does not."""
    defaults = {"of_expiry": of_expiry, "site": site}
    WarningChoice.objects.update_or_create(membership=membership, defaults=defaults)


def write_due(*, now: datetime) -> list[int]:
    """Write the warnings whose time has come. Returns the letters to send; safe to run twice."""
    return [mail_id for channel in _due(now) for mail_id in _warn(channel, now=now)]


def _due(now: datetime) -> list[Channel]:
    """Return the channels of which people are to be warned and were not."""
    rows = list(may_expire_soon(now=now).select_related("seller").order_by("pk"))
    given = set(
        ExpiryWarning.objects.filter(channel__in=rows).values_list("channel_id", "expires_on", "days_ahead"),
    )
    return [row for row in rows if _is_new(row.pk, expiry_of(row, now=now), given)][:_AT_ONCE]


def _is_new(channel_id: int, expiry: Expiry | None, given: set[tuple[int, date, int]]) -> bool:
    if expiry is None or expiry.threshold is None:
        return False
    return (channel_id, expiry.day, expiry.threshold) not in given


def _warn(channel: Channel, *, now: datetime) -> list[int]:
    """Write the warning and its letters, in one commit, of the row as it stands: its credentials may be new by now.

    Only the nearest warning is given: what a beat that was away has missed says nothing any more.
    """
    with transaction.atomic():
        row = Channel.objects.select_for_update(no_key=True, of=("self",)).select_related("seller").get(pk=channel.pk)
        expiry = expiry_of(row, now=now)
        if not row.is_running or expiry is None or expiry.threshold is None:
            return []
        of_this_day = ExpiryWarning.objects.filter(channel=row, expires_on=expiry.day)
        if of_this_day.filter(days_ahead__lte=expiry.threshold).exists():
            return []
        letters = Mail.objects.bulk_create(_letters(row, expiry, now=now))
        ExpiryWarning.objects.create(
            channel=row,
            expires_on=expiry.day,
            days_ahead=expiry.threshold,
            warned_at=now,
            letters=len(letters),
        )
    return [mail.pk for mail in letters]


def _wanting(seller: Seller) -> QuerySet[Membership]:
    is_warned = Q(warning_choice__of_expiry=True) | Q(warning_choice=None, role=Role.OWNER)
    members = Membership.objects.filter(is_warned, seller=seller, user__is_active=True)
    return members.select_related("user", "seller").order_by("pk")


def _letters(channel: Channel, expiry: Expiry, *, now: datetime) -> Iterator[Mail]:
    seller, site = channel.seller, known_site(channel.seller)
    assert expiry.threshold is not None
    for member in _wanting(seller):
        if not (to := address_of(member)):
            continue
        yield Mail(
            seller=seller,
            to=to,
            subject=f"{seller.name}: the credentials of {channel.name} {expiry.words}"[:300],
            text=_text(channel, expiry, member, site),
            created_at=now,
            next_try_at=now,
            expires_at=now + _USEFUL_FOR[expiry.threshold],
        )


def _text(channel: Channel, expiry: Expiry, member: Membership, site: str) -> str:
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

"""The daily letter: what waits for a person at a seller, at the hour that a member chose, if anything does."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.template.loader import render_to_string

from channels_app.flows.troubles import About, Trouble, troubles_of, with_job_counts
from inventory.letters import AT_ONCE, Worded, note_apart, note_letter, word_due
from inventory.mail import known_site
from inventory.models import DigestChoice, DigestDay, Mail, Seller
from marketplace_integration import clock

#: What the letter tells; what mends itself, what a person is at already, and what has weeks of time stays on Home.
TOLD = {About.STOPPED, About.HELD, About.REFUSED, About.LATE, About.ORDERS, About.UNEXPLAINED, About.EXPIRY}
#: A letter that could not be sent for so long says nothing new any more.
_USEFUL_FOR = timedelta(hours=20)


def digest_of(seller: Seller, *, now: datetime) -> list[Trouble]:
    """Return what a letter of this moment would tell."""
    troubles = troubles_of(seller, with_job_counts(seller), now=now)
    return [trouble for trouble in troubles if trouble.about in TOLD]


def write_due(*, now: datetime) -> list[int]:
    """Write the letters whose hour has come, each member's once a day. Returns those to send; safe to run twice."""
    note_apart(_due(now), partial(_note, now=now))
    told: dict[int, list[Trouble]] = {}

    def word(mail: Mail) -> Worded | None:
        assert mail.membership is not None  # a letter that is to be worded is to a member
        seller = mail.membership.seller
        if seller.pk not in told:
            told[seller.pk] = digest_of(seller, now=now)
        return _word(mail, seller, told[seller.pk], now=now)

    return word_due(Mail.Unworded.DIGEST, word, now=now)


def _due(now: datetime) -> Iterator[tuple[DigestChoice, date]]:
    """Yield whose hour has come and whose day nobody has looked at, with that day."""
    wanted = Seller.objects.filter(memberships__digest_choice__isnull=False)
    for name in wanted.values_list("time_zone", flat=True).distinct():
        local = now.astimezone(clock.zone(name))
        for choice in _due_in(name, local)[:AT_ONCE]:
            yield choice, local.date()


def _due_in(time_zone: str, local: datetime) -> QuerySet[DigestChoice]:
    is_looked_at = Exists(DigestDay.objects.filter(membership=OuterRef("membership"), day=local.date()))
    return (
        DigestChoice.objects.filter(
            ~Q(is_looked_at),
            membership__seller__time_zone=time_zone,
            membership__user__is_active=True,
            hour__lte=local.hour,
            first_day__lte=local.date(),
        )
        .select_related("membership__seller", "membership__user")
        .order_by("membership__seller_id", "pk")
    )


def _note(due: tuple[DigestChoice, date], *, now: datetime) -> None:
    """The day is looked at: its letter is to be worded, unless somebody noted it before."""
    choice, day = due
    with transaction.atomic():
        _, is_first = DigestDay.objects.get_or_create(membership=choice.membership, day=day)
        told = {"day": day.isoformat()}
        letter = note_letter(Mail.Unworded.DIGEST, choice.membership, told, now=now, useful_for=_USEFUL_FOR)
        if is_first and letter:
            letter.save()


def _word(mail: Mail, seller: Seller, told: list[Trouble], *, now: datetime) -> Worded | None:
    """Return the letter of this member's day if there is something to tell and they still want it."""
    choice = DigestChoice.objects.filter(membership=mail.membership).first()
    if choice is None or not told:
        return None
    DigestDay.objects.filter(membership=mail.membership, day=mail.told["day"]).update(things=len(told))
    things = "1 thing waits" if len(told) == 1 else f"{len(told)} things wait"
    return Worded(subject=f"{seller.name}: {things} for you", text=_text(seller, choice, told, now))


def _text(seller: Seller, choice: DigestChoice, told: list[Trouble], at: datetime) -> str:
    site = choice.site or known_site(seller)
    context = {"choice": choice, "site": site, "seller": seller, "troubles": told, "at": at}
    return render_to_string("channels_app/mail/digest.txt", context)

"""The daily letter: what waits for a person at a seller, at the hour that a member chose, if anything does."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.template.loader import render_to_string

from channels_app.flows.troubles import About, Trouble, troubles_of, with_job_counts
from inventory.mail import address_of, known_site, write_apart
from inventory.models import DigestChoice, DigestDay, Mail, Seller
from marketplace_integration import clock

#: What the letter tells; what mends itself, what a person is at already, and what has weeks of time stays on Home.
TOLD = {About.STOPPED, About.HELD, About.REFUSED, About.LATE, About.ORDERS, About.UNEXPLAINED, About.EXPIRY}
#: A letter that could not be sent for so long says nothing new any more.
_USEFUL_FOR = timedelta(hours=20)
#: Letters that one call writes; the next tick goes on.
_AT_ONCE = 500


def digest_of(seller: Seller, *, now: datetime) -> list[Trouble]:
    """Return what a letter of this moment would tell."""
    troubles = troubles_of(seller, with_job_counts(seller), now=now)
    return [trouble for trouble in troubles if trouble.about in TOLD]


def write_due(*, now: datetime) -> list[int]:
    """Write the letters whose hour has come, each member's once a day. Returns those to send; safe to run twice."""
    told: dict[int, list[Trouble]] = {}

    def write(due: tuple[DigestChoice, datetime]) -> list[int]:
        choice, local = due
        seller = choice.membership.seller
        if seller.pk not in told:
            told[seller.pk] = digest_of(seller, now=now)
        mail = _write(choice, told[seller.pk], local=local, now=now)
        return [mail.pk] if mail else []

    return write_apart(_due(now), write)


def _due(now: datetime) -> Iterator[tuple[DigestChoice, datetime]]:
    """Yield whose hour has come and whose day nobody has looked at, with the time at the seller."""
    left = _AT_ONCE
    wanted = Seller.objects.filter(memberships__digest_choice__isnull=False)
    for name in wanted.values_list("time_zone", flat=True).distinct():
        local = now.astimezone(clock.zone(name))
        for choice in _due_in(name, local)[:left]:
            left -= 1
            yield choice, local


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


def _write(choice: DigestChoice, told: list[Trouble], *, local: datetime, now: datetime) -> Mail | None:
    """The day was looked at; return the letter if there is something to tell and nobody wrote it before."""
    to = address_of(choice.membership)
    with transaction.atomic():
        _, is_first = DigestDay.objects.get_or_create(
            membership=choice.membership, day=local.date(), defaults={"things": len(told)}
        )
        if not (is_first and told and to):
            return None
        seller = choice.membership.seller
        things = "1 thing waits" if len(told) == 1 else f"{len(told)} things wait"
        return Mail.objects.create(
            seller=seller,
            to=to,
            subject=f"{seller.name}: {things} for you",
            text=_text(choice, told, local),
            created_at=now,
            next_try_at=now,
            expires_at=now + _USEFUL_FOR,
        )


def _text(choice: DigestChoice, told: list[Trouble], local: datetime) -> str:
    seller = choice.membership.seller
    site = choice.site or known_site(seller)
    context = {"choice": choice, "site": site, "seller": seller, "troubles": told, "at": local}
    return render_to_string("channels_app/mail/digest.txt", context)

"""What a member wants to hear by e-mail: as they chose, else owners are warned of what goes wrong."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Q, QuerySet

from inventory.letters import note_letter
from inventory.models import DigestChoice, Mail, Membership, Role, Seller, WarningChoice
from marketplace_integration import clock

#: The hour of the daily letter that new owners get until they choose another, or none.
_FIRST_HOUR = 8


class WarnedOf(StrEnum):
    """What one is warned of: the field of WarningChoice that says so."""

    EXPIRY = "of_expiry"
    STOPS = "of_stops"


def warnings_of(membership: Membership) -> dict[str, bool]:
    """Return of what this member is warned."""
    choice = WarningChoice.objects.filter(membership=membership).first()
    return {str(of): bool(getattr(choice, of)) if choice else membership.is_owner for of in WarnedOf}


def choose_warnings(membership: Membership, *, of_expiry: bool, of_stops: bool, site: str) -> None:
    """The member is warned of these from now on, and of nothing else."""
    chosen = {"of_expiry": of_expiry, "of_stops": of_stops, "site": site}
    WarningChoice.objects.update_or_create(membership=membership, defaults=chosen)


def welcome(membership: Membership, *, site: str, now: datetime) -> None:
    """Somebody new is on a team: an owner gets the daily letter. `site` may be empty, where no browser told it."""
    if membership.is_owner:
        choose_daily(membership, _FIRST_HOUR, site=site, now=now)


def choose_daily(membership: Membership, hour: int | None, *, site: str, now: datetime) -> None:
    """The member gets the daily letter at this hour from now on, or none."""
    if hour is None:
        DigestChoice.objects.filter(membership=membership).delete()
        return
    local = now.astimezone(clock.zone(membership.seller.time_zone))
    first_day = local.date() + timedelta(days=1 if local.hour >= hour else 0)
    DigestChoice.objects.update_or_create(
        membership=membership, defaults={"hour": hour, "first_day": first_day, "site": site}
    )


def note_warnings(
    seller: Seller, of: WarnedOf, told: dict[str, Any], *, now: datetime, useful_for: timedelta
) -> list[Mail]:
    """Store a letter, to be worded, for each member who is warned and has an address. Returns them."""
    kind = {WarnedOf.EXPIRY: Mail.Unworded.EXPIRY, WarnedOf.STOPS: Mail.Unworded.STOP}[of]
    letters = [note_letter(kind, member, told, now=now, useful_for=useful_for) for member in _warned(seller, of)]
    return Mail.objects.bulk_create(letter for letter in letters if letter)


def _warned(seller: Seller, of: WarnedOf) -> QuerySet[Membership]:
    is_on = Q(**{f"warning_choice__{of}": True}) | Q(warning_choice=None, role=Role.OWNER)
    members = Membership.objects.filter(is_on, seller=seller, user__is_active=True)
    return members.select_related("user", "seller").order_by("pk")

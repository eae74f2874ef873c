"""Support as the inventory knows it: who it is, and its visits to sellers' pages, read-only and on record."""

from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.db import transaction

from inventory.models import Membership, Seller, SupportVisit

#: Whoever may steer channels may look at what they list. Named, not imported: the app above defines it.
SUPPORT_PERMISSION = "channels_app.support_channels"

#: Minutes that a visit may take; the first is what is offered.
MINUTES = (15, 30, 60)


class CannotVisit(Exception):
    """There is nothing to begin; the words are for the person who tried."""


def is_support(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Say whether `user` is staff with the permission to steer sellers' channels."""
    return bool(getattr(user, "is_staff", False) and getattr(user, "has_perm", _no_permission)(SUPPORT_PERMISSION))


def _no_permission(permission: str) -> bool:
    return False


def find_visit(seller: Seller, staff: User, *, now: datetime) -> SupportVisit | None:
    """Return the visit that lets `staff` look at the seller's pages now, for as long as they are support."""
    return SupportVisit.objects.filter(seller=seller, staff=staff, ended_at=None, ends_at__gt=now).first()


def start_visit(seller: Seller, *, staff: User, reason: str, minutes: int, now: datetime) -> SupportVisit:
    """`staff` may look at the seller's pages for so long; the seller reads why.

    Raises CannotVisit for who is not support or belongs to the team, and for a second visit at a time.
    """
    if minutes not in MINUTES or not is_support(staff):
        raise CannotVisit("This is for support, and for 60 minutes at most.")
    with transaction.atomic():
        Seller.objects.select_for_update(no_key=True).get(pk=seller.pk)
        if Membership.objects.filter(seller=seller, user=staff).exists():
            raise CannotVisit(f"You are on the team of {seller}: open its pages as a member.")
        if find_visit(seller, staff, now=now):
            raise CannotVisit(f"You are looking at {seller} already.")
        for over in SupportVisit.objects.filter(seller=seller, staff=staff, ended_at=None):
            end_visit(over, now=now)
        return SupportVisit.objects.create(
            seller=seller,
            staff=staff,
            who=staff.get_username(),
            reason=reason,
            started_at=now,
            ends_at=now + timedelta(minutes=minutes),
        )


def end_visit(visit: SupportVisit, *, now: datetime) -> None:
    """The visit is over, by its clock if that was earlier; what is over stays as it is."""
    SupportVisit.objects.filter(pk=visit.pk, ended_at=None).update(ended_at=min(now, visit.ends_at))

"""The tenant and the people who may act for it."""

from typing import TYPE_CHECKING, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser


class Role(models.TextChoices):
    OWNER = "owner", "Owner"
    MANAGER = "manager", "Manager"
    VIEWER = "viewer", "Viewer"


class SellerQuerySet(models.QuerySet["Seller"]):
    def of(self, user: "AbstractBaseUser | AnonymousUser") -> Self:
        """Keep the sellers that `user` is a member of: every page starts from here."""
        return self.filter(memberships__user_id=user.pk)


class Seller(models.Model):
    """One tenant: a business with one inventory."""

    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=80, unique=True)
    #: IANA name; pages show times in it.
    time_zone = models.CharField(max_length=64, default="UTC")
    #: ISO 4217; the currency of item prices.
    currency = models.CharField(max_length=3, default="USD")
    #: Nobody works for the seller without two-step sign-in since then, by real time; None: it is each member's choice.
    second_step_required_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField()

    objects = SellerQuerySet.as_manager()

    def clean(self) -> None:
        """Raises ValidationError for a zone that nobody knows: pages could not tell the time."""
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValidationError({"time_zone": "Write it like Europe/Berlin."}) from None

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """What one user may do for one seller."""

    seller = models.ForeignKey(Seller, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "seller"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()} of {self.seller}"

    #: Files with buyers' or the catalogue's data.
    can_take_away = True
    is_visit = False

    @property
    def can_manage(self) -> bool:
        """Everything but team, credentials and deactivation."""
        return self.role in (Role.OWNER, Role.MANAGER)

    @property
    def is_owner(self) -> bool:
        return self.role == Role.OWNER

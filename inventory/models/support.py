"""Support looks at a seller's pages: who, why, and for how long."""

from datetime import datetime
from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from inventory.models.seller import Role, Seller

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class SupportVisit(models.Model):
    """Staff may look at a seller's pages until this ends, under their own name. The record outlives accounts.

    It stands where a membership would stand on a request, and allows less than any of them.
    """

    seller = models.ForeignKey(Seller, on_delete=models.CASCADE, related_name="support_visits", db_index=False)
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    who = models.CharField(max_length=150)
    #: The seller reads it.
    reason = models.TextField(max_length=500)
    started_at = models.DateTimeField()
    #: By the clock.
    ends_at = models.DateTimeField()
    #: By hand, before the clock; or noted late, by the visit that followed.
    ended_at = models.DateTimeField(null=True, blank=True)

    role = Role.VIEWER
    can_manage = False
    is_owner = False
    can_take_away = False
    is_visit = True

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["seller", "staff"], condition=Q(ended_at=None), name="support_visit_once"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("started_at")), name="support_visit_ends"),
        ]
        indexes = [models.Index(fields=["seller", "-id"], name="support_visit_by_seller")]

    def __str__(self) -> str:
        return f"{self.who} at {self.seller}"

    def get_role_display(self) -> str:
        return "Support, read-only, at the pages"

    @property
    def user(self) -> "User":
        """Who looks, as a membership calls it."""
        return cast("User", self.staff)

    @property
    def user_id(self) -> int | None:
        return self.staff_id

    @property
    def until(self) -> datetime:
        """When it ended, or will."""
        return self.ends_at if self.ended_at is None else self.ended_at

    def is_open(self, now: datetime) -> bool:
        return self.ended_at is None and now < self.ends_at

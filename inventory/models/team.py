"""How people come to a team and leave it: invitations, and the record of every change."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from inventory.models.fields import public_id_field
from inventory.models.seller import Role, Seller


class Invitation(models.Model):
    """Somebody was asked to join a seller's team. Open until it is accepted, withdrawn or too old."""

    seller = models.ForeignKey(Seller, on_delete=models.CASCADE, related_name="invitations")
    public_id = public_id_field()
    #: In small letters: whoever accepts must have this address.
    email = models.EmailField(max_length=150)
    role = models.CharField(max_length=10, choices=Role.choices)
    #: Part of what the link is made of; another one each time it is sent, so that older links end.
    nonce = models.UUIDField()
    #: The site as the inviting browser knew it, for the link: "https://shop.example.com".
    site = models.CharField(max_length=300)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["seller", "email"],
                condition=models.Q(accepted_at=None, withdrawn_at=None),
                name="invitation_waiting_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.email} · {self.get_role_display()} of {self.seller}"

    def is_open(self, now: datetime) -> bool:
        return self.accepted_at is None and self.withdrawn_at is None and now < self.expires_at

    @property
    def token(self) -> str:
        """What only the invited person has: a keyed hash, so that the database alone opens no door."""
        made_of = f"{self.public_id}:{self.nonce}:{self.email}"
        return salted_hmac("inventory.invitation", made_of, algorithm="sha256").hexdigest()

    def knows(self, token: str) -> bool:
        return constant_time_compare(self.token, token)

    @property
    def link(self) -> str:
        return self.site + reverse("invitation_link", args=[self.public_id, self.token])


class TeamChange(models.Model):
    """Who did what to a team. Names are kept as they were: the record outlives accounts."""

    class What(models.TextChoices):
        INVITED = "invited", "invited"
        INVITED_AGAIN = "invited_again", "sent the invitation again"
        WITHDREW = "withdrew", "withdrew the invitation"
        JOINED = "joined", "joined"
        ADDED = "added", "added"
        ROLE = "role", "changed the role"
        REMOVED = "removed", "removed"
        SECOND_STEP_RESET = "second_step_reset", "switched off two-step sign-in"
        SECOND_STEP_REQUIRED = "second_step_required", "required two-step sign-in"
        SECOND_STEP_FREE = "second_step_free", "left two-step sign-in to each member"

    seller = models.ForeignKey(Seller, on_delete=models.CASCADE, related_name="team_changes", db_index=False)
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    who = models.CharField(max_length=150)
    what = models.CharField(max_length=20, choices=What.choices)
    #: Empty for what is about everybody.
    whom = models.CharField(max_length=150, blank=True)
    before = models.CharField(max_length=10, choices=Role.choices, blank=True)
    after = models.CharField(max_length=10, choices=Role.choices, blank=True)
    #: Of support, which says why.
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [models.Index(fields=["seller", "-id"], name="team_change_by_seller")]

    def __str__(self) -> str:
        return f"{self.who} {self.get_what_display()} {self.whom}".rstrip()

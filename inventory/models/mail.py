"""E-mail on its way out."""

from django.db import models

from inventory.models.seller import Membership, Seller
from inventory.models.team import Invitation


class Mail(models.Model):
    """One e-mail: this row is the truth, the task that sends it only a nudge."""

    class Unworded(models.TextChoices):
        DIGEST = "digest", "The daily letter"
        STOP = "stop", "A channel has stopped"
        EXPIRY = "expiry", "Credentials expire"

    #: None for what is between an account and the site, whichever sellers it works for.
    seller = models.ForeignKey(Seller, null=True, blank=True, on_delete=models.CASCADE, related_name="mails")
    #: Whom it is worded for. NULL: an invitation, somebody who left, or an account.
    membership = models.ForeignKey(Membership, null=True, blank=True, on_delete=models.SET_NULL, related_name="mails")
    to = models.EmailField()
    subject = models.CharField(max_length=300)
    #: Empty for an invitation: its text is made as it leaves, so that no row holds the link.
    text = models.TextField(blank=True)
    #: Which letter it is as long as it is not put together; empty: it is, or needs no more than it has.
    unworded = models.CharField(max_length=10, choices=Unworded.choices, blank=True, default="")
    #: What an unworded one is about, for the code that words it.
    told = models.JSONField(default=dict, blank=True)
    invitation = models.ForeignKey(Invitation, null=True, blank=True, on_delete=models.CASCADE, related_name="mails")
    created_at = models.DateTimeField()
    #: Not sent after this: it would be of no use.
    expires_at = models.DateTimeField()
    next_try_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["next_try_at"], name="mail_waiting", condition=models.Q(sent_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.subject} to {self.to}"

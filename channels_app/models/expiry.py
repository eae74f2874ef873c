"""Warnings before credentials expire: each is given once."""

from django.db import models

from channels_app.models.channel import Channel


class ExpiryWarning(models.Model):
    """People were warned of this: whoever writes this row writes the letters, and nobody else does."""

    #: No index of its own: the unique one serves.
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="expiry_warnings", db_index=False)
    #: The last day of the credentials, on the seller's calendar.
    expires_on = models.DateField()
    #: Which of the warnings: 30, 7 or 1 days ahead; 0: they have expired.
    days_ahead = models.PositiveSmallIntegerField()
    warned_at = models.DateTimeField()
    #: How many letters it became: of those who want them.
    letters = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "expires_on", "days_ahead"], name="expiry_warning_once")
        ]

    def __str__(self) -> str:
        return f"{self.channel_id}: {self.expires_on}, {self.days_ahead} days ahead"

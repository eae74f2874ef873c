"""Causes of refusals that nobody will mend now."""

from django.conf import settings
from django.db import models

from channels_app.models.channel import Channel


class PutOff(models.Model):
    """A cause is put off until a moment; sooner if it has grown, see flows/put_off.py."""

    #: No index of its own: the unique one serves.
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="put_off", db_index=False)
    cause = models.CharField(max_length=32)
    #: How many SKUs it had then, as far as an issue counts them.
    skus = models.PositiveIntegerField()
    until = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)

    class Meta:
        verbose_name_plural = "put off"
        constraints = [models.UniqueConstraint(fields=["channel", "cause"], name="put_off_once")]

    def __str__(self) -> str:
        return f"{self.cause} on {self.channel_id} until {self.until}"

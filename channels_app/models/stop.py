"""Letters when a channel stops: each cause is told once, until the channel goes on."""

from django.db import models

from channels_app.models.channel import Channel


class StopWarning(models.Model):
    """People were told of this: whoever writes this row writes the letters, and nobody else does."""

    #: No index of its own: that on (channel, told_at) serves.
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="stop_warnings", db_index=False)
    #: The reason without what differs each time, such as numbers. Empty: orders that could not be read.
    cause = models.CharField(max_length=300)
    told_at = models.DateTimeField()
    #: The channel went on: stopped by the same cause later, it is told again. Orders say themselves what was told.
    ended_at = models.DateTimeField(null=True, blank=True)
    #: How many letters it became: of those who want them.
    letters = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "cause"], condition=models.Q(ended_at=None), name="stop_warning_once"
            )
        ]
        indexes = [models.Index(fields=["channel", "-told_at"], name="stop_warning_latest")]

    def __str__(self) -> str:
        return f"{self.channel_id}: {self.cause or 'unread orders'}"

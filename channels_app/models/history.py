"""Who changed what on a channel, and what sellers ask support to change."""

from django.conf import settings
from django.db import models

from channels_app.models.channel import Channel


class ChannelHistory(models.Model):
    """One setting or transition: who, when, before, after, why. Never edited."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="history")
    #: NULL: the system (the clock promoted it).
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    at = models.DateTimeField()
    #: e.g. "state", "listings_on", "label", "quantity", "price", "account", "brake".
    what = models.CharField(max_length=40)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.TextField(blank=True, default="")

    class Meta:
        verbose_name_plural = "channel history"
        indexes = [models.Index(fields=["channel", "-id"], name="history_by_channel")]

    def __str__(self) -> str:
        return f"{self.what} of {self.channel_id}"


class ChangeRequest(models.Model):
    """What the seller may not do on a Live channel and asks support for."""

    class State(models.TextChoices):
        OPEN = "open", "Waiting for support"
        APPLIED = "applied", "Done"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Withdrawn"

    class What(models.TextChoices):
        LISTINGS_ON = "listings_on", "Switch on Listings"
        LISTINGS_OFF = "listings_off", "Switch off Listings"
        RECONCILER_OFF = "reconciler_off", "Switch off Reconciler"
        ORDERS_ON = "orders_on", "Switch on Orders"
        ORDERS_OFF = "orders_off", "Switch off Orders"
        FULFILLMENTS_OFF = "fulfillments_off", "Switch off Fulfillments"
        BACK_TO_TESTING = "back_to_testing", "Go back to Testing"
        DEACTIVATE = "deactivate", "Deactivate the channel"

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="change_requests")
    what = models.CharField(max_length=20, choices=What.choices)
    reason = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="change_requests"
    )
    created_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    #: What support answered.
    answer = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "what"], condition=models.Q(state="open"), name="one_open_request_of_a_kind"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_what_display()}: {self.get_state_display()}"

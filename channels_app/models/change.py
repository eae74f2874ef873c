"""What is still to be looked at for a channel: filled by the fan-out, emptied by the feed."""

from django.db import models

from channels_app.models.channel import Channel


class PendingChange(models.Model):
    """One SKU of one channel that may need sending. A newer change raises `version`: a feed settles what it saw."""

    class Urgency(models.IntegerChoices):
        """The order in which a feed takes them."""

        TO_ZERO = 0
        FELL = 1
        ROSE = 2
        PRICE = 3
        WITHDRAW = 4
        CONTENT = 5
        NEW = 6

    #: No index of its own: the unique one on (channel, SKU) serves.
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="pending_changes", db_index=False)
    sku = models.CharField(max_length=100)
    item_id = models.BigIntegerField(null=True)
    #: Bit set of inventory's ItemChange.Change.
    kinds = models.SmallIntegerField(default=0)
    urgency = models.SmallIntegerField(choices=Urgency.choices, default=Urgency.CONTENT)
    version = models.BigIntegerField(default=1)
    #: A withdrawal that the brake holds until a person decides.
    held = models.BooleanField(default=False)
    #: Business time before which the feed leaves it alone (a rise that waits for orders, a try-again).
    not_before = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "sku"], name="pending_change_once")]
        indexes = [
            models.Index(fields=["channel", "urgency", "id"], condition=models.Q(held=False), name="pending_due"),
            # Pages ask for what the brake holds, mostly nothing, beside many that wait; a feed writes nothing into it.
            models.Index(fields=["channel"], condition=models.Q(held=True), name="pending_held"),
        ]

    def __str__(self) -> str:
        return f"{self.sku} on {self.channel_id} (version {self.version})"


class ChannelWalk(models.Model):
    """A cause that touches a whole channel (activation, relabelling, a new rule), walked in keyset slices; or all that
    it lists of one of the seller's categories."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="walks")
    cause = models.CharField(max_length=40)
    #: The seller's category that is walked; empty: everything.
    category = models.CharField(max_length=200, blank=True, db_default="", default="")
    #: The last SKU done; everything above it is still to do.
    cursor = models.CharField(max_length=100, blank=True, default="")
    created_at = models.DateTimeField()
    #: When it had its turn last.
    advanced_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.cause} of {self.channel_id}"

"""One SKU on one channel: what was sent, what the channel confirmed, what it showed when last read."""

from django.db import models

from channels_app.models.cause import CAUSE
from channels_app.models.channel import Channel
from inventory.models import Item
from inventory.models.fields import money_field


class Listing(models.Model):
    """One SKU on one channel. `item` is NULL for a listing made elsewhere.

    `sent_*` is the newest of {open, confirmed}: what a feed compares with to see whether it would send anything new.
    A rejection sets it back to `confirmed_*` and remembers the refused value in `rejected_hash`.
    """

    class State(models.TextChoices):
        CREATING = "creating", "Being listed"
        LISTED = "listed", "Listed"
        ENDING = "ending", "Being ended"
        ENDED = "ended", "Ended"
        REJECTED = "rejected", "Refused"

    #: No index of its own: the unique one on (channel, SKU) serves.
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="listings", db_index=False)
    sku = models.CharField(max_length=100)
    item = models.ForeignKey(Item, on_delete=models.SET_NULL, null=True, blank=True, related_name="listings")
    state = models.CharField(max_length=10, choices=State.choices, default=State.CREATING)
    #: The channel's own number of the listing, where it gives one; the adapter's to read.
    remote_id = models.CharField(max_length=200, blank=True, db_default="")

    sent_price = money_field(null=True, blank=True)
    sent_quantity = models.IntegerField(null=True, blank=True)
    sent_content_hash = models.CharField(max_length=32, blank=True, default="")
    #: A withdrawal is the newest of {open, confirmed}.
    sent_withdrawn = models.BooleanField(default=False)
    confirmed_price = money_field(null=True, blank=True)
    confirmed_quantity = models.IntegerField(null=True, blank=True)
    confirmed_content_hash = models.CharField(max_length=32, blank=True, default="")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    #: payload_hash of the last refused line; the same is not sent again until something changes or a person asks.
    rejected_hash = models.CharField(max_length=32, blank=True, default="")
    rejected_code = models.CharField(max_length=100, blank=True, default="")
    rejected_reason = models.TextField(blank=True, default="")
    #: Since when it is refused for this reason; says nothing once it is not.
    rejected_at = models.DateTimeField(null=True, blank=True)
    #: Groups what is refused for the same reason, whatever SKU or value the marketplace names in it.
    cause = models.GeneratedField(expression=CAUSE, output_field=models.CharField(max_length=32), db_persist=True)
    #: Lines up to this number were sent before the channel last changed the quantity by itself: theirs is no longer so.
    recounted_line_id = models.BigIntegerField(db_default=0)
    #: When a line of this SKU was last sent or closed; the reconciler judges no quantity near it.
    last_line_at = models.DateTimeField(null=True, blank=True)

    #: What the reconciler last read, where that is not just what the channel had confirmed; see flows/shown.py.
    remote_price = money_field(null=True, blank=True)
    remote_quantity = models.IntegerField(null=True, blank=True)
    remote_active = models.BooleanField(null=True, blank=True)
    remote_as_of = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "sku"], name="listing_once")]
        indexes = [
            models.Index(fields=["channel", "state"], name="listing_by_state"),
            # With the state, since pages count apart those that buyers still see.
            models.Index(
                fields=["channel", "sku"],
                include=["state"],
                condition=~models.Q(rejected_hash=""),
                name="listing_refused",
            ),
            models.Index(
                fields=["channel", "cause", "sku"], condition=~models.Q(rejected_hash=""), name="listing_by_cause"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku} on {self.channel_id}"

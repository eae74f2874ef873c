"""What buyers send back, and what was decided about it."""

from django.conf import settings
from django.db import models

from channels_app.models.channel import Channel
from channels_app.models.order import Order, OrderLine


class Return(models.Model):
    """A buyer's return of goods from one order. `order` is NULL while that order is not here."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="returns", db_index=False)
    seller_id = models.BigIntegerField()
    remote_id = models.CharField(max_length=100)
    order_remote_id = models.CharField(max_length=100)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, null=True, blank=True, related_name="returns")
    requested_at = models.DateTimeField()
    imported_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "remote_id"], name="return_once")]
        indexes = [
            models.Index(
                fields=["channel", "order_remote_id"],
                condition=models.Q(order__isnull=True),
                name="return_without_order",
            )
        ]

    def __str__(self) -> str:
        return f"return {self.remote_id}"


class ReturnLine(models.Model):
    """What comes back of one order line. `decision` is empty until somebody decided, here or at the channel."""

    of_return = models.ForeignKey(Return, on_delete=models.CASCADE, related_name="lines", db_index=False)
    seller_id = models.BigIntegerField()
    remote_id = models.CharField(max_length=100)
    order_line = models.ForeignKey(
        OrderLine, on_delete=models.SET_NULL, null=True, blank=True, related_name="return_lines"
    )
    #: How the channel names the order line: its number there, SKU or GTIN, as far as it says.
    order_line_remote_id = models.CharField(max_length=100, blank=True, default="")
    sku = models.CharField(max_length=100, blank=True, default="")
    gtin = models.CharField(max_length=14, blank=True, default="")
    quantity = models.PositiveIntegerField()
    reason = models.TextField(blank=True, default="")
    comment = models.TextField(blank=True, default="")
    #: The channel's code of what was decided.
    decision = models.CharField(max_length=60, blank=True, default="")
    #: Set when it was decided here; the channel is told by a command.
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["of_return", "remote_id"], name="return_line_once")]
        indexes = [
            models.Index(fields=["seller_id"], condition=models.Q(decision=""), name="return_line_undecided"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.of_return_id}"

    @property
    def name(self) -> str:
        """What the seller knows it by."""
        return self.order_line.sku if self.order_line else self.sku or self.gtin or self.remote_id

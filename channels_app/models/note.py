"""What the seller's people write down about an order, for each other."""

from django.conf import settings
from django.db import models

from channels_app.models.order import Order


class OrderNote(models.Model):
    """One note. It goes with its order; neither the marketplace nor the buyer ever sees it."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    at = models.DateTimeField()
    text = models.TextField()

    def __str__(self) -> str:
        return f"note of {self.order_id}"

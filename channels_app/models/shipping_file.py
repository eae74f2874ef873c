"""Parcels that a seller brings as a CSV: the file, and what was made of each of its rows."""

from django.conf import settings
from django.db import models

from channels_app.models.order import Order
from inventory.models import Seller
from inventory.models.fields import public_id_field


class ShippingFile(models.Model):
    """One CSV of parcels: judged when it was brought, confirmed by a person, then recorded parcel by parcel."""

    class State(models.TextChoices):
        PREVIEW = "preview", "Waiting for you"
        CONFIRMED = "confirmed", "Being recorded"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Not recorded"

    seller = models.ForeignKey(Seller, on_delete=models.CASCADE, related_name="shipping_files", db_index=False)
    public_id = public_id_field()
    file_name = models.CharField(max_length=255)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PREVIEW)
    #: Starts since the last parcel; too many, and that parcel is set aside.
    attempts = models.SmallIntegerField(default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    confirmed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["seller", "-id"], name="shipping_file_newest"),
            models.Index(fields=["id"], condition=models.Q(state="confirmed"), name="shipping_file_waiting"),
        ]

    def __str__(self) -> str:
        return self.file_name


class ShippingRow(models.Model):
    """One row of the file. Rows of one parcel bear its number and are recorded together or not at all."""

    class State(models.TextChoices):
        READY = "ready", "To be shipped"
        WRONG = "wrong", "To mend"
        KNOWN = "known", "Recorded before"
        EMPTY = "empty", "Left out"
        SHIPPED = "shipped", "Recorded"

    file = models.ForeignKey(ShippingFile, on_delete=models.CASCADE, related_name="rows", db_index=False)
    #: Where the row begins in the file; the header stands on line 1.
    line = models.IntegerField()
    #: What stands in it, by the names in flows/shipping_sheet.py.
    cells = models.JSONField()
    state = models.CharField(max_length=7, choices=State.choices)
    #: What is wrong, in the seller's words.
    problem = models.TextField(blank=True, default="")
    order = models.ForeignKey(Order, on_delete=models.CASCADE, null=True, related_name="shipping_rows")
    #: Empty: all lines of the order.
    sku = models.CharField(max_length=100, blank=True, default="")
    #: NULL until it is known how many "all that is open" are.
    units = models.PositiveIntegerField(null=True)
    carrier_code = models.CharField(max_length=60, blank=True, default="")
    carrier_name = models.CharField(max_length=100, blank=True, default="")
    tracking_number = models.CharField(max_length=100, blank=True, default="")
    #: The line of its first row.
    parcel = models.IntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "line"], name="shipping_row_once")]
        indexes = [
            models.Index(
                fields=["file", "parcel", "line"], condition=models.Q(state="ready"), name="shipping_row_ready"
            ),
            models.Index(fields=["file"], condition=models.Q(state="wrong"), name="shipping_row_wrong"),
        ]

    def __str__(self) -> str:
        return f"line {self.line} of {self.file_id}"

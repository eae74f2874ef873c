"""One file the seller brought, from upload to done."""

from django.conf import settings
from django.db import models

from inventory.models.fields import public_id_field
from inventory.models.seller import Seller


class CsvImport(models.Model):
    """A CSV of items and stock: uploaded, previewed, confirmed, applied."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", "Being read"
        PREVIEW = "preview", "Waiting for you"
        CONFIRMED = "confirmed", "Waiting to start"
        RUNNING = "running", "Being imported"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    seller = models.ForeignKey(Seller, on_delete=models.CASCADE, related_name="csv_imports")
    public_id = public_id_field()
    file_name = models.CharField(max_length=255)
    #: The file itself, so that any process of any machine can read it.
    content = models.BinaryField()
    location = models.ForeignKey("inventory.Location", on_delete=models.PROTECT, null=True, blank=True)
    #: Put all imported items on this label, if set.
    label = models.ForeignKey("inventory.Label", on_delete=models.SET_NULL, null=True, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.UPLOADED)
    #: What the preview found, e.g. {"rows": 5000, "new": 10, "changed": 3, "unchanged": 4987, "errors": 0}.
    summary = models.JSONField(default=dict)
    rows_done = models.IntegerField(default=0)
    error = models.TextField(blank=True, default="")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.file_name

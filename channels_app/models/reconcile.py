"""The reconciler's plans: what differs, why, and what was decided."""

from django.conf import settings
from django.db import models

from channels_app.models.channel import Channel
from inventory.models import BulkEdit
from inventory.models.fields import money_field


class ReconcileRun(models.Model):
    """One comparison of both sides. It never writes to the channel: applying it enqueues pending changes."""

    class State(models.TextChoices):
        EXPORTING = "exporting", "Waiting for the channel's list"
        PLANNED = "planned", "Waiting for you"
        APPLIED = "applied", "Applied"
        CLEAN = "clean", "Nothing differs"
        EXPIRED = "expired", "Expired"
        REFUSED = "refused", "Not trusted"
        FAILED = "failed", "Failed"

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="reconcile_runs")
    state = models.CharField(max_length=10, choices=State.choices, default=State.EXPORTING)
    export_handle = models.CharField(max_length=200, blank=True, default="")
    as_of = models.DateTimeField(null=True, blank=True)
    remote_count = models.IntegerField(null=True, blank=True)
    #: Difference kind to number.
    counts = models.JSONField(default=dict)
    #: Why it waits, or why it is not trusted.
    reason = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    #: The latest edit that put on the label what an undo of this run left off it.
    label_edit = models.ForeignKey(BulkEdit, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["channel", "-id"], name="reconcile_by_channel")]

    def __str__(self) -> str:
        return f"reconcile {self.channel_id} {self.state}"


class Difference(models.Model):
    """One SKU found unequal, with the reason."""

    class Kind(models.TextChoices):
        TO_END = "to_end", "To end: not on the label"
        MISSING = "missing", "Missing at the channel"
        DRIFTED = "drifted", "Shown differently"
        ADOPTABLE = "adoptable", "Made elsewhere, same SKU"

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        APPLIED = "applied", "Applied"
        SKIPPED = "skipped", "No longer so"
        LEFT_OUT = "left_out", "Left out"
        UNDONE = "undone", "Undone"
        #: Its undo was asked for, and found something in its way.
        LEFT = "left", "Not put back"

    run = models.ForeignKey(ReconcileRun, on_delete=models.CASCADE, related_name="differences")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+")
    sku = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PLANNED)
    reason = models.CharField(max_length=200)
    our_price = money_field(null=True, blank=True)
    our_quantity = models.IntegerField(null=True, blank=True)
    remote_price = money_field(null=True, blank=True)
    remote_quantity = models.IntegerField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "sku"], name="difference_once_per_run")]

    def __str__(self) -> str:
        return f"{self.sku}: {self.kind}"

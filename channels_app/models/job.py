"""The one home of when a job runs, how far it is, who holds it, and what went wrong."""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from channels_app.models.channel import Channel


class ChannelJob(models.Model):
    """One kind of background work of one channel. The row is the truth; messages are nudges."""

    class Kind(models.TextChoices):
        OFFERS = "offers", "Prices and quantities"
        CONTENT = "content", "Listings"
        RESULTS = "results", "Results of what was sent"
        RECONCILE = "reconcile", "Reconciler"
        ORDERS = "orders", "Order download"
        COMMANDS = "commands", "Fulfillments"
        RETURNS = "returns", "Returns"
        CATEGORIES = "categories", "Categories"

    class Lane(models.TextChoices):
        URGENT = "urgent"
        ORDERS = "orders"
        FEEDS = "feeds"
        BULK = "bulk"

    #: Which worker lane serves which kind.
    LANES: ClassVar[dict[str, str]] = {
        Kind.OFFERS: Lane.URGENT,
        Kind.COMMANDS: Lane.URGENT,
        Kind.ORDERS: Lane.ORDERS,
        Kind.RETURNS: Lane.ORDERS,
        Kind.CONTENT: Lane.FEEDS,
        Kind.RESULTS: Lane.FEEDS,
        Kind.RECONCILE: Lane.BULK,
        Kind.CATEGORIES: Lane.BULK,
    }

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="jobs")
    seller_id = models.BigIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    lane = models.CharField(max_length=8, choices=Lane.choices)
    #: host:port the job speaks to; at most so many run against one host at once.
    host = models.CharField(max_length=255)
    enabled = models.BooleanField(default=False)
    interval_seconds = models.PositiveIntegerField()
    #: Lower runs first.
    urgency = models.PositiveSmallIntegerField(default=5)
    #: Business time; the next run is due at or after it.
    next_run_at = models.DateTimeField()
    cursor = models.TextField(blank=True, default="")
    claimed_by = models.CharField(max_length=100, blank=True, default="")
    #: The lease, by the database's own clock.
    claim_expires_at = models.DateTimeField(null=True, blank=True)
    #: Rises with each claim; a statement that stores an outcome names the fence it holds.
    fence = models.BigIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True, default="")
    #: Waits for a person: shown with a "Run again" button.
    blocked = models.BooleanField(default=False)
    last_run_at = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "kind"], name="channel_job_once")]
        indexes = [
            models.Index(
                fields=["lane", "urgency", "next_run_at"],
                condition=models.Q(enabled=True, blocked=False),
                name="job_due",
            ),
            models.Index(
                fields=["claim_expires_at"],
                condition=models.Q(claim_expires_at__isnull=False),
                name="job_claimed",
            ),
            # Few are, and a tick looks for them.
            models.Index(fields=["channel"], condition=models.Q(enabled=True, blocked=True), name="job_stopped"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.channel}"


class JobRun(models.Model):
    """A run that did something or failed; idle looks leave none."""

    class Outcome(models.TextChoices):
        DONE = "done", "Done"
        RETRY = "retry", "Will try again"
        UNKNOWN = "unknown", "Answer lost, will look"
        BLOCKED = "blocked", "Needs you"
        FAILED = "failed", "Internal error"

    #: Neither has an index of its own: those below serve.
    job = models.ForeignKey(ChannelJob, on_delete=models.CASCADE, related_name="runs", db_index=False)
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="job_runs", db_index=False)
    kind = models.CharField(max_length=10, choices=ChannelJob.Kind.choices)
    fence = models.BigIntegerField()
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    #: What was done, name to number, e.g. {"sent": 120}.
    counts = models.JSONField(default=dict)
    error = models.TextField(blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["channel", "-started_at", "-id"], name="job_run_by_channel"),
            models.Index(fields=["job", "-started_at", "-id"], name="job_run_by_job"),
            # Few fail, and only these stand in it.
            models.Index(
                fields=["job", "-started_at", "-id"], condition=~models.Q(outcome="done"), name="job_run_failed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.channel_id}: {self.outcome}"

    @property
    def took(self) -> timedelta | None:
        return self.finished_at - self.started_at if self.finished_at else None

"""The closed ledger of the feed: every line sent ends confirmed, rejected or superseded."""

from django.db import models

from channels_app.adapters.types import Kind
from channels_app.models.channel import Channel
from inventory.models.fields import money_field

#: What is sent, in the seller's words.
KINDS = [
    (Kind.CONTENT.value, "Listings"),
    (Kind.OFFER.value, "Prices and quantities"),
    (Kind.QUANTITY.value, "Quantities"),
    (Kind.PRICE.value, "Prices"),
    (Kind.WITHDRAW.value, "Endings of listings"),
]


class LedgerState(models.TextChoices):
    """States of feed lines and commands (design: the closed ledger)."""

    PENDING = "pending", "Waiting to be sent"
    SENT = "sent", "Sent"
    UNKNOWN = "unknown", "Answer lost"
    CONFIRMED = "confirmed", "Confirmed"
    REJECTED = "rejected", "Refused"
    SUPERSEDED = "superseded", "Replaced by a newer one"


OPEN_STATES = (LedgerState.PENDING, LedgerState.SENT, LedgerState.UNKNOWN)


class Submission(models.Model):
    """One sending with its handle. Its phase says nothing of its lines."""

    class Phase(models.TextChoices):
        INTENT = "intent", "About to be sent"
        UNKNOWN = "unknown", "Answer lost"
        OPEN = "open", "At the channel"
        CLOSED = "closed", "Every line is settled"
        FAILED = "failed", "Refused as a whole"

    #: No index of its own: submission_by_channel serves.
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="submissions", db_index=False)
    kind = models.CharField(max_length=10, choices=KINDS)
    #: Idempotency key: random, never derived from content.
    key = models.UUIDField(unique=True)
    #: The adapter's to read: a number, or several in one text.
    handle = models.TextField(blank=True, default="")
    phase = models.CharField(max_length=8, choices=Phase.choices, default=Phase.INTENT)
    #: Fence of the job that wrote it; a takeover turns older intents into `unknown`.
    fence = models.BigIntegerField()
    line_count = models.PositiveIntegerField()
    #: How its lines ended so far, kept as they end: a page shows fifty submissions, each of thousands of lines.
    confirmed_count = models.PositiveIntegerField(default=0)
    rejected_count = models.PositiveIntegerField(default=0)
    superseded_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    next_poll_at = models.DateTimeField(null=True, blank=True)
    poll_count = models.PositiveIntegerField(default=0)
    #: One alarm; a late answer still closes it.
    overdue = models.BooleanField(default=False)
    reason = models.TextField(blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["channel", "-created_at", "-id"], name="submission_by_channel"),
            models.Index(
                fields=["channel", "next_poll_at"],
                condition=models.Q(phase__in=["intent", "unknown", "open"]),
                name="submission_open",
            ),
            models.Index(
                fields=["channel", "-created_at", "-id"],
                condition=models.Q(rejected_count__gt=0),
                name="submission_refused",
            ),
            # What one run of a job has sent.
            models.Index(fields=["channel", "fence"], name="submission_by_run"),
            # The oldest first, for what throws them away.
            models.Index(
                fields=["closed_at", "id"], condition=models.Q(closed_at__isnull=False), name="submission_by_end"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

    @property
    def open_count(self) -> int:
        """How many of its lines have not ended."""
        return self.line_count - self.confirmed_count - self.rejected_count - self.superseded_count


#: A submission that is not done with.
OPEN_PHASES = (Submission.Phase.INTENT, Submission.Phase.UNKNOWN, Submission.Phase.OPEN)


class FeedLine(models.Model):
    """One item's part of one submission, and what became of it.

    A line is written as `sent` in the commit before the call; its submission says whether the call came through.
    Saying it on every line would double what a feed writes.
    """

    #: Neither has an index of its own: the unique one and feed_line_by_sku serve, and each costs a feed some percent.
    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="lines", db_index=False)
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="feed_lines", db_index=False)
    sku = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=KINDS)
    state = models.CharField(max_length=10, choices=LedgerState.choices, default=LedgerState.SENT)
    price = money_field(null=True, blank=True)
    quantity = models.IntegerField(null=True, blank=True)
    content_hash = models.CharField(max_length=32, blank=True, default="")
    #: Names the sent values, for "the same was refused before".
    payload_hash = models.CharField(max_length=32, blank=True, default="")
    #: The change that caused it: when the seller's data moved, and which version of it was taken.
    version = models.BigIntegerField(default=0)
    changed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    overdue = models.BooleanField(default=False)
    code = models.CharField(max_length=100, blank=True, default="")
    reason = models.TextField(blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["submission", "sku"], name="feed_line_once_per_submission")]
        indexes = [
            models.Index(
                fields=["channel", "sku"],
                condition=models.Q(state__in=["pending", "sent", "unknown"]),
                name="feed_line_open",
            ),
            models.Index(fields=["channel", "sku", "-id"], name="feed_line_by_sku"),
        ]

    def __str__(self) -> str:
        return f"{self.sku}: {self.state}"

"""What we tell the channel about an order: one row a line, each ending confirmed, rejected or superseded."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Upper

from channels_app.models.channel import Channel
from channels_app.models.order import Order, OrderLine
from channels_app.models.returns import ReturnLine
from channels_app.models.submission import LedgerState
from inventory.models import Location
from inventory.models.fields import money_field, public_id_field


class Shipment(models.Model):
    """One parcel that left."""

    #: The order's.
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="shipments", db_index=False)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="shipments")
    public_id = public_id_field()
    #: From the form that recorded it: a double click records one parcel.
    key = models.UUIDField(unique=True)
    carrier_code = models.CharField(max_length=60, blank=True, default="")
    carrier_name = models.CharField(max_length=100, blank=True, default="")
    tracking_number = models.CharField(max_length=100, blank=True, default="")
    shipped_at = models.DateTimeField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["channel", "-id"], name="shipment_newest"),
            models.Index(Upper("tracking_number"), name="shipment_tracking"),
        ]

    def __str__(self) -> str:
        return self.tracking_number or f"parcel of {self.order}"


class ShipmentLine(models.Model):
    """How many units of one order line the parcel holds, and where they were taken from."""

    shipment = models.ForeignKey(Shipment, on_delete=models.CASCADE, related_name="lines")
    line = models.ForeignKey(OrderLine, on_delete=models.CASCADE, related_name="shipment_lines")
    quantity = models.PositiveIntegerField()
    location = models.ForeignKey(Location, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shipment", "line"], name="shipment_line_once")]

    def __str__(self) -> str:
        return f"{self.quantity} of line {self.line_id}"


class CancellationRequest(models.Model):
    """A buyer asks for cancellation; the seller decides. Not a cancellation fact."""

    class State(models.TextChoices):
        OPEN = "open", "Waiting for you"
        APPROVED = "approved", "Approved"
        REFUSED = "refused", "Refused"
        WITHDRAWN = "withdrawn", "No longer asked"

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="cancellation_requests")
    seller_id = models.BigIntegerField()
    remote_id = models.CharField(max_length=100)
    reason = models.TextField(blank=True, default="")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    #: Remote ids of the lines it is about; empty: the whole order.
    line_remote_ids = models.JSONField(default=list, blank=True)
    requested_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "remote_id"], name="cancellation_request_once")]
        indexes = [
            models.Index(fields=["seller_id"], condition=models.Q(state="open"), name="cancellation_request_open"),
        ]

    def __str__(self) -> str:
        return f"cancellation of {self.order}"

    def is_about(self, line: OrderLine) -> bool:
        """Say whether this line of its order is asked to be cancelled."""
        return not self.line_remote_ids or line.remote_id in self.line_remote_ids


class Command(models.Model):
    """One thing to be done to one order line at the channel. Rows with one `group_key` go out in one call."""

    class Kind(models.TextChoices):
        ACCEPT = "accept", "Accept"
        SHIP = "ship", "Shipping notice"
        CANCEL = "cancel", "Cancellation"
        REFUND = "refund", "Refund"
        ANSWER_CANCELLATION = "answer", "Answer to a cancellation request"
        HANDLE_RETURN = "return", "Decision about a return"

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="commands")
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="commands")
    line = models.ForeignKey(OrderLine, on_delete=models.CASCADE, related_name="commands")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    #: Names this row.
    key = models.UUIDField(unique=True)
    #: The idempotency key of the call: random, or from the form that asked, never derived from content.
    group_key = models.UUIDField(db_index=True)
    state = models.CharField(max_length=10, choices=LedgerState.choices, default=LedgerState.PENDING)
    #: Fence of the job that is sending or sent it.
    fence = models.BigIntegerField(default=0)
    #: The adapter's to read, as a submission's.
    handle = models.TextField(blank=True, default="")
    quantity = models.PositiveIntegerField(default=0)
    amount = money_field(null=True, blank=True)
    shipping_amount = money_field(null=True, blank=True)
    reason_code = models.CharField(max_length=60, blank=True, default="")
    restock = models.BooleanField(default=False)
    approve_request = models.BooleanField(null=True, blank=True)
    shipment = models.ForeignKey(Shipment, on_delete=models.CASCADE, null=True, blank=True, related_name="commands")
    request = models.ForeignKey(
        CancellationRequest, on_delete=models.CASCADE, null=True, blank=True, related_name="commands"
    )
    #: For a decision about a return; `line` is the order line that comes back.
    return_line = models.ForeignKey(
        ReturnLine, on_delete=models.CASCADE, null=True, blank=True, related_name="commands"
    )
    attempts = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(null=True, blank=True)
    overdue = models.BooleanField(default=False)
    #: The channel's code and reason if it was rejected.
    code = models.CharField(max_length=100, blank=True, default="")
    reason = models.TextField(blank=True, default="")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            # Two lines of a return may be of one order line.
            models.UniqueConstraint(
                fields=["group_key", "line", "return_line"],
                name="command_once_per_line_and_call",
                nulls_distinct=False,
            ),
            models.UniqueConstraint(
                fields=["line"], condition=models.Q(kind="accept"), name="an_order_line_is_accepted_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["channel", "id"],
                condition=models.Q(state__in=["pending", "sent", "unknown"]),
                name="command_open",
            ),
            # The first parcel that a channel accepted, as proof that it works.
            models.Index(
                fields=["channel", "id"],
                condition=models.Q(kind="ship", state="confirmed"),
                name="command_parcel_accepted",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} line {self.line_id}: {self.state}"

    @property
    def is_lost(self) -> bool:
        """Whether a person was asked to look, since neither we nor the channel can say what became of it."""
        return self.state == LedgerState.UNKNOWN and self.overdue

    @property
    def told_line(self) -> str:
        """The channel's number of the line that it is told about: of the return's, for a decision about one."""
        return self.return_line.remote_id if self.return_line else self.line.remote_id

"""Orders: first the raw body as it came, then what we read from it."""

from datetime import datetime

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce, Upper

from channels_app.adapters.types import PaymentStatus
from channels_app.models.channel import Channel
from inventory.models import Item, Location
from inventory.models.fields import money_field, public_id_field


class RawOrder(models.Model):
    """One version of one order, exactly as the channel gave it. Seen twice is stored once."""

    class State(models.TextChoices):
        NEW = "new", "Waiting to be read"
        DONE = "done", "Read"
        OLDER = "older", "Older than what we have"
        NEEDS_ATTENTION = "needs_attention", "Needs attention"

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="raw_orders")
    remote_id = models.CharField(max_length=100)
    version = models.BigIntegerField()
    #: Holds buyers' data and is erased with it; the hash stays.
    body = models.JSONField(null=True)
    hash = models.CharField(max_length=64)
    state = models.CharField(max_length=15, choices=State.choices, default=State.NEW)
    reason = models.TextField(blank=True, default="")
    #: What it changed that the order's page shows, a sentence a line; of the first that was read nothing.
    news = models.TextField(blank=True, db_default="")
    fetched_at = models.DateTimeField()
    #: When people were told that it could not be read.
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "remote_id", "hash"], name="raw_order_stored_once")]
        indexes = [
            models.Index(fields=["channel", "id"], condition=models.Q(state="new"), name="raw_order_new"),
            models.Index(
                fields=["channel", "-id"], condition=models.Q(state="needs_attention"), name="raw_order_attention"
            ),
            models.Index(
                fields=["channel", "fetched_at"],
                condition=models.Q(state="needs_attention", told_at=None),
                name="raw_order_untold",
            ),
            # The oldest first, for what erases their bodies.
            models.Index(
                fields=["fetched_at"],
                condition=models.Q(body__isnull=False, state__in=["done", "older"]),
                name="raw_order_with_body",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.remote_id} v{self.version}"


class Order(models.Model):
    """An order as the channel knows it; amounts are never re-derived."""

    class ManagedBy(models.TextChoices):
        US = "us", "Managed here"
        THIRD_PARTY = "third_party", "Third Party Managed"

    class Shipping(models.TextChoices):
        UNSHIPPED = "unshipped", "Unshipped"
        PARTIALLY_SHIPPED = "partially_shipped", "Partially shipped"
        SHIPPED = "shipped", "Shipped"
        CANCELLED = "cancelled", "Cancelled"
        THIRD_PARTY = "third_party_managed", "Third Party Managed"

    PAYMENT = [(p.value, p.name.title()) for p in PaymentStatus]

    #: No index of its own: order_by_channel serves.
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="orders", db_index=False)
    seller_id = models.BigIntegerField()
    public_id = public_id_field()
    remote_id = models.CharField(max_length=100)
    version = models.BigIntegerField()
    #: The channel's own word, for people only.
    remote_status = models.CharField(max_length=60, blank=True, default="")
    payment_status = models.CharField(max_length=10, choices=PAYMENT, default=PaymentStatus.PENDING.value)
    shipping_status = models.CharField(max_length=20, choices=Shipping.choices, default=Shipping.UNSHIPPED)
    #: Fixed at import.
    managed_by = models.CharField(max_length=12, choices=ManagedBy.choices, default=ManagedBy.US)
    currency = models.CharField(max_length=3)
    tax_included = models.BooleanField()
    total = money_field()
    shipping = money_field(default=0)
    buyer = models.JSONField(default=dict)
    ship_to = models.JSONField(default=dict)
    placed_at = models.DateTimeField()
    #: The latest moment to ship it, as the channel told it last; NULL: it does not tell.
    ship_by = models.DateTimeField(null=True, blank=True)
    imported_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    #: When its packing slip came out of the printer, as somebody said.
    printed_at = models.DateTimeField(null=True, blank=True)
    #: That slip, a Sheet of flows/sheet.py.
    printed_sheet = models.JSONField(null=True, blank=True)
    #: The slip would be another by now.
    changed_since_printed = models.BooleanField(db_default=False)
    #: No index of its own: accounts are rarely deleted.
    printed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    #: More was promised than was there when it came in.
    oversold = models.BooleanField(default=False)
    #: Why a person should look: an unknown SKU, a sum that does not add up. Empty: nothing.
    attention = models.TextField(blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "remote_id"], name="order_once")]
        indexes = [
            models.Index(fields=["channel", "id"], name="order_by_channel"),
            models.Index(fields=["seller_id", "-placed_at", "-id"], name="order_newest"),
            # As `due_at` says.
            models.Index(
                "seller_id",
                Coalesce("ship_by", "placed_at"),
                "id",
                condition=models.Q(
                    managed_by="us", shipping_status__in=["unshipped", "partially_shipped"], payment_status="cleared"
                ),
                name="order_to_ship",
            ),
            # What is late.
            models.Index(
                fields=["seller_id", "ship_by"],
                condition=models.Q(
                    managed_by="us",
                    shipping_status__in=["unshipped", "partially_shipped"],
                    payment_status="cleared",
                    ship_by__isnull=False,
                ),
                name="order_ship_by",
            ),
            models.Index(
                fields=["seller_id", "-placed_at", "-id"],
                condition=models.Q(
                    managed_by="us",
                    shipping_status__in=["unshipped", "partially_shipped"],
                    payment_status__in=["pending", "failed"],
                ),
                name="order_unpaid",
            ),
            models.Index(
                fields=["seller_id", "-placed_at", "-id"], condition=~models.Q(attention=""), name="order_attention"
            ),
            models.Index(
                fields=["seller_id", "-placed_at", "-id"],
                condition=models.Q(managed_by="third_party"),
                name="order_third_party",
            ),
            # What buyers are looked up by.
            GinIndex(OpClass(Upper(KT("buyer__name")), name="gin_trgm_ops"), name="order_buyer_trgm"),
            models.Index("seller_id", Upper(KT("buyer__email")), name="order_buyer_email"),
        ]

    def __str__(self) -> str:
        return self.remote_id

    @property
    def is_ours(self) -> bool:
        return self.managed_by == self.ManagedBy.US

    @property
    def is_to_ship(self) -> bool:
        """Whether it is ours, paid, and has not left, or not whole."""
        has_not_left = self.shipping_status in (self.Shipping.UNSHIPPED, self.Shipping.PARTIALLY_SHIPPED)
        return self.is_ours and has_not_left and self.payment_status == PaymentStatus.CLEARED.value

    @property
    def is_slip_wrong(self) -> bool:
        """Whether somebody may pack by a slip that was printed and is no longer right."""
        return self.changed_since_printed and (self.is_to_ship or self.shipping_status == self.Shipping.CANCELLED)

    @property
    def due_at(self) -> datetime:
        """By what it takes its turn: one of which nobody says until when it has to leave is due since it was placed."""
        return self.ship_by or self.placed_at


class OrderLine(models.Model):
    """One line of an order. `item` is NULL while its SKU is unknown to us."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    remote_id = models.CharField(max_length=100)
    sku = models.CharField(max_length=100)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, null=True, blank=True, related_name="order_lines")
    title = models.CharField(max_length=500, blank=True, default="")
    quantity = models.IntegerField()
    #: The channel's word.
    remote_shipped = models.IntegerField(default=0)
    #: The channel's word; a line missing from a newer version counts as cancelled whole.
    remote_cancelled = models.IntegerField(default=0)
    #: Ours, from shipments recorded here.
    shipped = models.IntegerField(default=0)
    #: Ours, recorded here and maybe not yet confirmed by the channel.
    cancelled = models.IntegerField(default=0)
    #: Taken from stock by a Third Party Managed line.
    consumed = models.IntegerField(default=0)
    unit_price = money_field()
    amount = money_field()
    tax = money_field(default=0)
    refunded = money_field(default=0)
    #: Where it is reserved when one location holds all of it; else movements say.
    location = models.ForeignKey(Location, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "remote_id"], name="order_line_once")]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.sku}"

    @property
    def shipped_quantity(self) -> int:
        """The larger of what we shipped and what the channel shows."""
        return max(self.shipped, self.remote_shipped)

    @property
    def cancelled_quantity(self) -> int:
        return max(self.cancelled, self.remote_cancelled)

    @property
    def open_quantity(self) -> int:
        """Units neither shipped nor cancelled."""
        return max(self.quantity - self.shipped_quantity - self.cancelled_quantity, 0)

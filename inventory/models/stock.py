"""Where stock stands, how much, and every movement of it. Written only by inventory/stock.py."""

from django.conf import settings
from django.db import models

from inventory.models.item import Item
from inventory.models.seller import Seller


class Location(models.Model):
    """A distribution center."""

    seller = models.ForeignKey(Seller, on_delete=models.CASCADE, related_name="locations")
    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=100)
    is_default = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["seller", "code"], name="location_code_once_per_seller"),
            models.UniqueConstraint(
                fields=["seller"], condition=models.Q(is_default=True), name="one_default_location_per_seller"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Stock(models.Model):
    """The sum of the movements of one item at one location. Reserved may exceed on hand: then it is oversold."""

    #: Neither has an index of its own: the unique one on both serves, and a location is never deleted by the product.
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="stock", db_index=False)
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="stock", db_index=False)
    on_hand = models.IntegerField(default=0)
    reserved = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "location"], name="stock_once_per_location")]

    def __str__(self) -> str:
        return f"{self.item} at {self.location}: {self.on_hand} on hand, {self.reserved} reserved"

    @property
    def available(self) -> int:
        return max(self.on_hand - self.reserved, 0)


class Reason(models.TextChoices):
    COUNTED = "counted", "Counted"
    IMPORTED = "imported", "Imported"
    ADJUSTED = "adjusted", "Adjusted by hand"
    RESERVED = "reserved", "Reserved by an order"
    RELEASED = "released", "Released by an order"
    SHIPPED = "shipped", "Shipped"
    RESTOCKED = "restocked", "Put back on the shelf"
    OPENING = "opening", "Opening balance"
    UNDONE = "undone", "Import undone"


class StockMovement(models.Model):
    """One change of stock; never edited. on_hand and reserved are the sums of these."""

    #: No index of its own: movement_by_item serves. Nobody asks for the movements of a location or a person.
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="movements", db_index=False)
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="movements", db_index=False)
    on_hand_delta = models.IntegerField(default=0)
    reserved_delta = models.IntegerField(default=0)
    reason = models.CharField(max_length=12, choices=Reason.choices)
    #: The order line that caused it, by number: this app knows no orders.
    line_id = models.BigIntegerField(null=True, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, db_index=False
    )
    note = models.CharField(max_length=200, blank=True, default="")
    at = models.DateTimeField()
    #: Names the cause; the same cause moves stock once.
    key = models.UUIDField(unique=True)

    class Meta:
        indexes = [
            # What sums an item's movements up to some moment reads this index and no rows: the best seller has 100,000.
            models.Index(
                fields=["item", "-id"],
                include=["at", "location", "on_hand_delta", "reserved_delta", "reason", "line_id"],
                name="movement_by_item",
            ),
            models.Index(fields=["line_id"], name="movement_by_line", condition=models.Q(line_id__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.item}: {self.on_hand_delta:+d} on hand, {self.reserved_delta:+d} reserved ({self.reason})"

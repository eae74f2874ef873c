"""What was done to many items at once from the list, and what each was before: what an undo goes by."""

from django.conf import settings
from django.db import models

from inventory.models.fields import money_field, public_id_field
from inventory.models.label import Label
from inventory.models.seller import Seller


class BulkEdit(models.Model):
    """One thing done to many items."""

    class Action(models.TextChoices):
        LABEL = "label", "put on the label"
        UNLABEL = "unlabel", "taken off the label"
        BLOCK = "block", "blocked"
        UNBLOCK = "unblock", "unblocked"
        PRICE = "price", "priced anew"

    seller = models.ForeignKey(Seller, on_delete=models.CASCADE, related_name="bulk_edits", db_index=False)
    public_id = public_id_field()
    action = models.CharField(max_length=10, choices=Action.choices)
    #: Of the two actions about one; NULL for others, and once it is deleted.
    label = models.ForeignKey(Label, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    #: What the seller reads about it, say "put on the label “Outlet”".
    words = models.CharField(max_length=300)
    #: How many items it changed, and of these how many an undo has put back.
    count = models.PositiveIntegerField(default=0)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undone_count = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["seller", "-id"], name="bulk_edit_newest")]

    def __str__(self) -> str:
        return f"{self.count} items {self.words}"

    @property
    def left_count(self) -> int:
        """How many an undo left alone, since somebody changed them after it."""
        return self.count - self.undone_count


class BulkEditItem(models.Model):
    """One item that was changed."""

    #: Neither is checked by the database: a million rows would each be looked up. Both go with their edit.
    pk = models.CompositePrimaryKey("edit_id", "item_id")
    edit = models.ForeignKey(
        BulkEdit, on_delete=models.CASCADE, related_name="items", db_index=False, db_constraint=False
    )
    item = models.ForeignKey(
        "inventory.Item", on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    price_before = money_field(null=True)
    price_after = money_field(null=True)
    #: How it was on the label before: "" if not at all.
    source_before = models.CharField(max_length=10, default="", blank=True)

    def __str__(self) -> str:
        return f"item {self.item_id} by {self.edit_id}"

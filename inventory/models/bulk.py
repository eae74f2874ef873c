"""What was done to many items at once from the list, and what each was before: what an undo goes by."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from inventory.models.fields import money_field, public_id_field
from inventory.models.label import Label
from inventory.models.seller import Seller


class BulkEdit(models.Model):
    """One thing done to many items, and its undo."""

    class Action(models.TextChoices):
        LABEL = "label", "put on the label"
        UNLABEL = "unlabel", "taken off the label"
        BLOCK = "block", "blocked"
        UNBLOCK = "unblock", "unblocked"
        PRICE = "price", "priced anew"
        ARCHIVE = "archive", "archived"
        BRING_BACK = "bring_back", "brought back"

    class State(models.TextChoices):
        RUNNING = "running", "Under way"
        STOPPED = "stopped", "Stopped"
        DONE = "done", "Done"
        UNDOING = "undoing", "Being undone"
        UNDONE = "undone", "Undone"
        FAILED = "failed", "Failed"

    #: A worker has it, or will soon.
    WORKING = (State.RUNNING, State.UNDOING)

    seller = models.ForeignKey(Seller, on_delete=models.CASCADE, related_name="bulk_edits", db_index=False)
    public_id = public_id_field()
    action = models.CharField(max_length=10, choices=Action.choices)
    #: Of the two actions about one; NULL for others, and once it is deleted.
    label = models.ForeignKey(Label, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    #: What the seller reads about it, say "put on the label “Outlet”".
    words = models.CharField(max_length=300)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    #: How many items are to be looked at, by the edit or, once that is asked for, by its undo; and how many were.
    count = models.PositiveIntegerField(default=0)
    done_count = models.PositiveIntegerField(default=0)
    #: How many it changed, and of these how many an undo has put back.
    changed_count = models.PositiveIntegerField(default=0)
    undone_count = models.PositiveIntegerField(default=0)
    #: The last item that the undo looked at.
    last_item = models.BigIntegerField(default=0)
    #: Starts without any progress since; too many, and it gives up.
    attempts = models.SmallIntegerField(default=0)
    #: Why it failed, or why nothing went back.
    error = models.TextField(blank=True, default="")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()
    #: Who asked for its undo, and when.
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["seller", "-id"], name="bulk_edit_newest"),
            models.Index(
                fields=["seller", "id"],
                condition=models.Q(state__in=["running", "undoing", "failed"]),
                name="bulk_edit_under_way",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.count} items {self.words}"

    @property
    def title(self) -> str:
        """What it is, in a line that no number stands in."""
        return f"Items {self.words}" if self.undone_at is None else f"Undo: items {self.words}"

    @property
    def is_working(self) -> bool:
        """Whether a worker has it, or will soon."""
        return self.state in self.WORKING

    @property
    def left_count(self) -> int:
        """How many were looked at and left alone, since somebody had changed them."""
        return self.done_count - (self.changed_count if self.undone_at is None else self.undone_count)

    @property
    def can_undo(self) -> bool:
        """Whether there is something that nobody asked to put back yet."""
        return not self.is_working and not self._is_label_gone and self.undone_at is None and self.changed_count > 0

    @property
    def can_go_on(self) -> bool:
        """Whether it, or its undo, ended half-way, and what it is about is still there."""
        return self.state in (self.State.STOPPED, self.State.FAILED) and not self._is_label_gone

    @property
    def _is_label_gone(self) -> bool:
        return self.label_id is None and self.action in (self.Action.LABEL, self.Action.UNLABEL)


class BulkEditSlice(models.Model):
    """Items still to be changed, as many as one transaction takes; gone once that is done."""

    edit = models.ForeignKey(BulkEdit, on_delete=models.CASCADE, related_name="slices", db_index=False)
    number = models.IntegerField()
    item_ids = ArrayField(models.BigIntegerField())
    #: What each was when the edit was asked for, and is to become: a price, a place on the label, archived since when.
    befores = ArrayField(models.TextField(null=True))  # noqa: DJ001 - no price is none
    afters = ArrayField(models.TextField(null=True))  # noqa: DJ001

    class Meta:
        constraints = [models.UniqueConstraint(fields=["edit", "number"], name="bulk_edit_slice_once")]

    def __str__(self) -> str:
        return f"slice {self.number} of {self.edit_id}"


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
    archived_before = models.DateTimeField(null=True)
    #: How it was on each label that the edit put it on or took it off, by the label's id: "" if not at all.
    labels_before = models.JSONField(null=True)

    def __str__(self) -> str:
        return f"item {self.item_id} by {self.edit_id}"

"""One file the seller brought, from upload to done."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models

from inventory.models.fields import public_id_field
from inventory.models.seller import Seller


class CsvImport(models.Model):
    """A CSV of items and stock: uploaded, previewed, confirmed, applied."""

    class Layout(models.TextChoices):
        COLUMNS = "columns", "a file with a column for each field"
        SHOPIFY = "shopify", "a product export of Shopify"
        SHOPIFY_STOCK = "shopify_stock", "a stock export of Shopify"
        WOOCOMMERCE = "woocommerce", "a product export of WooCommerce"

    class State(models.TextChoices):
        UPLOADED = "uploaded", "Being read"
        MAPPING = "mapping", "Columns to be named"
        PREVIEW = "preview", "Waiting for you"
        CONFIRMED = "confirmed", "Waiting to start"
        RUNNING = "running", "Being imported"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"
        UNDOING = "undoing", "Being undone"
        UNDONE = "undone", "Undone"

    seller = models.ForeignKey(Seller, on_delete=models.CASCADE, related_name="csv_imports")
    public_id = public_id_field()
    file_name = models.CharField(max_length=255)
    #: How to read the bytes; empty: find out.
    encoding = models.CharField(max_length=20, blank=True, default="")
    #: Counts in the file are of this place.
    location = models.ForeignKey("inventory.Location", on_delete=models.PROTECT, null=True, blank=True)
    #: Put all imported items on this label, if set.
    label = models.ForeignKey("inventory.Label", on_delete=models.SET_NULL, null=True, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.UPLOADED)
    layout = models.CharField(max_length=20, choices=Layout.choices, default=Layout.COLUMNS)
    #: The file's columns in order, each {"name": .., "field": ..}; see inventory/csv_import/header.py.
    columns = models.JSONField(default=list, blank=True)
    #: What the preview found, e.g. {"rows": 5000, "new": 10, "changed": 3, "unchanged": 4987, "errors": 0}.
    summary = models.JSONField(default=dict, blank=True)
    #: Rows read while the file is read, then rows applied.
    rows_done = models.IntegerField(default=0)
    #: The place of the last row that was applied, NULL before the first: where a new worker goes on.
    last_place = models.IntegerField(null=True, blank=True)
    #: Starts without any progress since; too many, and the import gives up.
    attempts = models.SmallIntegerField(default=0)
    error = models.TextField(blank=True, default="")
    #: Reading the bytes this way may help; offered to the seller beside the error.
    offered_encoding = models.CharField(max_length=20, blank=True, default="")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    #: Who asked for its undo, and when; what came of it: {"back": .., "archived": .., "left": ..}, and how far it is.
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    undone_at = models.DateTimeField(null=True, blank=True)
    undone = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["seller", "id"],
                condition=models.Q(state__in=["uploaded", "confirmed", "running", "undoing"]),
                name="csv_import_waiting",
            ),
            # Beside the others, for the page that tells all that is open.
            models.Index(
                fields=["seller", "id"],
                condition=models.Q(state__in=["mapping", "preview", "failed"]),
                name="csv_import_yours",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def rows_in_all(self) -> int:
        """Rows of the file, and variations that come along with their parents."""
        return int(self.summary.get("rows", 0)) + int(self.summary.get("along", 0))

    @property
    def is_working(self) -> bool:
        """Whether a worker has it, or will soon."""
        return self.state in (self.State.UPLOADED, self.State.CONFIRMED, self.State.RUNNING, self.State.UNDOING)

    @staticmethod
    def known_since(now: datetime) -> datetime:
        """Return from when on what an import changed is kept: one that ended before cannot be undone."""
        return now - timedelta(days=settings.KEEP_IMPORTS_DAYS)

    def can_undo(self, *, now: datetime) -> bool:
        """Whether it has put anything into the inventory that is still there, and what was before is still known."""
        ended = self.state in (self.State.DONE, self.State.CANCELLED, self.State.FAILED)
        return ended and self.last_place is not None and self.undone_at is None and self.is_known(now=now)

    def can_go_on(self, *, now: datetime) -> bool:
        """Whether it gave up half-way and still has its file, or its undo did."""
        return self.gave_up(now=now) and (self.undone_at is not None or self.chunks.exists())

    def gave_up(self, *, now: datetime) -> bool:
        """Whether it stopped half-way, and what it changed until then is still known."""
        return self.state == self.State.FAILED and self.last_place is not None and self.is_known(now=now)

    def is_known(self, *, now: datetime) -> bool:
        """Whether what it changed is still kept."""
        return self.finished_at is None or self.finished_at >= self.known_since(now)


class ImportMapping(models.Model):
    """What the columns of files with one header mean, as the seller said."""

    seller = models.ForeignKey(Seller, on_delete=models.CASCADE, related_name="import_mappings", db_index=False)
    #: Fingerprint of the names in their order.
    header_key = models.CharField(max_length=64)
    names = models.JSONField()
    #: For each name the field of an item, "attribute" or "ignored".
    fields = models.JSONField()
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["seller", "header_key"], name="import_mapping_once")]

    def __str__(self) -> str:
        return ", ".join(self.names[:4])


class CsvImportChunk(models.Model):
    """A part of the file itself, so that any process of any machine can read it piece by piece."""

    csv_import = models.ForeignKey(CsvImport, on_delete=models.CASCADE, related_name="chunks")
    number = models.IntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["csv_import", "number"], name="csv_import_chunk_once")]

    def __str__(self) -> str:
        return f"part {self.number} of {self.csv_import_id}"


class CsvImportProblem(models.Model):
    """A row that cannot be imported, and why."""

    csv_import = models.ForeignKey(CsvImport, on_delete=models.CASCADE, related_name="problems")
    #: Its number among the rows; a line of a foreign file may give two.
    number = models.IntegerField()
    #: Where the row begins in the file; the header stands on line 1.
    line = models.IntegerField()
    #: [{"column": .., "reason": ..}, ..]
    reasons = models.JSONField()
    #: The row as the file has it, in the import's columns; none if there is nothing to mend in it.
    cells = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["csv_import", "number"], name="csv_import_problem_once")]

    def __str__(self) -> str:
        return f"line {self.line} of {self.csv_import_id}"


class ImportedItem(models.Model):
    """One item that an import made or changed, and what it was before; what an undo goes by."""

    class Outcome(models.TextChoices):
        BACK = "back", "As it was"
        ARCHIVED = "archived", "Archived"
        LEFT = "left", "Left alone"

    #: One index serves all: a million of these are written in passing.
    pk = models.CompositePrimaryKey("csv_import_id", "is_parent", "item_id")
    #: Neither is checked by the database: a million rows would each be looked up. Both go with their import.
    csv_import = models.ForeignKey(
        CsvImport, on_delete=models.CASCADE, related_name="items", db_index=False, db_constraint=False
    )
    item = models.ForeignKey(
        "inventory.Item", on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    #: Parents are undone after their variations.
    is_parent = models.BooleanField()
    #: The import made it, or brought it back after an earlier undo.
    is_new = models.BooleanField()
    #: Its columns before, NULL if none of them changed.
    before = models.JSONField(null=True)
    #: Fingerprint of what it was right after: another one now says that somebody changed it since.
    state = models.UUIDField()
    #: The number of the row that counted its stock, if one did: the movement's key is made of it.
    number = models.IntegerField(null=True)
    #: Id of each label that the import put it on -> how it was on that before, "" if not at all; NULL if on none.
    labels_before = models.JSONField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True, default="")

    class Meta:
        # Few are left alone, and only these stand in it.
        indexes = [
            models.Index(fields=["csv_import", "item"], condition=models.Q(outcome="left"), name="imported_item_left")
        ]

    def __str__(self) -> str:
        return f"item {self.item_id} by {self.csv_import_id}"

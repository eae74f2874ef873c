"""Queues that the triggers of capture.sql fill, whoever wrote; read and emptied by the fan-out (channels_app)."""

from django.db import models


class ItemChange(models.Model):
    """One item changed. `kinds` is a bit set: see Change. No foreign keys: a queue row outlives what it names."""

    class Change(models.IntegerChoices):
        STOCK = 1, "stock"
        PRICE = 2, "price"
        CONTENT = 4, "content"
        #: On or off a label, blocked, archived, became a parent.
        MEMBERSHIP = 8, "membership"

    seller_id = models.BigIntegerField()
    item_id = models.BigIntegerField()
    kinds = models.SmallIntegerField()

    class Meta:
        # The fan-out takes from each seller by turns.
        indexes = [models.Index(fields=["seller_id", "id"], name="item_change_by_seller")]

    def __str__(self) -> str:
        return f"item {self.item_id}: {self.kinds}"


class BulkChange(models.Model):
    """More rows of one label changed in one statement than the queue above should hold: walk the label instead."""

    seller_id = models.BigIntegerField()
    label_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"label {self.label_id}"

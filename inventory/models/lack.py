"""Which items may lack a label, or stock; written by the triggers of lacks.sql, whoever changed something."""

from django.db import models


class Lack(models.Model):
    """What the item of this SKU may lack: a bit set, see What.

    Every item that lacks something has its row, which says so; it may say so for a while longer.
    """

    class What(models.IntegerChoices):
        LABEL = 1, "a label"
        #: Nothing to sell at any location.
        STOCK = 2, "stock"
        #: No more to sell than so many at all locations together.
        MORE_THAN_5 = 4, "more than 5 units"
        MORE_THAN_20 = 8, "more than 20 units"

    #: By SKU, since items are listed in that order. No foreign keys: new items would each pay for the check.
    pk = models.CompositePrimaryKey("seller_id", "sku")
    seller_id = models.BigIntegerField()
    sku = models.CharField(max_length=100)
    lacks = models.SmallIntegerField()

    def __str__(self) -> str:
        return f"{self.sku}: {self.lacks}"

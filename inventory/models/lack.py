"""Which items may lack a label, or stock; written by the triggers of lacks.sql, whoever changed something."""

from django.db import models


class Lack(models.Model):
    """The item of this SKU may lack it. Every one that does has its row; one that does not may have it for a while."""

    class What(models.IntegerChoices):
        LABEL = 1, "a label"
        #: Nothing to sell at any location.
        STOCK = 2, "stock"

    #: By SKU, since items are listed in that order. No foreign keys: new items would each pay for the check.
    pk = models.CompositePrimaryKey("seller_id", "lack", "sku")
    seller_id = models.BigIntegerField()
    lack = models.SmallIntegerField(choices=What.choices)
    sku = models.CharField(max_length=100)

    def __str__(self) -> str:
        return f"{self.sku} may lack {self.get_lack_display()}"

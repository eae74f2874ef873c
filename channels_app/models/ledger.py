"""What the last checks of the ledger found."""

from django.db import models


class LedgerCheck(models.Model):
    """One run of the ledger check. More than zero offences is an alarm."""

    at = models.DateTimeField(db_index=True)
    seconds = models.FloatField()
    offences = models.PositiveIntegerField()
    #: The first of them: {"channel": id or null, "sku": "...", "what": "...", "detail": "..."}.
    sample = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.offences} offences"

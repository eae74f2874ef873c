"""What the last checks of the ledger found."""

from django.db import models

from channels_app.models.channel import Channel


class LedgerCheck(models.Model):
    """One run of the ledger check over everything. More than zero offences is an alarm."""

    at = models.DateTimeField(db_index=True)
    seconds = models.FloatField()
    offences = models.PositiveIntegerField()
    #: The first of them: {"channel": id or null, "sku": "...", "what": "...", "detail": "..."}.
    sample = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.offences} offences"


class ChannelLedger(models.Model):
    """What the last check found on one channel: the newest word replaces the one before."""

    channel = models.OneToOneField(Channel, models.CASCADE, related_name="ledger")
    #: None: it was asked for, and has not ended yet.
    at = models.DateTimeField(null=True)
    seconds = models.FloatField(default=0)
    offences = models.PositiveIntegerField(default=0)
    #: The first of them, in plain words: {"sku": "...", "what": "...", "detail": "..."}.
    sample = models.JSONField(default=list)
    #: SKUs that can be sent again, as far as a person is asked about at once.
    skus = models.JSONField(default=list)
    #: When a person asked for a check that has not ended yet.
    asked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.offences} offences"

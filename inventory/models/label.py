"""Labels: the seller's tags that send items to channels."""

from django.db import models

from inventory.models.fields import public_id_field
from inventory.models.item import Item
from inventory.models.seller import Seller


class Label(models.Model):
    """A set of items, kept by hand or by a rule. A label that a channel names cannot be deleted."""

    class Kind(models.TextChoices):
        MANUAL = "manual", "By hand"
        RULE = "rule", "By rule"

    class Match(models.TextChoices):
        ALL = "all", "all of these hold"
        ANY = "any", "any of these holds"

    seller = models.ForeignKey(Seller, on_delete=models.CASCADE, related_name="labels")
    public_id = public_id_field()
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.MANUAL)
    #: Its conditions, e.g. [{"field": "brand", "op": "is", "value": "Acme"}]; see inventory/rules.py.
    rule = models.JSONField(default=list, blank=True)
    #: How many of them must hold.
    match = models.CharField("rule holds when", max_length=3, choices=Match.choices, default=Match.ALL)
    rule_changed_at = models.DateTimeField(null=True, blank=True)
    #: When every item had been held against the rule as it stands.
    recalculated_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    #: The file that named it first, if one did: its undo removes what nothing else uses.
    made_by = models.ForeignKey(
        "inventory.CsvImport", on_delete=models.SET_NULL, null=True, blank=True, related_name="made_labels"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["seller", "name"], name="label_name_once_per_seller")]

    def __str__(self) -> str:
        return self.name


class LabelItem(models.Model):
    """Why an item is on a label, or kept off it. By hand beats rule, excluded beats both."""

    class Source(models.TextChoices):
        HAND = "hand", "By hand"
        RULE = "rule", "By rule"
        EXCLUDED = "excluded", "Kept off"

    #: No index of its own: the unique one on (label, item) serves.
    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="label_items", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="label_items")
    source = models.CharField(max_length=10, choices=Source.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["label", "item"], name="label_item_once")]
        # Few are kept off, and only these stand in it.
        indexes = [
            models.Index(fields=["label", "item"], name="label_item_kept_off", condition=models.Q(source="excluded"))
        ]

    def __str__(self) -> str:
        return f"{self.item} on {self.label} ({self.get_source_display()})"

"""Searches of the order list that a member keeps by name."""

from django.db import models

from inventory.models import Membership


class SavedSearch(models.Model):
    """One tab of one member's own."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=40)
    #: What the list is asked for, by the names in its address; nothing is empty.
    query = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["membership", "name"], name="saved_search_once")]

    def __str__(self) -> str:
        return self.name

"""Views of a list that a member keeps by name."""

from django.db import models

from inventory.models.seller import Membership


class SavedView(models.Model):
    """One tab of one member's own."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+", db_index=False)
    #: The list it is of, by the name of its address: "items", "orders".
    page = models.CharField(max_length=20)
    name = models.CharField(max_length=40)
    #: What the list is asked for, by the names in its address; nothing is empty.
    query = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["membership", "page", "name"], name="saved_view_once")]

    def __str__(self) -> str:
        return self.name

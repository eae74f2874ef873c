"""The daily letter about what waits: who wants it, and which days it was looked at."""

from django.core.validators import MaxValueValidator
from django.db import models

from inventory.models.seller import Membership


class DigestChoice(models.Model):
    """A member wants the letter of this seller at this hour. No row: no letter."""

    membership = models.OneToOneField(Membership, on_delete=models.CASCADE, related_name="digest_choice")
    #: Of the day, in the seller's time zone.
    hour = models.PositiveSmallIntegerField(validators=[MaxValueValidator(23)])
    #: The first day, there, that counts: an hour that has passed when it is chosen begins tomorrow.
    first_day = models.DateField()
    #: The site as the choosing browser knew it, for links: "https://shop.example.com". Empty: no browser has chosen.
    site = models.CharField(max_length=300)

    def __str__(self) -> str:
        return f"{self.membership} at {self.hour}:00"


class DigestDay(models.Model):
    """A member's day was looked at: whoever writes this row writes the letter, and nobody else does."""

    #: No index of its own: the unique one on (membership, day) serves.
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="digest_days", db_index=False)
    day = models.DateField()
    #: How many things the letter told; 0: nothing waited, no letter.
    things = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["membership", "day"], name="digest_once_a_day")]

    def __str__(self) -> str:
        return f"{self.membership} on {self.day}"

"""Who is warned by e-mail of what is about to go wrong."""

from django.db import models

from inventory.models.seller import Membership


class WarningChoice(models.Model):
    """A member has chosen. No row: owners are warned, others are not."""

    membership = models.OneToOneField(Membership, on_delete=models.CASCADE, related_name="warning_choice")
    #: Before the credentials of a channel expire.
    of_expiry = models.BooleanField()
    #: The site as the choosing browser knew it, for links: "https://shop.example.com".
    site = models.CharField(max_length=300)

    def __str__(self) -> str:
        return f"{self.membership}: {'warned' if self.of_expiry else 'not warned'}"

"""Who is warned by e-mail of what goes wrong, or is about to."""

from django.db import models

from inventory.models.seller import Membership


class WarningChoice(models.Model):
    """A member has chosen. No row: owners are warned, others are not."""

    membership = models.OneToOneField(Membership, on_delete=models.CASCADE, related_name="warning_choice")
    #: Before the credentials of a channel expire.
    of_expiry = models.BooleanField()
    #: At once when a channel stops and waits for a person.
    of_stops = models.BooleanField()
    #: The site as the choosing browser knew it, for links: "https://shop.example.com".
    site = models.CharField(max_length=300)

    def __str__(self) -> str:
        told = [name for name, is_on in (("expiry", self.of_expiry), ("stops", self.of_stops)) if is_on]
        return f"{self.membership}: {', '.join(told) or 'not warned'}"

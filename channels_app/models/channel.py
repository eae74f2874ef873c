"""A seller's account on one marketplace: its life cycle, switches, rules and connection."""

import math
import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django_fsm import ConcurrentTransitionMixin, FSMField, FSMModelMixin, transition

from channels_app.adapters.types import Capability, Mode
from channels_app.vocabulary import LISTS, suggest
from inventory.models import Label, Location, Seller
from inventory.models.fields import money_field, public_id_field

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

# Refreshing lifts the protection of `state` on the field, which all threads share: a second one that refreshes in the
# same instant would find it protected again half-way.
_refreshing = threading.RLock()


class ChannelQuerySet(models.QuerySet["Channel"]):
    def of(self, user: "AbstractBaseUser | AnonymousUser") -> Self:
        """Keep the channels of the sellers that `user` is a member of."""
        return self.filter(seller__memberships__user_id=user.pk)

    def running(self) -> Self:
        """Keep the channels whose jobs may run."""
        return self.filter(state__in=[Channel.State.TESTING, Channel.State.LIVE], archived_at=None)


class Channel(ConcurrentTransitionMixin, FSMModelMixin, models.Model):
    """One account on one marketplace, naming the label whose items it lists.

    Health is not a state: a Live channel with a failing job is Live. What each state permits stands in one table,
    flows/permissions.py.
    """

    class State(models.TextChoices):
        SETUP = "setup", "Setup"
        TESTING = "testing", "Testing"
        LIVE = "live", "Live"

    class QuantityMode(models.TextChoices):
        ALL = "all", "Everything available"
        CAP = "cap", "At most a number"
        FIXED = "fixed", "Always the same number, while available"

    class OnDeactivate(models.TextChoices):
        LEAVE = "leave", "Leave the listings as they are"
        ZERO = "zero", "Set their quantities to 0"
        END = "end", "End them"

    seller = models.ForeignKey(Seller, on_delete=models.CASCADE, related_name="channels")
    public_id = public_id_field()
    #: Names the adapter in the registry; no choices, so that a new channel needs no migration.
    adapter_key = models.CharField(max_length=40)
    name = models.CharField(max_length=100)
    mode = models.CharField(max_length=10, choices=[(m.value, m.name.title()) for m in Mode], default=Mode.TEST.value)
    state = FSMField(max_length=10, choices=State.choices, default=State.SETUP, protected=True)

    listings_on = models.BooleanField("Listings", default=False)
    reconciler_on = models.BooleanField("Reconciler", default=False)
    orders_on = models.BooleanField("Orders", default=False)
    fulfillments_on = models.BooleanField("Fulfillments", default=True)

    label = models.ForeignKey(Label, on_delete=models.PROTECT, null=True, blank=True, related_name="channels")

    #: Kept back from what is available, in units.
    buffer = models.PositiveIntegerField(default=0)
    #: At or below this many (after the buffer), 0 is sent.
    floor = models.PositiveIntegerField(default=0)
    quantity_mode = models.CharField(max_length=5, choices=QuantityMode.choices, default=QuantityMode.ALL)
    #: The N of "at most N" and "always N"; NULL with "everything available".
    quantity_limit = models.PositiveIntegerField(null=True, blank=True)

    #: Added to the item's price, in percent; -100 and below make no sense.
    price_percent = models.DecimalField(max_digits=7, decimal_places=2, default=0)
    #: Added after the percentage, in the channel's currency.
    price_amount = money_field(default=0)
    #: The price is rounded up to end on this part of a whole unit, e.g. 0.99; NULL: not rounded.
    price_ending = models.DecimalField(max_digits=4, decimal_places=2, null=True, blank=True)
    #: Never sent below this, in the channel's currency.
    price_minimum = money_field(null=True, blank=True)
    #: Item currency to channel currency; NULL: they must be the same.
    currency_rate = models.DecimalField(max_digits=14, decimal_places=6, null=True, blank=True)

    #: Account settings that are no secret, as the adapter's form names them.
    settings = models.JSONField(default=dict, blank=True)
    #: Secret settings as one encrypted JSON object; see secrets.py. Never rendered, never logged.
    encrypted_secrets = models.TextField(blank=True, default="")
    #: ConnectionFacts as JSON, from the last passed check.
    facts = models.JSONField(default=dict, blank=True)
    #: What the seller's own carriers and reasons are called here: list -> word -> code; see vocabulary.py.
    words = models.JSONField(default=dict, blank=True)
    #: Fingerprint of the credentials that passed the check; other credentials need another check.
    checked_fingerprint = models.CharField(max_length=64, blank=True, default="")
    checked_at = models.DateTimeField(null=True, blank=True)
    check_error = models.TextField(blank=True, default="")
    #: When these credentials expire, as the marketplace told at the last passed check. Read by flows/expiry.py alone.
    credentials_expire_at = models.DateTimeField(null=True, blank=True)
    #: Their last day, as the seller read it at the marketplace; what the marketplace tells itself beats it.
    credentials_expire_on = models.DateField(null=True, blank=True)
    account_id = models.CharField(max_length=200, blank=True, default="")
    currency = models.CharField(max_length=3, blank=True, default="")

    #: How far back before activation the first order download reaches, in days.
    orders_since_days = models.PositiveIntegerField(default=0)
    testing_started_at = models.DateTimeField(null=True, blank=True)
    testing_ends_at = models.DateTimeField(null=True, blank=True)
    live_at = models.DateTimeField(null=True, blank=True)
    #: The channel's time up to which its orders are known to us.
    orders_known_until = models.DateTimeField(null=True, blank=True)
    #: When the last round of orders that came to its end did so.
    orders_read_at = models.DateTimeField(null=True, blank=True)
    #: What the last deactivation asked for; cleared by the next activation.
    on_deactivate = models.CharField(max_length=5, choices=OnDeactivate.choices, blank=True, default="")
    #: Withdrawals allowed beyond the brake until this time, by a person (flows/brake.py).
    withdrawals_allowed_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True, blank=True)

    objects = ChannelQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["adapter_key", "account_id", "mode"],
                condition=~models.Q(state="setup") & ~models.Q(account_id=""),
                name="one_active_channel_per_account",
            ),
            models.CheckConstraint(
                condition=~models.Q(quantity_mode__in=["cap", "fixed"]) | models.Q(quantity_limit__isnull=False),
                name="channel_limit_given_with_its_mode",
            ),
            models.CheckConstraint(
                condition=models.Q(state="setup") | models.Q(label__isnull=False), name="active_channel_has_label"
            ),
            models.CheckConstraint(
                condition=models.Q(listings_on=True) | models.Q(reconciler_on=False), name="reconciler_needs_listings"
            ),
        ]
        indexes = [models.Index(fields=["seller", "state"], name="channel_by_seller")]
        permissions = [("support_channels", "May steer the channels of sellers, as support")]

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        """As any model's; one thread at a time."""
        with _refreshing:
            super().refresh_from_db(*args, **kwargs)

    def __str__(self) -> str:
        return self.name

    @transition(field=state, source=State.SETUP, target=State.TESTING)
    def start_testing(self) -> None:
        """Settings are complete and the connection was checked; the days of Testing begin."""

    @transition(field=state, source=State.TESTING, target=State.LIVE)
    def go_live(self) -> None:
        """Testing is over, by the clock or by support."""

    @transition(field=state, source=State.LIVE, target=State.TESTING)
    def return_to_testing(self) -> None:
        """Support gives the seller another Testing phase."""

    @transition(field=state, source=[State.TESTING, State.LIVE], target=State.SETUP)
    def deactivate(self) -> None:
        """All jobs end; the settings stay."""

    def days_left(self, now: datetime) -> int | None:
        """Return how many days of Testing are left, begun ones counted; None outside Testing."""
        if self.state != self.State.TESTING or self.testing_ends_at is None:
            return None
        return max(math.ceil((self.testing_ends_at - now) / timedelta(days=1)), 0)

    @property
    def is_running(self) -> bool:
        return self.state in (self.State.TESTING, self.State.LIVE) and self.archived_at is None

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What this connection can do; empty before its first passed check."""
        known = {c.value for c in Capability}
        return frozenset(Capability(c) for c in self.facts.get("capabilities", []) if c in known)

    def can(self, capability: Capability) -> bool:
        return capability in self.capabilities

    def choices(self, name: str) -> list[tuple[str, str]]:
        """Return `carriers`, `cancel_reasons` or `refund_reasons` of this connection as (code, name)."""
        rows: list[dict[str, Any]] = self.facts.get(name, [])
        return [(row["code"], row["name"]) for row in rows]

    def usual(self, name: str) -> list[tuple[str, str]]:
        """Return what of these choices the seller's own words stand for, as (code, word); suggested until chosen."""
        choices, chosen = self.choices(name), self.words.get(name, {})
        codes = {code for code, _ in choices}
        found: dict[str, str] = {}
        for word in LISTS[name][1]:
            code = chosen.get(word.key)
            code = suggest(word, choices) if code is None else code
            if code in codes:
                found.setdefault(code, word.name)
        return list(found.items())


class ChannelLocation(models.Model):
    """A location that serves a channel, lowest rank first. A channel without any is served by all."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="channel_locations")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+")
    rank = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "location"], name="channel_location_once")]
        ordering = ["rank", "id"]

    def __str__(self) -> str:
        return f"{self.channel} from {self.location}"

"""The parts of the settings page. Each knows whether the person touched it, and whether somebody else did meanwhile.

All parts stand in one HTML form. Each carries `seen`, a digest of what was stored when the page was made: a part whose
input still equals it is left alone, so that an old tab never puts old values back.
"""

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.db import models

from channels_app.adapters.types import Mode
from channels_app.flows.settings import secret_fields
from channels_app.models import Channel
from inventory.models import Label, Location

CHANGED_MEANWHILE = (
    "Somebody else, or another tab, changed this meanwhile. What you entered is shown; save again to keep it, "
    "or load the page again to see what is stored."
)


def digest(values: Mapping[str, Any]) -> str:
    """Return a short name for `values`; numbers that are equal have the same, however they are written."""
    text = json.dumps({name: _plain(value) for name, value in values.items()}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, list | tuple | models.QuerySet):
        return [_plain(each) for each in value]
    return "" if value is None else value if isinstance(value, bool) else str(value)


class Part(forms.Form):
    """One part of the page, bound to a channel."""

    #: Names the part in the HTML form and in messages.
    part: ClassVar[str]
    title: ClassVar[str]
    #: Fields that say nothing of what is stored.
    not_stored: ClassVar[frozenset[str]] = frozenset({"seen"})

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, channel: Channel, data: Mapping[str, Any] | None = None, *, why_locked: str = "") -> None:
        self.channel = channel
        self.why_locked = why_locked
        self.stored = self.stored_values(channel)
        super().__init__(data, prefix=self.part, initial={**self.stored, "seen": digest(self.stored)})
        self.prepare()
        if why_locked:
            for field in self.fields.values():
                field.disabled = True

    def stored_values(self, channel: Channel) -> dict[str, Any]:
        """Return what is stored now, by field name."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Adapt fields to the channel, before the form is used."""

    def values(self) -> dict[str, Any]:
        """Return what was entered, without what only serves the page. For a valid form."""
        return {name: value for name, value in self.cleaned_data.items() if name not in self.not_stored}

    def is_touched(self) -> bool:
        """Say whether the person changed something here. For a valid form."""
        if self.why_locked:
            return False
        return digest(self.values()) != (self.cleaned_data["seen"] or digest(self.stored))

    def is_stale(self) -> bool:
        """Say whether what is stored changed since the page was made. For a valid form."""
        return bool(self.cleaned_data["seen"]) and self.cleaned_data["seen"] != digest(self.stored)

    def refuse_as_stale(self) -> None:
        """Say so, and let the next try through: the person has now been told."""
        self.renew_seen()
        self.add_error(None, CHANGED_MEANWHILE)

    def renew_seen(self) -> None:
        """The page that is shown next knows what is stored now, whatever stands in its fields."""
        self.data = {**{name: self.data.get(name) for name in self.data}, self.add_prefix("seen"): digest(self.stored)}


class NamePart(Part):
    part, title = "name", "Name"

    name = forms.CharField(max_length=100, help_text="How this channel is called on your pages.")

    def stored_values(self, channel: Channel) -> dict[str, Any]:
        return {"name": channel.name}


class SwitchPart(Part):
    """The four switches. Those that this state or role locks are disabled, and `locks` says why."""

    part, title = "switches", "Switches"

    listings_on = forms.BooleanField(required=False, label="Listings")
    reconciler_on = forms.BooleanField(required=False, label="Reconciler")
    orders_on = forms.BooleanField(required=False, label="Orders")
    fulfillments_on = forms.BooleanField(required=False, label="Fulfillments")

    #: In the order in which they are switched: what stands under another comes after it.
    NAMES: ClassVar[tuple[str, ...]] = ("listings_on", "reconciler_on", "orders_on", "fulfillments_on")

    def __init__(
        self, channel: Channel, data: Mapping[str, Any] | None = None, *, locks: Mapping[str, str], why_locked: str = ""
    ) -> None:
        self.locks = locks
        super().__init__(channel, data, why_locked=why_locked)

    def stored_values(self, channel: Channel) -> dict[str, Any]:
        # The state is part of what the person saw: it decides which switches were locked.
        return {"state": channel.state, **{name: getattr(channel, name) for name in self.NAMES}}

    def values(self) -> dict[str, Any]:
        return {"state": self.channel.state, **super().values()}

    def prepare(self) -> None:
        for name, why in self.locks.items():
            self.fields[name].disabled = bool(why)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if not values.get("listings_on"):
            values["reconciler_on"] = False  # it stands under Listings and goes with it
        return values

    def changes(self) -> list[tuple[str, bool]]:
        """Return the switches to move, in an order that is always allowed. For a valid form."""
        moved = [(name, self.cleaned_data[name]) for name in self.NAMES if self.cleaned_data[name] != self.stored[name]]
        return [change for change in moved if change != ("reconciler_on", False) or self.cleaned_data["listings_on"]]


class LabelPart(Part):
    part, title = "label", "Label"
    not_stored = frozenset({"seen", "new_label", "confirmed"})

    label = forms.ModelChoiceField(
        queryset=Label.objects.none(),
        required=False,
        empty_label="No label yet",
        help_text="This channel lists the items on this label, and no others.",
    )
    new_label = forms.CharField(
        max_length=100,
        required=False,
        label="Or create a new label",
        help_text="It starts empty and is chosen at once. Put items on it from the Items page or with an import.",
    )
    #: The label whose effect on a running channel the person has seen and agreed to.
    confirmed = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def stored_values(self, channel: Channel) -> dict[str, Any]:
        return {"label": channel.label}

    def prepare(self) -> None:
        choice = self.fields["label"]
        assert isinstance(choice, forms.ModelChoiceField)
        choice.is_needed = True  # type: ignore[attr-defined]
        choice.queryset = Label.objects.filter(seller_id=self.channel.seller_id).order_by("name")

    def clean_new_label(self) -> str:
        name = str(self.cleaned_data["new_label"]).strip()
        if name and Label.objects.filter(seller_id=self.channel.seller_id, name__iexact=name).exists():
            raise forms.ValidationError(f"You already have a label named {name}: choose it above.")
        return name

    def is_touched(self) -> bool:
        return super().is_touched() or bool(self.cleaned_data["new_label"] and not self.why_locked)

    def needs_confirmation(self) -> bool:
        """Say whether listings begin and end by this, and the person has not agreed to that yet. For a valid form."""
        label = self.cleaned_data["label"]
        is_new = self.channel.is_running and label is not None and label != self.channel.label
        return is_new and self.cleaned_data["confirmed"] != label.pk


class QuantityPart(Part):
    part, title = "quantity", "Quantity"

    buffer = forms.IntegerField(
        min_value=0, max_value=1_000_000, help_text="Kept back: taken off what is available before anything is sent."
    )
    floor = forms.IntegerField(
        min_value=0,
        max_value=1_000_000,
        help_text="If no more than this is left after the buffer, 0 is sent and buyers see it as sold out.",
    )
    quantity_mode = forms.ChoiceField(
        choices=Channel.QuantityMode.choices, widget=forms.RadioSelect, label="What buyers see"
    )
    quantity_limit = forms.IntegerField(min_value=1, max_value=1_000_000, required=False, label="That number")

    def stored_values(self, channel: Channel) -> dict[str, Any]:
        values = {name: getattr(channel, name) for name in ("buffer", "floor", "quantity_mode", "quantity_limit")}
        self.locations = list(Location.objects.filter(seller_id=channel.seller_id).order_by("-is_default", "name"))
        if len(self.locations) > 1:
            ranks = {served.location_id: served.rank + 1 for served in channel.channel_locations.all()}
            values |= {f"rank_{place.pk}": ranks.get(place.pk) for place in self.locations}
        return values

    def prepare(self) -> None:
        if len(self.locations) > 1:
            for place in self.locations:
                self.fields[f"rank_{place.pk}"] = forms.IntegerField(
                    label=place.name, min_value=1, max_value=len(self.locations), required=False
                )

    def rank_fields(self) -> list[forms.BoundField]:
        """Return one field per location: its rank, empty for a location that does not serve the channel."""
        return [self[name] for name in self.fields if name.startswith("rank_")]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("quantity_mode") == Channel.QuantityMode.ALL:
            values["quantity_limit"] = None
        elif not values.get("quantity_limit") and "quantity_limit" not in self.errors:
            self.add_error("quantity_limit", "Give a number above 0: how many the channel may show.")
        return values

    def settings(self) -> dict[str, Any]:
        """Return the values as the flow takes them, locations in order of rank. For a valid form."""
        values = {name: value for name, value in self.values().items() if not name.startswith("rank_")}
        if len(self.locations) > 1:
            ranked = [(self.cleaned_data[f"rank_{place.pk}"], place.pk, place) for place in self.locations]
            values["locations"] = [place for rank, _, place in sorted(r for r in ranked if r[0])]
        return values


class PricePart(Part):
    part, title = "price", "Price"

    price_percent = forms.DecimalField(
        max_digits=7,
        decimal_places=2,
        label="Add percent",
        help_text="Added to the item's price. A negative number takes off.",
    )
    price_amount = forms.DecimalField(
        max_digits=14, decimal_places=4, label="Add amount", help_text="Added after the percentage."
    )
    price_ending = forms.DecimalField(
        max_digits=4,
        decimal_places=2,
        required=False,
        min_value=Decimal(0),
        max_value=Decimal("0.99"),
        label="Round up to end on",
        help_text="For example 0.99. Empty: not rounded.",
    )
    price_minimum = forms.DecimalField(
        max_digits=14,
        decimal_places=4,
        required=False,
        min_value=Decimal(0),
        label="Never below",
        help_text="No lower price than this is ever sent.",
    )
    currency_rate = forms.DecimalField(max_digits=14, decimal_places=6, required=False, label="Exchange rate")

    def stored_values(self, channel: Channel) -> dict[str, Any]:
        names = ["price_percent", "price_amount", "price_ending", "price_minimum"]
        if self.needs_rate(channel):
            names.append("currency_rate")
        return {name: _short(getattr(channel, name)) for name in names}

    @staticmethod
    def needs_rate(channel: Channel) -> bool:
        """Say whether the channel sells in another currency than the seller's items have."""
        return bool(channel.currency and channel.currency != channel.seller.currency)

    def prepare(self) -> None:
        if not self.needs_rate(self.channel):
            del self.fields["currency_rate"]
            return
        self.fields["currency_rate"].help_text = (
            f"How many {self.channel.currency} one {self.channel.seller.currency} is. "
            "Without it, no item with another currency is sent."
        )

    def clean_price_percent(self) -> Decimal:
        percent: Decimal = self.cleaned_data["price_percent"]
        if percent <= -100:
            raise forms.ValidationError("Taking off 100 % or more leaves no price.")
        return percent


def _short(value: Decimal | None) -> Decimal | None:
    """Return the number without trailing zeros, but with the two digits that people expect of money."""
    if value is None:
        return None
    short = Decimal(value).normalize()
    exponent = short.as_tuple().exponent
    return short.quantize(Decimal("0.01")) if not isinstance(exponent, int) or exponent > -2 else short


class AccountPart(Part):
    """The adapter's own form, field by field. Secrets are never rendered back; a blank one keeps what is stored."""

    part, title = "account", "Account information"

    def __init__(
        self,
        channel: Channel,
        data: Mapping[str, Any] | None = None,
        *,
        account_form: type[forms.Form],
        stored_secrets: frozenset[str],
        why_locked: str = "",
    ) -> None:
        self.account_form = account_form
        self.secret_names = secret_fields(account_form)
        self.stored_secrets = stored_secrets
        self.not_stored = self.not_stored | self.secret_names  # type: ignore[misc]
        super().__init__(channel, data, why_locked=why_locked)

    def stored_values(self, channel: Channel) -> dict[str, Any]:
        names = [name for name in self.account_form.base_fields if name not in self.secret_names]
        return {name: channel.settings.get(name, self.account_form.base_fields[name].initial) for name in names}

    def prepare(self) -> None:
        inner = self.account_form()
        for name, field in inner.fields.items():
            field.initial = self.stored.get(name)
            # In Setup a part may be saved unfinished; what is missing is listed beside Save and Activate.
            field.is_needed = field.required  # type: ignore[attr-defined]
            field.required = field.required and self.channel.is_running and name not in self.stored_secrets
            if name in self.stored_secrets:
                field.help_text = "Stored. Leave it empty to keep it; it is never shown again."
            self.fields[name] = field

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        inner = self.account_form(
            {name: self.data.get(self.add_prefix(name)) for name in self.account_form.base_fields}
        )
        if self.channel.is_running and not inner.is_valid():
            for name, problems in inner.errors.items():
                if name not in self.stored_secrets and name not in self.errors:
                    self.add_error(name if name in self.fields else None, list(problems))
        return values

    def is_touched(self) -> bool:
        return super().is_touched() or (not self.why_locked and any(self.cleaned_data[n] for n in self.secret_names))

    def is_forced(self) -> bool:
        """Say whether somebody who may not sent other account information all the same."""
        sent = {name: self.data.get(self.add_prefix(name)) for name in self.account_form.base_fields}
        return bool(self.why_locked) and any(
            value and str(value) != str(self.stored.get(name) or "") for name, value in sent.items()
        )

    def settings(self) -> dict[str, Any]:
        """Return all values by field name, secrets among them. For a valid form."""
        return {name: self.cleaned_data[name] for name in self.account_form.base_fields}

    def show(self, field_errors: Mapping[str, str], message: str) -> None:
        """Put the marketplace's answer beside the fields it is about."""
        for name, text in field_errors.items():
            self.add_error(name if name in self.fields else None, text)
        if not field_errors:
            self.add_error(None, message)


class AddChannelForm(forms.Form):
    """The few things that are fixed when a channel is made."""

    name = forms.CharField(max_length=100, help_text="How you call it, for example: Sandbox Germany.")
    mode = forms.ChoiceField(
        choices=[(Mode.TEST.value, "Test account"), (Mode.PRODUCTION.value, "Real account: buyers see what is sent")],
        widget=forms.RadioSelect,
        label="Which kind of account",
        help_text="This cannot be changed later.",
    )

    def clean_mode(self) -> Mode:
        return Mode(self.cleaned_data["mode"])


class DeactivateForm(forms.Form):
    choice = forms.ChoiceField(
        choices=Channel.OnDeactivate.choices,
        widget=forms.RadioSelect,
        initial=Channel.OnDeactivate.LEAVE,
        label="What should happen to the listings on the marketplace?",
    )


class AskSupportForm(forms.Form):
    """What a Live channel's seller asks support to change."""

    what = forms.ChoiceField(label="What should change?")
    reason = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        label="Why",
        help_text="Support reads this and answers.",
    )

    def __init__(self, choices: list[tuple[str, str]], data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, prefix="ask")
        what = self.fields["what"]
        assert isinstance(what, forms.ChoiceField)
        what.choices = choices

"""Name, switches and label of a channel."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms

from channels_app.forms.part import Part
from channels_app.models import Channel
from inventory.models import Label


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

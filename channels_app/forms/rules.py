"""Quantity and price rules of a channel."""

from decimal import Decimal
from typing import Any

from django import forms

from channels_app.forms.part import Part
from channels_app.models import Channel
from inventory.models import Location


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

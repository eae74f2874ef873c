"""The days between which orders were placed: whole ones in the seller's time zone, both ends among them."""

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet

from channels_app.models import Order
from inventory.days import NEWEST, OLDEST, bounds_of
from inventory.models import Seller

_FORMAT = "%Y-%m-%d"


class DaysForm(forms.Form):
    """Part of the row above the list of orders; its fields are called as in the address, "from" and "to"."""

    def __init__(self, seller: Seller, data: Any) -> None:
        super().__init__(data)
        self._seller = seller
        self.fields |= {"from": _day("Placed from"), "to": _day("Placed to")}

    def clean(self) -> None:
        first, last = self.cleaned_data.get("from"), self.cleaned_data.get("to")
        if first and last and last < first:
            self.add_error("to", "This day comes before the first.")

    def narrowed(self, orders: QuerySet[Order]) -> QuerySet[Order]:
        """Return those of the orders that were placed on these days; none if a day cannot be understood."""
        if not self.is_valid():
            return orders.none()
        first, last = self.cleaned_data["from"], self.cleaned_data["to"]
        if first:
            orders = orders.filter(placed_at__gte=bounds_of(first, self._seller)[0])
        return orders.filter(placed_at__lt=bounds_of(last, self._seller)[1]) if last else orders


def _day(label: str) -> forms.DateField:
    outside = f"Enter a day from {OLDEST.year} to {NEWEST.year}."
    return forms.DateField(
        label=label,
        required=False,
        input_formats=[_FORMAT],
        widget=forms.DateInput(format=_FORMAT, attrs={"type": "date"}),
        validators=[MinValueValidator(OLDEST, outside), MaxValueValidator(NEWEST, outside)],
        error_messages={"invalid": "Enter a day as in 2026-01-31."},
    )

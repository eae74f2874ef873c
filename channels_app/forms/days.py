"""The days between which orders were placed: whole ones in the seller's time zone, both ends among them."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet

from channels_app.models import Order
from inventory.models import Seller

_FORMAT = "%Y-%m-%d"
_OLDEST, _NEWEST = date(1970, 1, 1), date(2999, 12, 31)


class DaysForm(forms.Form):
    """Part of the row above the list of orders; its fields are called as in the address, "from" and "to"."""

    def __init__(self, seller: Seller, data: Any) -> None:
        super().__init__(data)
        self._zone = ZoneInfo(seller.time_zone)
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
            orders = orders.filter(placed_at__gte=self._begin_of(first))
        return orders.filter(placed_at__lt=self._begin_of(last + timedelta(days=1))) if last else orders

    def _begin_of(self, day: date) -> datetime:
        return datetime.combine(day, time.min, tzinfo=self._zone)


def _day(label: str) -> forms.DateField:
    outside = f"Enter a day from {_OLDEST.year} to {_NEWEST.year}."
    return forms.DateField(
        label=label,
        required=False,
        input_formats=[_FORMAT],
        widget=forms.DateInput(format=_FORMAT, attrs={"type": "date"}),
        validators=[MinValueValidator(_OLDEST, outside), MaxValueValidator(_NEWEST, outside)],
        error_messages={"invalid": "Enter a day as in 2026-01-31."},
    )

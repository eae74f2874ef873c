"""The form that ships many orders at once: a carrier for all of a channel, and a tracking number for each order.

Fields are named by the public ids of what they are about: an order that is missing moves no number to another.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField

from channels_app.adapters.types import Capability
from channels_app.flows.fulfil_rules import LONGEST_TRACKING_NUMBER
from channels_app.flows.shipping_sheet import SheetRow
from channels_app.models import Channel, Order
from channels_app.order_forms import choice_of


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFields:
    """One order with its inputs."""

    order: Order
    tracking: BoundField
    carrier: BoundField


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelFields:
    """The orders of one channel, and what is the same for all of them."""

    channel: Channel
    carrier: BoundField
    #: Whether orders without a number leave too; None where the marketplace wants one.
    untracked: BoundField | None
    rows: Sequence[OrderFields]


class ShipTickedForm(forms.Form):
    """How some orders leave, each whole and in one parcel. An order without a number is left out."""

    def __init__(self, data: Any, *, orders: Sequence[Order], carriers: Mapping[int, str]) -> None:
        """`carriers` are what each channel begins with, by its id."""
        super().__init__(data)
        self.orders = orders
        self.channels = {order.channel_id: order.channel for order in orders}
        for channel in self.channels.values():
            known = [code for code, _ in channel.choices("carriers")]
            initial = known[0] if len(known) == 1 else carriers.get(channel.pk, "")
            field = choice_of(channel, "Carrier of all", "carriers", required=False, initial=initial)
            self.fields[f"all-{channel.public_id}"] = field
            if not channel.can(Capability.TRACKING_REQUIRED):
                self.fields[f"untracked-{channel.public_id}"] = forms.BooleanField(
                    label="Those without a tracking number leave, too", required=False
                )
        own = {
            pk: choice_of(channel, "Carrier", "carriers", blank="As above", is_short=True, required=False)
            for pk, channel in self.channels.items()
        }
        for order in orders:
            self._add(order, deepcopy(own[order.channel_id]))

    def _add(self, order: Order, carrier: forms.Field) -> None:
        number = forms.TextInput(
            attrs={
                "aria-label": f"Tracking number of order {order.remote_id}",
                "autocomplete": "off",
                "data-enter-next": True,
            }
        )
        self.fields[f"tracking-{order.public_id}"] = forms.CharField(
            label="Tracking number", max_length=LONGEST_TRACKING_NUMBER, required=False, widget=number
        )
        carrier.widget.attrs |= {"aria-label": f"Carrier of order {order.remote_id}"}
        self.fields[f"carrier-{order.public_id}"] = carrier

    def groups(self) -> list[ChannelFields]:
        """Return the inputs, channel by channel."""
        return [
            ChannelFields(
                channel=channel,
                carrier=self[f"all-{channel.public_id}"],
                untracked=self[name] if (name := f"untracked-{channel.public_id}") in self.fields else None,
                rows=[self._row(order) for order in self.orders if order.channel_id == channel.pk],
            )
            for channel in self.channels.values()
        ]

    def _row(self, order: Order) -> OrderFields:
        tracking, carrier = self[f"tracking-{order.public_id}"], self[f"carrier-{order.public_id}"]
        return OrderFields(order=order, tracking=tracking, carrier=carrier)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        leaving = [order for order in self.orders if self._leaves(order)]
        for order in leaving:
            name, cells = f"all-{order.channel.public_id}", self._cells(order)
            is_chosen = bool(order.channel.choices("carriers"))
            # A row of a file that has neither number nor carrier stays: that would leave out what was to leave.
            if (is_chosen or not cells["tracking"]) and not cells["carrier"] and name not in self.errors:
                self.add_error(name, f"{'Choose' if is_chosen else 'Enter'} the carrier.")
        if not leaving and not self.errors:
            raise forms.ValidationError("Enter the tracking number of at least one order.")
        return cleaned

    def sheet(self) -> list[SheetRow]:
        """Return what was entered as the rows of a file, one an order; those that stay are not filled in."""
        return [SheetRow(line, self._cells(order)) for line, order in enumerate(self.orders, start=1)]

    def _leaves(self, order: Order) -> bool:
        entered = self.cleaned_data
        return bool(entered.get(f"tracking-{order.public_id}") or entered.get(f"untracked-{order.channel.public_id}"))

    def _cells(self, order: Order) -> dict[str, str]:
        entered, channel = self.cleaned_data, order.channel.public_id
        tracking = entered.get(f"tracking-{order.public_id}", "")
        carrier = entered.get(f"carrier-{order.public_id}") or entered.get(f"all-{channel}", "")
        return {
            "order": order.remote_id,
            "marketplace": order.channel.name,
            "sku": "",
            "units": "",
            "carrier": carrier if self._leaves(order) else "",
            "tracking": tracking,
        }

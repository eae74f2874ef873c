"""Forms of the order page. Each carries a hidden key, made when the page was: the same key does the same thing once.

Lines are named by their place in the order (1, 2, ..), never by their number in our database.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.forms import BoundField

from channels_app.adapters.types import Capability
from channels_app.flows.decide_return import ReturnDecision
from channels_app.flows.fulfil_rules import Refundable, RefundLine, cancellable
from channels_app.flows.shipping_sheet import MAX_BYTES
from channels_app.models import Channel, Order, OrderLine, Return, ReturnLine
from inventory.money import exponent_of

#: A list of choices that needs no shorter one above it.
_A_SHORT_LIST = 8


class UnitsField(forms.IntegerField):
    """A number of units; left empty it is none."""

    def clean(self, value: Any) -> int:
        return 0 if value in self.empty_values else int(super().clean(value) or 0)


class AmountField(forms.DecimalField):
    """An amount of money; left empty it is none."""

    def clean(self, value: Any) -> Decimal:
        return Decimal(0) if value in self.empty_values else super().clean(value) or Decimal(0)


def _amount_field(label: str, *, most: Decimal, help_text: str) -> AmountField:
    return AmountField(
        label=label,
        min_value=Decimal(0),
        max_value=most,
        max_digits=14,
        decimal_places=4,
        help_text=help_text,
        widget=forms.NumberInput(attrs={"step": "0.01", "data-amount": True}),
    )


def choice_of(
    channel: Channel, label: str, facts: str, *, blank: str = "Choose…", is_short: bool = False, **given: Any
) -> forms.Field:
    """Return a choice from the connection's list, the seller's usual ones first; without a list any words will do.

    With `is_short` only the usual ones are offered of a long list: for a page that holds many of them.
    """
    usual, choices = channel.usual(facts), channel.choices(facts)
    if not choices:
        return forms.CharField(label=label, max_length=60, **given)
    offered: list[Any] = [("", blank), *choices]
    if len(choices) == 1 and given.get("required", True):
        offered = choices
    elif usual and len(choices) > _A_SHORT_LIST:
        offered = (
            [("", blank), *usual] if is_short else [("", blank), ("Usual", usual), (f"All of {channel.name}", choices)]
        )
    return forms.ChoiceField(label=label, choices=offered, **given)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFields:
    """One row of a form: a line with its inputs."""

    line: OrderLine
    units: BoundField
    amount: BoundField | None = None
    #: What may be entered at most.
    most: Decimal | None = None


class _OrderForm(forms.Form):
    """Units per line, and a key."""

    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, data: Any, *, order: Order, lines: Sequence[OrderLine], prefix: str) -> None:
        super().__init__(data, prefix=prefix, initial={"key": uuid.uuid4()})
        self.order = order
        self.lines = lines

    @property
    def channel(self) -> Channel:
        return self.order.channel

    def add_units(self, number: int, line: OrderLine, *, most: int, start: int, fixed: bool = False) -> None:
        widget = forms.NumberInput(attrs={"min": 0, "max": most} | ({"readonly": True} if fixed else {}))
        self.fields[f"units-{number}"] = UnitsField(
            label=f"Units of {line.sku}", min_value=0, max_value=most, initial=start, widget=widget
        )

    def numbered(self) -> Iterator[tuple[int, OrderLine]]:
        """Yield the lines that this form is about, with their places in the order."""
        for number, line in enumerate(self.lines, start=1):
            if f"units-{number}" in self.fields:
                yield number, line

    def rows(self) -> list[LineFields]:
        return [LineFields(line=line, units=self[f"units-{number}"]) for number, line in self.numbered()]

    def units(self) -> dict[int, int]:
        """Return the units entered, by line id."""
        return {line.pk: self.cleaned_data[f"units-{number}"] for number, line in self.numbered()}

    def add_choice(self, name: str, label: str, facts: str) -> None:
        self.fields[name] = choice_of(self.channel, label, facts)


class ShipForm(_OrderForm):
    """One parcel."""

    tracking_number = forms.CharField(label="Tracking number", max_length=100, required=False)
    shipped_at = forms.DateTimeField(
        label="Left at",
        required=False,
        help_text="Leave it empty if it leaves now.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )

    def __init__(self, data: Any, *, order: Order, lines: Sequence[OrderLine], carrier: str = "") -> None:
        super().__init__(data, order=order, lines=lines, prefix="ship")
        partial = self.channel.can(Capability.SHIP_PARTIAL)
        for number, line in enumerate(lines, start=1):
            if line.open_quantity:
                self.add_units(number, line, most=line.open_quantity, start=line.open_quantity, fixed=not partial)
        self.add_choice("carrier", "Carrier", "carriers")
        self.fields["carrier"].initial = carrier
        self.fields["tracking_number"].required = self.channel.can(Capability.TRACKING_REQUIRED)
        if not self.channel.choices("carriers"):
            self.fields["carrier"].required = False

    @property
    def carrier(self) -> dict[str, str]:
        """Return the carrier as the flow takes it."""
        chosen = self.cleaned_data["carrier"]
        return {"carrier_code": chosen if self.channel.choices("carriers") else "", "carrier_name": chosen}


class CancelForm(_OrderForm):
    """Units that will not be shipped."""

    def __init__(self, data: Any, *, order: Order, lines: Sequence[OrderLine]) -> None:
        super().__init__(data, order=order, lines=lines, prefix="cancel")
        single, partial = self.channel.can(Capability.CANCEL_LINE), self.channel.can(Capability.CANCEL_PARTIAL)
        for number, line in enumerate(lines, start=1):
            units = cancellable(self.channel, line)
            start = 0 if single and len(lines) > 1 else units
            if units and (partial or not single):
                self.add_units(number, line, most=units, start=start, fixed=not single)
            elif units:
                self._add_all_or_none(number, line, units=units, start=start)
        self.add_choice("reason", "Reason", "cancel_reasons")

    def _add_all_or_none(self, number: int, line: OrderLine, *, units: int, start: int) -> None:
        self.fields[f"units-{number}"] = forms.TypedChoiceField(
            label=f"Units of {line.sku}",
            choices=[("0", "None"), (str(units), f"All {units}" if units > 1 else "1")],
            coerce=int,
            initial=str(start),
        )


class RefundForm(_OrderForm):
    """Money to give back, and whether the goods came back."""

    restock = forms.BooleanField(label="The units are back on the shelf", required=False)

    def __init__(
        self, data: Any, *, order: Order, lines: Sequence[OrderLine], left: dict[int, Refundable], shipping: Decimal
    ) -> None:
        super().__init__(data, order=order, lines=lines, prefix="refund")
        self.left = left
        #: Digits after the point, of sums that the page tells.
        self.digits = exponent_of(order.currency)
        partial = self.channel.can(Capability.REFUND_PARTIAL)
        for number, line in enumerate(lines, start=1):
            most = left[line.pk]
            if line.shipped_quantity and most.amount > 0:
                self.add_units(number, line, most=most.quantity, start=0)
                self.fields[f"amount-{number}"] = _amount_field(
                    f"Amount for {line.sku}",
                    most=most.amount,
                    help_text="" if partial else "All of it, or nothing.",
                )
        if shipping > 0 and partial:
            self.fields["shipping"] = _amount_field(
                "Of the shipping charge", most=shipping, help_text=f"At most {shipping:.2f} {order.currency}."
            )
        self.add_choice("reason", "Reason", "refund_reasons")

    def rows(self) -> list[LineFields]:
        return [
            LineFields(line=line, units=self[f"units-{n}"], amount=self[f"amount-{n}"], most=self.left[line.pk].amount)
            for n, line in self.numbered()
        ]

    def refund_lines(self) -> list[RefundLine]:
        """Return what was entered; the shipping charge goes with the first line."""
        entered = self.cleaned_data
        shipping = entered.get("shipping", Decimal(0))
        lines = []
        for number, line in self.numbered():
            amount, units = entered[f"amount-{number}"], entered[f"units-{number}"]
            if amount or units or shipping:
                lines.append(RefundLine(line_id=line.pk, quantity=units, amount=amount, shipping_amount=shipping))
                shipping = Decimal(0)
        return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnFields:
    """One row of a return: a line with its inputs, or without them once it was decided."""

    line: ReturnLine
    decision: BoundField | None = None
    units: BoundField | None = None


class ReturnForm(forms.Form):
    """What is decided about the lines of one return. A line that is left at "Not yet" waits."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    restock = forms.BooleanField(label="The units are back on the shelf", required=False)

    def __init__(self, data: Any, *, of_return: Return, lines: Sequence[ReturnLine], channel: Channel) -> None:
        super().__init__(data, prefix=f"return-{of_return.pk}", initial={"key": uuid.uuid4()})
        self.lines = lines
        for number, line in self._open():
            self.fields[f"decision-{number}"] = forms.ChoiceField(
                label=f"Decision about {line.name}",
                choices=[("", "Not yet"), *channel.choices("return_decisions")],
                required=False,
            )
            self.fields[f"units-{number}"] = forms.IntegerField(
                label=f"Units of {line.name} that came back",
                min_value=1,
                max_value=line.quantity,
                initial=line.quantity,
                widget=forms.NumberInput(attrs={"min": 1, "max": line.quantity}),
            )

    def _open(self) -> Iterator[tuple[int, ReturnLine]]:
        for number, line in enumerate(self.lines, start=1):
            if not line.decision and line.order_line_id is not None:
                yield number, line

    def rows(self) -> list[ReturnFields]:
        return [
            ReturnFields(line=line, decision=self[f"decision-{number}"], units=self[f"units-{number}"])
            for number, line in self._open()
        ]

    def decisions(self) -> dict[int, ReturnDecision]:
        """Return what was decided, by line id."""
        return {
            line.pk: ReturnDecision(
                code=self.cleaned_data[f"decision-{number}"], quantity=self.cleaned_data[f"units-{number}"]
            )
            for number, line in self._open()
            if self.cleaned_data[f"decision-{number}"]
        }


class NoteForm(forms.Form):
    """What somebody writes down about the order."""

    prefix = "note"

    text = forms.CharField(
        label="Add a note",
        max_length=1000,
        help_text="For your own people: neither the buyer nor the marketplace sees it.",
        error_messages={"required": "Write something first."},
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class LinkForm(forms.Form):
    """Which of the seller's items a line is about."""

    line = forms.IntegerField(widget=forms.HiddenInput)
    sku = forms.CharField(label="SKU of your item", max_length=100)


class ShippingFileForm(forms.Form):
    """A file of parcels."""

    file = forms.FileField(
        label="CSV file",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
        allow_empty_file=True,
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(f"At most {MAX_BYTES // 1_000_000} MB can be brought at once. Split the file.")
        return file

"""What sellers enter about items, stock, labels and files."""

import uuid
from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile

from inventory.bulk.choosing import PriceChange
from inventory.csv_import.header import WORDS, Column, FileProblem, check_columns
from inventory.csv_import.imports import MAX_BYTES
from inventory.gtin import is_gtin
from inventory.item_order import ORDERS
from inventory.models import Item, Label, Location, Seller
from inventory.search import AT_MOST, SHOW, ItemFilter
from inventory.stock import default_location


class ItemFilterForm(forms.Form):
    """The row above the list of items."""

    q = forms.CharField(
        label="Search",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "SKU, title or barcode"}),
    )
    label = forms.ModelChoiceField(
        Label.objects.none(),
        required=False,
        empty_label="Any label",
        to_field_name="public_id",
        error_messages={"invalid_choice": "This label was deleted."},
    )
    at_most = forms.TypedChoiceField(
        label="Available",
        required=False,
        choices=[("", "Any number"), *((most, f"At most {most}") for most in AT_MOST)],
        coerce=int,
        empty_value=None,
    )
    sort = forms.ChoiceField(
        label="Sort by",
        required=False,
        choices=list(ORDERS.items()),
        widget=forms.Select(attrs={"data-submit": True}),
    )
    show = forms.ChoiceField(required=False, choices=list(SHOW.items()))

    def __init__(self, seller: Seller, data: Any) -> None:
        super().__init__(data)
        cast("forms.ModelChoiceField[Label]", self.fields["label"]).queryset = seller.labels.order_by("name")

    @property
    def is_label_gone(self) -> bool:
        """Whether it asks for a label that is none of the seller's, as when it was deleted."""
        return "label" in self.errors

    @property
    def order(self) -> str:
        """One of ORDERS."""
        self.is_valid()
        return str(self.cleaned_data.get("sort", ""))

    def wanted(self) -> ItemFilter:
        """Return what was asked for; what cannot be understood is left out rather than refused."""
        self.is_valid()
        values = self.cleaned_data
        return ItemFilter(
            text=values.get("q", ""),
            label=values.get("label"),
            show=values.get("show", ""),
            at_most=values.get("at_most"),
        )


class BarcodeField(forms.CharField):
    """A GTIN whose last digit fits, or nothing."""

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and not is_gtin(value):
            raise forms.ValidationError("This is no barcode: it needs 8, 12, 13 or 14 digits, the last one fitting.")


class ItemForm(forms.Form):
    """What an item is; its stock is moved elsewhere."""

    sku = forms.CharField(label="SKU", max_length=100, help_text="Your own id of the item. It cannot be changed later.")
    title = forms.CharField(max_length=500)
    brand = forms.CharField(max_length=200, required=False)
    gtin = BarcodeField(label="Barcode", max_length=14, required=False, help_text="EAN, UPC, ISBN or GTIN.")
    price = forms.DecimalField(
        max_digits=14, decimal_places=4, min_value=0, required=False, help_text="Without a price it is not listed."
    )
    currency = forms.RegexField(r"^[A-Z]{3}$", max_length=3, error_messages={"invalid": "Write it like USD."})
    description = forms.CharField(required=False, max_length=100_000, widget=forms.Textarea(attrs={"rows": 5}))
    images = forms.CharField(
        label="Images", required=False, widget=forms.Textarea(attrs={"rows": 3}), help_text="One web address a line."
    )
    attributes = forms.CharField(
        required=False, widget=forms.Textarea(attrs={"rows": 4}), help_text="One a line, like “Color: Red”."
    )

    def __init__(self, data: Any = None, *, item: Item | None = None, currency: str = "") -> None:
        initial = {"currency": currency} if item is None else as_entered(item)
        super().__init__(data, initial=initial)
        if item is not None:
            del self.fields["sku"]
            if item.is_parent:  # is not sold: its variations have these
                for name in ("gtin", "price", "currency"):
                    del self.fields[name]

    def clean_images(self) -> list[str]:
        addresses = self.cleaned_data["images"].split()
        for address in addresses:
            if not address.lower().startswith(("https://", "http://")):
                raise forms.ValidationError(f"“{address[:60]}” is no web address.")
        return list(addresses)

    def clean_attributes(self) -> dict[str, str]:
        attributes = {}
        for line in filter(str.strip, self.cleaned_data["attributes"].splitlines()):
            name, colon, value = line.partition(":")
            if not (colon and name.strip() and value.strip()):
                raise forms.ValidationError(f"“{line[:60]}” needs a name, a colon and a value.")
            attributes[name.strip()] = value.strip()
        return attributes


def as_entered(item: Item) -> dict[str, Any]:
    """Return the item as its form shows it."""
    names = ("title", "brand", "gtin", "currency", "description")
    price = "" if item.price is None else f"{item.price.normalize():f}"
    whole, _, decimals = price.partition(".")
    if price:
        price = f"{whole}.{decimals:0<2}"
    return {name: getattr(item, name) for name in names} | {
        "price": price,
        "images": "\n".join(item.images),
        "attributes": "\n".join(f"{name}: {value}" for name, value in item.attributes.items()),
    }


class StockForm(forms.Form):
    """A count, or a difference, at one location."""

    COUNTED, CHANGED = "counted", "changed"

    location = forms.ModelChoiceField(Location.objects.none(), empty_label=None)
    how = forms.ChoiceField(
        label="What happened",
        choices=[(COUNTED, "I counted: this many are on hand"), (CHANGED, "Add this many (a minus takes away)")],
        widget=forms.RadioSelect,
        initial=COUNTED,
    )
    number = forms.IntegerField(label="Units", min_value=-999_999_999, max_value=999_999_999)
    note = forms.CharField(max_length=200, required=False)
    #: Makes a form that is sent twice move stock once.
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, seller: Seller, data: Any = None) -> None:
        super().__init__(data, initial={"key": uuid.uuid4()})
        field = cast("forms.ModelChoiceField[Location]", self.fields["location"])
        field.initial = default_location(seller)
        field.queryset = seller.locations.order_by("-is_default", "name")
        if len(field.queryset[:2]) == 1:
            field.widget = forms.HiddenInput()

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("how") == self.COUNTED and values.get("number", 0) < 0:
            self.add_error("number", "What is on hand cannot be below 0.")
        return values


class ColumnsForm(forms.Form):
    """What each column of a file means."""

    def __init__(self, columns: Sequence[Column], data: Any = None) -> None:
        super().__init__(data)
        self._names = [column.name for column in columns]
        meanings = [(field, words) for field, words in WORDS.items() if field not in ("attribute", "ignored")]
        for index, column in enumerate(columns):
            kept = [("attribute", f"An attribute called “{column.name}”")] if column.name else []
            self.fields[f"column_{index}"] = forms.ChoiceField(
                label=column.name or f"Column {index + 1} (no name)",
                choices=[("ignored", WORDS["ignored"]), *kept, *meanings],
                initial=column.field,
            )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        try:
            check_columns(self.columns())
        except FileProblem as problem:
            raise forms.ValidationError(str(problem)) from problem
        return values

    def columns(self) -> list[Column]:
        """Return the columns as they were chosen; what was chosen wrongly is left out."""
        chosen = (self.cleaned_data.get(f"column_{index}", "ignored") for index in range(len(self._names)))
        return [Column(name, field) for name, field in zip(self._names, chosen, strict=True)]


class ImportForm(forms.Form):
    """A file of items and stock."""

    file = forms.FileField(
        label="CSV file",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
        help_text="With a first line that names the columns. UTF-8, at most 1,000 MB.",
        allow_empty_file=True,
    )
    label = forms.ModelChoiceField(
        Label.objects.none(),
        label="Put all items on a label",
        required=False,
        empty_label="No label",
        to_field_name="public_id",
    )
    location = forms.ModelChoiceField(
        Location.objects.none(), label="Quantities are counted at", required=False, empty_label=None
    )

    def __init__(self, seller: Seller, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files)
        cast("forms.ModelChoiceField[Label]", self.fields["label"]).queryset = seller.labels.order_by("name")
        locations = seller.locations.order_by("-is_default", "name")
        field = cast("forms.ModelChoiceField[Location]", self.fields["location"])
        field.queryset = locations
        field.initial = locations.first()
        if locations.count() < 2:
            del self.fields["location"]

    def clean_file(self) -> "UploadedFile[Any]":
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(
                f"The file has {file.size // 1_000_000} MB; at most {MAX_BYTES // 1_000_000} MB can be brought at once."
                " Split it and bring the parts one after the other."
            )
        return cast("UploadedFile[Any]", file)


class PriceChangeForm(forms.Form):
    """What becomes of the prices of many items."""

    #: It stands in one HTML form with other dialogs, which must not wait for its fields.
    use_required_attribute = False

    HOW = (("percent", "Add percent"), ("amount", "Add amount"), ("fixed", "Set to"))

    how = forms.ChoiceField(label="How", choices=HOW, initial="percent")
    value = forms.DecimalField(
        label="By or to",
        min_value=-1_000_000,
        max_value=1_000_000,
        decimal_places=2,
        help_text="A negative percentage or amount takes off. No price falls below 0; each has its currency's digits.",
    )
    #: The same form sent twice does it once.
    change_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        how, value = cleaned.get("how"), cleaned.get("value")
        if how == "percent" and value is not None and value <= -100:
            self.add_error("value", "Taking off 100 % or more leaves no price.")
        if how == "fixed" and value is not None and value < 0:
            self.add_error("value", "A price cannot be below 0.")
        return cleaned

    def problem(self) -> str:
        """Return what is wrong, in one line."""
        return " ".join(str(text) for texts in self.errors.values() for text in texts)

    def change(self) -> PriceChange:
        """Return the change. For a valid form."""
        return PriceChange(**{self.cleaned_data["how"]: self.cleaned_data["value"]})

    def words(self) -> str:
        """Return what was done, as it is told afterwards."""
        value = f"{self.cleaned_data['value'].normalize():f}"
        signed = value if value.startswith("-") else f"+{value}"
        return {
            "percent": f"with {signed} % on the price",
            "amount": f"with {signed} on the price",
            "fixed": f"priced at {value}",
        }[self.cleaned_data["how"]]

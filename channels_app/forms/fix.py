"""What keeps items from being listed, entered beside each of them."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from django import forms

from inventory.forms import ItemForm, as_entered
from inventory.models import Item

#: What may be entered, as the item's field -> what the seller reads.
FIXED_HERE = {"price": "Price", "gtin": "Barcode"}


class FixForm(forms.Form):
    """One input for each item; one that is left empty, or as it was shown, changes nothing."""

    def __init__(self, what: str, items: Sequence[Item], data: Any = None) -> None:
        super().__init__(data, prefix="fix")
        self.items = items
        for item in items:
            field = deepcopy(ItemForm.base_fields[what])
            field.label, field.help_text = f"{FIXED_HERE[what]} of {item.sku}", ""
            field.initial = as_entered(item)[what]
            # Posted back: what the item became meanwhile is not overwritten with what the page still showed.
            field.show_hidden_initial = True
            self.fields[str(item.public_id)] = field

    def entered(self) -> list[tuple[Item, Any]]:
        """Return each item that something else was entered for than was shown, with it."""
        names = set(self.changed_data)
        changed = [(item, str(item.public_id)) for item in self.items if str(item.public_id) in names]
        values = [(item, self.cleaned_data.get(name)) for item, name in changed]
        return [(item, value) for item, value in values if value not in (None, "")]

    def input_of(self, item: Item | None) -> forms.BoundField | None:
        """Return the item's input, None where it has none."""
        name = str(item.public_id) if item else ""
        return self[name] if name in self.fields else None

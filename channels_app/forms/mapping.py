"""Where the answers to a channel's questions about products stand: one choice a field, or a text for all."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import md5
from typing import Any

from django import forms

from channels_app.adapters.types import Part, ProductField
from channels_app.flows.describe import ATTRIBUTE, PART, TEXT, Mapped, anchor_of, find_choice

PARTS = {
    Part.TITLE: "Title",
    Part.DESCRIPTION: "Description",
    Part.BRAND: "Brand",
    Part.GTIN: "Barcode",
    Part.SKU: "SKU",
    Part.PARENT_SKU: "SKU of its parent",
    Part.IMAGE: "First picture",
}
#: A longer list of values is not offered to choose from; a word of it may be typed.
_LONGEST_LIST = 60


class AnswersForm(forms.Form):
    """Two inputs for each field: `from-..`, where its answer stands, and `text-..`, what it is for all items.

    They bear the field's own mark, so that nothing is answered in the wrong place if the questions change meanwhile.
    """

    def __init__(self, mapped: Mapped, attributes: Sequence[str], data: Any = None) -> None:
        super().__init__(data)
        self.mapped = mapped
        for field in mapped.fields:
            number = mark_of(field)
            answer = mapped.answers.get(field.code, "")
            kind, _, said = answer.partition(":")
            in_list = kind != TEXT or (len(field.choices) <= _LONGEST_LIST and said in _codes(field))
            self.fields[f"from-{number}"] = forms.ChoiceField(
                label=field.name,
                choices=_choices(field, attributes, kept=answer if in_list else ""),
                initial=answer if in_list else "",
                required=False,
            )
            self.fields[f"text-{number}"] = forms.CharField(
                label=f"{field.name}, the same for all",
                initial="" if in_list else said,
                max_length=500,
                required=False,
            )
            # Of the two inputs of a question neither is optional by itself: the question says whether it is.
            for name in (f"from-{number}", f"text-{number}"):
                self.fields[name].is_needed = True  # type: ignore[attr-defined]

    def _marked(self) -> Iterator[tuple[str, ProductField]]:
        return ((mark_of(field), field) for field in self.mapped.fields)

    def rows(self, answered: Mapping[str, int]) -> list[dict[str, Any]]:
        """Return each field with its inputs and how many of the items answer it, what is required first."""
        rows = [
            {
                "field": field,
                "anchor": anchor_of(field.name),
                "source": self[f"from-{number}"],
                "text": self[f"text-{number}"],
                "answered": answered.get(field.code, 0),
            }
            for number, field in self._marked()
            if field.usual is not Part.CATEGORY
        ]
        return sorted(rows, key=lambda row: not row["field"].required)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for number, field in self._marked():
            text = cleaned.get(f"text-{number}", "")
            if text and field.choices and find_choice(text, field.choices) is None:
                self.add_error(f"text-{number}", f"This marketplace does not know “{text}”.")
        return cleaned

    def answers(self) -> dict[str, str]:
        """Return the answers as the mapping keeps them; a text goes before a choice. For a valid form."""
        found = {}
        for number, field in self._marked():
            text, source = self.cleaned_data[f"text-{number}"].strip(), self.cleaned_data[f"from-{number}"]
            if text:
                found[field.code] = f"{TEXT}:{find_choice(text, field.choices) or text}"
            elif source:
                found[field.code] = source
        return found


def mark_of(field: ProductField) -> str:
    """Return what names the inputs of a field: its code, in letters that a form takes."""
    return md5(field.code.encode(), usedforsecurity=False).hexdigest()[:12]


def _codes(field: ProductField) -> set[str]:
    return {choice.code for choice in field.choices}


def _choices(field: ProductField, attributes: Sequence[str], *, kept: str) -> list[Any]:
    usual = f"As usual: the item's {PARTS[field.usual].lower()}" if field.usual in PARTS else "As usual: by its name"
    groups: list[Any] = [
        ("", usual),
        ("What the item says of itself", [(f"{PART}:{part}", words) for part, words in PARTS.items()]),
    ]
    # An attribute that no item has at the moment stays chosen.
    names = list(attributes)
    if kept.startswith(f"{ATTRIBUTE}:") and kept.partition(":")[2] not in names:
        names.append(kept.partition(":")[2])
    if names:
        groups.append(("An attribute of the item", [(f"{ATTRIBUTE}:{name}", name) for name in names]))
    if 0 < len(field.choices) <= _LONGEST_LIST:
        groups.append(("The same for all", [(f"{TEXT}:{one.code}", one.name) for one in field.choices]))
    return groups

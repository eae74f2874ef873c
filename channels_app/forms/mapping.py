"""Where the answers to a channel's questions about products stand: one choice a field, or a text for all.

And what the seller's own words mean there, where the channel knows only some.
"""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import md5
from typing import Any

from django import forms

from channels_app.adapters.types import Part, ProductField
from channels_app.flows.describe import ATTRIBUTE, PART, TEXT, Mapped, anchor_of, find_choice
from channels_app.flows.own_categories import Tried
from inventory.paging import text_in

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
#: Words of items that a field does not know are offered up to this number; of what comes back so much is looked at.
MOST_WORDS, _MOST_POSTED = 50, 5_000
_LONGEST_WORD = 200


class AnswersForm(forms.Form):
    """Two inputs for each field: `from-..`, where its answer stands, and `text-..`, what it is for all items.

    Of a field with choices, `means-..` for each word that is none of them, and one for a word that is typed.
    They bear the field's own mark, so that nothing is answered in the wrong place if the questions change meanwhile.
    """

    def __init__(self, mapped: Mapped, attributes: Sequence[str], tried: Tried, data: Any = None) -> None:
        super().__init__(data)
        self.mapped, self.tried = mapped, tried
        #: Code of a field -> name of an input -> the word that it is about.
        self.words: dict[str, dict[str, str]] = {}
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
            names = [f"from-{number}", f"text-{number}"]
            if field.choices:
                names += self._add_words(field, data or {})
            for name in names:
                self.fields[name].is_needed = True  # type: ignore[attr-defined]

    def _add_words(self, field: ProductField, data: Mapping[str, str]) -> list[str]:
        """Add the inputs for words of one field, those that were on the page among them. Returns their names."""
        number, kept = mark_of(field), self.mapped.meanings.get(field.code, {})
        unknown = [word for word in self.tried.unknown.get(field.code, {}) if len(word) <= _LONGEST_WORD]
        posted = [text_in(data[name]) for name in list(data)[:_MOST_POSTED] if name.startswith(f"said-{number}-")]
        shown = [*kept, *unknown[:MOST_WORDS], *(word for word in posted if 0 < len(word) <= _LONGEST_WORD)]
        words = {word.casefold(): word for word in reversed(shown)}
        by_name = {f"means-{number}-{_mark(called)}": words[called] for called in sorted(words)}
        counts = self._counts(field)
        for name, word in by_name.items():
            items = counts.get(word.casefold(), 0)
            told = f", {items} item{'' if items == 1 else 's'}" if items else ""
            self.fields[name] = _meaning(field, kept.get(word, ""), label=f"“{word}”{told}")
        self.words[field.code] = by_name
        self.fields[f"word-{number}"] = forms.CharField(
            label="Another word of yours", max_length=_LONGEST_WORD, required=False
        )
        self.fields[f"means-{number}"] = _meaning(field, "", label="What it means there")
        return [*by_name, f"word-{number}", f"means-{number}"]

    def _marked(self) -> Iterator[tuple[str, ProductField]]:
        return ((mark_of(field), field) for field in self.mapped.fields)

    def rows(self) -> list[dict[str, Any]]:
        """Return each field with its inputs and how many of the items answer it, what is required first."""
        rows = [
            {
                "field": field,
                "anchor": anchor_of(field.name),
                "source": self[f"from-{number}"],
                "text": self[f"text-{number}"],
                "answered": self.tried.answered.get(field.code, 0),
                **(self._word_rows(field, number) if field.choices else {}),
            }
            for number, field in self._marked()
            if field.usual is not Part.CATEGORY
        ]
        return sorted(rows, key=lambda row: not row["field"].required)

    def _counts(self, field: ProductField) -> dict[str, int]:
        """Return how many items say each word that the field does not know."""
        return {word.casefold(): count for word, count in self.tried.unknown.get(field.code, {}).items()}

    def _word_rows(self, field: ProductField, number: str) -> dict[str, Any]:
        return {
            "words": [
                {"word": word, "input": self[name], "said": name.replace("means-", "said-", 1)}
                for name, word in self.words[field.code].items()
            ],
            "unknown": len(self._counts(field)),
            "word": self[f"word-{number}"],
            "means": self[f"means-{number}"],
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for number, field in self._marked():
            for name in (f"text-{number}", f"means-{number}", *self.words.get(field.code, ())):
                text = cleaned.get(name, "")
                if text and field.choices and find_choice(text, field.choices) is None:
                    self.add_error(name, f"This marketplace does not know “{text}”.")
            word, means = (bool(cleaned.get(f"{name}-{number}", "").strip()) for name in ("word", "means"))
            if word and not means and f"means-{number}" not in self.errors:
                self.add_error(f"means-{number}", "Say what the word means there.")
            if means and not word:
                self.add_error(f"word-{number}", "Say which word of yours means this.")
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

    def meanings(self) -> dict[str, dict[str, str]]:
        """Return what words mean as the mapping keeps it; what was not on the page stays. For a valid form."""
        found: dict[str, dict[str, str]] = {}
        for number, field in self._marked():
            kept = self.mapped.meanings.get(field.code, {})
            said = {
                word: self.cleaned_data[name] if name in self.data else kept.get(word, "")
                for name, word in self.words.get(field.code, {}).items()
            }
            if another := self.cleaned_data.get(f"word-{number}", "").strip():
                said = {word: one for word, one in said.items() if word.casefold() != another.casefold()}
                said[another] = self.cleaned_data[f"means-{number}"]
            codes = {word: find_choice(one, field.choices) for word, one in said.items() if one}
            if meant := {word: code for word, code in codes.items() if code is not None}:
                found[field.code] = meant
        return found


def mark_of(field: ProductField) -> str:
    """Return what names the inputs of a field: its code, in letters that a form takes."""
    return _mark(field.code)


def _mark(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()[:12]


def _meaning(field: ProductField, code: str, *, label: str) -> forms.Field:
    """Return the input for what a word means, which has this code so far: a choice, or of a long list a word of it."""
    if len(field.choices) <= _LONGEST_LIST:
        choices = [("", "Not said yet"), *((one.code, one.name) for one in field.choices)]
        return forms.ChoiceField(label=label, choices=choices, initial=code, required=False)
    name = next((one.name for one in field.choices if one.code == code), "")
    return forms.CharField(label=label, initial=name, max_length=500, required=False)


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

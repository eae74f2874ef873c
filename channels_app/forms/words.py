"""What this marketplace calls the seller's carriers and reasons, chosen once for the channel."""

from typing import Any

from django import forms

from channels_app.forms.part import Part
from channels_app.models import Channel
from channels_app.vocabulary import LISTS, suggest


class WordsPart(Part):
    """One choice a word, suggested by its name until somebody has chosen."""

    part, title = "words", "Carriers and reasons"

    def stored_values(self, channel: Channel) -> dict[str, Any]:
        return {
            self._field(name, word.key): channel.words.get(name, {}).get(word.key)
            for name, (_, words) in LISTS.items()
            if channel.choices(name)
            for word in words
        }

    def prepare(self) -> None:
        for name, (_, words) in LISTS.items():
            choices = self.channel.choices(name)
            for word in words if choices else ():
                field = self._field(name, word.key)
                self.fields[field] = forms.ChoiceField(
                    label=word.name, choices=[("", "Not used here"), *choices], required=False
                )
                if self.stored[field] is None:
                    self.initial[field] = suggest(word, choices)

    @staticmethod
    def _field(name: str, key: str) -> str:
        return f"{name}-{key}"

    def lists(self) -> list[tuple[str, list[forms.BoundField]]]:
        """Return each list of the connection with its fields."""
        return [
            (title, [self[self._field(name, word.key)] for word in words])
            for name, (title, words) in LISTS.items()
            if self.channel.choices(name)
        ]

    def is_touched(self) -> bool:
        # Suggestions that nobody changed are no input: they may become better ones.
        return super().is_touched() and any(self[field].data != self.initial.get(field) for field in self.stored)

    def words(self) -> dict[str, dict[str, str]]:
        """Return the choices as the flow takes them. For a valid form."""
        return {
            name: {word.key: self.cleaned_data[self._field(name, word.key)] for word in words}
            for name, (_, words) in LISTS.items()
            if self.channel.choices(name)
        }

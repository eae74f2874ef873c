"""The parts of the settings page. Each knows whether the person touched it, and whether somebody else did meanwhile.

All parts stand in one HTML form. Each carries `seen`, a digest of what was stored when the page was made: a part whose
input still equals it is left alone, so that an old tab never puts old values back.
"""

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.db import models

from channels_app.models import Channel

CHANGED_MEANWHILE = (
    "Somebody else, or another tab, changed this meanwhile. What you entered is shown; save again to keep it, "
    "or load the page again to see what is stored."
)


def digest(values: Mapping[str, Any]) -> str:
    """Return a short name for `values`; numbers that are equal have the same, however they are written."""
    text = json.dumps({name: _plain(value) for name, value in values.items()}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, list | tuple | models.QuerySet):
        return [_plain(each) for each in value]
    return "" if value is None else value if isinstance(value, bool) else str(value)


class Part(forms.Form):
    """One part of the page, bound to a channel."""

    #: Names the part in the HTML form and in messages.
    part: ClassVar[str]
    title: ClassVar[str]
    #: Fields that say nothing of what is stored.
    not_stored: ClassVar[frozenset[str]] = frozenset({"seen"})

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, channel: Channel, data: Mapping[str, Any] | None = None, *, why_locked: str = "") -> None:
        self.channel = channel
        self.why_locked = why_locked
        self.stored = self.stored_values(channel)
        super().__init__(data, prefix=self.part, initial={**self.stored, "seen": digest(self.stored)})
        self.prepare()
        if why_locked:
            for field in self.fields.values():
                field.disabled = True

    def stored_values(self, channel: Channel) -> dict[str, Any]:
        """Return what is stored now, by field name."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Adapt fields to the channel, before the form is used."""

    def values(self) -> dict[str, Any]:
        """Return what was entered, without what only serves the page. For a valid form."""
        return {name: value for name, value in self.cleaned_data.items() if name not in self.not_stored}

    def is_touched(self) -> bool:
        """Say whether the person changed something here. For a valid form."""
        if self.why_locked:
            return False
        return digest(self.values()) != (self.cleaned_data["seen"] or digest(self.stored))

    def is_stale(self) -> bool:
        """Say whether what is stored changed since the page was made. For a valid form."""
        return bool(self.cleaned_data["seen"]) and self.cleaned_data["seen"] != digest(self.stored)

    def refuse_as_stale(self) -> None:
        """Say so, and let the next try through: the person has now been told."""
        self.renew_seen()
        self.add_error(None, CHANGED_MEANWHILE)

    def renew_seen(self) -> None:
        """The page that is shown next knows what is stored now, whatever stands in its fields."""
        self.data = {**{name: self.data.get(name) for name in self.data}, self.add_prefix("seen"): digest(self.stored)}

"""What stands in a row, as people read it: yes and no, money with its currency, grouped numbers, lines for JSON."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone
from django.utils.formats import localize
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from inventory.templatetags.ui import TONES, money

NONE = "–"
#: Columns with longer texts are cut to two lines in lists.
_LONG = 200
#: Columns that say how something stands.
_STANDING = frozenset({"state", "phase", "outcome", "payment_status", "shipping_status"})
#: What people say, where it is not what the column is called.
_NAMES = {
    "sku": "SKU",
    "gtin": "barcode",
    "remote_id": "number there",
    "order_remote_id": "order",
    "remote_count": "listings there",
    "remote_status": "status there",
    "remote_price": "price there",
    "remote_quantity": "quantity there",
    "remote_active": "on sale there",
    "remote_as_of": "read there",
    "remote_shipped": "shipped there",
    "remote_cancelled": "cancelled there",
    "rejected_reason": "refused because",
    "rejected_code": "code of the refusal",
    "rejected_at": "refused since",
    "sent_withdrawn": "ending sent",
    "unworded": "to be put together",
    "line_count": "lines",
    "rows_done": "rows",
    "on_hand_delta": "on hand",
    "reserved_delta": "reserved",
    "actor": "who",
}

#: Row -> what stands in a column of it.
Reader = Callable[[Any], Any]


@cache
def column_of(
    field: "models.Field[Any, Any]",
    *,
    in_list: bool,
    currency_of: Callable[[Any], str],
    sentence: Callable[[Any], str | list[str]] | None = None,
) -> Reader | None:
    """Return what writes the field's values; None where Django does it well. `sentence` says what a row's value means.

    Each field has one writer, so that Django knows the columns of a list again.
    """
    write = _writer_of(field, in_list, currency_of, sentence)
    if write is None:
        return None

    @admin.display(description=_NAMES.get(field.name, str(field.verbose_name)), ordering=field.name)
    def column(row: Any) -> Any:
        return write(row)

    column.__name__ = field.name
    return column


def _writer_of(
    field: "models.Field[Any, Any]",
    in_list: bool,
    currency_of: Callable[[Any], str],
    sentence: Callable[[Any], str | list[str]] | None,
) -> Reader | None:
    """Return the function of a row for this kind of field."""
    value_of = _value_reader(field.name)
    if sentence is not None:
        return lambda row: short(_joined(sentence(row))) if in_list else lines(sentence(row))
    if field.related_model is User:
        return lambda row: _username(value_of(row))
    if isinstance(field, models.BooleanField):
        return lambda row: plain(value_of(row))
    if isinstance(field, models.DecimalField):
        return lambda row: money(value_of(row), currency_of(row))
    if isinstance(field, models.JSONField):
        return lambda row: short(_joined(lines_of(value_of(row)))) if in_list else lines(lines_of(value_of(row)))
    return _text_writer_of(field, value_of, in_list)


def _text_writer_of(field: "models.Field[Any, Any]", value_of: Reader, in_list: bool) -> Reader | None:
    if field.choices and field.name in _STANDING:
        words = {value: str(label) for value, label in field.flatchoices}
        return lambda row: badge(value_of(row), words.get(value_of(row)) or str(value_of(row)))
    if isinstance(field, models.IntegerField) and not field.choices:
        sign = "+" if field.name.endswith("_delta") else ""
        return lambda row: NONE if value_of(row) is None else f"{value_of(row):{sign if value_of(row) else ''},}"
    if isinstance(field, models.FloatField):
        return lambda row: NONE if value_of(row) is None else f"{value_of(row):,.1f}"
    if in_list and (isinstance(field, models.TextField) or (field.max_length or 0) >= _LONG):
        return lambda row: short(value_of(row))
    if field.name not in _NAMES:
        return None
    if isinstance(field, models.DateTimeField):
        return lambda row: spell(value_of(row))
    return lambda row: str(value_of(row) or NONE)


def _value_reader(name: str) -> Reader:
    return lambda row: getattr(row, name)


def _username(person: User | None) -> str:
    return person.get_username() if person else NONE


def _joined(told: str | list[str]) -> str:
    return told if isinstance(told, str) else ", ".join(told)


def short(text: str) -> SafeString | str:
    """Return the text for a list: two lines of it, the whole in its title."""
    return format_html('<span class="clipped" title="{}">{}</span>', text, text) if text else NONE


def lines(told: str | list[str]) -> SafeString | str:
    """Return it line by line."""
    rows = [told] if isinstance(told, str) else told
    return format_html_join(SafeString("<br>"), "{}", ((row,) for row in rows if row)) or NONE


def lines_of(value: Any) -> list[str]:
    """Return what a JSON column holds: "name: value" for each name, or each row of a list."""
    if isinstance(value, Mapping):
        return [f"{_worded(name)}: {plain(inner)}" for name, inner in value.items()]
    if isinstance(value, list) and any(isinstance(row, Mapping | list) for row in value):
        return [plain(row) for row in value]
    return [] if value in (None, "", []) else [plain(value)]


def plain(value: Any) -> str:
    """Return one value in words, on one line."""
    if value is None or value in ("", [], {}):
        return NONE
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Mapping):
        return ", ".join(f"{_worded(name)}: {plain(inner)}" for name, inner in value.items())
    return ", ".join(map(plain, value)) if isinstance(value, list) else str(value)


def _worded(name: str) -> str:
    return name.replace("_", " ")


def badge(state: str, words: str) -> SafeString:
    """Return a state as the sellers' pages show it."""
    return format_html('<span class="badge badge-{}">{}</span>', TONES.get(state, "neutral"), words)


def spell(at: datetime | None) -> str:
    """Return a time as it stands at the desk, `27 Nov 2026, 14:12`."""
    return localize(timezone.localtime(at)) if at else NONE

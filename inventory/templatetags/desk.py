"""What Django's admin does not bring for the support desk: filters as one line of selects, rows that become cards."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from django import template
from django.contrib.admin.views.main import ORDER_VAR
from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst

from inventory.admin.values import NONE

register = template.Library()


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    words: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Select:
    """One filter. A value of "" asks for everything."""

    name: str
    words: str
    choices: list[Choice]


@dataclass(frozen=True, slots=True)
class Filters:
    selects: list[Select]
    #: What else the address asks for, such as the order of the rows.
    kept: list[tuple[str, str]]
    #: Whether fewer rows are shown than there are.
    is_narrowed: bool


@register.simple_tag
def filters_of(cl: Any, search_var: str) -> Filters:
    """Return the filters of a changelist as a form has them, none of which needs more than one value."""
    selects = [_select(spec, cl) for spec in cl.filter_specs]
    own = {search_var, *(select.name for select in selects)}
    kept = [(name, value) for name, value in cl.params.items() if name not in own]
    return Filters(selects, kept, is_narrowed=bool(set(cl.params) - {ORDER_VAR}))


def _select(spec: Any, cl: Any) -> Select:
    name = spec.expected_parameters()[0]
    return Select(name, str(spec.title), list(_choices(spec, cl, name)))


def _choices(spec: Any, cl: Any, name: str) -> Iterator[Choice]:
    for choice in spec.choices(cl):
        values = parse_qs(choice["query_string"].removeprefix("?")).get(name, [""])
        yield Choice(values[0], str(choice["display"]), bool(choice["selected"]))


@register.simple_tag
def labelled(rows: Iterable[Iterable[str]], headers: Iterable[Mapping[str, Any]]) -> list[list[SafeString]]:
    """Return the rows of a list with the head of its column on each cell, for narrow windows where rows are cards.

    The first column is the card's name, without its head; that of the ticks has none.
    """
    heads = [capfirst(strip_tags(header["text"])) for header in headers]
    named = next((place for place, head in enumerate(heads) if head), 0)
    heads[named] = ""
    return [[_labelled(cell, head) for cell, head in zip(row, heads, strict=True)] for row in rows]


def _labelled(cell: str, head: str) -> SafeString:
    """Return Django's cell with `data-label`; one that shows nothing says so, and is left out of a card."""
    if not head:
        return mark_safe(cell)  # noqa: S308 - Django's own
    tag, rest = cell[:3], cell[3:]
    empty = " data-empty" if strip_tags(cell).strip() in ("", NONE) else ""
    return format_html('{}{} data-label="{}"{}', mark_safe(tag), empty, head, mark_safe(rest))  # noqa: S308 - as above

"""Pages by key: the next page begins after the last row seen, so the thousandth costs what the first costs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import Func, IntegerField, QuerySet
from django.http import QueryDict

SIZE = 50
#: Nothing is counted further than this.
COUNT_LIMIT = 10_001
#: Digits of the largest keys; a longer number is none of ours.
_KEY_DIGITS = 18

Row = TypeVar("Row")
Model = TypeVar("Model", bound=models.Model)
#: Asked for the rows after or before a place, at most so many, it gives those next to it, in the order away from it.
Fetch = Callable[[Any, Any, int], list[Row]]


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """The rows of one page, and the addresses of its neighbours, empty where there is none."""

    rows: list[Row]
    previous_url: str
    next_url: str


def page_by_key(queryset: QuerySet[Model], query: QueryDict, *, key: str, size: int = SIZE) -> Page[Model]:
    """Return the page that `query` asks for by "after" or "before", in the order of `key`, which must be unique."""

    def fetch(after: Any, before: Any, limit: int) -> list[Model]:
        if before is not None:
            return list(queryset.filter(**{f"{key}__lt": before}).order_by(f"-{key}")[:limit])
        following = queryset if after is None else queryset.filter(**{f"{key}__gt": after})
        return list(following.order_by(key)[:limit])

    after, before = _place(query.get("after"), key), _place(query.get("before"), key)
    return page_of(fetch, query, after=after, before=before, place_of=lambda row: _value(row, key), size=size)


def page_of(
    fetch: Fetch[Row], query: QueryDict, *, after: Any, before: Any, place_of: Callable[[Row], str], size: int = SIZE
) -> Page[Row]:
    """Return the page after or before a place of rows that no queryset gives; without either, the first."""
    rows = fetch(after, before, size + 1)
    is_more, rows = len(rows) > size, rows[:size]
    if before is not None:
        has_previous, has_next, rows = is_more, True, rows[::-1]
    else:
        has_previous, has_next = after is not None, is_more
    return Page(
        rows,
        _neighbour(query, "before", place_of(rows[0])) if rows and has_previous else "",
        _neighbour(query, "after", place_of(rows[-1])) if rows and has_next else "",
    )


def _place(value: str | None, key: str) -> str | int | None:
    """Return the place that stands in an address; None if there is none, or no number where it must be one."""
    if value is None:
        return None
    return number_in(value) if key == "pk" else text_in(value)


def text_in(value: str) -> str:
    """Return what somebody put into an address or a form, without the zero character, which the database refuses."""
    return value.replace("\x00", "")


def number_in(value: str) -> int | None:
    """Return the key that somebody put into an address or a form; None if it cannot be one."""
    return int(value) if value.isascii() and value.isdigit() and len(value) <= _KEY_DIGITS else None


def _neighbour(query: QueryDict, side: str, place: str) -> str:
    wanted = query.copy()
    for name in ("after", "before"):
        wanted.pop(name, None)
    wanted[side] = place
    return f"?{wanted.urlencode()}"


def _value(row: Any, key: str) -> str:
    for part in key.split("__"):
        row = getattr(row, part)
    return str(row)


def count_up_to(queryset: QuerySet[Any], limit: int = COUNT_LIMIT) -> int:
    """Return how many rows there are, counted no further than `limit`."""
    return queryset.order_by()[:limit].count()


def count_of(queryset: QuerySet[Any], limit: int = COUNT_LIMIT) -> Func:
    """Return the same as an expression, for a queryset that refers to the row it is asked for with OuterRef."""
    return Func(
        ArraySubquery(queryset.order_by().values("pk")[:limit]), function="cardinality", output_field=IntegerField()
    )

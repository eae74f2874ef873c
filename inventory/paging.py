"""Pages by key: the next page begins after the last row seen, so the thousandth costs what the first costs."""

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

Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """The rows of one page, and the addresses of its neighbours, empty where there is none."""

    rows: list[Row]
    previous_url: str
    next_url: str


def page_by_key(queryset: QuerySet[Row], query: QueryDict, *, key: str, size: int = SIZE) -> Page[Row]:
    """Return the page that `query` asks for by "after" or "before", in the order of `key`, which must be unique."""
    after, before = _place(query.get("after"), key), _place(query.get("before"), key)
    if before is not None:
        rows = list(queryset.filter(**{f"{key}__lt": before}).order_by(f"-{key}")[: size + 1])
        has_previous, has_next = len(rows) > size, True
        rows = rows[:size][::-1]
    else:
        if after is not None:
            queryset = queryset.filter(**{f"{key}__gt": after})
        rows = list(queryset.order_by(key)[: size + 1])
        has_previous, has_next = after is not None, len(rows) > size
        rows = rows[:size]
    return Page(
        rows,
        _neighbour(query, "before", rows[0], key) if rows and has_previous else "",
        _neighbour(query, "after", rows[-1], key) if rows and has_next else "",
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


def _neighbour(query: QueryDict, side: str, row: models.Model, key: str) -> str:
    wanted = query.copy()
    for name in ("after", "before"):
        wanted.pop(name, None)
    wanted[side] = _value(row, key)
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

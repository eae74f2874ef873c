"""Pages by key: the next page begins after the last row seen, so the thousandth costs what the first costs."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import models
from django.db.models import QuerySet
from django.http import QueryDict

SIZE = 50
#: Nothing is counted further than this.
COUNT_LIMIT = 10_001

Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """The rows of one page, and the addresses of its neighbours, empty where there is none."""

    rows: list[Row]
    previous_url: str
    next_url: str


def page_by_key(queryset: QuerySet[Row], query: QueryDict, *, key: str, size: int = SIZE) -> Page[Row]:
    """Return the page that `query` asks for by "after" or "before", in the order of `key`, which must be unique."""
    after, before = _typed(query.get("after")), _typed(query.get("before"))
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


def _typed(value: str | None) -> str | None:
    """Return what stands in an address, without the zero character, which no text in the database holds."""
    return None if value is None else value.replace("\x00", "")


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

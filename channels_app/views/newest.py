"""Pages of rows in the order in which they were made, newest first, by their number."""

from typing import TypeVar

from django.db import models
from django.db.models import QuerySet
from django.http import QueryDict

from inventory.paging import SIZE, Page, number_in

Row = TypeVar("Row", bound=models.Model)


def page_newest(queryset: QuerySet[Row], query: QueryDict, *, size: int = SIZE) -> Page[Row]:
    """Return the page that the query asks for by "after" (older) or "before" (newer)."""
    after, before = number_in(query.get("after", "")), number_in(query.get("before", ""))
    if before is not None:
        rows = list(queryset.filter(pk__gt=before).order_by("pk")[: size + 1])
        has_previous, has_next = len(rows) > size, True
        rows = rows[:size][::-1]
    else:
        if after is not None:
            queryset = queryset.filter(pk__lt=after)
        rows = list(queryset.order_by("-pk")[: size + 1])
        has_previous, has_next = after is not None, len(rows) > size
        rows = rows[:size]
    return Page(
        rows,
        _neighbour(query, "before", rows[0]) if rows and has_previous else "",
        _neighbour(query, "after", rows[-1]) if rows and has_next else "",
    )


def _neighbour(query: QueryDict, side: str, row: models.Model) -> str:
    wanted = query.copy()
    for name in ("after", "before"):
        wanted.pop(name, None)
    wanted[side] = str(row.pk)
    return f"?{wanted.urlencode()}"

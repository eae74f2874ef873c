"""Rows in the order of a time, and of their number where it is the same; and places among them, as addresses name them.

The rows bear their time as `at`.
"""

from datetime import UTC, datetime
from typing import TypeVar

from django.db import models
from django.db.models import Q, QuerySet

Row = TypeVar("Row", bound=models.Model)
#: A row's time, and its number in our database.
Key = tuple[datetime, int]


def place_of(at: datetime, pk: int) -> str:
    """Return what names a row in an address."""
    return f"{at.isoformat()}_{pk}"


def key_in(text: str) -> Key | None:
    """Return the place that an address names; one that was tampered with names none."""
    at, _, number = text.partition("_")
    try:
        told, pk = datetime.fromisoformat(at), int(number)
        # The database takes no zone that is further away than any is.
        return (told.astimezone(UTC), pk) if told.tzinfo else None
    except (ValueError, OverflowError):
        return None


def beyond(rows: QuerySet[Row], place: Key | None, *, rising: bool) -> QuerySet[Row]:
    """Return those whose `at` is after that place, or before it; all if there is none."""
    if place is None:
        return rows
    at, pk = place
    if rising:
        return rows.filter(Q(at__gt=at) | Q(at=at, pk__gt=pk), Q(at__gte=at))
    return rows.filter(Q(at__lt=at) | Q(at=at, pk__lt=pk), Q(at__lte=at))

"""Rows of channels, or of their jobs, in the order of a time, newest first, a page at a time."""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import BigIntegerField, F, Func, OuterRef, QuerySet
from django.http import QueryDict

from channels_app.models import Channel, ChannelJob
from channels_app.views.by_time import Key, beyond, key_in, place_of
from inventory.paging import SIZE, Fetch, Page, page_of

Row = TypeVar("Row", bound=models.Model)


class _Unnest(Func):
    """The numbers of a list, one a row."""

    function = "unnest"
    output_field = BigIntegerField()
    set_returning = True


def of_channels(rows: QuerySet[Row], channels: Sequence[Channel], *, at: str) -> Fetch[Row]:
    """Return what fetches the channels' `rows` next to a place in the order of the field `at`."""
    return _of_owners(rows, Channel.objects.filter(pk__in=[one.pk for one in channels]), "channel", at)


def of_jobs(rows: QuerySet[Row], jobs: QuerySet[ChannelJob], *, at: str) -> Fetch[Row]:
    """Return what fetches the jobs' `rows` in the same way."""
    return _of_owners(rows, jobs, "job", at)


def _of_owners(rows: QuerySet[Row], owners: QuerySet[Any], owner: str, at: str) -> Fetch[Row]:
    """Plan: the newest of each owner by (owner, time, number), then these by time.

    One index for all owners would be walked through the rows of other sellers.
    """
    keyed = rows.alias(at=F(at))

    def fetch(after: Key | None, before: Key | None, limit: int) -> list[Row]:
        rising = before is not None
        order = ("at", "pk") if rising else ("-at", "-pk")
        side = beyond(keyed, before or after, rising=rising)
        first = side.filter(**{owner: OuterRef("pk")}).order_by(*order).values("pk")[:limit]
        numbers = owners.order_by().annotate(number=_Unnest(ArraySubquery(first))).values("number")
        return list(keyed.filter(pk__in=numbers).order_by(*order)[:limit])

    return fetch


def page_newest(fetch: Fetch[Row], query: QueryDict, *, at: str, size: int = SIZE) -> Page[Row]:
    """Return the page that the query asks for by "after" (older) or "before" (newer)."""
    after, before = places_in(query)
    return page_of(
        fetch, query, after=after, before=before, place_of=lambda row: place_of(getattr(row, at), row.pk), size=size
    )


def places_in(query: QueryDict) -> tuple[Key | None, Key | None]:
    """Return the places that the query names by "after" and "before"."""
    return key_in(query.get("after", "")), key_in(query.get("before", ""))

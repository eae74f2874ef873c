"""Pages of rows of channels in the order in which they were made, newest first, by their number."""

from collections.abc import Sequence
from typing import TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import BigIntegerField, Func, OuterRef, QuerySet
from django.http import QueryDict

from channels_app.models import Channel
from inventory.paging import SIZE, Page, number_in, page_of

Row = TypeVar("Row", bound=models.Model)


class _Unnest(Func):
    """The numbers of a list, one a row."""

    function = "unnest"
    output_field = BigIntegerField()
    set_returning = True


def page_newest(rows: QuerySet[Row], channels: Sequence[Channel], query: QueryDict, *, size: int = SIZE) -> Page[Row]:
    """Return the page of the channels' `rows` that the query asks for by "after" (older) or "before" (newer).

    Plan: the newest of each channel by (channel, number), then these by their number. One index for all channels would
    be walked through the rows of other sellers.
    """

    def fetch(after: int | None, before: int | None, limit: int) -> list[Row]:
        side, order = rows, "-pk"
        if before is not None:
            side, order = rows.filter(pk__gt=before), "pk"
        elif after is not None:
            side = rows.filter(pk__lt=after)
        first = side.filter(channel=OuterRef("pk")).order_by(order).values("pk")[:limit]
        of_channels = Channel.objects.filter(pk__in=[channel.pk for channel in channels])
        numbers = of_channels.annotate(number=_Unnest(ArraySubquery(first))).values("number")
        return list(rows.filter(pk__in=numbers).order_by(order)[:limit])

    after, before = (number_in(query.get(side, "")) for side in ("after", "before"))
    return page_of(fetch, query, after=after, before=before, place_of=lambda row: str(row.pk), size=size)

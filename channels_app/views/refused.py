"""What marketplaces refuse now, by channel and SKU: the order of the index that holds nothing else."""

from collections.abc import Sequence

from django.db.models import F, Func, QuerySet, TextField, Value
from django.db.models.lookups import GreaterThan, LessThan
from django.http import QueryDict

from channels_app.models import Channel, Listing
from inventory.paging import SIZE, Page, number_in, text_in


def refused(channels: Sequence[Channel]) -> QuerySet[Listing]:
    """Return the listings whose newest word from the marketplace is no."""
    return Listing.objects.filter(channel__in=channels).exclude(rejected_hash="")


def page_of_refused(channels: Sequence[Channel], query: QueryDict, *, size: int = SIZE) -> Page[Listing]:
    """Return the page that the query asks for by "after" or "before"."""
    after, before = _place(query.get("after", "")), _place(query.get("before", ""))
    listings = refused(channels).select_related("channel", "item")
    if before is not None:
        earlier = listings.filter(LessThan(_HERE, before)).order_by("-channel_id", "-sku")
        rows = list(earlier[: size + 1])
        has_previous, has_next = len(rows) > size, True
        rows = rows[:size][::-1]
    else:
        if after is not None:
            listings = listings.filter(GreaterThan(_HERE, after))
        rows = list(listings.order_by("channel_id", "sku")[: size + 1])
        has_previous, has_next = after is not None, len(rows) > size
        rows = rows[:size]
    return Page(
        rows,
        _neighbour(query, "before", rows[0]) if rows and has_previous else "",
        _neighbour(query, "after", rows[-1]) if rows and has_next else "",
    )


class _Row(Func):
    """Two values compared as one: an index on both begins right there."""

    function = "ROW"
    output_field = TextField()


_HERE = _Row(F("channel_id"), F("sku"))


def _place(text: str) -> _Row | None:
    """Return the place that stands in an address; one that was tampered with is none."""
    channel, _, sku = text_in(text).partition("_")
    number = number_in(channel)
    return None if number is None else _Row(Value(number), Value(sku))


def _neighbour(query: QueryDict, side: str, listing: Listing) -> str:
    wanted = query.copy()
    for name in ("after", "before"):
        wanted.pop(name, None)
    wanted[side] = f"{listing.channel_id}_{listing.sku}"
    return f"?{wanted.urlencode()}"

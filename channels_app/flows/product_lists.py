"""The channel's own lists about products are read: its categories once a day, and what it asks of those in use."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from json import dumps
from typing import Any

from django.db import connection
from django.db.models import Q

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.types import Category, ProductField
from channels_app.flows.engine import Claim
from channels_app.flows.mapping import field_as_json, tell_anew
from channels_app.models import CategoryMapping, Channel, ChannelCategory

#: What was told is asked for again after this.
FRESH = timedelta(hours=20)
#: The code under which stands what is asked of all products.
ALL = ""


def read_product_lists(claim: Claim, adapter: ChannelAdapter) -> bool:
    """The channel's categories are known, and what it asks of those in use. Returns whether more is waiting."""
    channel = claim.channel
    # The cursor is when the categories were read last.
    if not claim.cursor or datetime.fromisoformat(claim.cursor) < claim.now - FRESH:
        categories = list(adapter.list_categories())
        with claim.settling():
            claim.cursor = claim.now.isoformat()
            before = _places(channel)
            store_categories(channel, categories)
            _lock(channel)
            moved = [own for own, place in _places(channel).items() if place != before.get(own)]
            if moved:
                tell_anew(channel, moved, now=claim.now)
        claim.count(categories=len(categories))
    for asked in _in_parts(_asked_for(channel, now=claim.now), adapter.categories_at_once):
        if claim.seconds_left() <= 0:
            return True
        fields = adapter.list_fields(asked)
        with claim.settling():
            _lock(channel)
            changed = store_fields(channel, asked, fields, now=claim.now)
            if changed:
                tell_anew(channel, changed, now=claim.now)
        claim.count(asked_about=len(asked))
    return False


def _lock(channel: Channel) -> None:
    """Nobody saves a mapping until the transaction ends: a fingerprint is made of it and of what the channel asks."""
    Channel.objects.select_for_update(no_key=True).get(pk=channel.pk)


def _places(channel: Channel) -> dict[str, list[str]]:
    """Return in which wider categories those of the mappings are: what these ask is asked of theirs too."""
    return dict(CategoryMapping.objects.filter(channel=channel).values_list("own", "category__above"))


def _in_parts(codes: Sequence[str], size: int) -> list[Sequence[str]]:
    return [codes[start : start + size] for start in range(0, len(codes), size)]


def _asked_for(channel: Channel, *, now: datetime) -> list[str]:
    """Return the codes of mapped categories whose fields are not known, or not freshly."""
    stale = Q(fields__isnull=True) | Q(fields_read_at__lt=now - FRESH)
    rows = ChannelCategory.objects.filter(stale, channel=channel, mappings__isnull=False, is_gone=False)
    return sorted(set(rows.values_list("code", flat=True)))


# Plan: one pass over the list, each category by (channel, code).
_STORE = """
INSERT INTO channels_app_channelcategory AS known (channel_id, code, name, above, is_gone)
SELECT %(channel)s, told.code, left(told.name, 500), told.above::jsonb, false
FROM unnest(%(codes)s::text[], %(names)s::text[], %(aboves)s::text[]) AS told (code, name, above)
ON CONFLICT (channel_id, code) DO UPDATE
SET name = excluded.name, above = excluded.above, is_gone = false
WHERE (known.name, known.above, known.is_gone) IS DISTINCT FROM (excluded.name, excluded.above, false)
"""
_GONE = """
UPDATE channels_app_channelcategory SET is_gone = true
WHERE channel_id = %(channel)s AND NOT is_gone AND code <> '' AND NOT code = ANY(%(codes)s::text[])
"""


def store_categories(channel: Channel, categories: Sequence[Category]) -> None:
    """The channel has these categories, and no others. An empty list is no list: nothing changes then."""
    if not categories:
        return
    told = {one.code: one for one in [Category(code=ALL, name="All products"), *categories] if len(one.code) <= 200}
    params: dict[str, Any] = {
        "channel": channel.pk,
        "codes": list(told),
        "names": [one.name for one in told.values()],
        "aboves": [dumps(one.above) for one in told.values()],
    }
    with connection.cursor() as cursor:
        cursor.execute(_STORE, params)
        cursor.execute(_GONE, params)


# Plan: each category by (channel, code). What is told of others than was asked for is kept too.
_STORE_FIELDS = """
UPDATE channels_app_channelcategory AS known
SET fields = told.fields::jsonb, fields_read_at = %(now)s
FROM unnest(%(codes)s::text[], %(fields)s::text[]) AS told (code, fields)
WHERE known.channel_id = %(channel)s AND known.code = told.code
RETURNING known.code
"""
# Seen from before: which of these said something else, or nothing, until now.
_CHANGED = """
SELECT known.code
FROM channels_app_channelcategory AS known
JOIN unnest(%(codes)s::text[], %(fields)s::text[]) AS told (code, fields) ON told.code = known.code
WHERE known.channel_id = %(channel)s AND known.fields IS DISTINCT FROM told.fields::jsonb
"""


def store_fields(
    channel: Channel, asked: Sequence[str], fields: Mapping[str, Sequence[ProductField]], *, now: datetime
) -> list[str]:
    """The channel wants to know this. Returns the seller's categories for which that is new."""
    told = dict.fromkeys(asked, "[]") | {
        code: dumps([field_as_json(field) for field in list_]) for code, list_ in fields.items()
    }
    params: dict[str, Any] = {
        "channel": channel.pk,
        "codes": list(told),
        "fields": list(told.values()),
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED, params)
        changed = {code for (code,) in cursor.fetchall()}
        cursor.execute(_STORE_FIELDS, params)
    mappings = CategoryMapping.objects.filter(channel=channel).select_related("category")
    return [row.own for row in mappings if changed & {ALL, row.category.code, *row.category.above}]

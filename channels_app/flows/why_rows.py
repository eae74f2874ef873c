"""The rows that tell why a channel shows what it shows: each query is one index's, and bounded."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from channels_app.flows.settings import PRICE_FIELDS, QUANTITY_FIELDS, as_remembered
from channels_app.flows.shown import READ
from channels_app.models import Channel, ChannelHistory, Difference, FeedLine, OrderLine, ReconcileRun

#: The changes that decide what a channel shows, as history names them.
DECIDING = ("state", "listings_on", "label", "quantity", "price", "connection")
#: All settings that the rules rest on.
FIELDS = (*QUANTITY_FIELDS, "locations", *PRICE_FIELDS, "currency", "label", "state", "listings_on")

# For each field, what the first change of it after that moment says it was before. So the replay is as short as there
# are fields, however many changes there were.
_BEFORE = """
SELECT DISTINCT ON (field.key) field.key, field.value
FROM channels_app_channelhistory AS entry
CROSS JOIN LATERAL jsonb_each(
    CASE WHEN jsonb_typeof(entry.before) = 'object' THEN entry.before
         ELSE jsonb_build_object(entry.what, entry.before) END
) AS field
WHERE entry.channel_id = %(channel)s AND entry.at > %(at)s AND entry.what = ANY(%(deciding)s)
ORDER BY field.key, entry.id
"""


def values_today(channel: Channel) -> dict[str, Any]:
    """Return the settings that the rules rest on, as history keeps them."""
    return as_remembered(channel, FIELDS)


def changed_since(channel: Channel, at: datetime) -> dict[str, Any]:
    """Return what the settings that have changed since `at` were then, for `why.rewind`."""
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE, {"channel": channel.pk, "at": at, "deciding": list(DECIDING)})
        return {name: json.loads(value) for name, value in cursor.fetchall()}


def settings_around(channel: Channel, at: datetime, *, before: int, after: int) -> list[ChannelHistory]:
    """Return the last changes up to `at` that decide what is shown, and the first after it, the newest first."""
    rows = channel.history.filter(what__in=[*DECIDING, "brake"]).select_related("actor")
    return _around(rows, "at", at, before=before, after=after)


def lines_around(channel: Channel, sku: str, at: datetime, *, before: int, after: int) -> list[FeedLine]:
    """Return the last lines of the SKU sent up to `at`, and the first sent after it, the newest first."""
    rows = FeedLine.objects.filter(channel=channel, sku=sku).select_related("submission")
    return _around(rows, "created_at", at, before=before, after=after)


def _around(rows: QuerySet[Any], field: str, at: datetime, *, before: int, after: int) -> list[Any]:
    since = list(rows.filter(**{f"{field}__gt": at}).order_by("id")[:after]) if after else []
    return since[::-1] + list(rows.filter(**{f"{field}__lte": at}).order_by("-id")[:before])


def order_lines(keys: Iterable[int]) -> dict[int, OrderLine]:
    """Return the order lines of these numbers, with their orders and channels."""
    wanted = set(keys)
    rows = OrderLine.objects.filter(pk__in=wanted).select_related("order__channel") if wanted else ()
    return {line.pk: line for line in rows}


def read_then(channel: Channel, sku: str, at: datetime) -> tuple[ReconcileRun | None, Sequence[Difference]]:
    """Return the last reading of the whole list up to `at`, and what it noted of the SKU: nothing, or one row."""
    runs = ReconcileRun.objects.filter(channel=channel, state__in=READ, as_of__lte=at)
    run = runs.order_by("-id").first()
    return run, list(Difference.objects.filter(run=run, sku=sku)) if run else []

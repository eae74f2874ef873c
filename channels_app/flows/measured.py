"""How fast a channel really is: from what happened to the moment both sides knew, over the last that happened."""

import statistics
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from channels_app.models import Channel


class Measured(NamedTuple):
    """Half of the cases took no longer than `half`, nineteen of twenty no longer than `most`."""

    half: timedelta
    most: timedelta
    cases: int


# From the change in the inventory to the marketplace's confirmation. Plan: the last submissions by (channel, id), a
# few lines of each by (submission, SKU).
_FEED = """
SELECT CASE WHEN line.kind = 'content' THEN 'content' ELSE 'offers' END AS kind,
       extract(epoch FROM line.closed_at - line.changed_at) AS seconds
FROM (
    SELECT id FROM channels_app_submission
    WHERE channel_id = %(channel)s AND confirmed_count > 0 ORDER BY id DESC LIMIT 60
) AS one
CROSS JOIN LATERAL (
    SELECT kind, changed_at, closed_at
    FROM (SELECT * FROM channels_app_feedline WHERE submission_id = one.id LIMIT 200) AS few
    WHERE state = 'confirmed' AND changed_at IS NOT NULL LIMIT 50
) AS line
"""
# From the buyer's order to our having it, and from what was done about it to the marketplace's answer. Plan: the
# seller's last orders by (seller, placed at), their commands by order.
_ORDERS = """
SELECT 'orders', extract(epoch FROM imported_at - placed_at) FROM last WHERE imported_at >= placed_at
UNION ALL
SELECT 'commands', extract(epoch FROM command.closed_at - command.created_at)
FROM last JOIN channels_app_command AS command ON command.order_id = last.id
WHERE command.state = 'confirmed'
"""
_LAST = """
    SELECT * FROM (
        SELECT id, channel_id, placed_at, imported_at FROM channels_app_order
        WHERE seller_id = %(seller)s ORDER BY placed_at DESC, id DESC LIMIT 1000
    ) AS newest
    WHERE channel_id = %(channel)s AND placed_at >= %(since)s LIMIT 300
"""
_MEASURED = f"""
WITH last AS MATERIALIZED ({_LAST})
SELECT kind, percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY seconds::double precision), count(*)
FROM ({_FEED} UNION ALL {_ORDERS}) AS measured (kind, seconds)
WHERE seconds >= 0
GROUP BY kind
"""  # noqa: S608 - constants


def measure(channel: Channel) -> Mapping[str, Measured]:
    """Return by job what was measured since Testing began; jobs of which nothing is known are missing."""
    if channel.testing_started_at is None:
        return {}
    params: dict[str, Any] = {"channel": channel.pk, "seller": channel.seller_id, "since": channel.testing_started_at}
    with connection.cursor() as cursor:
        cursor.execute(_MEASURED, params)
        return {
            kind: Measured(timedelta(seconds=half), timedelta(seconds=most), cases)
            for kind, (half, most), cases in cursor.fetchall()
        }


class Sending(NamedTuple):
    """One sending of prices or quantities, and how long its changes took to be confirmed."""

    at: datetime
    #: Of some of its lines.
    times: Sequence[timedelta]

    @property
    def half(self) -> timedelta:
        return statistics.median_high(self.times)


# Plan: the last submissions of each channel by (channel, id), of the newest a few lines each by (submission, SKU).
_SENDINGS = """
SELECT newest.created_at, array_agg(extract(epoch FROM line.closed_at - line.changed_at)::double precision)
FROM (
    SELECT one.id, one.created_at
    FROM unnest(%(channels)s::bigint[]) AS channel (id)
    CROSS JOIN LATERAL (
        SELECT id, created_at, kind, confirmed_count FROM channels_app_submission
        WHERE channel_id = channel.id ORDER BY id DESC LIMIT 400
    ) AS one
    WHERE one.kind <> 'content' AND one.confirmed_count > 0
    ORDER BY one.created_at DESC, one.id DESC LIMIT %(most)s
) AS newest
CROSS JOIN LATERAL (
    SELECT closed_at, changed_at
    FROM (SELECT * FROM channels_app_feedline WHERE submission_id = newest.id LIMIT 200) AS few
    WHERE state = 'confirmed' AND changed_at <= closed_at LIMIT 30
) AS line
GROUP BY newest.id, newest.created_at
ORDER BY newest.created_at, newest.id
"""


def last_sendings(channels: Sequence[Channel], *, most: int = 40) -> list[Sending]:
    """Return the last sendings of prices and quantities that anything of was confirmed, the newest last."""
    with connection.cursor() as cursor:
        cursor.execute(_SENDINGS, {"channels": [channel.pk for channel in channels], "most": most})
        return [Sending(at, [timedelta(seconds=time) for time in times]) for at, times in cursor.fetchall()]


def measured_of(sendings: Sequence[Sending]) -> Measured | None:
    """Return how fast these were together; None if there are none."""
    times = sorted(time for sending in sendings for time in sending.times)
    if not times:
        return None
    return Measured(statistics.median_high(times), times[max(-(-len(times) * 95 // 100) - 1, 0)], len(times))

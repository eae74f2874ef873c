"""PendingChange rows: enqueued, taken, settled.

No two transactions may wait for each other in a circle. Each locks pending changes in one statement, in (channel, SKU)
order; what it locks beyond that, it locks only if nobody else holds it. The order of all that feeds lock: job row,
channel, pending changes, listings. Nudges touch job rows, so they come after the commit; a lost one costs an interval.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from channels_app.models import PendingChange


class Change(NamedTuple):
    """One SKU of one channel to be looked at."""

    channel_id: int
    sku: str
    item_id: int | None
    kinds: int
    urgency: int
    #: To be left alone until then, unless it is pending already.
    not_before: datetime | None = None


class Taken(NamedTuple):
    """A pending change as a feed saw it; it settles that version and no other."""

    id: int
    sku: str
    version: int
    urgency: int
    changed_at: datetime


# A newer change raises the version and is looked at right away. Held withdrawals stay held while they are withdrawals.
_UPSERT = """
INSERT INTO channels_app_pendingchange AS change
    (channel_id, sku, item_id, kinds, urgency, version, held, not_before, changed_at)
SELECT channel_id, sku, item_id, kinds, urgency, 1, false, not_before, %(now)s::timestamptz
FROM unnest(%(channels)s::bigint[], %(skus)s::text[], %(items)s::bigint[], %(kinds)s::int[], %(urgencies)s::int[],
            %(not_before)s::timestamptz[]) AS new (channel_id, sku, item_id, kinds, urgency, not_before)
ORDER BY channel_id, sku
ON CONFLICT (channel_id, sku) DO UPDATE SET
    version = change.version + 1,
    item_id = coalesce(excluded.item_id, change.item_id),
    kinds = change.kinds | excluded.kinds,
    urgency = least(change.urgency, excluded.urgency),
    held = change.held AND excluded.urgency = 4,
    not_before = CASE WHEN change.held AND excluded.urgency = 4 THEN change.not_before
                      WHEN change.not_before IS NULL OR excluded.not_before IS NULL THEN NULL
                      ELSE least(change.not_before, excluded.not_before) END,
    changed_at = excluded.changed_at
"""


def upsert(changes: Iterable[Change], *, now: datetime) -> None:
    """Each change is pending. (channel, SKU) may come up once only; call it once in a transaction."""
    rows = list(changes)
    if not rows:
        return
    channels, skus, items, kinds, urgencies, not_before = (list(column) for column in zip(*rows, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            _UPSERT,
            {
                "channels": channels,
                "skus": skus,
                "items": items,
                "kinds": [int(bits) for bits in kinds],
                "urgencies": [int(urgency) for urgency in urgencies],
                "not_before": not_before,
                "now": now,
            },
        )


def enqueue(
    channel_id: int,
    skus: Collection[str],
    *,
    kinds: int,
    urgency: int,
    now: datetime,
    not_before: datetime | None = None,
) -> None:
    """The SKUs will be looked at again: what the feed then finds to differ is sent, and nothing else.

    Call it in the transaction of its cause, and nudge the jobs after it.
    """
    upsert((Change(channel_id, sku, None, kinds, urgency, not_before) for sku in set(skus)), now=now)


# Plan: the partial index (channel, urgency, id) of rows that are not held, in its own order; rows that wait are passed.
_TAKE = """
SELECT id, sku, version, urgency, changed_at
FROM channels_app_pendingchange
WHERE channel_id = %(channel)s AND NOT held AND urgency BETWEEN %(first)s AND %(last)s
  AND (not_before IS NULL OR not_before <= %(now)s)
ORDER BY urgency, id
LIMIT %(limit)s
"""


def take(channel_id: int, urgencies: tuple[int, int], limit: int, *, now: datetime) -> list[Taken]:
    """Return the most urgent changes within `urgencies` (first, last). Nothing is locked: settling decides."""
    with connection.cursor() as cursor:
        cursor.execute(
            _TAKE,
            {
                "channel": channel_id,
                "first": int(urgencies[0]),
                "last": int(urgencies[1]),
                "now": now,
                "limit": limit,
            },
        )
        return [Taken._make(row) for row in cursor.fetchall()]


_LOCK_TAKEN = """
SELECT change.id
FROM channels_app_pendingchange AS change
JOIN unnest(%s::bigint[], %s::bigint[]) AS taken (id, version)
    ON change.id = taken.id AND change.version = taken.version
ORDER BY change.channel_id, change.sku
FOR UPDATE OF change
"""


def lock_taken(taken: Sequence[Taken]) -> set[int]:
    """Lock those that are still as they were taken, and return their ids: only these may be acted on and settled."""
    if not taken:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_TAKEN, [[t.id for t in taken], [t.version for t in taken]])
        return {row[0] for row in cursor.fetchall()}


def delete(ids: Collection[int]) -> None:
    """These locked changes are settled."""
    if ids:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM channels_app_pendingchange WHERE id = ANY(%s)", [list(ids)])


class Remains(NamedTuple):
    """What stays pending of a change that was looked at."""

    id: int
    urgency: int
    not_before: datetime | None
    held: bool


_KEEP = """
UPDATE channels_app_pendingchange AS change
SET urgency = kept.urgency, not_before = kept.not_before, held = kept.held
FROM unnest(%s::bigint[], %s::int[], %s::timestamptz[], %s::boolean[]) AS kept (id, urgency, not_before, held)
WHERE change.id = kept.id
"""


def keep(rows: Sequence[Remains]) -> None:
    """These locked changes stay, to be looked at as their rows say."""
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_KEEP, [list(column) for column in zip(*rows, strict=True)])


_UNPARK = """
UPDATE channels_app_pendingchange AS change
SET not_before = NULL
FROM (
    SELECT id FROM channels_app_pendingchange
    WHERE channel_id = %s AND sku = ANY(%s::text[]) AND not_before IS NOT NULL AND NOT held
    FOR UPDATE SKIP LOCKED
) AS parked
WHERE change.id = parked.id
"""


def unpark(channel_id: int, skus: Collection[str]) -> int:
    """What waited for lines of these SKUs waits no longer. Returns how many.

    What somebody else holds is being changed or looked at anyway; at worst it waits for its time.
    """
    if not skus:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_UNPARK, [channel_id, list(skus)])
        return int(cursor.rowcount)


def next_due(channel_id: int, urgencies: tuple[int, int]) -> datetime | None:
    """Return when the first of the changes that wait may be looked at again."""
    waiting = PendingChange.objects.filter(
        channel_id=channel_id, held=False, urgency__range=urgencies, not_before__isnull=False
    )
    return waiting.order_by("not_before").values_list("not_before", flat=True).first()

"""Stock: the only writer of Stock and StockMovement. Every change is a movement; Stock holds their sums.

Set-based throughout. Stock rows are locked in (item, location) order, so two writers never wait for each other in a
circle; a movement whose key was seen before changes nothing, so a cause may be repeated.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection, transaction

from inventory.models import Item, Location, Reason, Seller, Stock
from inventory.signals import send_changed

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One change of stock, to be written."""

    item_id: int
    location_id: int
    on_hand_delta: int = 0
    reserved_delta: int = 0
    reason: Reason
    #: Names the cause; the same cause moves stock once.
    key: UUID
    #: The order line that caused it.
    line_id: int | None = None
    actor_id: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountSource:
    """A SELECT that gives (item_id, counted, key), each item once: what somebody counted at one location."""

    sql: str
    params: Sequence[Any]


_INSERT_MISSING = """
    INSERT INTO inventory_stock (item_id, location_id, on_hand, reserved)
    SELECT DISTINCT wanted.item_id, wanted.location_id, 0, 0
    FROM unnest(%s::bigint[], %s::bigint[]) AS wanted (item_id, location_id)
    ORDER BY wanted.item_id, wanted.location_id
    ON CONFLICT (item_id, location_id) DO NOTHING
"""
_LOCK = """
    SELECT stock.id
    FROM inventory_stock AS stock
    JOIN (SELECT DISTINCT * FROM unnest(%s::bigint[], %s::bigint[])) AS wanted (item_id, location_id)
        USING (item_id, location_id)
    ORDER BY stock.item_id, stock.location_id
    FOR UPDATE OF stock
"""
_RECORD = """
    WITH written AS (
        INSERT INTO inventory_stockmovement
            (item_id, location_id, on_hand_delta, reserved_delta, reason, key, line_id, actor_id, note, at)
        SELECT moved.*, %s
        FROM unnest(
            %s::bigint[], %s::bigint[], %s::int[], %s::int[], %s::text[], %s::uuid[],
            %s::bigint[], %s::int[], %s::text[]
        ) AS moved
        ON CONFLICT (key) DO NOTHING
        RETURNING item_id, location_id, on_hand_delta, reserved_delta
    ), summed AS (
        UPDATE inventory_stock AS stock
        SET on_hand = stock.on_hand + delta.on_hand, reserved = stock.reserved + delta.reserved
        FROM (
            SELECT item_id, location_id, sum(on_hand_delta)::int AS on_hand, sum(reserved_delta)::int AS reserved
            FROM written
            GROUP BY item_id, location_id
        ) AS delta
        WHERE stock.item_id = delta.item_id AND stock.location_id = delta.location_id
    )
    SELECT count(*) FROM written
"""


def record_movements(movements: Sequence[Movement], *, now: datetime) -> int:
    """The movements are written and summed into Stock; those with a known key are not. Returns how many were."""
    if not movements:
        return 0
    places = ([m.item_id for m in movements], [m.location_id for m in movements])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_INSERT_MISSING, places)
        cursor.execute(_LOCK, places)
        cursor.execute(
            _RECORD,
            [
                now,
                *places,
                [m.on_hand_delta for m in movements],
                [m.reserved_delta for m in movements],
                [str(m.reason) for m in movements],
                [str(m.key) for m in movements],
                [m.line_id for m in movements],
                [m.actor_id for m in movements],
                [m.note for m in movements],
            ],
        )
        written = int(cursor.fetchone()[0])
        if written:
            send_changed()
    return written


# Each counted item's row is looked up by itself (LATERAL .. LIMIT): a join may be planned as a walk over all stock, and
# is so planned when the statistics have not met a new seller yet. No row says the same as nothing on hand.
_FIND_DIFFERING = """
    SELECT counted.item_id, counted.counted, counted.key
    FROM ({source}) AS counted (item_id, counted, key)
    LEFT JOIN LATERAL (
        SELECT on_hand FROM inventory_stock WHERE item_id = counted.item_id AND location_id = %s LIMIT 1
    ) AS stock ON true
    WHERE coalesce(stock.on_hand, 0) <> counted.counted
"""
# Most counts of a first import meet no row yet: those are written once, as they end, without passing through here.
_ADD_COUNTED = """
    WITH differing AS MATERIALIZED (
        SELECT counted.*, stock.id IS NULL AS is_first
        FROM ({source}) AS counted (item_id, counted, key)
        LEFT JOIN LATERAL (
            SELECT id, on_hand FROM inventory_stock WHERE item_id = counted.item_id AND location_id = %s LIMIT 1
        ) AS stock ON true
        WHERE coalesce(stock.on_hand, 0) <> counted.counted
    ), added AS (
        INSERT INTO inventory_stock (item_id, location_id, on_hand, reserved)
        SELECT item_id, %s, counted, 0
        FROM differing
        WHERE is_first AND NOT EXISTS (SELECT FROM inventory_stockmovement AS known WHERE known.key = differing.key)
        ORDER BY item_id
        ON CONFLICT (item_id, location_id) DO NOTHING
        RETURNING item_id, location_id, on_hand
    ), moved AS (
        INSERT INTO inventory_stockmovement
            (item_id, location_id, on_hand_delta, reserved_delta, reason, actor_id, note, at, key)
        SELECT added.item_id, added.location_id, added.on_hand, 0, %s, %s, %s, %s, differing.key
        FROM added JOIN differing ON differing.item_id = added.item_id
    )
    SELECT (SELECT count(*) FROM added), (SELECT count(*) FROM differing)
"""
# A key seen before leaves the stock alone: what was sold since the first time must not come back.
_RECORD_COUNTED = """
    WITH written AS (
        INSERT INTO inventory_stockmovement
            (item_id, location_id, on_hand_delta, reserved_delta, reason, actor_id, note, at, key)
        SELECT counted.item_id, stock.location_id, counted.counted - stock.on_hand, 0, %s, %s, %s, %s, counted.key
        FROM unnest(%s::bigint[], %s::int[], %s::uuid[]) AS counted (item_id, counted, key)
        CROSS JOIN LATERAL (
            SELECT location_id, on_hand
            FROM inventory_stock
            WHERE item_id = counted.item_id AND location_id = %s AND on_hand <> counted.counted
            LIMIT 1
        ) AS stock
        ON CONFLICT (key) DO NOTHING
        RETURNING item_id, location_id, on_hand_delta
    ), summed AS (
        UPDATE inventory_stock AS stock
        SET on_hand = stock.on_hand + written.on_hand_delta
        FROM written
        WHERE stock.item_id = written.item_id AND stock.location_id = written.location_id
    )
    SELECT count(*) FROM written
"""


def record_counts(
    source: CountSource, *, location: Location, reason: Reason, actor_id: int | None, now: datetime, note: str = ""
) -> int:
    """On hand at `location` equals what was counted, by movements of the differences. Returns how many were needed.

    The differing rows pass through memory: call it for some thousands at a time.
    """
    cause = [str(reason), actor_id, note, now]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_ADD_COUNTED.format(source=source.sql), [*source.params, location.pk, location.pk, *cause])
        added, differing = map(int, cursor.fetchone())
        changed = _change_counted(source, location, cause) if added < differing else 0
        if added or changed:
            send_changed()
    return added + changed


def _change_counted(source: CountSource, location: Location, cause: Sequence[Any]) -> int:
    """Stock that was there before equals what was counted. Returns how many rows had to change."""
    with connection.cursor() as cursor:
        cursor.execute(_FIND_DIFFERING.format(source=source.sql), [*source.params, location.pk])
        rows = cursor.fetchall()
        if not rows:
            return 0
        items, counts, keys = (list(column) for column in zip(*rows, strict=True))
        cursor.execute(_LOCK, [items, [location.pk] * len(items)])
        cursor.execute(_RECORD_COUNTED, [*cause, items, counts, list(map(str, keys)), location.pk])
        return int(cursor.fetchone()[0])


def set_on_hand(
    item: Item,
    location: Location,
    counted: int,
    *,
    actor: "AbstractBaseUser | None",
    now: datetime,
    key: UUID,
    note: str = "",
) -> None:
    """On hand of `item` at `location` is `counted`; the same key counts once."""
    source = CountSource(sql="SELECT %s::bigint, %s::int, %s::uuid", params=[item.pk, counted, str(key)])
    actor_id = actor.pk if actor else None
    record_counts(source, location=location, reason=Reason.COUNTED, actor_id=actor_id, now=now, note=note)


def lock_stock(item_ids: Iterable[int]) -> dict[tuple[int, int], Stock]:
    """The items' Stock rows are locked until the transaction ends. Returns them by (item id, location id)."""
    rows = Stock.objects.select_for_update().filter(item_id__in=list(item_ids)).order_by("item_id", "location_id")
    return {(row.item_id, row.location_id): row for row in rows}


def default_location(seller: Seller) -> Location:
    """Return the seller's default location; it is made on first use."""
    location = Location.objects.filter(seller=seller, is_default=True).first()
    if location is None:
        location, _ = Location.objects.get_or_create(
            seller=seller, is_default=True, defaults={"code": "main", "name": "Main warehouse"}
        )
    return location

"""Rows of Lack whose reason is gone are taken away, so that the lists of what lacks something stay short."""

from collections.abc import Callable

from django.db import connection, transaction

from inventory.alone import working_alone

_BATCH = 5000

_STANDS = """
    EXISTS (
        SELECT FROM inventory_item AS item
        WHERE item.seller_id = row.seller_id AND item.sku = row.sku AND item.archived_at IS NULL AND NOT item.is_parent
          AND CASE row.lack
              WHEN 1 THEN NOT EXISTS (
                  SELECT FROM inventory_labelitem WHERE item_id = item.id AND source <> 'excluded'
              )
              ELSE NOT EXISTS (SELECT FROM inventory_stock WHERE item_id = item.id AND on_hand > reserved)
          END
    )
"""
_LOOK = f"""
    WITH row AS MATERIALIZED (
        SELECT seller_id, lack, sku FROM inventory_lack
        WHERE (seller_id, lack, sku) > (%s, %s, %s)
        ORDER BY seller_id, lack, sku LIMIT %s
    )
    SELECT seller_id, lack, sku, NOT {_STANDS} FROM row ORDER BY seller_id, lack, sku
"""  # noqa: S608 - our own conditions
_KEYS = "unnest(%s::bigint[], %s::smallint[], %s::text[]) AS chosen (seller_id, lack, sku)"
# Rows that a writer holds are left: it may be taking away the last label right now.
_LOCK = f"""
    SELECT row.seller_id, row.lack, row.sku
    FROM inventory_lack AS row JOIN {_KEYS} USING (seller_id, lack, sku)
    FOR UPDATE OF row SKIP LOCKED
"""  # noqa: S608 - our own conditions
_DELETE = f"""
    DELETE FROM inventory_lack AS row USING {_KEYS}
    WHERE (row.seller_id, row.lack, row.sku) = (chosen.seller_id, chosen.lack, chosen.sku) AND NOT {_STANDS}
"""  # noqa: S608 - our own conditions

_Key = tuple[int, int, str]


def prune(*, may_go_on: Callable[[], bool]) -> int:
    """Every row was looked at, as far as there was time, and only those that stand are left. Returns how many went.

    Leaves it to others if somebody is at it.
    """
    with working_alone("inventory lacks") as alone:
        count, after = 0, (0, 0, "")
        while alone and may_go_on():
            with connection.cursor() as cursor:
                cursor.execute(_LOOK, [*after, _BATCH])
                rows = cursor.fetchall()
            if not rows:
                break
            count += _take_away([row[:3] for row in rows if row[3]])
            after = rows[-1][:3]
    return count


def _take_away(keys: list[_Key]) -> int:
    """Those of the rows that still do not stand are gone. Returns how many.

    They are locked first and looked at again by a second statement: what took their reason away, or gave it back,
    between the two either waits for this transaction or is seen.
    """
    if not keys:
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK, _columns(keys))
        locked = cursor.fetchall()
        if not locked:
            return 0
        cursor.execute(_DELETE, _columns(locked))
        return int(cursor.rowcount)


def _columns(keys: list[_Key]) -> list[list[int] | list[str]]:
    return [list(column) for column in zip(*keys, strict=True)]

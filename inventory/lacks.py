"""Marks of Lack whose reason is gone are taken away, so that the lists of what lacks something stay short."""

from collections.abc import Callable, Sequence

from django.db import connection, transaction

from inventory.alone import working_alone

_BATCH = 5000

# What the item lacks as the statement sees it: nothing if there is none, or none that is sold.
_LACKS = """
    coalesce((
        SELECT
            (NOT EXISTS (SELECT FROM inventory_labelitem WHERE item_id = item.id AND source <> 'excluded'))::int
            + (
                SELECT coalesce(sum(level.lack), 0)::int FROM inventory_lack_levels() AS level
                WHERE level.at_most >= coalesce(
                    (SELECT sum(greatest(on_hand - reserved, 0)) FROM inventory_stock WHERE item_id = item.id), 0
                )
            )
        FROM inventory_item AS item
        WHERE item.seller_id = mark.seller_id AND item.sku = mark.sku
          AND item.archived_at IS NULL AND NOT item.is_parent
    ), 0)
"""
_LOOK = f"""
    WITH mark AS MATERIALIZED (
        SELECT seller_id, sku, lacks FROM inventory_lack
        WHERE (seller_id, sku) > (%s, %s) ORDER BY seller_id, sku LIMIT %s
    )
    SELECT seller_id, sku, lacks & ~{_LACKS} <> 0 FROM mark ORDER BY seller_id, sku
"""  # noqa: S608 - our own conditions
_CHOSEN = "unnest(%s::bigint[], %s::text[]) AS chosen (seller_id, sku)"
# Marks that a writer holds are left: it may be taking away the last label right now.
_LOCK = f"""
    SELECT mark.seller_id, mark.sku FROM inventory_lack AS mark JOIN {_CHOSEN} USING (seller_id, sku)
    FOR UPDATE OF mark SKIP LOCKED
"""  # noqa: S608 - our own conditions
_CORRECT = f"""
    UPDATE inventory_lack AS mark SET lacks = mark.lacks & {_LACKS} FROM {_CHOSEN}
    WHERE (mark.seller_id, mark.sku) = (chosen.seller_id, chosen.sku)
"""  # noqa: S608 - our own conditions
_DELETE = f"""
    DELETE FROM inventory_lack AS mark USING {_CHOSEN}
    WHERE (mark.seller_id, mark.sku) = (chosen.seller_id, chosen.sku) AND mark.lacks = 0
"""  # noqa: S608 - our own conditions

_Key = tuple[int, str]


def prune(*, may_go_on: Callable[[], bool]) -> int:
    """Every mark was looked at, as far as there was time, and says what is lacking now. Returns how many did not.

    Leaves it to others if somebody is at it.
    """
    with working_alone("inventory lacks") as alone:
        count, after = 0, (0, "")
        while alone and may_go_on():
            with connection.cursor() as cursor:
                cursor.execute(_LOOK, [*after, _BATCH])
                marks = cursor.fetchall()
            if not marks:
                break
            count += _correct([(seller_id, sku) for seller_id, sku, is_wrong in marks if is_wrong])
            after = marks[-1][:2]
    return count


def _correct(keys: Sequence[_Key]) -> int:
    """Those of the marks that say too much do no more. Returns how many nobody held.

    They are locked first and looked at again by a second statement: what took a label or stock away between the two
    either waits for this transaction or is seen.
    """
    if not keys:
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK, _columns(keys))
        locked = _columns(cursor.fetchall())
        cursor.execute(_CORRECT, locked)
        count = int(cursor.rowcount)
        cursor.execute(_DELETE, locked)
    return count


def _columns(keys: Sequence[_Key]) -> tuple[list[int], list[str]]:
    return [seller_id for seller_id, _ in keys], [sku for _, sku in keys]

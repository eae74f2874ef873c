"""Old movements make room: what they came to stays, as one opening balance for each item and location."""

from datetime import datetime

from django.db import connection, transaction

#: Items whose movements one transaction sums up.
_BATCH = 1000

# Movements of an order line go only when all of them are old and nothing of the line is reserved any more: the sum of a
# line's movements is what says how much of it is reserved.
_PURGE = """
WITH items AS MATERIALIZED (
    SELECT DISTINCT item_id FROM inventory_stockmovement
    WHERE at < %(before)s AND reason <> 'opening' AND item_id > %(after)s
    ORDER BY item_id LIMIT %(limit)s
), locked AS MATERIALIZED (
    SELECT stock.id FROM inventory_stock AS stock JOIN items USING (item_id)
    ORDER BY stock.item_id, stock.location_id FOR UPDATE OF stock
), kept_lines AS MATERIALIZED (
    SELECT line_id FROM inventory_stockmovement AS movement JOIN items USING (item_id)
    WHERE line_id IS NOT NULL
    GROUP BY line_id HAVING max(at) >= %(before)s OR sum(reserved_delta) <> 0
), old AS (
    DELETE FROM inventory_stockmovement AS movement USING items
    WHERE movement.item_id = items.item_id AND movement.at < %(before)s
      AND (SELECT count(*) FROM locked) >= 0
      AND (movement.line_id IS NULL OR movement.line_id NOT IN (SELECT line_id FROM kept_lines))
    RETURNING movement.item_id, movement.location_id, on_hand_delta, reserved_delta, at
), opening AS (
    INSERT INTO inventory_stockmovement
        (item_id, location_id, on_hand_delta, reserved_delta, reason, note, at, key)
    SELECT item_id, location_id, sum(on_hand_delta), sum(reserved_delta), 'opening', '', max(at), gen_random_uuid()
    FROM old GROUP BY item_id, location_id
)
SELECT (SELECT max(item_id) FROM items), (SELECT count(*) FROM old)
"""


def purge_movements(*, before: datetime) -> int:
    """Movements older than `before` are one opening balance for each item and location. Returns how many went."""
    purged, after = 0, 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_PURGE, {"before": before, "after": after, "limit": _BATCH})
            last, count = cursor.fetchone()
        if last is None:
            return purged
        purged += count
        after = last

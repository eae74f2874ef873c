"""What both sides have on record: rows of our database, read by plain SQL, and the marketplace's own state."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg2
import psycopg2.extras

from smoke.marketplace import Marketplace, State


@dataclass(frozen=True, slots=True, kw_only=True)
class OurSide:
    """Rows of our database at one moment."""

    #: SKU -> its row: price, on_hand, reserved, on_label.
    items: dict[str, dict[str, Any]]
    #: (account id, remote order id), a row each.
    orders: list[tuple[str, str]]
    #: Parcels recorded here and not refused by the channel: (account id, remote order id, tracking number).
    parcels: list[tuple[str, str, str]]
    #: SKU -> units of movements with the reason `shipped`, as a positive number.
    shipped: dict[str, int]
    #: SKU -> units of parcels that the channel refused, since the buyer had cancelled first: they left all the same.
    refused: dict[str, int]
    #: SKUs whose stock is not the sum of their movements.
    unbalanced: list[str]
    #: What still has to be done or has no end: name -> how many rows.
    open_rows: dict[str, int]
    #: Moments at which what could be sold changed apart from orders: (SKU, when, units).
    moves: list[tuple[str, datetime, int]]
    #: Seconds from an order being placed to it being stored, and from a change to the line that tells of it.
    order_ages: list[float] = field(default_factory=list)
    feed_ages: list[float] = field(default_factory=list)


class Database:
    """Reads our database; every call is a connection of its own, since the server comes and goes."""

    def __init__(self, url: str) -> None:
        self._url = url

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Return rows as dicts. Raises psycopg2.OperationalError while the server is away."""
        with (
            closing(psycopg2.connect(self._url, connect_timeout=2)) as connection,
            connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor,
        ):
            cursor.execute(sql, params)
            return [dict(row) for row in cursor.fetchall()]

    def our_side(self, *, label: str) -> OurSide:
        """Return everything the judge needs, in one snapshot."""
        with closing(psycopg2.connect(self._url, connect_timeout=5)) as connection:
            connection.set_session(isolation_level="REPEATABLE READ", readonly=True)

            def rows(sql: str, *params: Any) -> list[tuple[Any, ...]]:
                with connection.cursor() as cursor:
                    cursor.execute(sql, params)
                    return cursor.fetchall()

            return OurSide(
                items={
                    sku: {"price": price, "on_hand": on_hand, "reserved": reserved, "on_label": on_label}
                    for sku, price, on_hand, reserved, on_label in rows(_ITEMS, label)
                },
                orders=[(account, order) for account, order in rows(_ORDERS)],
                parcels=[(account, order, tracking) for account, order, tracking in rows(_PARCELS)],
                shipped={sku: int(units) for sku, units in rows(_SHIPPED)},
                refused={sku: int(units) for sku, units in rows(_REFUSED)},
                unbalanced=[sku for (sku,) in rows(_UNBALANCED)],
                open_rows={name: int(count) for name, count in rows(_OPEN_ROWS)},
                moves=[(sku, at, int(units)) for sku, at, units in rows(_MOVES)],
                order_ages=[float(age) for (age,) in rows(_ORDER_AGES)],
                feed_ages=[float(age) for (age,) in rows(_FEED_AGES)],
            )


_ITEMS = """
SELECT item.sku, item.price, coalesce(sum(stock.on_hand), 0)::int, coalesce(sum(stock.reserved), 0)::int,
       item.archived_at IS NULL AND NOT item.blocked AND NOT item.is_parent AND EXISTS (
           SELECT FROM inventory_labelitem AS member JOIN inventory_label AS label ON label.id = member.label_id
           WHERE member.item_id = item.id AND member.source <> 'excluded' AND label.name = %s)
FROM inventory_item AS item LEFT JOIN inventory_stock AS stock ON stock.item_id = item.id
GROUP BY item.id
"""
_ORDERS = """
SELECT channel.account_id, orders.remote_id
FROM channels_app_order AS orders JOIN channels_app_channel AS channel ON channel.id = orders.channel_id
"""
_PARCELS = """
SELECT channel.account_id, orders.remote_id, parcel.tracking_number
FROM channels_app_shipment AS parcel
JOIN channels_app_order AS orders ON orders.id = parcel.order_id
JOIN channels_app_channel AS channel ON channel.id = orders.channel_id
WHERE NOT EXISTS (SELECT FROM channels_app_command AS told
                  WHERE told.shipment_id = parcel.id AND told.state = 'rejected')
"""
_REFUSED = """
SELECT line.sku, sum(told.quantity)
FROM channels_app_command AS told JOIN channels_app_orderline AS line ON line.id = told.line_id
WHERE told.kind = 'ship' AND told.state = 'rejected' GROUP BY line.sku
"""
_SHIPPED = """
SELECT item.sku, -sum(movement.on_hand_delta)
FROM inventory_stockmovement AS movement JOIN inventory_item AS item ON item.id = movement.item_id
WHERE movement.reason = 'shipped' GROUP BY item.sku
"""
_UNBALANCED = """
SELECT item.sku
FROM inventory_stock AS stock
FULL JOIN (SELECT item_id, location_id, sum(on_hand_delta) AS on_hand, sum(reserved_delta) AS reserved
           FROM inventory_stockmovement GROUP BY item_id, location_id) AS moved USING (item_id, location_id)
JOIN inventory_item AS item ON item.id = item_id
WHERE (coalesce(stock.on_hand, 0), coalesce(stock.reserved, 0))
   <> (coalesce(moved.on_hand, 0), coalesce(moved.reserved, 0))
"""
_OPEN_ROWS = """
SELECT 'open feed lines', count(*) FROM channels_app_feedline WHERE state IN ('pending', 'sent', 'unknown')
UNION ALL SELECT 'rejected feed lines', count(*) FROM channels_app_feedline WHERE state = 'rejected'
UNION ALL SELECT 'open submissions', count(*) FROM channels_app_submission WHERE phase IN ('intent', 'unknown', 'open')
UNION ALL SELECT 'open commands', count(*) FROM channels_app_command WHERE state IN ('pending', 'sent', 'unknown')
UNION ALL SELECT 'changes of items', count(*) FROM inventory_itemchange
UNION ALL SELECT 'walks', count(*) FROM channels_app_channelwalk
UNION ALL SELECT 'pending changes', count(*) FROM channels_app_pendingchange
UNION ALL SELECT 'orders not read', count(*) FROM channels_app_raworder WHERE state NOT IN ('done', 'older')
UNION ALL SELECT 'blocked jobs', count(*) FROM channels_app_channeljob WHERE enabled AND blocked
"""
# What left with a parcel was promised before, and so changes nothing that could be sold.
_MOVES = """
SELECT item.sku, movement.at, movement.on_hand_delta
FROM inventory_stockmovement AS movement JOIN inventory_item AS item ON item.id = movement.item_id
WHERE movement.on_hand_delta <> 0 AND movement.reason <> 'shipped'
ORDER BY movement.id
"""
_ORDER_AGES = "SELECT extract(epoch FROM imported_at - placed_at) FROM channels_app_order"
_FEED_AGES = """
SELECT extract(epoch FROM created_at - changed_at) FROM channels_app_feedline
WHERE kind IN ('offer', 'quantity') AND changed_at IS NOT NULL
"""


def their_side(sandbox: str, account_ids: Sequence[str]) -> dict[str, State]:
    """Return the marketplace's record of each account."""
    states = {}
    for account_id in account_ids:
        marketplace = Marketplace(sandbox)
        marketplace.account_id = account_id
        try:
            states[account_id] = marketplace.state()
        finally:
            marketplace.close()
    return states

"""Both sides' records: PostgreSQL's rows of one moment, read from outside, and the sandbox's."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import psycopg2

from smoke.marketplace import Marketplace, State


@dataclass(frozen=True, slots=True)
class Line:
    """An order line of ours, with what the movements say of it."""

    order_id: str
    line_id: str
    account_id: str
    quantity: int
    shipped: int
    cancelled: int
    #: Sums of this line's movements: units reserved, units gone from the shelf.
    reserved: int
    gone: int
    #: Units in confirmed shipping notices.
    told_shipped: int


@dataclass(frozen=True, slots=True)
class Stock:
    on_hand: int
    reserved: int
    summed_on_hand: int
    summed_reserved: int


@dataclass(frozen=True, slots=True)
class Movement:
    sku: str
    at: datetime
    on_hand_delta: int
    reserved_delta: int
    reason: str
    is_of_a_line: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    kind: str
    order_id: str
    code: str
    amount: Decimal


@dataclass
class Ours:
    """What PostgreSQL says."""

    #: (account, remote id) of every order row.
    orders: list[tuple[str, str]]
    lines: list[Line]
    stock: dict[str, Stock]
    #: SKU -> price, of items on the label that may be offered.
    labelled: dict[str, Decimal]
    movements: list[Movement]
    #: Parcels we recorded: tracking numbers.
    parcels: list[str]
    #: Commands that the channel refused.
    rejected: list[Refusal]
    #: What is not finished: name -> rows.
    open_rows: dict[str, int] = field(default_factory=dict)
    #: Seconds from a sale to its order row.
    order_ages: list[float] = field(default_factory=list)
    #: Seconds from a change to the feed line that tells of it.
    feed_ages: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Theirs:
    """What the sandbox says of one account."""

    account_id: str
    state: State
    events: list[dict[str, Any]]


_LINES = """
    SELECT o.remote_id, l.remote_id, c.account_id, l.quantity, greatest(l.shipped, l.remote_shipped),
        greatest(l.cancelled, l.remote_cancelled), coalesce(m.reserved, 0), coalesce(m.gone, 0),
        coalesce(t.shipped, 0)
    FROM channels_app_orderline AS l
    JOIN channels_app_order AS o ON o.id = l.order_id
    JOIN channels_app_channel AS c ON c.id = o.channel_id
    LEFT JOIN (
        SELECT line_id, sum(reserved_delta) AS reserved,
            -sum(on_hand_delta) FILTER (WHERE reason <> 'restocked') AS gone
        FROM inventory_stockmovement WHERE line_id IS NOT NULL GROUP BY line_id
    ) AS m ON m.line_id = l.id
    LEFT JOIN (
        SELECT line_id, sum(quantity) AS shipped
        FROM channels_app_command WHERE state = 'confirmed' AND kind = 'ship' GROUP BY line_id
    ) AS t ON t.line_id = l.id
"""
_STOCK = """
    SELECT i.sku, coalesce(s.on_hand, 0), coalesce(s.reserved, 0), coalesce(m.on_hand, 0), coalesce(m.reserved, 0)
    FROM inventory_item AS i
    LEFT JOIN (
        SELECT item_id, sum(on_hand) AS on_hand, sum(reserved) AS reserved FROM inventory_stock GROUP BY item_id
    ) AS s ON s.item_id = i.id
    LEFT JOIN (
        SELECT item_id, sum(on_hand_delta) AS on_hand, sum(reserved_delta) AS reserved
        FROM inventory_stockmovement GROUP BY item_id
    ) AS m ON m.item_id = i.id
"""
_LABELLED = """
    SELECT i.sku, i.price
    FROM inventory_item AS i
    JOIN inventory_labelitem AS li ON li.item_id = i.id AND li.source <> 'excluded'
    WHERE i.archived_at IS NULL AND NOT i.blocked
"""
_MOVEMENTS = """
    SELECT i.sku, m.at, m.on_hand_delta, m.reserved_delta, m.reason, m.line_id IS NOT NULL
    FROM inventory_stockmovement AS m JOIN inventory_item AS i ON i.id = m.item_id ORDER BY m.at, m.id
"""
_REFUSED = """
    SELECT c.kind, o.remote_id, c.code, coalesce(c.amount, 0)
    FROM channels_app_command AS c JOIN channels_app_order AS o ON o.id = c.order_id
    WHERE c.state = 'rejected'
"""
_FEED_AGES = """
    SELECT extract(epoch FROM created_at - changed_at)::float
    FROM channels_app_feedline WHERE kind <> 'content' AND changed_at IS NOT NULL
"""
_OPEN = """
    SELECT 'feed lines', count(*) FROM channels_app_feedline WHERE state IN ('pending', 'sent', 'unknown')
    UNION ALL SELECT 'rejected feed lines', count(*) FROM channels_app_listing AS l WHERE l.state = 'rejected'
    UNION ALL SELECT 'commands', count(*) FROM channels_app_command WHERE state IN ('pending', 'sent', 'unknown')
    UNION ALL SELECT 'submissions', count(*) FROM channels_app_submission WHERE phase IN ('intent', 'unknown', 'open')
    UNION ALL SELECT 'pending changes', count(*) FROM channels_app_pendingchange
    UNION ALL SELECT 'item changes', count(*) FROM inventory_itemchange
    UNION ALL SELECT 'bulk changes', count(*) FROM inventory_bulkchange
    UNION ALL SELECT 'walks', count(*) FROM channels_app_channelwalk
    UNION ALL SELECT 'raw orders', count(*) FROM channels_app_raworder WHERE state IN ('new', 'needs_attention')
    UNION ALL SELECT 'orders not accepted', count(*) FROM channels_app_order AS o
        WHERE accepted_at IS NULL AND shipping_status <> 'cancelled' AND NOT EXISTS (
            SELECT FROM channels_app_command AS c
            WHERE c.order_id = o.id AND c.kind = 'accept' AND c.state IN ('rejected', 'superseded'))
    UNION ALL SELECT 'blocked jobs', count(*) FROM channels_app_channeljob WHERE enabled AND blocked
"""


def read_ours(database_url: str) -> Ours:
    """Return what PostgreSQL says, all of one moment. Raises psycopg2.Error."""
    with contextlib.closing(psycopg2.connect(database_url, connect_timeout=5)) as connection:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with connection, connection.cursor() as cursor:

            def rows(query: str) -> list[tuple[Any, ...]]:
                cursor.execute(query)
                return cursor.fetchall()

            orders = rows(
                "SELECT c.account_id, o.remote_id, extract(epoch FROM o.imported_at - o.placed_at)::float"
                " FROM channels_app_order AS o JOIN channels_app_channel AS c ON c.id = o.channel_id"
            )
            return Ours(
                orders=[(account, remote_id) for account, remote_id, _ in orders],
                feed_ages=[row[0] for row in rows(_FEED_AGES)],
                order_ages=[age for _, _, age in orders],
                lines=[Line(*row) for row in rows(_LINES)],
                stock={sku: Stock(*numbers) for sku, *numbers in rows(_STOCK)},
                labelled=dict(rows(_LABELLED)),
                movements=[Movement(*row) for row in rows(_MOVEMENTS)],
                parcels=[row[0] for row in rows("SELECT tracking_number FROM channels_app_shipment")],
                rejected=[Refusal(*row) for row in rows(_REFUSED)],
                open_rows={name: number for name, number in rows(_OPEN) if number},
            )


def read_theirs(marketplaces: Sequence[Marketplace]) -> list[Theirs]:
    """Return what the sandbox says of each account."""
    return [Theirs(market.account_id, market.state(), market.events()) for market in marketplaces]

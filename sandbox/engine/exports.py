"""Exports: the whole list of an account as it was at one moment, read page by page."""

import json
import sqlite3
from typing import Any

from sandbox.clock import MICROSECONDS
from sandbox.engine.errors import NotFound
from sandbox.engine.market import Market, new_id

#: Older exports of an account are thrown away.
_KEPT = 3


def request_export(market: Market, account_id: str, *, key: str | None) -> dict[str, Any]:
    """An export is on its way. The same key gives the same export."""
    now = market.true_now()
    due_at = now + int(market.settings.export_delay_seconds * MICROSECONDS)
    with market.storage.writing() as db:
        known = (
            key
            and db.execute(
                "SELECT * FROM export WHERE account_id = ? AND idempotency_key = ?", (account_id, key)
            ).fetchone()
        )
        if known:
            return describe(known)
        export_id = new_id("exp")
        db.execute(
            "INSERT INTO export (export_id, account_id, idempotency_key, phase, due_at, received_at)"
            " VALUES (?, ?, ?, 'received', ?, ?)",
            (export_id, account_id, key, due_at, now),
        )
        row = db.execute("SELECT * FROM export WHERE export_id = ?", (export_id,)).fetchone()
    market.work_came_in.set()
    return describe(row)


def describe(row: sqlite3.Row) -> dict[str, Any]:
    """The export as a seller sees it."""
    return {name: row[name] for name in ("export_id", "phase", "as_of", "total", "received_at")}


def get_export(market: Market, account_id: str, export_id: str) -> dict[str, Any]:
    """Phase, moment and size. Raises NotFound."""
    with market.storage.reading() as db:
        return describe(_row(db, account_id, export_id))


def get_rows(
    market: Market, account_id: str, export_id: str, *, after: int, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    """One page of rows after a position, and the position to go on from (None: this was the last)."""
    with market.storage.reading() as db:
        export = _row(db, account_id, export_id)
        rows = db.execute(
            "SELECT position, sku, title, price, currency, quantity, status, updated_at FROM export_row"
            " WHERE export_seq = ? AND position > ? ORDER BY position LIMIT ?",
            (export["export_seq"], after, limit),
        ).fetchall()
        more = (
            rows
            and db.execute(
                "SELECT 1 FROM export_row WHERE export_seq = ? AND position > ? LIMIT 1",
                (export["export_seq"], rows[-1]["position"]),
            ).fetchone()
        )
    page = [dict(row) for row in rows]
    return page, page[-1]["position"] if more else None


def _row(db: sqlite3.Connection, account_id: str, export_id: str) -> sqlite3.Row:
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM export WHERE account_id = ? AND export_id = ?", (account_id, export_id)
    ).fetchone()
    if row is None:
        raise NotFound("unknown_export", f"There is no export {export_id}.")
    return row


def process_next(market: Market) -> bool:
    """The oldest export that is due has its rows. Returns False when none was due."""
    with market.storage.reading() as db:
        row = db.execute(
            "SELECT * FROM export WHERE due_at <= ? ORDER BY export_seq LIMIT 1", (market.true_now(),)
        ).fetchone()
    if row is None:
        return False
    fault = market.faults.draw("vanished_listings", operation="export", account_id=row["account_id"])
    with market.storage.writing() as db:
        db.execute(
            "INSERT INTO export_row SELECT ?, row_number() OVER (ORDER BY sku) - 1, sku, title, price, currency,"
            " quantity, status, updated_at FROM listing WHERE account_id = ?",
            (row["export_seq"], row["account_id"]),
        )
        if fault:
            skus = db.execute("SELECT sku FROM export_row WHERE export_seq = ?", (row["export_seq"],)).fetchall()
            gone = [sku for (sku,) in skus if fault.picks(sku, 0.5)]
            db.execute(
                "DELETE FROM export_row WHERE export_seq = ? AND sku IN (SELECT value FROM json_each(?))",
                (row["export_seq"], json.dumps(gone)),
            )
        db.execute(
            "UPDATE export SET phase = 'done', due_at = NULL, as_of = ?,"
            " total = (SELECT count(*) FROM export_row r WHERE r.export_seq = export.export_seq) WHERE export_seq = ?",
            (market.now(), row["export_seq"]),
        )
        _drop_old(db, row["account_id"])
    return True


def _drop_old(db: sqlite3.Connection, account_id: str) -> None:
    old = db.execute(
        "SELECT export_seq FROM export WHERE account_id = ? ORDER BY export_seq DESC LIMIT -1 OFFSET ?",
        (account_id, _KEPT),
    ).fetchall()
    for (export_seq,) in old:
        db.execute("DELETE FROM export_row WHERE export_seq = ?", (export_seq,))
        db.execute("DELETE FROM export WHERE export_seq = ?", (export_seq,))

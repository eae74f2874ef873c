"""Errands: what a protocol takes in now, has done later, and tells of for as long as it remembers.

Each kind has a runner, which does it all or raises `Refused`; what it began is undone then.
"""

import json
import sqlite3
from typing import Any

from sandbox.clock import MICROSECONDS
from sandbox.engine.errors import NotFound, Refused
from sandbox.engine.market import Market


def take_in(market: Market, account_id: str, *, kind: str, about: list[str], request: dict[str, Any]) -> dict[str, Any]:
    """The errand is stored, and due after the marketplace's usual delay. ``about`` are the things to find it by."""
    now = market.true_now()
    due_at = now + int(market.settings.processing_delay_seconds * MICROSECONDS)
    with market.storage.writing() as db:
        number = db.execute(
            "INSERT INTO errand (account_id, kind, about, request, state, due_at, began_at, received_at)"
            " VALUES (?, ?, ?, ?, 'pending', ?, ?, ?)",
            (account_id, kind, json.dumps(about), json.dumps(request), due_at, market.now(), now),
        ).lastrowid
        row = db.execute("SELECT * FROM errand WHERE number = ?", (number,)).fetchone()
    market.work_came_in.set()
    return describe(row)


def describe(row: sqlite3.Row) -> dict[str, Any]:
    """The errand; its state is pending, done, refused (with the reason) or given_up."""
    names = ("number", "kind", "state", "reason", "began_at", "received_at")
    return {**{name: row[name] for name in names}, "about": json.loads(row["about"])}


def get_errand(market: Market, account_id: str, number: int) -> dict[str, Any]:
    """The errand of this number. Raises NotFound."""
    with market.storage.reading() as db:
        row = db.execute("SELECT * FROM errand WHERE account_id = ? AND number = ?", (account_id, number)).fetchone()
    if row is None:
        raise NotFound("unknown_errand", f"There is no errand {number}.")
    return describe(row)


def list_errands(
    market: Market, account_id: str, *, kind: str, about: str, since: int, offset: int, limit: int
) -> list[dict[str, Any]]:
    """Errands of this kind about this thing that were taken in since then, newest first."""
    with market.storage.reading() as db:
        rows = db.execute(
            "SELECT * FROM errand WHERE account_id = ? AND kind = ? AND received_at >= ?"
            " AND EXISTS (SELECT 1 FROM json_each(about) WHERE value = ?) ORDER BY number DESC LIMIT ? OFFSET ?",
            (account_id, kind, since, about, limit, offset),
        ).fetchall()
    return [describe(row) for row in rows]


def process_next(market: Market) -> bool:
    """The oldest errand that is due was run. Returns False when none was.

    Killed in the middle it is simply due again: what it does and that it was done are one commit.
    """
    with market.storage.reading() as db:
        row = db.execute(
            "SELECT * FROM errand WHERE due_at <= ? ORDER BY number LIMIT 1", (market.true_now(),)
        ).fetchone()
    if row is None:
        return False
    given_up = market.faults.draw("given_up", operation=row["kind"], account_id=row["account_id"])
    with market.storage.writing() as db:
        if db.execute("SELECT due_at FROM errand WHERE number = ?", (row["number"],)).fetchone()["due_at"] is None:
            return True  # somebody else was quicker
        state, reason = ("given_up", None) if given_up else _run(market, db, row)
        db.execute(
            "UPDATE errand SET state = ?, reason = ?, due_at = NULL WHERE number = ?", (state, reason, row["number"])
        )
    return True


def _run(market: Market, db: sqlite3.Connection, row: sqlite3.Row) -> tuple[str, str | None]:
    """State and reason afterwards."""
    db.execute("SAVEPOINT errand")
    try:
        market.runners[row["kind"]](market, row["account_id"], json.loads(row["request"]))
    except Refused as refusal:
        db.execute("ROLLBACK TO errand")
        return "refused", refusal.reason
    finally:
        db.execute("RELEASE errand")
    return "done", None

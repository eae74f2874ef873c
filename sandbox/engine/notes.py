"""What a protocol must remember beside the engine's own data: numbers it gave, files it was sent.

A note is a JSON value under a name of the protocol's choice, kept over a restart.
"""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from sandbox.engine.market import Market


def next_number(market: Market, name: str, *, first: int) -> int:
    """The next number of a series; each is given once."""
    with market.storage.writing() as db:
        number = int(_read(db, f"series:{name}", first - 1)) + 1
        _write(db, f"series:{name}", number)
    return number


def load(market: Market, name: str, default: Any = None) -> Any:
    """The note of that name, or the default."""
    with market.storage.reading() as db:
        return _read(db, f"note:{name}", default)


def save(market: Market, name: str, value: Any) -> None:
    """The note says this."""
    with market.storage.writing() as db:
        _write(db, f"note:{name}", value)


def save_all(market: Market, notes: Mapping[str, Any]) -> None:
    """The notes say this, in one commit."""
    with market.storage.writing() as db:
        for name, value in notes.items():
            _write(db, f"note:{name}", value)


def forget(market: Market, name: str) -> None:
    """There is no note of that name."""
    with market.storage.writing() as db:
        db.execute("DELETE FROM setting WHERE name = ?", (f"note:{name}",))


def load_all(market: Market, beginning: str) -> list[Any]:
    """Every note whose name begins so, in the order of their names."""
    with market.storage.reading() as db:
        start = f"note:{beginning}"
        rows = db.execute(
            "SELECT value FROM setting WHERE name >= ? AND name < ? ORDER BY name", (start, start + "\uffff")
        ).fetchall()
    return [json.loads(row["value"]) for row in rows]


def _read(db: sqlite3.Connection, name: str, default: Any) -> Any:
    row = db.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
    return default if row is None else json.loads(row["value"])


def _write(db: sqlite3.Connection, name: str, value: Any) -> None:
    db.execute(
        "INSERT INTO setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, json.dumps(value)),
    )

"""The sandbox's own SQLite file: one writer at a time, readers beside it, nothing lost when the process is killed."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SCHEMA = Path(__file__).with_name("schema.sql")

#: Emptied by a reset, in this order; accounts and settings go too.
_TABLES = (
    "event",
    "errand",
    "return_decision",
    "return_line",
    "return_case",
    "operation",
    "purchase_line",
    "purchase",
    "export_row",
    "export",
    "listing",
    "submission_line",
    "submission_body",
    "submission",
    "token",
    "credential_end",
    "account",
    "setting",
)


class Storage:
    """Connections to one SQLite file.

    WAL with ``synchronous=NORMAL``: a commit is in the operating system's hands when ``writing()`` returns, so a
    kill -9 of this process loses nothing that was answered. Only a power cut could lose the last moments.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        self._lock = threading.RLock()
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._writer = self._connect()
        self._writer.execute("PRAGMA journal_mode=WAL")
        self._writer.executescript(f"BEGIN; {_SCHEMA.read_text(encoding='utf-8')} COMMIT;")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=30)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA cache_size=-32768")
        connection.execute("PRAGMA temp_store=MEMORY")
        return connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One write transaction, alone; committed when the block ends, rolled back when it raises.

        Inside another one of this thread it is a part of that one.
        """
        with self._lock:
            if self._writer.in_transaction:
                yield self._writer
                return
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
            except BaseException:
                self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent view of the data, on this thread's own connection."""
        reader: sqlite3.Connection | None = getattr(self._local, "reader", None)
        if reader is None:
            reader = self._local.reader = self._connect()
            with self._lock:
                self._readers.append(reader)
        reader.execute("BEGIN")
        try:
            yield reader
        finally:
            reader.execute("COMMIT")

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """A consistent view on a connection of its own, for a long read that may wander between threads."""
        reader = self._connect()
        reader.execute("BEGIN")
        try:
            yield reader
        finally:
            reader.close()

    def load(self, name: str, default: Any) -> Any:
        """The stored JSON value of that name, or the default."""
        with self.reading() as db:
            row = db.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return default if row is None else json.loads(row["value"])

    def save(self, name: str, value: Any) -> None:
        """The JSON value is stored under that name."""
        with self.writing() as db:
            db.execute(
                "INSERT INTO setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                (name, json.dumps(value)),
            )

    def reset(self) -> None:
        """Every table is empty."""
        with self.writing() as db:
            for table in _TABLES:
                db.execute(f"DELETE FROM {table}")

    def close(self) -> None:
        """All connections are closed."""
        with self._lock:
            for reader in self._readers:
                reader.close()
            self._readers.clear()
            self._writer.close()

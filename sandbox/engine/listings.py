"""Listings as they are shown, and what the marketplace itself may do to them."""

import json
import sqlite3
from collections.abc import Iterable
from typing import Any

from sandbox.engine.accounts import account_row
from sandbox.engine.errors import Invalid, NotFound
from sandbox.engine.lines import price_of
from sandbox.engine.market import Market


def describe(row: sqlite3.Row) -> dict[str, Any]:
    """The listing as a seller sees it."""
    return {
        "sku": row["sku"],
        "title": row["title"],
        **json.loads(row["content"]),
        "price": row["price"],
        "currency": row["currency"],
        "quantity": row["quantity"],
        "status": row["status"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }


def get_listing(market: Market, account_id: str, sku: str) -> dict[str, Any]:
    """The listing as it is now. Raises NotFound."""
    with market.storage.reading() as db:
        row = db.execute("SELECT * FROM listing WHERE account_id = ? AND sku = ?", (account_id, sku)).fetchone()
    if row is None:
        raise NotFound("unknown_sku", f"There is no listing with the SKU {sku}.")
    return describe(row)


def list_listings(
    market: Market, account_id: str, *, after_sku: str = "", limit: int, search: str = "", status: str = ""
) -> list[dict[str, Any]]:
    """Up to ``limit`` listings after a SKU, in SKU order; the search looks into SKU and title."""
    with market.storage.reading() as db:
        rows = db.execute(
            "SELECT * FROM listing WHERE account_id = :account AND sku > :after"
            " AND (:search = '' OR instr(lower(sku), :search) OR instr(lower(title), :search))"
            " AND (:status = '' OR status = :status) ORDER BY sku LIMIT :limit",
            {
                "account": account_id,
                "after": after_sku,
                "search": search.strip().lower(),
                "status": status,
                "limit": limit,
            },
        ).fetchall()
    return [describe(row) for row in rows]


def active_skus(market: Market, account_id: str, skus: Iterable[str]) -> set[str]:
    """Which of these SKUs have a listing that has not ended."""
    with market.storage.reading() as db:
        rows = db.execute(
            "SELECT sku FROM listing WHERE account_id = ? AND status = 'active'"
            " AND sku IN (SELECT value FROM json_each(?))",
            (account_id, json.dumps(list(skus))),
        ).fetchall()
    return {row["sku"] for row in rows}


def count_listings(market: Market, account_id: str, *, status: str) -> int:
    """How many listings have this status."""
    with market.storage.reading() as db:
        row = db.execute("SELECT count(*) FROM listing WHERE account_id = ? AND status = ?", (account_id, status))
        return int(row.fetchone()[0])


def put_strays(market: Market, account_id: str, strays: list[dict[str, Any]]) -> int:
    """Listings exist that no submission made, as if set up on the marketplace by hand. Returns how many.

    One that exists already gets the title, price and quantity given. Raises Invalid for a bad price or quantity.
    """
    now = market.now()
    with market.storage.writing() as db:
        currency = account_row(db, account_id)["currency"]
        rows = [(account_id, *_stray(stray, currency), now, now) for stray in strays]
        db.executemany(
            "INSERT INTO listing (account_id, sku, title, price, currency, quantity, status, created_at, updated_at)"
            " VALUES (?, ?, ?, ?, ?, ?, 'active', ?, ?) ON CONFLICT (account_id, sku) DO UPDATE SET"
            " title = excluded.title, price = excluded.price, quantity = excluded.quantity, status = 'active',"
            " updated_at = excluded.updated_at",
            rows,
        )
        market.record(
            db,
            [
                {
                    "at": now,
                    "account_id": account_id,
                    "kind": "put_by_hand",
                    "sku": row[1],
                    "price_after": row[3],
                    "quantity_after": row[5],
                }
                for row in rows
            ],
        )
    return len(rows)


def _stray(stray: dict[str, Any], currency: str) -> tuple[str, str, str, str, int]:
    sku, quantity = stray["sku"], stray.get("quantity", 1)
    price = price_of(stray.get("price", "9.99"), currency)
    if price is None or type(quantity) is not int or quantity < 0:
        raise Invalid("bad_listing", f"The price or the quantity of {sku} makes no sense.")
    return sku, stray.get("title") or f"Stray listing {sku}", price, currency, quantity


def vanish(market: Market, account_id: str, skus: list[str]) -> int:
    """The listings are gone without a trace but in the event log. Returns how many there were."""
    now = market.now()
    wanted = (account_id, json.dumps(skus))
    where = "account_id = ? AND sku IN (SELECT value FROM json_each(?))"
    with market.storage.writing() as db:
        rows = db.execute(f"SELECT sku, quantity, price FROM listing WHERE {where}", wanted).fetchall()
        db.execute(f"DELETE FROM listing WHERE {where}", wanted)
        market.record(
            db,
            [
                {
                    "at": now,
                    "account_id": account_id,
                    "kind": "vanished",
                    "sku": row["sku"],
                    "quantity_before": row["quantity"],
                    "price_before": row["price"],
                }
                for row in rows
            ],
        )
    return len(rows)

"""Seller accounts, their credentials and their access tokens."""

import hashlib
import json
import re
import secrets
import sqlite3
from contextlib import suppress
from typing import Any

from sandbox.clock import MICROSECONDS
from sandbox.engine.errors import Conflict, Invalid, NotFound, Unauthorized
from sandbox.engine.market import (
    CANCEL_REASONS,
    CAPABILITIES,
    CARRIERS,
    EXPORT_PAGE,
    MAX_EXPORT_PAGE,
    MAX_LINES,
    MAX_ORDER_PAGE,
    ORDER_PAGE,
    REFUND_REASONS,
    RESULT_PAGE,
    Market,
)

BAD = "bad"

#: Operation of the protocol -> page size and, where lines are sent, the most lines in one call.
_SIZES: dict[str, dict[str, int]] = {
    "submit": {"max_lines": MAX_LINES},
    "results": {"page_size": RESULT_PAGE, "max_page_size": RESULT_PAGE},
    "export_rows": {"page_size": EXPORT_PAGE, "max_page_size": MAX_EXPORT_PAGE},
    "orders": {"page_size": ORDER_PAGE, "max_page_size": MAX_ORDER_PAGE},
}
OPERATIONS = (
    "token",
    "account",
    "submit",
    "submission",
    "submissions_status",
    "results",
    "find_submission",
    "export",
    "export_status",
    "export_rows",
    "listing",
    "orders",
    "order",
    "accept",
    "ship",
    "cancel",
    "refund",
    "cancellation_decision",
    "find_operation",
)


def account_id_of(client_id: str) -> str:
    """The account that a client id opens: the id itself when it is plain, else made plain and unique."""
    plain = re.sub(r"[^a-z0-9-]+", "-", client_id.lower()).strip("-")
    if plain == client_id:
        return f"acct-{plain}"
    return f"acct-{plain}-{hashlib.sha256(client_id.encode()).hexdigest()[:8]}"


def open_account(
    market: Market,
    *,
    client_id: str,
    secret: str | None = None,
    name: str | None = None,
    currency: str | None = None,
    tax_included: bool | None = None,
    capabilities: dict[str, Any] | None = None,
    credentials_expire_at: int | None = None,
) -> dict[str, Any]:
    """The account exists. Without a secret any but "bad" opens it. Raises Conflict when it existed before."""
    if not client_id.strip():
        raise Invalid("client_id_missing", "A client id is needed.")
    row = (
        account_id_of(client_id),
        client_id,
        _digest(secret) if secret else None,
        name or f"Sandbox seller {client_id}",
        currency or market.settings.default_currency,
        market.settings.default_tax_included if tax_included is None else tax_included,
        json.dumps({**market.settings.default_capabilities, **(capabilities or {})}),
        market.now(),
    )
    with market.storage.writing() as db:
        if db.execute("SELECT 1 FROM account WHERE client_id = ?", (client_id,)).fetchone():
            raise Conflict("account_exists", f"The account of {client_id} exists already.")
        db.execute("INSERT INTO account VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        _let_expire(db, row[0], credentials_expire_at)
    return get_account(market, row[0])


def change_account(market: Market, account_id: str, changes: dict[str, Any]) -> dict[str, Any]:
    """Name, currency, tax_included, capabilities or credentials_expire_at (None: never) are changed as named."""
    columns = {name: value for name, value in changes.items() if name in ("name", "currency", "tax_included")}
    if "capabilities" in changes:
        columns["capabilities"] = json.dumps(changes["capabilities"])
    get_account(market, account_id)
    with market.storage.writing() as db:
        for column, value in columns.items():
            db.execute(f"UPDATE account SET {column} = ? WHERE account_id = ?", (value, account_id))
        if "credentials_expire_at" in changes:
            _let_expire(db, account_id, changes["credentials_expire_at"])
    return get_account(market, account_id)


def _let_expire(db: sqlite3.Connection, account_id: str, at: int | None) -> None:
    db.execute("DELETE FROM credential_end WHERE account_id = ?", (account_id,))
    if at is not None:
        db.execute("INSERT INTO credential_end VALUES (?, ?)", (account_id, at))


def _expire_at(db: sqlite3.Connection, account_id: str) -> int | None:
    """From when on the account's credentials open it no more; None: they always do."""
    row = db.execute("SELECT ends_at FROM credential_end WHERE account_id = ?", (account_id,)).fetchone()
    return None if row is None else int(row["ends_at"])


def get_account(market: Market, account_id: str) -> dict[str, Any]:
    """What the account is and may do. Raises NotFound."""
    with market.storage.reading() as db:
        return describe(market, account_row(db, account_id), credentials_expire_at=_expire_at(db, account_id))


def account_row(db: sqlite3.Connection, account_id: str) -> sqlite3.Row:
    """The account's row. Raises NotFound."""
    row: sqlite3.Row | None = db.execute("SELECT * FROM account WHERE account_id = ?", (account_id,)).fetchone()
    if row is None:
        raise NotFound("unknown_account", f"There is no account {account_id}.")
    return row


def list_accounts(market: Market) -> list[dict[str, Any]]:
    """All accounts, oldest first."""
    with market.storage.reading() as db:
        rows = db.execute("SELECT * FROM account ORDER BY created_at, account_id").fetchall()
        ends = {row["account_id"]: row["ends_at"] for row in db.execute("SELECT * FROM credential_end")}
    return [describe(market, row, credentials_expire_at=ends.get(row["account_id"])) for row in rows]


def capabilities_of(row: sqlite3.Row) -> dict[str, Any]:
    """What this account can do: the marketplace's own abilities, changed as the account says."""
    return {**CAPABILITIES, **json.loads(row["capabilities"])}


def limits_of(market: Market) -> dict[str, dict[str, float]]:
    """Rate, burst and sizes for every operation."""
    rates = market.settings.limits
    fallback = rates.get("*", {"rate_per_s": 500, "burst": 1000})
    return {operation: {**rates.get(operation, fallback), **_SIZES.get(operation, {})} for operation in OPERATIONS}


def describe(market: Market, row: sqlite3.Row, *, credentials_expire_at: int | None) -> dict[str, Any]:
    """The account as a seller sees it."""
    return {
        "account_id": row["account_id"],
        "client_id": row["client_id"],
        "name": row["name"],
        "currency": row["currency"],
        "tax_included": bool(row["tax_included"]),
        "carriers": CARRIERS,
        "cancel_reasons": CANCEL_REASONS,
        "refund_reasons": REFUND_REASONS,
        "capabilities": capabilities_of(row),
        "limits": limits_of(market),
        "credentials_expire_at": credentials_expire_at,
    }


def account_of_secret(market: Market, client_id: str, secret: str) -> str:
    """The account that these credentials open. A client id never seen opens its account, if that is allowed.

    Raises: Unauthorized when the secret is not the account's, or has expired.
    """
    refusal = Unauthorized("invalid_client", "The client id or the client secret is wrong.")
    if not client_id.strip() or not secret or BAD in (client_id, secret):
        raise refusal
    with market.storage.reading() as db:
        row = db.execute("SELECT * FROM account WHERE client_id = ?", (client_id,)).fetchone()
        expire_at = _expire_at(db, row["account_id"]) if row else None
    if row is None:
        if not market.settings.open_registration:
            raise refusal
        return _open_or_find(market, client_id)
    if row["secret_hash"] not in (None, _digest(secret)):
        raise refusal
    if expire_at is not None and expire_at <= market.true_now():
        raise Unauthorized("credentials_expired", "These credentials have expired.")
    return str(row["account_id"])


def issue_token(market: Market, client_id: str, secret: str, *, at_most: int | None = None) -> tuple[str, int]:
    """A fresh access token and the seconds it lives: as set, or at most as long as the protocol's do.

    A client id never seen opens its account, if that is allowed.

    Raises: Unauthorized when the secret is not the account's.
    """
    account_id = account_of_secret(market, client_id, secret)
    token = secrets.token_urlsafe(24)
    now, lives = market.true_now(), min(market.settings.token_seconds, at_most or market.settings.token_seconds)
    with market.storage.writing() as db:
        db.execute("DELETE FROM token WHERE expires_at <= ?", (now,))
        db.execute("INSERT INTO token VALUES (?, ?, ?)", (_digest(token), account_id, now + lives * MICROSECONDS))
    return token, lives


def _open_or_find(market: Market, client_id: str) -> str:
    """The account's id, though two first calls came at once."""
    with suppress(Conflict):
        open_account(market, client_id=client_id)
    return account_id_of(client_id)


def account_of_token(market: Market, token: str) -> str:
    """The account that the token opens. Raises Unauthorized when it is unknown or too old."""
    with market.storage.reading() as db:
        row = db.execute("SELECT * FROM token WHERE token_hash = ?", (_digest(token),)).fetchone()
    if row is None or row["expires_at"] <= market.true_now():
        raise Unauthorized("invalid_token", "The access token is unknown or has expired.")
    return str(row["account_id"])


def expire_tokens(market: Market) -> None:
    """No access token is valid any more."""
    with market.storage.writing() as db:
        db.execute("DELETE FROM token")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

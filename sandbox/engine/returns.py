"""Returns: what buyers send back of what was shipped, and what the seller decides about it.

A marketplace differs in who pays the buyer back: here a decision says how many units are refunded with it, and that
refund is the same as any other, in the same commit.
"""

import json
import sqlite3
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.engine import fulfillment
from sandbox.engine.errors import Conflict, Invalid, NotFound
from sandbox.engine.market import Market
from sandbox.engine.orders import get_row, lines_of, order_of_account

_REASON = "RETURNED"


def request_return(market: Market, order_id: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
    """The buyer has announced what comes back: `{line_id, quantity?, reason?, comment?}`; no lines: all that left.

    Raises: Conflict when it is more than was shipped and not announced before; Invalid.
    """
    with market.storage.writing() as db:
        return describe(db, _register(market, db, get_row(db, order_id), lines))


def create_return(
    market: Market, account_id: str, order_id: str, line: dict[str, Any], decided: dict[str, Any], *, key: str
) -> dict[str, Any]:
    """Goods that came back unannounced are registered and decided about in one commit. See `decide` for the key."""

    def find(db: sqlite3.Connection) -> tuple[sqlite3.Row, list[dict[str, Any]]]:
        row = _register(market, db, order_of_account(db, account_id, order_id), [line])
        return row, [{**decided, "number": lines_of_return(db, row["return_id"])[0]["number"]}]

    return _decide_once(market, account_id, key, find)


def decide(
    market: Market, account_id: str, return_id: str, decided: list[dict[str, Any]], *, key: str
) -> dict[str, Any]:
    """The seller has decided about lines of a return: `{number, decision, quantity, refund}`, refund in units.

    A later decision stands beside the earlier ones; the last one counts. The same key has its effect once.
    Raises: NotFound, Invalid; Conflict when more is decided about or refunded than was announced.
    """
    return _decide_once(market, account_id, key, lambda db: (_row(db, account_id, return_id), decided))


def _decide_once(
    market: Market,
    account_id: str,
    key: str,
    find: Callable[[sqlite3.Connection], tuple[sqlite3.Row, list[dict[str, Any]]]],
) -> dict[str, Any]:
    with market.storage.writing() as db:
        known = db.execute(
            "SELECT return_id FROM return_decision WHERE account_id = ? AND idempotency_key = ?", (account_id, key)
        ).fetchone()
        if known is None:
            row, decided = find(db)
            _decide(market, db, row, decided, key)
        else:
            row = _row(db, account_id, known["return_id"])
        return describe(db, row)


def _decide(market: Market, db: sqlite3.Connection, row: sqlite3.Row, decided: list[dict[str, Any]], key: str) -> None:
    now, received_at = market.now(), market.true_now()
    lines = {line["number"]: line for line in lines_of_return(db, row["return_id"])}
    refunds = []
    for one in decided:
        line = lines.get(one["number"])
        if line is None:
            raise NotFound("unknown_return_line", f"The return has no line {one['number']!r}.")
        refund = one.get("refund", 0)
        if not 0 < one["quantity"] <= line["quantity"] or line["quantity_refunded"] + refund > line["quantity"]:
            raise Conflict("over_return", f"Only {line['quantity']} of line {line['number']} come back.")
        db.execute(
            "INSERT INTO return_decision (return_id, account_id, number, idempotency_key, decision, quantity, refund,"
            " decided_at, received_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (row["return_id"], row["account_id"], line["number"], key, one["decision"], one["quantity"], refund)
            + (now, received_at),
        )
        if refund:
            refunds.append(_refund_line(db, row["order_id"], line, refund))
    if refunds:
        # In the same commit: this transaction is open.
        fulfillment.refund(market, row["account_id"], row["order_id"], {"lines": refunds}, key=f"return:{key}")
    _touch(market, db, row, "return_decided", [{**one} for one in decided])


def _refund_line(db: sqlite3.Connection, order_id: str, line: sqlite3.Row, units: int) -> dict[str, Any]:
    """What is given back for so many units: their share of what was paid for the line, tax included."""
    db.execute(
        "UPDATE return_line SET quantity_refunded = quantity_refunded + ? WHERE number = ?", (units, line["number"])
    )
    bought = db.execute(
        "SELECT l.*, p.tax_included FROM purchase_line l JOIN purchase p USING (order_id)"
        " WHERE order_id = ? AND line_id = ?",
        (order_id, line["line_id"]),
    ).fetchone()
    tax = Decimal(0) if bought["tax_included"] else _share(bought, Decimal(bought["tax"]), units)
    amount = _share(bought, Decimal(bought["amount"]), units)
    left = Decimal(bought["amount"]) - Decimal(bought["amount_refunded"]) + (tax and Decimal(bought["tax"]))
    back = {"amount": str(min(amount, left - tax)), "tax": str(tax), "reason": _REASON}
    return {"line_id": line["line_id"], "quantity": units, **back}


def _share(bought: sqlite3.Row, paid: Decimal, units: int) -> Decimal:
    return (paid * units / bought["quantity"]).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _register(market: Market, db: sqlite3.Connection, order: sqlite3.Row, lines: list[dict[str, Any]]) -> sqlite3.Row:
    now = market.now()
    bought = {line["line_id"]: line for line in lines_of(db, order["order_id"])}
    wanted = lines or [{"line_id": line_id} for line_id, line in bought.items() if _left(db, line)]
    if not wanted:
        raise Conflict("nothing_shipped", "Nothing was shipped that could come back.")
    seq = db.execute(
        "INSERT INTO return_case (return_id, account_id, order_id, registered_at, updated_at, received_at)"
        " VALUES ('', ?, ?, ?, ?, ?)",
        (order["account_id"], order["order_id"], now, now, market.true_now()),
    ).lastrowid
    return_id = f"RET-{seq:08d}"
    db.execute("UPDATE return_case SET return_id = ? WHERE seq = ?", (return_id, seq))
    for line in wanted:
        _register_line(db, return_id, bought, line)
    row = _row(db, order["account_id"], return_id)
    _touch(market, db, row, "return_requested", wanted)
    return row


def _register_line(
    db: sqlite3.Connection, return_id: str, bought: dict[str, sqlite3.Row], line: dict[str, Any]
) -> None:
    if line["line_id"] not in bought:
        raise Invalid("unknown_line", f"The order has no line {line['line_id']!r}.")
    left = _left(db, bought[line["line_id"]])
    quantity = line.get("quantity", left)
    if type(quantity) is not int or not 0 < quantity <= left:
        raise Conflict("over_return", f"Only {left} of {bought[line['line_id']]['sku']} could come back.")
    db.execute(
        "INSERT INTO return_line (return_id, line_id, quantity, reason, comment) VALUES (?, ?, ?, ?, ?)",
        (return_id, line["line_id"], quantity, line.get("reason") or "CHANGED_MIND", line.get("comment") or ""),
    )


def _left(db: sqlite3.Connection, bought: sqlite3.Row) -> int:
    """How many of an order line were shipped and are not announced to come back."""
    announced = db.execute(
        "SELECT coalesce(sum(l.quantity), 0) FROM return_line l JOIN return_case c USING (return_id)"
        " WHERE c.order_id = ? AND l.line_id = ?",
        (bought["order_id"], bought["line_id"]),
    ).fetchone()[0]
    return int(bought["quantity_shipped"] - announced)


def _touch(market: Market, db: sqlite3.Connection, row: sqlite3.Row, kind: str, about: list[dict[str, Any]]) -> None:
    """The return has changed now, and the event log says so."""
    now = market.now()
    db.execute("UPDATE return_case SET updated_at = max(?, updated_at) WHERE return_id = ?", (now, row["return_id"]))
    event = {"at": now, "account_id": row["account_id"], "kind": kind, "order_id": row["order_id"]}
    market.record(db, [{**event, "data": json.dumps({"return_id": row["return_id"], "lines": about})}])


def _row(db: sqlite3.Connection, account_id: str, return_id: str) -> sqlite3.Row:
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM return_case WHERE account_id = ? AND return_id = ?", (account_id, return_id)
    ).fetchone()
    if row is None:
        raise NotFound("unknown_return", f"There is no return {return_id}.")
    return row


def lines_of_return(db: sqlite3.Connection, return_id: str) -> list[sqlite3.Row]:
    """The lines of a return, in their order."""
    return db.execute(
        "SELECT l.*, p.sku, p.title FROM return_line l JOIN return_case c USING (return_id)"
        " LEFT JOIN purchase_line p ON p.order_id = c.order_id AND p.line_id = l.line_id"
        " WHERE l.return_id = ? ORDER BY l.number",
        (return_id,),
    ).fetchall()


def describe(db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
    """The return as a seller sees it; a line is handled once anything was decided about it."""
    moments = db.execute("SELECT * FROM return_case WHERE return_id = ?", (row["return_id"],)).fetchone()
    names = ("return_id", "account_id", "order_id", "registered_at", "updated_at", "received_at")
    lines = [_describe_line(db, line) for line in lines_of_return(db, row["return_id"])]
    return {**{name: moments[name] for name in names}, "lines": lines}


def _describe_line(db: sqlite3.Connection, line: sqlite3.Row) -> dict[str, Any]:
    decisions = db.execute(
        "SELECT decision, quantity, refund, decided_at, received_at FROM return_decision WHERE number = ? ORDER BY seq",
        (line["number"],),
    ).fetchall()
    names = ("number", "line_id", "sku", "title", "quantity", "quantity_refunded", "reason", "comment")
    return {**{name: line[name] for name in names}, "decisions": [dict(decision) for decision in decisions]}


def get_return(market: Market, account_id: str, return_id: str) -> dict[str, Any]:
    """The return as it is now. Raises NotFound."""
    with market.storage.reading() as db:
        return describe(db, _row(db, account_id, return_id))


def find_line(market: Market, account_id: str, number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The return that holds the line of this number, and the line. Raises NotFound."""
    with market.storage.reading() as db:
        row = db.execute(
            "SELECT c.* FROM return_case c JOIN return_line l USING (return_id)"
            " WHERE c.account_id = ? AND l.number = ?",
            (account_id, number),
        ).fetchone()
        if row is None:
            raise NotFound("unknown_return_line", f"There is no return line {number}.")
        found = describe(db, row)
    return found, next(line for line in found["lines"] if line["number"] == number)


def list_returns(
    market: Market,
    account_id: str,
    *,
    registered: tuple[int, int] | None = None,
    updated: tuple[int, int] | None = None,
    handled: bool | None = None,
    offset: int = 0,
    limit: int,
) -> list[dict[str, Any]]:
    """Up to ``limit`` returns, oldest first; from and until in each pair belong to it.

    Handled are those of which every line was decided about.
    """
    open_line = (
        "EXISTS (SELECT 1 FROM return_line l WHERE l.return_id = c.return_id"
        " AND NOT EXISTS (SELECT 1 FROM return_decision d WHERE d.number = l.number))"
    )
    always = (0, 2**62)
    with market.storage.reading() as db:
        rows = db.execute(
            "SELECT * FROM return_case c WHERE account_id = ? AND registered_at BETWEEN ? AND ?"
            f" AND updated_at BETWEEN ? AND ? AND (? IS NULL OR ? = {open_line}) ORDER BY seq LIMIT ? OFFSET ?",
            (account_id, *(registered or always), *(updated or always))
            + (handled, None if handled is None else not handled, limit, offset),
        ).fetchall()
        return [describe(db, row) for row in rows]

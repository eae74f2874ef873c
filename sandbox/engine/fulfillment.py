"""What the seller does to an order: accept, ship, cancel, refund, answer a buyer's wish to cancel.

Each comes with an idempotency key: the same key has its effect once and gives the same answer ever after. A refusal is
not remembered, since what is refused now may be right later.
"""

import json
import sqlite3
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sandbox.clock import parse
from sandbox.engine.accounts import account_row, capabilities_of
from sandbox.engine.errors import Conflict, Invalid, NotFound
from sandbox.engine.market import CANCEL_REASONS, CARRIERS, REFUND_REASONS, Market, fingerprint, new_id
from sandbox.engine.orders import lines_of, money, open_quantity, order_of_account, touch

#: (connection, order, request, capabilities, now) -> what is answered beside the order.
Effect = Callable[[sqlite3.Connection, sqlite3.Row, dict[str, Any], dict[str, Any], int], dict[str, Any]]


def accept(market: Market, account_id: str, order_id: str, *, key: str) -> dict[str, Any]:
    """The seller takes the order. Accepting twice is harmless."""
    return _once(market, account_id, order_id, key, "accept", {}, _accept)


def ship(market: Market, account_id: str, order_id: str, request: dict[str, Any], *, key: str) -> dict[str, Any]:
    """A parcel has left with the quantities given."""
    return _once(market, account_id, order_id, key, "ship", request, _ship)


def cancel(market: Market, account_id: str, order_id: str, request: dict[str, Any], *, key: str) -> dict[str, Any]:
    """The quantities given will not be shipped."""
    return _once(market, account_id, order_id, key, "cancel", request, _cancel)


def refund(market: Market, account_id: str, order_id: str, request: dict[str, Any], *, key: str) -> dict[str, Any]:
    """The amounts given went back to the buyer."""
    return _once(market, account_id, order_id, key, "refund", request, _refund)


def decide(market: Market, account_id: str, order_id: str, decision: str, *, key: str) -> dict[str, Any]:
    """The buyer's wish to cancel is approved, which cancels all that has not left, or refused."""
    if decision not in ("approve", "refuse"):
        raise Invalid("unknown_decision", "The decision is approve or refuse.")
    effect = _approve if decision == "approve" else _refuse
    return _once(market, account_id, order_id, key, decision, {}, effect)


def find_operation(market: Market, account_id: str, key: str) -> dict[str, Any]:
    """What was done under this key. Raises NotFound when nothing was."""
    with market.storage.reading() as db:
        row = _known(db, account_id, key)
    if row is None:
        raise NotFound("unknown_operation", "Nothing was done under this key.")
    return describe(row)


def describe(row: sqlite3.Row) -> dict[str, Any]:
    """One thing that was done, with the answer given."""
    return {
        "idempotency_key": row["idempotency_key"],
        "operation": row["kind"],
        "order_id": row["order_id"],
        "received_at": row["received_at"],
        "answer": json.loads(row["answer"]),
    }


def operations_of(market: Market, order_id: str) -> list[dict[str, Any]]:
    """All that was done to the order, oldest first."""
    with market.storage.reading() as db:
        rows = db.execute("SELECT * FROM operation WHERE order_id = ? ORDER BY seq", (order_id,)).fetchall()
    return [describe(row) for row in rows]


def list_operations(
    market: Market, account_id: str, *, kind: str, order_id: str | None, offset: int, limit: int
) -> list[dict[str, Any]]:
    """What was done of this kind to one order or to all, newest first."""
    with market.storage.reading() as db:
        rows = db.execute(
            "SELECT * FROM operation WHERE account_id = ? AND kind = ? AND (? IS NULL OR order_id = ?)"
            " ORDER BY seq DESC LIMIT ? OFFSET ?",
            (account_id, kind, order_id, order_id, limit, offset),
        ).fetchall()
    return [describe(row) for row in rows]


def _known(db: sqlite3.Connection, account_id: str, key: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM operation WHERE account_id = ? AND idempotency_key = ?", (account_id, key)
    ).fetchone()
    return row


def _once(
    market: Market, account_id: str, order_id: str, key: str, kind: str, request: dict[str, Any], effect: Effect
) -> dict[str, Any]:
    body_hash = fingerprint([kind, order_id, request])
    received_at = market.true_now()
    with market.storage.writing() as db:
        now = market.now()
        known = _known(db, account_id, key)
        if known is not None:
            if known["body_hash"] != body_hash:
                raise Conflict("idempotency_key_reused", "This key was used for something else.")
            return describe(known)["answer"]
        order = order_of_account(db, account_id, order_id)
        done = effect(db, order, request, capabilities_of(account_row(db, account_id)), now)
        after = touch(db, order_id, now)
        answer = {
            "operation": kind,
            "operation_id": new_id("op"),
            "order_id": order_id,
            "received_at": received_at,
            **done,
            "order": {"status": after["status"], "version": after["version"], "updated_at": after["updated_at"]},
        }
        db.execute(
            "INSERT INTO operation (account_id, idempotency_key, kind, order_id, body_hash, answer, received_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (account_id, key, kind, order_id, body_hash, json.dumps(answer), received_at),
        )
        event = {"at": now, "received_at": received_at, "account_id": account_id, "order_id": order_id}
        market.record(db, [{**event, "kind": _EVENTS[kind], "data": json.dumps(done)}])
    return answer


_EVENTS = {
    "accept": "accepted",
    "ship": "shipped",
    "cancel": "cancelled_by_seller",
    "refund": "refunded",
    "approve": "cancellation_approved",
    "refuse": "cancellation_refused",
}


def _accept(
    db: sqlite3.Connection, order: sqlite3.Row, request: dict[str, Any], can: dict[str, Any], now: int
) -> dict[str, Any]:
    if order["status"] == "cancelled":
        raise Conflict("order_cancelled", "The order was cancelled.")
    accepted_at = order["accepted_at"] or now
    db.execute("UPDATE purchase SET accepted_at = ? WHERE order_id = ?", (accepted_at, order["order_id"]))
    return {"accepted_at": accepted_at}


def _ship(
    db: sqlite3.Connection, order: sqlite3.Row, request: dict[str, Any], can: dict[str, Any], now: int
) -> dict[str, Any]:
    if order["accepted_at"] is None and can["accept_required"]:
        raise Conflict("not_accepted", "The order has to be accepted before it is shipped.")
    if order["payment_status"] != "cleared":
        raise Conflict("payment_not_cleared", "The buyer's payment has not cleared.")
    if request.get("carrier_code") not in {carrier["code"] for carrier in CARRIERS}:
        raise Invalid("unknown_carrier", f"There is no carrier {request.get('carrier_code')!r}.")
    if request["carrier_code"] == "OTHER" and not request.get("carrier_name"):
        raise Invalid("carrier_name_missing", "Name the carrier.")
    if can["tracking_required"] and not request.get("tracking_number"):
        raise Invalid("tracking_missing", "This marketplace needs a tracking number.")
    wanted = _wanted(db, order, request)
    whole = all(quantity == open_quantity(line) for line, quantity, _ in wanted)
    if not can["partial_shipment"] and not (whole and len(wanted) == len(lines_of(db, order["order_id"]))):
        raise Invalid("no_partial_shipment", "This marketplace takes one shipment for the whole order.")
    for line, quantity, _ in wanted:
        if quantity > open_quantity(line):
            raise Conflict("over_shipment", f"Only {open_quantity(line)} of {line['sku']} are left to ship.")
        _raise(db, line, "quantity_shipped", quantity)
    shipped_at = _moment(request["shipped_at"]) if request.get("shipped_at") else now
    return {
        "shipment_id": new_id("shp"),
        "lines": [{"line_id": line["line_id"], "sku": line["sku"], "quantity": q} for line, q, _ in wanted],
        "carrier_code": request["carrier_code"],
        "carrier_name": request.get("carrier_name") or "",
        "tracking_number": request.get("tracking_number") or "",
        "shipped_at": shipped_at,
    }


def _cancel(
    db: sqlite3.Connection, order: sqlite3.Row, request: dict[str, Any], can: dict[str, Any], now: int
) -> dict[str, Any]:
    wanted = _wanted(db, order, request, reasons={reason["code"] for reason in CANCEL_REASONS})
    if not can["line_cancellation"]:
        asked = {line["line_id"]: quantity for line, quantity, _ in wanted}
        if asked != {line["line_id"]: line["quantity"] for line in lines_of(db, order["order_id"])}:
            raise Invalid("no_line_cancellation", "This marketplace cancels whole orders only.")
    for line, quantity, _ in wanted:
        if quantity > open_quantity(line):
            raise Conflict("already_shipped", f"Only {open_quantity(line)} of {line['sku']} can still be cancelled.")
        if not can["partial_cancellation"] and quantity != line["quantity"]:
            raise Invalid("no_partial_cancellation", "This marketplace cancels whole lines only.")
        _raise(db, line, "quantity_cancelled", quantity)
    return {
        "cancellation_id": new_id("can"),
        "lines": [
            {"line_id": line["line_id"], "sku": line["sku"], "quantity": quantity, "reason": asked_line["reason"]}
            for line, quantity, asked_line in wanted
        ],
    }


def _refund(
    db: sqlite3.Connection, order: sqlite3.Row, request: dict[str, Any], can: dict[str, Any], now: int
) -> dict[str, Any]:
    wanted = _wanted(db, order, request, reasons={reason["code"] for reason in REFUND_REASONS}, zero_is_fine=True)
    shipping_left = Decimal(order["shipping"]) - Decimal(order["shipping_refunded"])
    done = []
    for line, quantity, asked in wanted:
        amount = money(asked.get("amount", 0), "refund")
        tax = money(asked.get("tax") or 0, "tax")
        shipping = money(asked.get("shipping_amount") or 0, "shipping refund")
        _check_refund(order, line, quantity, amount + tax, can)
        if shipping > shipping_left:
            raise Conflict("refund_too_high", f"Only {shipping_left} of the shipping is left to refund.")
        if amount + tax + shipping == 0:
            raise Invalid("amount_invalid", "A refund gives something back.")
        shipping_left -= shipping
        db.execute(
            "UPDATE purchase_line SET amount_refunded = ?, quantity_refunded = quantity_refunded + ?"
            " WHERE order_id = ? AND line_id = ?",
            (str(Decimal(line["amount_refunded"]) + amount + tax), quantity, order["order_id"], line["line_id"]),
        )
        money_back = {"amount": str(amount), "tax": str(tax), "shipping_amount": str(shipping)}
        about = {"line_id": line["line_id"], "sku": line["sku"], "quantity": quantity, "reason": asked["reason"]}
        done.append({**about, **money_back, "restock": bool(asked.get("restock", False))})
    db.execute(
        "UPDATE purchase SET shipping_refunded = ? WHERE order_id = ?",
        (str(Decimal(order["shipping"]) - shipping_left), order["order_id"]),
    )
    return {"refund_id": new_id("ref"), "lines": done}


def _check_refund(order: sqlite3.Row, line: sqlite3.Row, quantity: int, back: Decimal, can: dict[str, Any]) -> None:
    if not can["refund_before_shipment"] and not line["quantity_shipped"]:
        raise Conflict("not_shipped", f"{line['sku']} was not shipped; cancel it instead.")
    if quantity > line["quantity"] - line["quantity_cancelled"] - line["quantity_refunded"]:
        raise Conflict("refund_too_high", f"So many of {line['sku']} were not bought, or were refunded before.")
    paid = Decimal(line["amount"]) + (0 if order["tax_included"] else Decimal(line["tax"]))
    kept = paid * (line["quantity"] - line["quantity_cancelled"]) / line["quantity"]
    left = kept - Decimal(line["amount_refunded"])
    if back > left:
        raise Conflict("refund_too_high", f"Only {left.normalize():f} of {line['sku']} is left to refund.")
    if not can["partial_refund"] and back != left:
        raise Invalid("no_partial_refund", f"This marketplace refunds whole lines only: {left.normalize():f}.")


def _approve(
    db: sqlite3.Connection, order: sqlite3.Row, request: dict[str, Any], can: dict[str, Any], now: int
) -> dict[str, Any]:
    _close_request(db, order, "approved", now)
    lines = [line for line in lines_of(db, order["order_id"]) if open_quantity(line)]
    if not lines:
        raise Conflict("nothing_open", "Everything was shipped or cancelled already.")
    for line in lines:
        _raise(db, line, "quantity_cancelled", open_quantity(line))
    cancelled = [{"line_id": line["line_id"], "sku": line["sku"], "quantity": open_quantity(line)} for line in lines]
    return {"cancellation_id": new_id("can"), "lines": cancelled}


def _refuse(
    db: sqlite3.Connection, order: sqlite3.Row, request: dict[str, Any], can: dict[str, Any], now: int
) -> dict[str, Any]:
    _close_request(db, order, "refused", now)
    return {}


def _close_request(db: sqlite3.Connection, order: sqlite3.Row, state: str, now: int) -> None:
    open_request = json.loads(order["cancellation_request"] or "{}")
    if open_request.get("state") != "open":
        raise Conflict("no_open_request", "The buyer has not asked to cancel, or was answered already.")
    closed = json.dumps({**open_request, "state": state, "decided_at": now})
    db.execute("UPDATE purchase SET cancellation_request = ? WHERE order_id = ?", (closed, order["order_id"]))


def _wanted(
    db: sqlite3.Connection,
    order: sqlite3.Row,
    request: dict[str, Any],
    *,
    reasons: set[str] | None = None,
    zero_is_fine: bool = False,
) -> list[tuple[sqlite3.Row, int, dict[str, Any]]]:
    """The order lines asked for, with quantity and what was asked. Raises Invalid when it makes no sense."""
    asked = request.get("lines")
    if not isinstance(asked, list) or not asked:
        raise Invalid("no_lines", "Name at least one line.")
    known = {line["line_id"]: line for line in lines_of(db, order["order_id"])}
    wanted = []
    for line in asked:
        if line.get("line_id") not in known:
            raise Invalid("unknown_line", f"The order has no line {line.get('line_id')!r}.")
        quantity = line.get("quantity", 0 if zero_is_fine else None)
        if type(quantity) is not int or quantity < (0 if zero_is_fine else 1):
            raise Invalid("quantity_invalid", f"The quantity {quantity!r} makes no sense.")
        if reasons is not None and line.get("reason") not in reasons:
            raise Invalid("unknown_reason", f"There is no reason {line.get('reason')!r}.")
        wanted.append((known[line["line_id"]], quantity, line))
    if len({line["line_id"] for line, _, _ in wanted}) < len(wanted):
        raise Invalid("line_twice", "A line is named twice.")
    return wanted


def _raise(db: sqlite3.Connection, line: sqlite3.Row, column: str, by: int) -> None:
    db.execute(
        f"UPDATE purchase_line SET {column} = {column} + ? WHERE order_id = ? AND line_id = ?",
        (by, line["order_id"], line["line_id"]),
    )


def _moment(value: Any) -> int:
    try:
        return parse(str(value))
    except ValueError as error:
        raise Invalid("moment_invalid", f"{value!r} is not a moment.") from error

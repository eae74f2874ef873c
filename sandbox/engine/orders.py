"""Orders and the buyers who place them, wait, ask to cancel, or cancel."""

import json
import sqlite3
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.clock import MICROSECONDS
from sandbox.engine.accounts import account_row
from sandbox.engine.errors import Conflict, Invalid, NotFound, Refused
from sandbox.engine.market import Market

_BUYER = {"name": "Robin Example", "email": "robin@example.com", "phone": "+1 555 0100"}
_ADDRESS = {
    "name": "Robin Example",
    "street": "1 Sample Street",
    "street2": "",
    "city": "Springfield",
    "region": "IL",
    "postal_code": "62701",
    "country": "US",
}
_LINE_FIELDS = (
    "sku",
    "title",
    "quantity",
    "quantity_shipped",
    "quantity_cancelled",
    "quantity_refunded",
    "unit_price",
    "amount",
    "tax",
    "amount_refunded",
)
_DAY = 86_400 * MICROSECONDS
#: Later than any moment.
_FOREVER = 2**62
PAYMENT_STATES = ("pending", "cleared", "failed")


def money(value: Any, what: str) -> Decimal:
    """The amount as a Decimal, not negative. Raises Invalid."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount < 0:
        raise Invalid("amount_invalid", f"The {what} {value!r} is not an amount of money.")
    return amount


def buy(market: Market, purchase: dict[str, Any], *, force: bool = False) -> dict[str, Any]:
    """The order is placed and the quantities have fallen. The same ``ref`` is the same order, placed once.

    With ``force`` more may be bought than is shown, and what is not listed at all: as on a real marketplace when two
    buyers are quicker than the stock. Raises: Conflict when the stock is short; NotFound, Invalid.
    """
    with market.storage.writing() as db:
        return _buy(market, db, purchase, force=force)


def buy_many(market: Market, purchases: list[dict[str, Any]], *, force: bool = False) -> list[dict[str, Any]]:
    """Each purchase is placed or refused on its own; all in one commit. Refused ones carry ``code`` and ``reason``."""
    answers = []
    with market.storage.writing() as db:
        for purchase in purchases:
            db.execute("SAVEPOINT purchase")
            try:
                order = _buy(market, db, purchase, force=force)
                answers.append({"ref": purchase.get("ref"), "order_id": order["id"], "total": order["total"]})
            except Refused as refusal:
                db.execute("ROLLBACK TO purchase")
                answers.append({"ref": purchase.get("ref"), "code": refusal.code, "reason": refusal.reason})
            db.execute("RELEASE purchase")
    return answers


def _buy(market: Market, db: sqlite3.Connection, purchase: dict[str, Any], *, force: bool) -> dict[str, Any]:
    account = account_row(db, purchase["account_id"])
    ref = purchase.get("ref")
    known = (
        ref
        and db.execute(
            "SELECT * FROM purchase WHERE account_id = ? AND ref = ?", (account["account_id"], ref)
        ).fetchone()
    )
    if known:
        return describe(db, known)
    if not purchase.get("lines"):
        raise Invalid("no_lines", "An order has at least one line.")
    now = market.now()
    order_id = f"SO-{db.execute('SELECT coalesce(max(seq), 0) + 1 FROM purchase').fetchone()[0]:08d}"
    lines = [
        _take(market, db, account, line, (order_id, f"{order_id}-{number}"), force=force, at=now)
        for number, line in enumerate(purchase["lines"], start=1)
    ]
    _insert(db, account, _dated(market, purchase, now), order_id, lines, (now, market.true_now()))
    return describe(db, get_row(db, order_id))


def _take(
    market: Market,
    db: sqlite3.Connection,
    account: sqlite3.Row,
    wanted: dict[str, Any],
    ids: tuple[str, str],
    *,
    force: bool,
    at: int,
) -> tuple[Any, ...]:
    """The order line's row; the listing's quantity has fallen by what was bought."""
    account_id, sku, quantity = account["account_id"], wanted["sku"], wanted["quantity"]
    if type(quantity) is not int or quantity < 1:
        raise Invalid("quantity_invalid", f"{quantity!r} of {sku} cannot be bought.")
    listing = db.execute("SELECT * FROM listing WHERE account_id = ? AND sku = ?", (account_id, sku)).fetchone()
    if not force:
        if listing is None or listing["status"] != "active":
            raise NotFound("not_for_sale", f"{sku} is not for sale.")
        if listing["quantity"] < quantity:
            raise Conflict("out_of_stock", f"Only {listing['quantity']} of {sku} can be bought.")
    unit_price, amount = _prices(wanted, listing, quantity)
    before = listing["quantity"] if listing else None
    after = max(0, listing["quantity"] - quantity) if listing else None
    if listing:
        db.execute(
            "UPDATE listing SET quantity = ?, updated_at = ? WHERE account_id = ? AND sku = ?",
            (after, at, account_id, sku),
        )
    event = {"at": at, "account_id": account_id, "kind": "sold", "sku": sku, "order_id": ids[0]}
    sold = json.dumps({"quantity": quantity, "line_id": ids[1]})
    market.record(db, [{**event, "quantity_before": before, "quantity_after": after, "data": sold}])
    title = wanted.get("title") or (listing["title"] if listing else sku)
    tax = money(wanted.get("tax", 0), "tax")
    return (*ids, sku, title, quantity, 0, 0, 0, str(unit_price), str(amount), str(tax), "0")


def _prices(wanted: dict[str, Any], listing: sqlite3.Row | None, quantity: int) -> tuple[Decimal, Decimal]:
    """Unit price and amount of the line: as given, else one from the other, else from the listing."""
    amount = None if wanted.get("amount") is None else money(wanted["amount"], "amount")
    if wanted.get("unit_price") is not None:
        unit_price = money(wanted["unit_price"], "unit price")
    elif amount is not None:
        unit_price = (amount / quantity).quantize(Decimal("0.0001"))
    elif listing is not None and listing["price"] is not None:
        unit_price = Decimal(listing["price"])
    else:
        raise Invalid("price_missing", f"{wanted['sku']} has no price.")
    return unit_price, unit_price * quantity if amount is None else amount


def _dated(market: Market, purchase: dict[str, Any], now: int) -> dict[str, Any]:
    """The purchase with when it was placed and until when it has to leave."""
    placed_at = purchase.get("placed_at") or now
    ship_by = placed_at + int(market.settings.handling_days * _DAY)
    return {**purchase, "placed_at": placed_at, "ship_by": purchase.get("ship_by") or ship_by}


def _insert(
    db: sqlite3.Connection,
    account: sqlite3.Row,
    purchase: dict[str, Any],
    order_id: str,
    lines: list[tuple[Any, ...]],
    moments: tuple[int, int],
) -> None:
    now, received_at = moments
    shipping = money(purchase.get("shipping", 0), "shipping")
    goods = sum((Decimal(line[9]) for line in lines), Decimal(0))
    taxes = Decimal(0) if account["tax_included"] else sum((Decimal(line[10]) for line in lines), Decimal(0))
    total = goods + taxes + shipping if purchase.get("total") is None else money(purchase["total"], "total")
    buyer = purchase.get("buyer") or {}
    buyer = {"name": buyer} if isinstance(buyer, str) else buyer
    buyer = {**_BUYER, **buyer}
    ship_to = {**_ADDRESS, "name": buyer["name"], **(purchase.get("ship_to") or {})}
    payment = purchase.get("payment_status", "cleared")
    if payment not in PAYMENT_STATES:
        raise Invalid("payment_invalid", f"The payment status is one of {', '.join(PAYMENT_STATES)}.")
    db.execute(
        "INSERT INTO purchase (order_id, account_id, ref, version, status, payment_status, currency, tax_included,"
        " shipping, total, buyer, ship_to, placed_at, ship_by, updated_at, received_at)"
        " VALUES (?, ?, ?, 1, 'new', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            order_id,
            account["account_id"],
            purchase.get("ref"),
            payment,
            account["currency"],
            account["tax_included"],
            str(shipping),
            str(total),
            json.dumps(buyer),
            json.dumps(ship_to),
            purchase["placed_at"],
            purchase["ship_by"],
            now,
            received_at,
        ),
    )
    db.executemany("INSERT INTO purchase_line VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", lines)


def get_row(db: sqlite3.Connection, order_id: str) -> sqlite3.Row:
    """The order's row, whosever it is. Raises NotFound."""
    row: sqlite3.Row | None = db.execute("SELECT * FROM purchase WHERE order_id = ?", (order_id,)).fetchone()
    if row is None:
        raise NotFound("unknown_order", f"There is no order {order_id}.")
    return row


def order_of_account(db: sqlite3.Connection, account_id: str, order_id: str) -> sqlite3.Row:
    """The order's row. Raises NotFound when it is not this account's."""
    row = get_row(db, order_id)
    if row["account_id"] != account_id:
        raise NotFound("unknown_order", f"There is no order {order_id}.")
    return row


def lines_of(db: sqlite3.Connection, order_id: str) -> list[sqlite3.Row]:
    """The order's lines, in their order."""
    rows = db.execute("SELECT * FROM purchase_line WHERE order_id = ?", (order_id,)).fetchall()
    return sorted(rows, key=lambda row: int(row["line_id"].rpartition("-")[2]))


def open_quantity(line: sqlite3.Row) -> int:
    """How many of the line are neither shipped nor cancelled."""
    return int(line["quantity"] - line["quantity_shipped"] - line["quantity_cancelled"])


def describe(db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
    """The order as a seller sees it."""
    request = row["cancellation_request"]
    return {
        "id": row["order_id"],
        "account_id": row["account_id"],
        "ref": row["ref"],
        "version": row["version"],
        "status": row["status"],
        "placed_at": row["placed_at"],
        "ship_by": row["ship_by"],
        "updated_at": row["updated_at"],
        "accepted_at": row["accepted_at"],
        "received_at": row["received_at"],
        "payment_status": row["payment_status"],
        "currency": row["currency"],
        "tax_included": bool(row["tax_included"]),
        "total": row["total"],
        "shipping": row["shipping"],
        "shipping_refunded": row["shipping_refunded"],
        "lines": [_describe_line(line) for line in lines_of(db, row["order_id"])],
        "buyer": json.loads(row["buyer"]),
        "ship_to": json.loads(row["ship_to"]),
        "cancellation_request": json.loads(request) if request else None,
    }


def _describe_line(line: sqlite3.Row) -> dict[str, Any]:
    if line["quantity_cancelled"] == line["quantity"]:
        status = "cancelled"
    elif open_quantity(line) == 0:
        status = "shipped"
    else:
        status = "partially_shipped" if line["quantity_shipped"] else "open"
    return {"id": line["line_id"], **{name: line[name] for name in _LINE_FIELDS}, "status": status}


def get_order(market: Market, account_id: str, order_id: str) -> dict[str, Any]:
    """The order as it is now. Raises NotFound."""
    with market.storage.reading() as db:
        return describe(db, order_of_account(db, account_id, order_id))


def list_orders(
    market: Market, account_id: str, *, since: int, after: tuple[int, int] | None, limit: int
) -> tuple[list[dict[str, Any]], tuple[int, int] | None]:
    """Orders updated at or after ``since``, oldest update first, and where to go on (None: this was the last page)."""
    floor = after or (since, -1)
    with market.storage.reading() as db:
        rows = db.execute(
            "SELECT * FROM purchase WHERE account_id = ? AND (updated_at, seq) > (?, ?)"
            " ORDER BY updated_at, seq LIMIT ?",
            (account_id, *floor, limit + 1),
        ).fetchall()
        page = [describe(db, row) for row in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    return page, (last["updated_at"], last["seq"]) if last else None


def list_by_offset(
    market: Market,
    account_id: str,
    *,
    since: int,
    offset: int,
    limit: int,
    until: int | None = None,
    placed_since: int = 0,
    is_open: bool | None = None,
) -> tuple[list[dict[str, Any]], int]:
    """Orders updated from ``since`` to ``until``, the oldest order first, and how many there are in all.

    Open are those of which anything is neither shipped nor cancelled.
    """
    where = "account_id = ? AND updated_at >= ? AND updated_at <= ? AND placed_at >= ?"
    if is_open is not None:
        where += f" AND status {'NOT IN' if is_open else 'IN'} ('shipped', 'cancelled')"
    wanted = (account_id, since, _FOREVER if until is None else until, placed_since)
    with market.storage.reading() as db:
        total = db.execute(f"SELECT count(*) FROM purchase WHERE {where}", wanted).fetchone()[0]
        rows = db.execute(
            f"SELECT * FROM purchase WHERE {where} ORDER BY seq LIMIT ? OFFSET ?", (*wanted, limit, offset)
        ).fetchall()
        return [describe(db, row) for row in rows], total


def newest_orders(market: Market, account_id: str, limit: int) -> list[dict[str, Any]]:
    """The orders placed last, newest first."""
    with market.storage.reading() as db:
        rows = db.execute(
            "SELECT * FROM purchase WHERE account_id = ? ORDER BY seq DESC LIMIT ?", (account_id, limit)
        ).fetchall()
        return [describe(db, row) for row in rows]


def touch(db: sqlite3.Connection, order_id: str, now: int) -> dict[str, Any]:
    """The order's version and update time have moved on and its status is what its lines say. Returns the order."""
    row = get_row(db, order_id)
    lines = lines_of(db, order_id)
    if all(line["quantity_cancelled"] == line["quantity"] for line in lines):
        status = "cancelled"
    elif all(open_quantity(line) == 0 for line in lines):
        status = "shipped"
    elif any(line["quantity_shipped"] for line in lines):
        status = "partially_shipped"
    else:
        status = "accepted" if row["accepted_at"] else "new"
    db.execute(
        "UPDATE purchase SET status = ?, version = version + 1, updated_at = max(?, updated_at) WHERE order_id = ?",
        (status, now, order_id),
    )
    return describe(db, get_row(db, order_id))


def request_cancellation(market: Market, order_id: str, reason: str) -> dict[str, Any]:
    """The buyer asks to cancel what has not left; the seller decides. Raises Conflict when all has left."""
    with market.storage.writing() as db:
        now = market.now()
        row = get_row(db, order_id)
        if not any(open_quantity(line) for line in lines_of(db, order_id)):
            raise Conflict("nothing_open", "Everything was shipped or cancelled already.")
        if row["cancellation_request"] and json.loads(row["cancellation_request"])["state"] == "open":
            raise Conflict("already_requested", "The buyer has asked already.")
        request = {"state": "open", "reason": reason, "requested_at": now, "decided_at": None}
        db.execute("UPDATE purchase SET cancellation_request = ? WHERE order_id = ?", (json.dumps(request), order_id))
        _record(market, db, row, "cancellation_requested", now, {"reason": reason})
        return touch(db, order_id, now)


def cancel_by_buyer(market: Market, order_id: str, reason: str) -> dict[str, Any]:
    """The buyer has cancelled everything: a fact the seller only learns. Raises Conflict once anything was shipped."""
    with market.storage.writing() as db:
        now = market.now()
        row = get_row(db, order_id)
        lines = lines_of(db, order_id)
        if any(line["quantity_shipped"] for line in lines):
            raise Conflict("already_shipped", "Some of it was shipped already.")
        if not any(open_quantity(line) for line in lines):
            raise Conflict("nothing_open", "It was cancelled already.")
        db.execute("UPDATE purchase_line SET quantity_cancelled = quantity WHERE order_id = ?", (order_id,))
        _record(market, db, row, "cancelled_by_buyer", now, {"reason": reason})
        return touch(db, order_id, now)


def change_order(
    market: Market,
    order_id: str,
    *,
    payment_status: str | None = None,
    remove_lines: list[str] | None = None,
    ship_by: int | None = None,
) -> dict[str, Any]:
    """What was named is set: payment, until when it has to leave; and lines are gone, as on some marketplaces.

    Raises Conflict when that would leave no line.
    """
    with market.storage.writing() as db:
        now = market.now()
        row = get_row(db, order_id)
        if payment_status is not None:
            if payment_status not in PAYMENT_STATES:
                raise Invalid("payment_invalid", f"The payment status is one of {', '.join(PAYMENT_STATES)}.")
            db.execute("UPDATE purchase SET payment_status = ? WHERE order_id = ?", (payment_status, order_id))
        if ship_by is not None:
            db.execute("UPDATE purchase SET ship_by = ? WHERE order_id = ?", (ship_by, order_id))
        gone = set(remove_lines or ())
        if gone:
            if gone >= {line["line_id"] for line in lines_of(db, order_id)}:
                raise Conflict("last_line", "An order keeps at least one line; cancel it instead.")
            db.executemany(
                "DELETE FROM purchase_line WHERE order_id = ? AND line_id = ?", [(order_id, g) for g in gone]
            )
        changed = {"payment_status": payment_status, "removed_lines": sorted(gone), "ship_by": ship_by}
        _record(market, db, row, "order_changed", now, changed)
        return touch(db, order_id, now)


def _record(
    market: Market, db: sqlite3.Connection, row: sqlite3.Row, kind: str, now: int, data: dict[str, Any]
) -> None:
    event = {"at": now, "account_id": row["account_id"], "kind": kind, "order_id": row["order_id"]}
    market.record(db, [{**event, "data": json.dumps(data)}])


def open_units_of(market: Market, account_id: str, sku: str) -> int:
    """How many of the SKU open orders still wait for."""
    with market.storage.reading() as db:
        row = db.execute(
            "SELECT coalesce(sum(l.quantity - l.quantity_shipped - l.quantity_cancelled), 0)"
            " FROM purchase_line l JOIN purchase p USING (order_id)"
            " WHERE p.account_id = ? AND l.sku = ? AND p.status NOT IN ('shipped', 'cancelled')",
            (account_id, sku),
        ).fetchone()
    return int(row[0])

"""Submissions: taken in at once, worked on later, in the order of receipt; every line gets its own result."""

import json
import sqlite3
from dataclasses import astuple, dataclass
from typing import Any

from sandbox.clock import MICROSECONDS
from sandbox.engine.accounts import account_row
from sandbox.engine.errors import Conflict, Invalid, NotFound, TooLarge
from sandbox.engine.lines import KINDS, Listing, Outcome, Receipt, apply_line, rejected
from sandbox.engine.market import MAX_LINES, Market, fingerprint, new_id
from sandbox.faults import Fault

#: How often a submission must be asked for before its "-SLOW" lines are worked on.
SLOW_POLLS = 3
_CHUNK = 5_000
_UPSERT = """
    INSERT INTO listing VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (account_id, sku) DO UPDATE SET
        title = excluded.title, content = excluded.content, price = excluded.price, currency = excluded.currency,
        quantity = excluded.quantity, status = excluded.status, updated_at = excluded.updated_at,
        content_seq = excluded.content_seq, price_seq = excluded.price_seq,
        quantity_seq = excluded.quantity_seq, status_seq = excluded.status_seq
"""


def receive(market: Market, account_id: str, *, key: str, kind: Any, lines: Any) -> dict[str, Any]:
    """The submission is stored. The same key with the same body gives the same submission and does nothing.

    Raises: Invalid, TooLarge; Conflict when the key was used for another body.
    """
    _check(kind, lines)
    body = json.dumps(lines, separators=(",", ":"), sort_keys=True)
    body_hash = fingerprint([kind, body])
    stuck = market.faults.draw("stuck_submission", operation="submit", account_id=account_id)
    shuffled = market.faults.draw("out_of_order", operation="submit", account_id=account_id)
    now = market.true_now()
    due_at: int | None = now + int(market.settings.processing_delay_seconds * MICROSECONDS)
    if shuffled:
        due_at = now + int(shuffled.number("seconds", 2) * MICROSECONDS)
    if stuck:
        due_at = now + int(stuck.number("seconds", 0) * MICROSECONDS) if "seconds" in stuck.params else None
    with market.storage.writing() as db:
        account_row(db, account_id)
        known = _by_key(db, account_id, key)
        if known is not None:
            if known["body_hash"] != body_hash:
                raise Conflict("idempotency_key_reused", "This key was used for another submission.")
            return describe(known)
        cursor = db.execute(
            "INSERT INTO submission (submission_id, account_id, kind, idempotency_key, body_hash, phase, due_at,"
            " stuck, out_of_order, line_count, received_at) VALUES (?, ?, ?, ?, ?, 'received', ?, ?, ?, ?, ?)",
            (new_id("sub"), account_id, kind, key, body_hash, due_at, bool(stuck), bool(shuffled), len(lines), now),
        )
        db.execute("INSERT INTO submission_body VALUES (?, ?)", (cursor.lastrowid, body))
        stored = _by_key(db, account_id, key)
        assert stored is not None
    market.work_came_in.set()
    return describe(stored)


def _check(kind: Any, lines: Any) -> None:
    if kind not in KINDS:
        raise Invalid("unknown_kind", f"The kind is one of {', '.join(KINDS)}.")
    if not isinstance(lines, list) or not lines:
        raise Invalid("no_lines", "A submission has a list of at least one line.")
    if len(lines) > MAX_LINES:
        raise TooLarge("too_many_lines", f"A submission has at most {MAX_LINES} lines.")
    for position, line in enumerate(lines):
        sku = line.get("sku") if isinstance(line, dict) else None
        if not isinstance(sku, str) or not sku.strip() or len(sku) > 100:
            raise Invalid("sku_missing", f"Line {position} has no SKU of 1 to 100 characters.")


def _by_key(db: sqlite3.Connection, account_id: str, key: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM submission WHERE account_id = ? AND idempotency_key = ?", (account_id, key)
    ).fetchone()
    return row


def describe(row: sqlite3.Row) -> dict[str, Any]:
    """The submission as a seller sees it."""
    settled = row["accepted_count"] + row["rejected_count"] + row["try_again_count"]
    finished = row["phase"] in ("done", "failed")
    return {
        "submission_id": row["submission_id"],
        "idempotency_key": row["idempotency_key"],
        "kind": row["kind"],
        # Being stuck looks, from outside, like being worked on.
        "phase": "processing" if row["stuck"] and not finished else row["phase"],
        "lines": row["line_count"],
        "accepted": row["accepted_count"],
        "rejected": row["rejected_count"],
        "try_again": row["try_again_count"],
        "pending": 0 if finished else row["line_count"] - settled,
        "code": row["code"],
        "reason": row["reason"],
        "received_at": row["received_at"],
        "finished_at": row["finished_at"],
    }


def get_submissions(market: Market, account_id: str, submission_ids: list[str]) -> list[dict[str, Any]]:
    """The submissions, in the order asked; unknown ones are left out. Counts as one poll of each.

    At the third poll the lines that were waiting for it become due.
    """
    rows = _rows(market, account_id, submission_ids)
    waiting = [row["seq"] for row in rows if row["phase"] == "processing" and row["due_at"] is None]
    if waiting:
        with market.storage.writing() as db:
            db.executemany("UPDATE submission SET polls = polls + 1 WHERE seq = ?", [(seq,) for seq in waiting])
            db.executemany(
                "UPDATE submission SET due_at = ? WHERE seq = ? AND polls >= ? AND NOT stuck",
                [(market.true_now(), seq, SLOW_POLLS) for seq in waiting],
            )
        market.work_came_in.set()
    found = {row["submission_id"]: describe(row) for row in rows}
    return [found[wanted] for wanted in submission_ids if wanted in found]


def see_submissions(market: Market, account_id: str, submission_ids: list[str]) -> dict[str, dict[str, Any]]:
    """The submissions by their ids, without counting as a poll; unknown ones are left out."""
    return {row["submission_id"]: describe(row) for row in _rows(market, account_id, submission_ids)}


def _rows(market: Market, account_id: str, submission_ids: list[str]) -> list[sqlite3.Row]:
    with market.storage.reading() as db:
        return db.execute(
            "SELECT * FROM submission WHERE account_id = ? AND submission_id IN (SELECT value FROM json_each(?))",
            (account_id, json.dumps(submission_ids)),
        ).fetchall()


def get_submission(market: Market, account_id: str, submission_id: str) -> dict[str, Any]:
    """The submission; counts as a poll. Raises NotFound."""
    found = get_submissions(market, account_id, [submission_id])
    if not found:
        raise NotFound("unknown_submission", f"There is no submission {submission_id}.")
    return found[0]


def find_submission(market: Market, account_id: str, key: str) -> dict[str, Any] | None:
    """The submission that came with this idempotency key, or None if none ever did."""
    with market.storage.reading() as db:
        row = _by_key(db, account_id, key)
    return None if row is None else describe(row)


def newest_submissions(market: Market, account_id: str, limit: int) -> list[dict[str, Any]]:
    """What came in last, newest first, without counting as a poll; rejected lines show their first reason."""
    with market.storage.reading() as db:
        rows = db.execute(
            "SELECT s.*, (SELECT l.sku || ': ' || l.reason FROM submission_line l"
            " WHERE l.seq = s.seq AND l.status = 'rejected' LIMIT 1) AS example"
            " FROM submission s WHERE account_id = ? ORDER BY seq DESC LIMIT ?",
            (account_id, limit),
        ).fetchall()
    return [{**describe(row), "example": row["example"]} for row in rows]


def get_results(
    market: Market, account_id: str, submission_id: str, *, after: int, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    """One page of per-line results after a position, and the position to go on from (None: this was the last).

    Lines not worked on yet are pending. A failed submission has no results. Raises NotFound.
    """
    with market.storage.reading() as db:
        row = db.execute(
            "SELECT * FROM submission WHERE account_id = ? AND submission_id = ?", (account_id, submission_id)
        ).fetchone()
        if row is None:
            raise NotFound("unknown_submission", f"There is no submission {submission_id}.")
        if row["phase"] == "failed":
            return [], None
        results = db.execute(
            "SELECT position, sku, status, code, reason, applied_at FROM submission_line"
            " WHERE seq = ? AND position > ? ORDER BY position LIMIT ?",
            (row["seq"], after, limit),
        ).fetchall()
        if not results and row["phase"] in ("received", "processing"):
            body = db.execute("SELECT lines FROM submission_body WHERE seq = ?", (row["seq"],)).fetchone()
            results = _pending(json.loads(body["lines"]), after, limit) if body else []
    page = [dict(result) for result in results]
    last = page[-1]["position"] if page else after
    return page, last if last + 1 < row["line_count"] and page else None


def _pending(lines: list[dict[str, Any]], after: int, limit: int) -> list[Any]:
    blank = {"status": "pending", "code": None, "reason": None, "applied_at": None}
    chosen = enumerate(lines[after + 1 : after + 1 + limit], start=after + 1)
    return [{"position": position, "sku": line["sku"], **blank} for position, line in chosen]


def release(market: Market, account_id: str | None = None) -> int:
    """Stuck submissions, of one account or of all, are worked on next. Returns how many there were."""
    with market.storage.writing() as db:
        count = db.execute(
            "UPDATE submission SET due_at = ?, stuck = 0 WHERE stuck AND phase IN ('received', 'processing')"
            " AND account_id = coalesce(?, account_id)",
            (market.true_now(), account_id),
        ).rowcount
    market.work_came_in.set()
    return count


def process_next(market: Market) -> bool:
    """The oldest submission that is due has been worked on. Returns False when none was.

    Killed in the middle it is simply due again: its lines, results and events are one commit.
    """
    with market.storage.reading() as db:
        row = db.execute(
            "SELECT * FROM submission WHERE due_at <= ? ORDER BY seq LIMIT 1", (market.true_now(),)
        ).fetchone()
    if row is None:
        return False
    if row["phase"] == "received":
        with market.storage.writing() as db:
            db.execute("UPDATE submission SET phase = 'processing' WHERE seq = ?", (row["seq"],))
    with market.storage.reading() as db:
        body = db.execute("SELECT lines FROM submission_body WHERE seq = ?", (row["seq"],)).fetchone()
    _work(market, row, json.loads(body["lines"]))
    return True


def work_at_once(market: Market, account_id: str, *, kind: str, line: dict[str, Any]) -> dict[str, Any]:
    """One line is worked on before its call is answered. Returns its result, as `get_results` does."""
    _check(kind, [line])
    now = market.true_now()
    with market.storage.writing() as db:
        account_row(db, account_id)
        # It is never due, so that nobody else works on it; and no line of it waits to be asked for.
        polls = SLOW_POLLS if _is_slow(line["sku"]) else 0
        cursor = db.execute(
            "INSERT INTO submission (submission_id, account_id, kind, idempotency_key, body_hash, phase, due_at,"
            " stuck, out_of_order, line_count, received_at, polls)"
            " VALUES (?, ?, ?, ?, '', 'processing', NULL, 0, 0, 1, ?, ?)",
            (new_id("sub"), account_id, kind, new_id("key"), now, polls),
        )
        db.execute("INSERT INTO submission_body VALUES (?, ?)", (cursor.lastrowid, json.dumps([line])))
        row = db.execute("SELECT * FROM submission WHERE seq = ?", (cursor.lastrowid,)).fetchone()
    _work(market, row, [line])
    (result,), _ = get_results(market, account_id, row["submission_id"], after=-1, limit=1)
    return result


def _work(market: Market, row: sqlite3.Row, lines: list[dict[str, Any]]) -> None:
    """The lines are worked on, or the submission has failed as a whole."""
    # Drawn before the transaction begins, since a strike is stored.
    where = {"operation": "process", "account_id": row["account_id"]}
    failed = market.faults.draw("failed_submission", **where)
    faults = _LineFaults(market.faults.draw("reject_lines", **where), market.faults.draw("try_again_lines", **where))
    with market.storage.writing() as db:
        if failed:
            _fail(db, row["seq"], market.true_now())
        else:
            _apply(market, db, row, lines, faults)


def _fail(db: sqlite3.Connection, seq: int, now: int) -> None:
    db.execute(
        "UPDATE submission SET phase = 'failed', due_at = NULL, finished_at = ?, code = 'file_failed',"
        " reason = 'The submission could not be processed.' WHERE seq = ?",
        (now, seq),
    )
    db.execute("DELETE FROM submission_body WHERE seq = ?", (seq,))


@dataclass(frozen=True, slots=True)
class _LineFaults:
    """The faults that choose single lines."""

    reject: Fault | None
    again: Fault | None

    def outcome_for(self, sku: str) -> Outcome | None:
        if self.reject and self.reject.picks(sku, 0.1):
            reason = self.reject.params.get("reason", "Rejected by a fault that is switched on.")
            return rejected(str(self.reject.params.get("code", "fault_rejected")), str(reason))
        if self.again and self.again.picks(sku, 0.1):
            return Outcome("try_again", "busy", "The catalogue is busy; send this line again.")
        return None


def _apply(
    market: Market, db: sqlite3.Connection, row: sqlite3.Row, lines: list[dict[str, Any]], faults: _LineFaults
) -> None:
    account = account_row(db, row["account_id"])
    receipt = Receipt(
        row["account_id"], account["currency"], row["seq"], market.now(), in_order=not row["out_of_order"]
    )
    second_round = row["polls"] >= SLOW_POLLS
    listings = _current(db, row["account_id"], [line["sku"] for line in lines])
    touched: dict[str, Listing] = {}
    results: list[tuple[Any, ...]] = []
    events = []
    applied_at = market.true_now()
    for position, line in enumerate(lines):
        sku = line["sku"]
        slow = _is_slow(sku)
        if slow != second_round and (slow or second_round):
            if slow:
                results.append((row["seq"], position, sku, "pending", None, None, None))
            continue
        before = listings.get(sku)
        outcome = faults.outcome_for(sku) or apply_line(row["kind"], line, before, receipt)
        results.append((row["seq"], position, sku, outcome.status, outcome.code, outcome.reason, applied_at))
        if outcome.listing is not None:
            listings[sku] = touched[sku] = outcome.listing
        if outcome.event is not None:
            events.append(_event(row, outcome, before, receipt.at))
    db.executemany(_UPSERT, map(astuple, touched.values()))
    db.executemany("INSERT OR REPLACE INTO submission_line VALUES (?, ?, ?, ?, ?, ?, ?)", results)
    market.record(db, events)
    _settle(db, row["seq"], market.true_now())


def _is_slow(sku: str) -> bool:
    """Whether lines about it are worked on only once they were asked for often enough."""
    return sku.endswith("-SLOW")


def _current(db: sqlite3.Connection, account_id: str, skus: list[str]) -> dict[str, Listing]:
    """The listings of these SKUs as they are now."""
    found: dict[str, Listing] = {}
    for start in range(0, len(skus), _CHUNK):
        rows = db.execute(
            "SELECT * FROM listing WHERE account_id = ? AND sku IN (SELECT value FROM json_each(?))",
            (account_id, json.dumps(skus[start : start + _CHUNK])),
        )
        found.update((row["sku"], Listing(*row)) for row in rows)
    return found


def _event(row: sqlite3.Row, outcome: Outcome, before: Listing | None, at: int) -> dict[str, Any]:
    after = outcome.listing
    assert after is not None
    return {
        "at": at,
        "received_at": row["received_at"],
        "account_id": row["account_id"],
        "kind": outcome.event,
        "sku": after.sku,
        "submission_id": row["submission_id"],
        "quantity_before": before.quantity if before else None,
        "quantity_after": after.quantity,
        "price_before": before.price if before else None,
        "price_after": after.price,
    }


def _settle(db: sqlite3.Connection, seq: int, now: int) -> None:
    """Counts and phase say what the results say; the body goes once nothing is pending."""
    counts = dict(
        db.execute("SELECT status, count(*) FROM submission_line WHERE seq = ? GROUP BY status", (seq,)).fetchall()
    )
    pending = counts.get("pending", 0)
    db.execute(
        "UPDATE submission SET accepted_count = ?, rejected_count = ?, try_again_count = ?, due_at = NULL,"
        " phase = ?, finished_at = ? WHERE seq = ?",
        (
            counts.get("accepted", 0),
            counts.get("rejected", 0),
            counts.get("try_again", 0),
            "processing" if pending else "done",
            None if pending else now,
            seq,
        ),
    )
    if not pending:
        db.execute("DELETE FROM submission_body WHERE seq = ?", (seq,))

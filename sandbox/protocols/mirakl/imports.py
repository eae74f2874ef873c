"""Files that were sent: numbered, worked on by the engine, and reported line by line where they failed."""

import hashlib
import uuid
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.engine import notes, submissions
from sandbox.engine.errors import NotFound
from sandbox.engine.market import RESULT_PAGE, Market
from sandbox.protocols.mirakl.files import Row
from sandbox.protocols.mirakl.words import moment

#: The header is line 1.
_FIRST_LINE = 2
_STATES = {"received": "WAITING", "processing": "RUNNING", "done": "COMPLETE", "failed": "FAILED"}


@dataclass(slots=True)
class Import:
    """One file: what was in it, and the engine's submissions that it became."""

    number: str
    feed: str
    account_id: str
    digest: str
    created_at: int
    rows: list[Row]
    #: Line number -> why the operator refused it before any work.
    refused: dict[str, str]
    submissions: list[str] = field(default_factory=list)
    #: SKU -> line number, of what went to the engine.
    lines: dict[str, int] = field(default_factory=dict)
    with_products: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """How far an import is: Mirakl's word, and the lines that failed, with why."""

    status: str
    reason: str = ""
    failed: tuple[tuple[int, Row, str], ...] = ()
    lines_read: int = 0


def receive(
    market: Market,
    account_id: str,
    feed: str,
    *,
    file: bytes,
    rows: list[Row],
    refused: dict[int, str],
    work: dict[str, list[tuple[int, dict[str, Any]]]],
    with_products: bool = False,
) -> Import:
    """The file is stored, its lines go to the engine by kind. The last file again, not finished yet, is the same."""
    digest = hashlib.sha256(file).hexdigest()
    last = notes.load(market, f"mirakl last {account_id} {feed}")
    if last is not None:
        known = find(market, account_id, feed, last)
        if known.digest == digest and state_of(market, known).status in ("WAITING", "RUNNING"):
            return known
    number = str(notes.next_number(market, "mirakl import", first=2001)) if feed == "offers" else str(uuid.uuid4())
    one = Import(
        number=number,
        feed=feed,
        account_id=account_id,
        digest=digest,
        created_at=market.now(),
        rows=rows,
        refused={str(line): reason for line, reason in refused.items()},
        with_products=with_products,
    )
    for kind, lines in work.items():
        if lines:
            sent = [line for _, line in lines]
            stored = submissions.receive(market, account_id, key=f"{number}-{kind}", kind=kind, lines=sent)
            one.submissions.append(stored["submission_id"])
            one.lines |= {line["sku"]: place for place, line in lines}
    notes.save(market, f"mirakl import {account_id} {feed} {number}", asdict(one))
    notes.save(market, f"mirakl last {account_id} {feed}", number)
    return one


def find(market: Market, account_id: str, feed: str, number: str) -> Import:
    """The import of this number. Raises NotFound."""
    note = notes.load(market, f"mirakl import {account_id} {feed} {number}")
    if note is None:
        raise NotFound("import_not_found", f"There is no import {number}.")
    return Import(**note)


def list_since(market: Market, account_id: str, feed: str, since: int) -> list[Import]:
    """The imports of a feed that came in at or after a moment, newest first."""
    found = [Import(**note) for note in notes.load_all(market, f"mirakl import {account_id} {feed} ")]
    return sorted((one for one in found if one.created_at >= since), key=lambda one: one.created_at, reverse=True)


def state_of(market: Market, one: Import) -> State:
    """How far it is. Counts as a poll of the engine's submissions."""
    failed = [(int(line), one.rows[int(line) - _FIRST_LINE], reason) for line, reason in one.refused.items()]
    told = submissions.get_submissions(market, one.account_id, one.submissions)
    phases = [submission["phase"] for submission in told]
    if "failed" in phases:
        return State("FAILED", reason="The file could not be processed.", lines_read=len(one.rows))
    for phase in ("received", "processing"):
        if phase in phases:
            return State(_STATES[phase])
    for submission in told:
        failed += _failures(market, one, submission)
    return State("COMPLETE", failed=tuple(sorted(failed, key=lambda line: line[0])), lines_read=len(one.rows))


def _failures(market: Market, one: Import, submission: dict[str, Any]) -> list[tuple[int, Row, str]]:
    if submission["accepted"] == submission["lines"]:
        return []
    failed, after = [], -1
    while after is not None:
        page, beyond = submissions.get_results(
            market, one.account_id, submission["submission_id"], after=after, limit=RESULT_PAGE
        )
        for result in page:
            if result["status"] != "accepted":
                line = one.lines[result["sku"]]
                failed.append((line, one.rows[line - _FIRST_LINE], result["reason"] or "Refused"))
        if beyond is None:
            break
        after = beyond
    return failed


def described(market: Market, one: Import) -> dict[str, Any]:
    """The import as its status operation shows it."""
    state = state_of(market, one)
    deleted = sum(row.get("update-delete") == "delete" for row in one.rows)
    done = state.lines_read - len(state.failed)
    shown = {
        "import_id": int(one.number) if one.feed == "offers" else one.number,
        "status": state.status,
        "date_created": moment(one.created_at),
        "has_error_report": bool(state.failed),
        "lines_read": state.lines_read,
        "lines_in_success": done if state.status == "COMPLETE" else 0,
        "lines_in_error": len(state.failed),
        "lines_in_pending": 0 if state.lines_read else len(one.rows),
    }
    if one.feed == "offers":
        shown |= {
            "mode": "NORMAL",
            "offer_inserted": 0,
            "offer_updated": 0 if deleted or state.status != "COMPLETE" else done,
            "offer_deleted": done if deleted and state.status == "COMPLETE" else 0,
        }
    if one.feed == "prices":
        shown |= {"offers_in_error": len(state.failed), "offers_updated": shown["lines_in_success"]}
    if state.reason:
        shown["reason_status"] = state.reason
    return shown

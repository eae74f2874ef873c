"""Files that were sent: numbered, worked on by the engine, and reported line by line where they failed."""

import hashlib
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.clock import parse
from sandbox.engine import notes, submissions
from sandbox.engine.errors import NotFound
from sandbox.engine.market import RESULT_PAGE, Market
from sandbox.protocols.mirakl.files import Row, Said
from sandbox.protocols.mirakl.paging import Find
from sandbox.protocols.mirakl.words import moment

#: The header is line 1.
_FIRST_LINE = 2
_FOREVER = 2**62
_OPEN = ("WAITING_SYNCHRONIZATION_PRODUCT", "WAITING", "RUNNING")
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
    #: SKUs that had an offer before.
    had_offer: list[str] = field(default_factory=list)
    #: The number of the file of products in it, or "".
    products: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """How far an import is: Mirakl's word, and the lines that failed, with why."""

    status: str
    reason: str = ""
    failed: tuple[Said, ...] = ()
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
    had_offer: Iterable[str] = (),
    products: str = "",
) -> Import:
    """The file is stored, and its lines go to the engine by kind."""
    number = str(notes.next_number(market, "mirakl import", first=2001)) if feed == "offers" else str(uuid.uuid4())
    one = Import(
        number=number,
        feed=feed,
        account_id=account_id,
        digest=_digest(file),
        created_at=market.now(),
        rows=rows,
        refused={str(line): reason for line, reason in refused.items()},
        had_offer=sorted(had_offer),
        products=products,
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


def _digest(file: bytes) -> str:
    return hashlib.sha256(file).hexdigest()


def find_same(market: Market, account_id: str, feed: str, file: bytes) -> Import | None:
    """The last import of the feed if it was this very file and is not finished yet: sent again, it is the same."""
    last = notes.load(market, f"mirakl last {account_id} {feed}")
    if last is None:
        return None
    known = find(market, account_id, feed, last)
    return known if known.digest == _digest(file) and state_of(market, known).status in _OPEN else None


def find(market: Market, account_id: str, feed: str, number: str) -> Import:
    """The import of this number. Raises NotFound."""
    note = notes.load(market, f"mirakl import {account_id} {feed} {number}")
    if note is None:
        raise NotFound("import_not_found", f"There is no import {number}.")
    return Import(**note)


def failed_lines(market: Market, account_id: str, feed: str, number: str) -> list[Said]:
    """The lines that failed, for the report. Raises NotFound when there is nothing to report."""
    failed = state_of(market, find(market, account_id, feed, number)).failed
    if not failed:
        raise NotFound("no_report", f"Import {number} has no error report.")
    return list(failed)


def finder(market: Market, account_id: str, feed: str) -> Find:
    """Finds the imports of a feed by start date, end date, status and origin, newest first. All came by the API."""

    def find_all(asked: Mapping[str, Any]) -> list[dict[str, Any]]:
        if asked["origins"] and "API" not in asked["origins"]:
            return []
        since = parse(asked["start_date"]) if asked["start_date"] else 0
        until = parse(asked["end_date"]) if asked["end_date"] else _FOREVER
        notes_of_feed = notes.load_all(market, f"mirakl import {account_id} {feed} ")
        found = [one for one in (Import(**note) for note in notes_of_feed) if since <= one.created_at <= until]
        found.sort(key=lambda one: one.created_at, reverse=True)
        told = [described(market, one) for one in found]
        return [one for one in told if asked["status"] in (None, one["status"])]

    return find_all


def state_of(market: Market, one: Import) -> State:
    """How far it is. Counts as a poll of the engine's submissions."""
    failed = [(int(line), one.rows[int(line) - _FIRST_LINE], reason) for line, reason in one.refused.items()]
    told = submissions.get_submissions(market, one.account_id, one.submissions)
    phases = [submission["phase"] for submission in told]
    if "failed" in phases:
        return State("FAILED", reason="The file could not be processed.", lines_read=len(one.rows))
    for phase in ("received", "processing"):
        if phase in phases:
            waits_for_products = one.products and phase == "received"
            return State("WAITING_SYNCHRONIZATION_PRODUCT" if waits_for_products else _STATES[phase])
    for submission in told:
        failed += _failures(market, one, submission)
    return State("COMPLETE", failed=tuple(sorted(failed, key=lambda line: line[0])), lines_read=len(one.rows))


def _failures(market: Market, one: Import, submission: dict[str, Any]) -> list[Said]:
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
    """The import as its status operation shows it: each feed has counts of its own."""
    state = state_of(market, one)
    shown = {
        "import_id": int(one.number) if one.feed == "offers" else one.number,
        "status": state.status,
        "date_created": moment(one.created_at),
        "has_error_report": bool(state.failed),
        "lines_in_success": state.lines_read - len(state.failed) if state.status == "COMPLETE" else 0,
        "lines_in_error": len(state.failed),
    }
    if one.feed == "offers":
        waiting = 0 if state.lines_read else len(one.rows)
        shown |= {"mode": "NORMAL", "lines_read": state.lines_read, "lines_in_pending": waiting}
        shown |= _offers_done(one, state)
    if one.feed == "prices":
        shown |= _offers_priced(one, state)
    if state.reason and one.feed != "stock":
        shown["reason_status"] = state.reason
    return shown


def _offers_priced(one: Import, state: State) -> dict[str, int]:
    """How many offers have their new prices, and how many kept their old ones, once the file is complete."""
    offers = {row["offer-sku"] for row in one.rows}
    in_error = {row["offer-sku"] for _, row, _ in state.failed}
    updated = len(offers - in_error) if state.status == "COMPLETE" else 0
    return {"offers_in_error": len(in_error), "offers_updated": updated}


def _offers_done(one: Import, state: State) -> dict[str, int]:
    """How many offers the file made, changed and ended, once it is complete."""
    counts = {"offer_inserted": 0, "offer_updated": 0, "offer_deleted": 0}
    failed, had_offer = {line for line, _, _ in state.failed}, set(one.had_offer)
    for line, row in enumerate(one.rows, start=_FIRST_LINE):
        if state.status == "COMPLETE" and line not in failed:
            if row["update-delete"] == "delete":
                counts["offer_deleted"] += 1
            else:
                counts["offer_updated" if row["sku"] in had_offer else "offer_inserted"] += 1
    return counts

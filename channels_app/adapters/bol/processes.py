"""Process statuses: what bol.com makes of shipments, cancellations and decisions that it took (202). Pure.

Source: bol.com's Shared API 10 (OpenAPI, read 2026-05). A status is kept for about a day.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from channels_app.adapters.types import CommandLineResult, CommandResult, Outcome

Status = Mapping[str, Any]

#: Most statuses in one question.
MOST_AT_ONCE = 1000
PENDING = "PENDING"
SUCCESS = "SUCCESS"

_OUTCOMES = {
    SUCCESS: Outcome.ACCEPTED,
    "FAILURE": Outcome.REJECTED,
    # bol.com gave up after tries of its own; it may be asked again.
    "TIMEOUT": Outcome.TRY_AGAIN,
}


class Told:
    """What is known of a command's lines: results, and the processes that still run, by the lines they are about."""

    def __init__(self) -> None:
        self._results: dict[str, CommandLineResult] = {}
        self._running: dict[str, list[str]] = {}

    def __bool__(self) -> bool:
        return bool(self._results or self._running)

    def note(self, lines: Sequence[str], outcome: Outcome, *, code: str = "", reason: str = "") -> None:
        """Keep the same outcome for all of `lines`."""
        for line in lines:
            self._results[line] = CommandLineResult(line_remote_id=line, outcome=outcome, code=code, reason=reason)

    def note_process(self, lines: Sequence[str], status: Status) -> None:
        """Keep what a process says of `lines`; a status that we do not know is taken as running."""
        outcome = _OUTCOMES.get(str(status.get("status")))
        if outcome is None:
            self._running.setdefault(str(status["processStatusId"]), []).extend(lines)
        elif outcome is Outcome.REJECTED:
            reason = str(status.get("errorMessage") or status.get("description") or "bol.com refused it.")
            self.note(lines, outcome, code="failure", reason=reason)
        else:
            self.note(lines, outcome, code=str(status.get("status")).lower())

    def knows(self, line: str) -> bool:
        return line in self._results or any(line in lines for lines in self._running.values())

    def as_result(self) -> CommandResult:
        handle = json.dumps(self._running) if self._running else ""
        return CommandResult(handle=handle, results=tuple(self._results.values()))


def read_handle(handle: str) -> dict[str, list[str]]:
    """Return the lines of each process that a handle names."""
    return dict(json.loads(handle))


def told_of(handle: str, statuses: Mapping[str, Status]) -> CommandResult:
    """Return what the statuses say of a command. If one is forgotten, its lines are left out and there is no handle:
    what became of them has to be looked for."""
    told, is_forgotten = Told(), False
    for process, lines in read_handle(handle).items():
        if process in statuses:
            told.note_process(lines, statuses[process])
        else:
            is_forgotten = True
    result = told.as_result()
    return CommandResult(results=result.results) if is_forgotten else result

"""What a seller decides about a return: the goods came and are so or so, or they need not come at all.

A decision gives no money back (to be confirmed live): that is a refund of the order. Mirakl has a return accepted, then
received, then judged line by line, all lines in one call; what is missing on the way is told along.

Source: developer.mirakl.com, RT11, RT21, RT25 and RT26 of the seller API (read 2026-08).
"""

from collections.abc import Mapping
from typing import Any

from channels_app.adapters.errors import OutcomeUnknown, RejectedByChannel
from channels_app.adapters.mirakl import evidence, returns
from channels_app.adapters.mirakl.client import MiraklClient
from channels_app.adapters.mirakl.returns import COMPLIANT, IN_PROGRESS, WAITING, Return, read_decision
from channels_app.adapters.types import Choice, CommandLine, CommandResult, OrderCommand, Outcome

_MISSING = "RETURN_NON_COMPLIANT_MISSING_ITEM"
_RECEIVED = {
    COMPLIANT: "Received, as it should be: now refund it on this order",
    _MISSING: "Received, incomplete",
    "RETURN_NON_COMPLIANT_WRONG_PRODUCT": "Received, another product",
    "RETURN_NON_COMPLIANT_DAMAGED_PRODUCT": "Received, damaged",
    "RETURN_NON_COMPLIANT_WINDOW_CLOSED": "Received, too late",
    "RETURN_NON_COMPLIANT_OTHER": "Received, not as it should be",
}
_REFUSED = {
    "RETURN_REJECTION_WINDOW_CLOSED": "Refused before it is sent: too late",
    "RETURN_REJECTION_NOT_ELIGIBLE": "Refused before it is sent: cannot be returned",
    "RETURN_REJECTION_NOT_NEEDED": "Refused before it is sent: the buyer may keep it",
}
_NAMES = _RECEIVED | _REFUSED
RETURN_DECISIONS = tuple(Choice(code=code, name=name) for code, name in _NAMES.items())


class ReturnDesk:
    """Tells one shop's decisions about returns."""

    def __init__(self, client: MiraklClient) -> None:
        self._client = client

    def handle(self, command: OrderCommand) -> CommandResult:
        """The decision is told, from wherever the return stands: told twice, it holds once."""
        one = self._read(command.return_remote_id)
        if not _is_told(one, command):
            check_whole(one, command)
            self._tell(one, command)
        return evidence.results_for(command, Outcome.ACCEPTED)

    def find(self, command: OrderCommand) -> CommandResult | None:
        """Return that the return shows the decision, or None: told anew it goes on from where the return stands."""
        one = self._read(command.return_remote_id)
        return evidence.results_for(command, Outcome.ACCEPTED) if _is_told(one, command) else None

    def _read(self, return_id: str) -> Return:
        page = self._client.get("return", returns.PATH, {"return_id": return_id})
        for one in page.get("data") or ():
            if str(one.get("id")) == return_id:
                return dict(one)
        raise RejectedByChannel("The marketplace does not know this return (any more).", code="no_such_return")

    def _tell(self, one: Return, command: OrderCommand) -> None:
        named, state, reason = {"id": command.return_remote_id}, str(one.get("state")), command.lines[0].reason
        if reason in _REFUSED:
            self._call("accept", {**named, "accepted": False, "rejection_reason_code": reason})
            return
        if state == WAITING:
            self._call("accept", {**named, "accepted": True})
        if state in (WAITING, IN_PROGRESS):
            self._call("receive", named)
        self._call("compliance", build_compliance(one, command))

    def _call(self, verb: str, body: Mapping[str, Any]) -> None:
        """A success of the call says nothing of the return: that stands inside."""
        answer = self._client.write(f"return_{verb}", "PUT", f"{returns.PATH}/{verb}", {"returns": [body]})
        for error in answer.get("return_errors") or ():
            raise RejectedByChannel(str(error.get("message") or "The marketplace refused it."), code="return_refused")
        if not answer.get("return_success"):
            raise OutcomeUnknown("The marketplace says nothing of the return.", code="nothing_said")


def _is_told(one: Return, command: OrderCommand) -> bool:
    decided = _decided(one)
    return all(decided.get(line.line_remote_id) == line.reason for line in command.lines)


def _decided(one: Return) -> dict[str, str]:
    """Return what was decided about each line, or ""."""
    return {str(line["order_line_id"]): read_decision(one, line) for line in returns.lines_of(one)}


def check_whole(one: Return, command: OrderCommand) -> None:
    """Raise RejectedByChannel for what was decided otherwise, and what Mirakl has no words for: some lines or units."""
    state, reasons = str(one.get("state")), {line.reason for line in command.lines}
    if otherwise := [_NAMES.get(code, code) for code in _decided(one).values() if code]:
        raise RejectedByChannel(f"The marketplace has it as: {otherwise[0]}.", code="decided_already")
    if {line.line_remote_id for line in command.lines} != units_of(one).keys():
        raise RejectedByChannel("Decide about all lines of this return at once.", code="whole_return_only")
    if reasons & _REFUSED.keys() and (len(reasons) > 1 or state != WAITING):
        raise RejectedByChannel("Only a whole return can be refused, before it is sent.", code="whole_return_only")
    if any(line.reason == COMPLIANT and line.quantity < units_of(one)[line.line_remote_id] for line in command.lines):
        reason = f"If units are missing, decide “{_RECEIVED[_MISSING]}”: this marketplace judges whole lines."
        raise RejectedByChannel(reason, code="whole_lines_only")


def units_of(one: Return) -> dict[str, int]:
    """Return how many units of each order line come back."""
    return {str(line["order_line_id"]): int(line["quantity"]) for line in returns.lines_of(one)}


def build_compliance(one: Return, command: OrderCommand) -> dict[str, Any]:
    """Return what is said of each line of the return."""
    units = units_of(one)
    lines = [_judged(line, of=units[line.line_remote_id]) for line in command.lines]
    return {"id": command.return_remote_id, "return_lines": lines}


def _judged(line: CommandLine, *, of: int) -> dict[str, Any]:
    if line.reason == COMPLIANT:
        return {"order_line_id": line.line_remote_id, "compliant": True}
    judged = {"order_line_id": line.line_remote_id, "compliant": False, "non_compliance_reason_code": line.reason}
    return judged | (
        {"non_compliance_additional_info": f"{line.quantity} of {of} came back."} if line.quantity < of else {}
    )

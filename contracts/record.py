"""What was seen of a protocol, and what was wrong with it."""

import threading
from collections import Counter

from contracts.checking import Contract
from contracts.messages import Answer, Call

#: So many different violations are kept; the rest is counted.
_KEPT = 50


class Record:
    """Counts calls and answers that were held against a contract. Threads may share it."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.requests_validated = 0
        self.responses_validated = 0
        self.violations: list[str] = []
        self.violation_count = 0
        self.operations: Counter[str] = Counter()
        self._lock = threading.Lock()

    def see_call(self, call: Call) -> None:
        """Hold a call against the contract."""
        problems = self.contract.check_call(call)
        with self._lock:
            self.requests_validated += 1
            self.operations[self.contract.operation_of(call)] += 1
            self._note(problems)

    def see_answer(self, call: Call, answer: Answer) -> None:
        """Hold an answer to a call against the contract."""
        problems = self.contract.check_answer(call, answer)
        with self._lock:
            self.responses_validated += 1
            self._note(problems)

    def _note(self, problems: list[str]) -> None:
        self.violation_count += len(problems)
        room = _KEPT - len(self.violations)
        self.violations += [problem for problem in problems[:room] if problem not in self.violations]

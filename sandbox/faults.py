"""What can go wrong at a marketplace, switched on by hand, seeded, and the same on every run."""

import hashlib
import random
import threading
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

#: Every fault, what it does, and the parameters it understands.
KINDS: dict[str, str] = {
    "http_5xx": "Answers 503 (or params.status) and does nothing.",
    "rate_limited": "Answers 429 and does nothing; params.retry_after (default 1) are the seconds told, null: none.",
    "forbidden": "Answers 403 and does nothing.",
    "not_found": "Answers 404 and does nothing.",
    "conflict": "Answers 409 and does nothing.",
    "slow": "Waits params.seconds (default 2) before the work.",
    "drop_connection": "Closes the connection before the work, without an answer.",
    "timeout_after_work": "Does the work, waits params.seconds (default 0), then closes the connection unanswered.",
    "truncated_body": "Does the work, then sends half of the answer.",
    "html_instead_of_json": "Does the work, then answers with a web page.",
    "wrong_content_type": "Does the work, then answers as text/plain.",
    "old_reset_header": "A rate limit's reset is told as a moment instead of the seconds to go, where it is told.",
    "unknown_enum": "Orders have a status that no document knows.",
    "ok_with_errors_inside": "Answers 200 with a list of errors in the body and does nothing.",
    "expired_token": "Every access token of the marketplace expires; the call is answered with 401.",
    "stuck_submission": "A submission stays in 'processing' until it is released, or for params.seconds.",
    "failed_submission": "A submission fails as a whole; none of its lines is applied.",
    "reject_lines": "Rejects the share params.fraction (default 0.1) of the lines; seed and SKU choose which.",
    "try_again_lines": "Answers the share params.fraction (default 0.1) of the lines with try_again, not applied.",
    "given_up": "What was taken in to be done later is given up, and not done.",
    "out_of_order": "A submission is applied params.seconds (default 2) later and overwrites newer ones.",
    "repeated_page": "The next page's token leads to the same page once more.",
    "reordered_page": "The rows of a page come in another order.",
    "vanished_listings": "An export lacks the share params.fraction (default 0.5) of the listings.",
    "clock_skew": "The marketplace's clock goes params.seconds (default 300) ahead; negative: behind.",
}

#: Faults that hold as long as they are switched on, instead of being drawn call by call.
STANDING = frozenset({"clock_skew", "unknown_enum", "old_reset_header"})


@dataclass(slots=True)
class Fault:
    """One fault, when it strikes, and how often it was asked and struck."""

    name: str
    #: Only for this operation of the protocol (``submit``, ``orders``, ...); None: for any.
    operation: str | None = None
    #: Only for this account; None: for any.
    account_id: str | None = None
    #: At most one of the next three; none of them: strikes every time.
    probability: float | None = None
    every_nth: int | None = None
    next_n: int | None = None
    seed: int = 0
    params: dict[str, Any] = field(default_factory=dict)
    calls: int = 0
    strikes: int = 0

    def concerns(self, name: str, operation: str | None, account_id: str | None) -> bool:
        """Whether this fault speaks of that operation of that account."""
        return self.name == name and self.operation in (None, operation) and self.account_id in (None, account_id)

    def draw(self) -> bool:
        """Whether it strikes this time; counts the call."""
        self.calls += 1
        if self.next_n is not None:
            struck = self.strikes < self.next_n
        elif self.every_nth is not None:
            struck = self.calls % self.every_nth == 0
        elif self.probability is not None:
            struck = chance(self.seed, self.name, self.calls) < self.probability
        else:
            struck = True
        self.strikes += struck
        return struck

    def number(self, name: str, default: float) -> float:
        """A numeric parameter."""
        return float(self.params.get(name, default))

    def picks(self, sku: str, default: float) -> bool:
        """Whether the SKU belongs to the share that ``params.fraction`` names; the same answer every time."""
        return chance(self.seed, self.name, sku) < self.number("fraction", default)

    def shuffled(self, rows: list[Any]) -> list[Any]:
        """The rows in another order, the same one for the same seed and call; never the order given."""
        if len(rows) < 2:
            return rows
        mixed = rows[:]
        random.Random(f"{self.seed}:{self.calls}").shuffle(mixed)
        return mixed if mixed != rows else rows[::-1]


def chance(*parts: object) -> float:
    """A number in [0, 1) that depends on the parts alone."""
    digest = hashlib.sha256(":".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


class FaultBoard:
    """The faults now switched on. Every change, and every strike, is handed to ``keep`` to survive a restart."""

    def __init__(self, stored: Iterable[dict[str, Any]], keep: Callable[[list[dict[str, Any]]], None]) -> None:
        self._lock = threading.Lock()
        self._keep = keep
        self._faults = [Fault(**fault) for fault in stored]

    def replace(self, faults: Iterable[Fault]) -> None:
        """Exactly these faults are switched on, with fresh counters."""
        with self._lock:
            self._faults = list(faults)
        self._keep(self.listed())

    def add(self, fault: Fault) -> None:
        """The fault is switched on, in place of those of the same name and operation."""
        others = [f for f in self._faults if (f.name, f.operation) != (fault.name, fault.operation)]
        self.replace([*others, fault])

    def remove(self, name: str | None = None) -> None:
        """The faults of that name, or all, are switched off."""
        self.replace([fault for fault in self._faults if name is not None and fault.name != name])

    def listed(self) -> list[dict[str, Any]]:
        """The faults as JSON values, with their counters."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def draw(self, name: str, *, operation: str | None = None, account_id: str | None = None) -> Fault | None:
        """The first fault of that name that strikes now, or None."""
        struck = None
        with self._lock:
            for fault in self._faults:
                if fault.concerns(name, operation, account_id) and fault.draw():
                    struck = fault
                    break
        if struck is not None:
            self._keep(self.listed())
        return struck

    def standing(self, name: str) -> Fault | None:
        """The fault of that name if it is switched on; nothing is drawn."""
        return next((fault for fault in self._faults if fault.name == name), None)

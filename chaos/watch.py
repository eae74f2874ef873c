"""How long the jobs of a dead or paused process wait until somebody runs them again, by the rows of PostgreSQL."""

import contextlib
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

import psycopg2

ROUND_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Claim:
    job: int
    kind: str
    lane: str
    fence: int
    pid: int


@dataclass(slots=True)
class Wait:
    """A job whose holder was struck. `seconds` grows only while somebody could run it; `in_all` always."""

    claim: Claim
    was_killed: bool
    began: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    in_all: float = 0.0
    is_over: bool = False


class JobWatch:
    """Looks at the jobs ten times a second.

    The time counts in which PostgreSQL answered and a process of the job's lane was there and not paused; one that is
    only just starting counts as there.
    """

    def __init__(self, database_url: str, *, is_served: Callable[[str], bool]) -> None:
        self._url = database_url
        self._is_served = is_served
        self._lock = threading.Lock()
        self._waits: list[Wait] = []
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def claims(self, *, kind: str = "", pids: Collection[int] = ()) -> list[Claim]:
        """Return the claims held now, of this kind or by these processes; none while PostgreSQL is away."""
        try:
            with contextlib.closing(psycopg2.connect(self._url, connect_timeout=2)) as connection:
                found = _claims(connection)
        except psycopg2.Error:
            return []
        return [claim for claim in found if claim.kind == kind or claim.pid in pids]

    def struck(self, claims: Collection[Claim], *, was_killed: bool) -> None:
        """From now on it is counted how long these wait."""
        with self._lock:
            self._waits += [Wait(claim, was_killed) for claim in claims]

    def waiting(self) -> int:
        with self._lock:
            return sum(not wait.is_over for wait in self._waits)

    def longest(self, *, was_killed: bool) -> float:
        with self._lock:
            return max((wait.seconds for wait in self._waits if wait.was_killed == was_killed), default=0.0)

    def longest_in_all(self) -> float:
        """Return the longest wait by a clock that never stands still."""
        with self._lock:
            return max((wait.in_all for wait in self._waits if wait.was_killed), default=0.0)

    def count(self, *, was_killed: bool) -> int:
        with self._lock:
            return sum(wait.was_killed == was_killed for wait in self._waits)

    def stop(self) -> None:
        self._ends.set()
        self._thread.join()

    def _watch(self) -> None:
        connection, looked_at = None, 0.0
        while not self._ends.wait(ROUND_SECONDS):
            now = time.monotonic()
            try:
                connection = connection or psycopg2.connect(self._url, connect_timeout=2)
                fences = _fences(connection)
            except psycopg2.Error:
                if connection:
                    connection.close()
                connection, looked_at = None, 0.0
                continue
            self._count(fences, now - looked_at if looked_at else 0.0)
            looked_at = now
        if connection:
            connection.close()

    def _count(self, fences: dict[int, int], seconds: float) -> None:
        served: dict[str, bool] = {}
        with self._lock:
            for wait in self._waits:
                if wait.is_over:
                    continue
                lane = wait.claim.lane
                if lane not in served:
                    served[lane] = self._is_served(lane)
                wait.seconds += seconds if served[lane] else 0.0
                wait.in_all = time.monotonic() - wait.began
                wait.is_over = fences.get(wait.claim.job, 0) > wait.claim.fence


def _fences(connection: Any) -> dict[int, int]:
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT id, fence FROM channels_app_channeljob")
        return dict(cursor.fetchall())


def _claims(connection: Any) -> list[Claim]:
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, kind, lane, fence, claimed_by FROM channels_app_channeljob"
            " WHERE claim_expires_at > clock_timestamp() ORDER BY id"
        )
        return [
            Claim(job, kind, lane, fence, int(holder.rpartition(":")[2]))
            for job, kind, lane, fence, holder in cursor.fetchall()
        ]

"""What goes wrong, when, and to whom: a timetable made from the seed, and the hand that carries it out."""

import contextlib
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import psutil
import psycopg2
import redis

from chaos.records import Database
from smoke.stack import Stack

#: Every kind happens; beyond that they are drawn by these weights.
DEEDS = {
    "kill a worker": 8,
    "kill a beat": 2,
    "pause a worker": 3,
    "kill PostgreSQL": 2,
    "kill Valkey": 2,
    "flush Valkey": 2,
    "switch faults": 5,
}
#: Seconds between two of them, on average.
PACE_SECONDS = 2.2
#: Longer than a lease: the pause of a worker that comes back and finds its jobs taken over.
PAUSE_SECONDS = (11.0, 15.0)
#: A worker younger than this may still be importing.
START_SECONDS = 5.0
#: How long a kill waits for a worker that is at something.
HOLDER_SECONDS = 1.0
#: A killed job must run again within this.
LONGEST_WAIT_SECONDS = 15.0

#: What the marketplace may do, one or two at a time. Left out: what makes it refuse an item for good (the product then
#: waits for a person, rightly), and what breaks an order of working off that the account promises.
FAULTS: tuple[dict[str, Any], ...] = (
    {"name": "http_5xx", "probability": 0.3},
    {"name": "timeout_after_work", "probability": 0.3},
    {"name": "timeout_after_work", "operation": "submit", "probability": 0.7},
    {"name": "drop_connection", "probability": 0.3},
    {"name": "slow", "probability": 0.5, "params": {"seconds": 3}},
    {"name": "rate_limited", "probability": 0.3, "params": {"retry_after": 1}},
    {"name": "ok_with_errors_inside", "probability": 0.2},
    {"name": "expired_token", "every_nth": 7},
    {"name": "try_again_lines", "probability": 0.5, "params": {"fraction": 0.3}},
    {"name": "stuck_submission", "next_n": 2},
    {"name": "repeated_page", "probability": 0.5},
    {"name": "reordered_page", "probability": 0.5},
)


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that goes wrong. `draw` in [0, 1) chooses the victim or the fault."""

    at: float
    what: str
    draw: float


def timetable(seed: int, seconds: float) -> list[Deed]:
    """Return what happens within `seconds`: every kind at least once if there is time, the rest as the seed has it."""
    chance = random.Random(f"havoc {seed}")
    count = max(int(seconds / PACE_SECONDS), 1)
    kinds = list(DEEDS)
    chance.shuffle(kinds)
    whats = kinds[:count] + chance.choices(list(DEEDS), weights=list(DEEDS.values()), k=max(count - len(kinds), 0))
    chance.shuffle(whats)
    moments = sorted(chance.uniform(0, seconds) for _ in whats)
    return [Deed(at, what, chance.random()) for at, what in zip(moments, whats, strict=True)]


class Havoc:
    """Carries out a timetable; `counts` says what was done, `recovery` how long killed jobs waited."""

    def __init__(self, stack: Stack, deeds: Sequence[Deed], *, seed: int) -> None:
        self._stack = stack
        self._deeds = deeds
        self._chance = random.Random(f"faults {seed}")
        self._paused: list[tuple[float, list[psutil.Process]]] = []
        self.recovery = Recovery(Database(stack.environment["DATABASE_URL"]), is_served=self._is_served)
        self.counts: Counter[str] = Counter()

    def run(self) -> None:
        """Do everything at its time, then let go of what is paused and switch all faults off."""
        started = time.monotonic()
        for deed in self._deeds:
            while (wait := started + deed.at - time.monotonic()) > 0:
                self._wake_paused()
                time.sleep(min(wait, 0.2))
            with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
                self._do(deed)
        self._wake_paused(all_of_them=True)
        self._switch(())

    @property
    def kills(self) -> int:
        return sum(count for what, count in self.counts.items() if what.startswith("kill"))

    @property
    def faults(self) -> int:
        """Whatever else was done: pauses, flushes, faults of the marketplace."""
        return sum(self.counts.values()) - self.kills

    def _do(self, deed: Deed) -> None:
        match deed.what:
            case "kill a worker":
                self._kill_a_worker(deed.draw)
            case "kill a beat":
                self._kill(self._pick("beat", deed.draw))
            case "pause a worker":
                self._pause_a_worker(deed)
            case "kill PostgreSQL":
                self._kill("postgres")
            case "kill Valkey":
                self._kill("valkey")
            case "flush Valkey":
                self._flush_valkey()
            case "switch faults":
                self._switch(self._chance.sample(FAULTS, k=self._chance.choice((1, 1, 2))))
        self.counts[deed.what] += 1
        print(f"        {deed.at:5.1f} s  {deed.what}", file=sys.stderr, flush=True)

    def _is_served(self, lane: str) -> bool:
        """Say whether a worker of this lane is up: neither dead nor frozen, and done with starting."""
        for role, pid in self._stack.pids().items():
            if role.startswith(f"worker-{lane}"):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process = psutil.Process(pid)
                    is_frozen = process.status() in (psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE)
                    if not is_frozen and time.time() - process.create_time() > START_SECONDS:
                        return True
        return False

    def _pick(self, prefix: str, draw: float) -> str:
        roles = sorted(role for role in self._stack.pids() if role.startswith(prefix))
        return roles[int(draw * len(roles))]

    def _kill(self, role: str) -> None:
        os.kill(self._stack.pids()[role], signal.SIGKILL)

    def _kill_a_worker(self, draw: float) -> None:
        """Freeze it, note which claims it holds at this very moment, and only then kill it."""
        family = self._family(self._a_holder(draw) or self._pick("worker", draw))
        for process in family:
            process.suspend()
        held = self.recovery.held_by(process.pid for process in family)
        for process in reversed(family):
            process.kill()
        self.recovery.watch(held)

    def _a_holder(self, draw: float) -> str:
        """Return a worker that holds a claim just now, or "" if none does for a while: claims are short."""
        pids = self._stack.pids()
        until = time.monotonic() + HOLDER_SECONDS
        while time.monotonic() < until:
            holders = [role for role, pid in sorted(pids.items()) if role.startswith("worker") and self._holds(pid)]
            if holders:
                return holders[int(draw * len(holders))]
        return ""

    def _holds(self, pid: int) -> bool:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            return bool(self.recovery.held_by(one.pid for one in (process, *process.children())))
        return False

    def _pause_a_worker(self, deed: Deed) -> None:
        family = self._family(self._pick("worker", deed.draw))
        for process in family:
            process.suspend()
        low, high = PAUSE_SECONDS
        self._paused.append((time.monotonic() + low + (high - low) * deed.draw, family))

    def _wake_paused(self, *, all_of_them: bool = False) -> None:
        due = [pair for pair in self._paused if all_of_them or pair[0] <= time.monotonic()]
        for pair in due:
            self._paused.remove(pair)
            for process in pair[1]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.resume()

    def _family(self, role: str) -> list[psutil.Process]:
        process = psutil.Process(self._stack.pids()[role])
        return [process, *process.children(recursive=True)]

    def _flush_valkey(self) -> None:
        with (
            contextlib.suppress(redis.RedisError),
            redis.Redis.from_url(self._stack.environment["REDIS_URL"]) as client,
        ):
            client.flushall()

    def _switch(self, faults: Sequence[dict[str, Any]]) -> None:
        """Exactly these faults are on; submissions that were stuck go on."""
        seeded = [{**fault, "seed": self._chance.randrange(1_000_000)} for fault in faults]
        httpx.delete(f"{self._stack.sandbox}/control/faults", trust_env=False, timeout=30).raise_for_status()
        answer = httpx.put(f"{self._stack.sandbox}/control/faults", json=seeded, trust_env=False, timeout=30)
        answer.raise_for_status()


@dataclass(frozen=True, slots=True)
class Held:
    """A claim that a process held when it was killed."""

    job: int
    kind: str
    lane: str
    fence: int


class Recovery:
    """How long the jobs of killed processes waited until somebody claimed them again.

    The clock stands still while nobody could: PostgreSQL does not answer, or every worker of the job's lane was killed
    or frozen too. `longest_in_all` is by a clock that goes on.
    """

    def __init__(self, database: Database, *, is_served: Callable[[str], bool]) -> None:
        self._database = database
        self._is_served = is_served
        self._threads: list[threading.Thread] = []
        self.waits: list[tuple[float, str]] = []
        self.longest_in_all = 0.0
        self.never: list[str] = []

    def held_by(self, pids: Iterator[int]) -> list[Held]:
        """Return the claims of these processes; none if PostgreSQL is away."""
        endings = tuple(f":{pid}" for pid in pids)
        try:
            rows = self._database.rows(
                "SELECT id, kind, lane, fence, claimed_by FROM channels_app_channeljob"
                " WHERE claim_expires_at IS NOT NULL"
            )
        except psycopg2.Error:
            return []
        return [Held(r["id"], r["kind"], r["lane"], r["fence"]) for r in rows if r["claimed_by"].endswith(endings)]

    def watch(self, held: Sequence[Held]) -> None:
        for one in held:
            thread = threading.Thread(target=self._watch, args=(one,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    @property
    def longest(self) -> float:
        return round(max((seconds for seconds, _ in self.waits), default=0.0), 1)

    def _watch(self, held: Held) -> None:
        waited, began = 0.0, time.monotonic()
        last = began
        while waited < 60:
            time.sleep(0.1)
            now = time.monotonic()
            try:
                row = self._database.rows(
                    "SELECT fence, claim_expires_at FROM channels_app_channeljob WHERE id = %s", [held.job]
                )[0]
            except psycopg2.Error:
                last = now
                continue
            if self._is_served(held.lane):
                waited += now - last
            last = now
            if row["fence"] > held.fence:
                self.waits.append((round(waited, 1), held.kind))
                self.longest_in_all = max(self.longest_in_all, round(now - began, 1))
                return
            if row["claim_expires_at"] is None:
                return  # it had given the job back with its last breath
        self.never.append(f"{held.kind} job {held.job} was not claimed again within 60 s")

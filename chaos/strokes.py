"""The blows: kill -9, SIGSTOP beyond the lease, PostgreSQL and Valkey restarted hard, faults on and off."""

import contextlib
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable

import psutil
import redis

from chaos.schedule import FAULTS, Stroke
from chaos.watch import Claim, JobWatch
from smoke.marketplace import Marketplace
from smoke.stack import Stack

#: How long a hunt waits for a claim of its kind.
HUNT_SECONDS = 4.0


class Striker:
    """Strikes in a thread of its own as the schedule says; `count` tells what was struck."""

    def __init__(self, stack: Stack, marketplace: Marketplace, watch: JobWatch, *, seed: int) -> None:
        self._stack = stack
        self._marketplace = marketplace
        self._watch = watch
        self._seed = seed
        self._random = random.Random(f"hunt {seed}")
        #: Paused process groups, and when they wake; faults that are on, and until when.
        self._paused: dict[int, float] = {}
        self._faults: dict[str, float] = {}
        self._thread: threading.Thread | None = None
        self.count: Counter[str] = Counter()
        self.kills = 0
        self.failed = ""

    def start(self, strokes: Iterable[Stroke], *, began: float) -> None:
        self._thread = threading.Thread(target=self._run, args=(list(strokes), began), daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """The last blow has fallen, whoever was paused goes on, and no fault is on."""
        if self._thread:
            self._thread.join()
        for group in list(self._paused):
            self._wake(group)
        self._marketplace.remove_faults()

    def _run(self, strokes: list[Stroke], began: float) -> None:
        try:
            for stroke in strokes:
                while (left := began + stroke.at - time.monotonic()) > 0:
                    self._end_what_is_over()
                    time.sleep(min(left, 0.1))
                self._strike(stroke)
        except Exception as error:
            self.failed = f"striking failed: {type(error).__name__}: {error}"

    def _strike(self, stroke: Stroke) -> None:
        match stroke.kind:
            case "kill":
                self._kill_role(stroke.target)
            case "hunt":
                self._hunt(stroke.target)
            case "postgres":
                self._kill_role("postgres")
            case "valkey":
                self._flush()
                self._kill_role("valkey")
            case "pause":
                self._pause(stroke.target, stroke.seconds)
            case "fault":
                self._faults[stroke.target] = time.monotonic() + stroke.seconds
                self._marketplace.add_fault({"name": stroke.target, "seed": self._seed, **FAULTS[stroke.target]})
                self.count["fault"] += 1
        print(f"{time.strftime('%H:%M:%S')}  {stroke.kind} {stroke.target}", file=sys.stderr, flush=True)

    def _kill_role(self, role: str) -> None:
        pid = self._stack.pids().get(role)
        if pid and self._kill(pid):
            self.count[role] += 1

    def _hunt(self, kind: str) -> None:
        """A process that holds a claim of this kind at this very moment is killed, if one comes up in time."""
        until = time.monotonic() + HUNT_SECONDS
        while time.monotonic() < until:
            found = [claim for claim in self._watch.claims(kind=kind) if claim.pid not in self._paused]
            if found and self._kill(self._random.choice(found).pid):
                self.count[f"holder of {kind}"] += 1
                return
            self._end_what_is_over()
            time.sleep(0.02)

    def _kill(self, pid: int) -> bool:
        """Freeze the process and note which claims it holds, then kill it: what it held is what must run again."""
        held: list[Claim] = []
        try:
            if not _is_server(pid):
                pids = _family(pid)
                for one in pids:
                    os.kill(one, signal.SIGSTOP)
                held = self._watch.claims(pids=pids)
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        self._watch.struck(held, was_killed=True)
        self._paused.pop(pid, None)
        self.kills += 1
        return True

    def _pause(self, role: str, seconds: float) -> None:
        pid = self._stack.pids().get(role)
        if not pid or pid in self._paused:
            return
        try:
            os.killpg(pid, signal.SIGSTOP)
        except ProcessLookupError:
            return
        held: list[Claim] = self._watch.claims(pids=_family(pid))
        self._watch.struck(held, was_killed=False)
        self._paused[pid] = time.monotonic() + seconds
        self.count["pause"] += 1

    def _wake(self, group: int) -> None:
        del self._paused[group]
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGCONT)

    def _flush(self) -> None:
        with (
            contextlib.suppress(redis.RedisError),
            redis.Redis.from_url(self._stack.environment["REDIS_URL"]) as client,
        ):
            client.flushall()

    def _end_what_is_over(self) -> None:
        now = time.monotonic()
        for group in [group for group, wakes_at in self._paused.items() if wakes_at < now]:
            self._wake(group)
        for name in [name for name, until in self._faults.items() if until < now]:
            del self._faults[name]
            self._marketplace.remove_faults(name)


def is_served(stack: Stack, lane: str) -> bool:
    """Return whether a worker process of this lane is there and not paused."""
    roles = (f"worker-{lane}", f"worker-{lane}-2")
    return any(_runs(pid) for role, pid in stack.pids().items() if role in roles)


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() not in (psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.Error:
        return False


def _family(pid: int) -> list[int]:
    """Return the process and those it started: a pool's children hold the claims."""
    try:
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    except psutil.Error:
        return [pid]


def _is_server(pid: int) -> bool:
    """Say whether it is PostgreSQL or Valkey: frozen, neither could be asked."""
    try:
        return any(name in psutil.Process(pid).name() for name in ("postgres", "valkey"))
    except psutil.Error:
        return True

"""The work engine: claims due jobs one at a time, runs a bounded slice of each, and settles what came of it.

ChannelJob rows are the truth; messages only say "look". A claim is a lease by the database's clock with a fence that
rises: whoever holds an older fence can store no outcome any more. Losing workers, the broker, or running two beats
costs time and nothing else.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Value
from django.db.models.functions import Least

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.errors import ChannelError, OutcomeUnknown, TemporaryError
from channels_app.flows.claim_sql import CLAIMS
from channels_app.flows.connection import open_adapter
from channels_app.flows.jobs import job_is_wanted
from channels_app.flows.takeover import intents_become_unknown
from channels_app.models import Channel, ChannelJob, JobRun
from marketplace_integration import clock

log = logging.getLogger(__name__)

Row = TypeVar("Row")

LEASE_SECONDS = 10
HEARTBEAT_SECONDS = 3
#: A slice starts no new call after this.
SLICE_SECONDS = 10.0
#: A slice that is still running so long after its start, or after it last moved, has hung: its lease is no longer
#: renewed.
HARD_SECONDS = 40.0
JOBS_PER_CHANNEL = 2
#: In each lane: new listings that fill a host must not hold up a stock fall to the same host.
JOBS_PER_HOST = 4
#: Backoff after a failure: 5 s, 10 s, 20 s ... at most this.
LONGEST_BACKOFF_SECONDS = 120


def _this_process() -> str:
    """Name who claims; asked at the claim, since a prefork worker imports this before it forks."""
    return f"{socket.gethostname()}:{os.getpid()}"


class FenceLost(Exception):  # noqa: N818 - a fact, not a fault
    """Somebody else holds the job now: nothing more may be stored in its name."""


@dataclass(slots=True)
class Claim:
    """The right to run one slice of one job."""

    job_id: int
    kind: str
    channel: Channel
    fence: int
    cursor: str
    #: Business time of the slice.
    now: datetime
    interval_seconds: int
    started: float = field(default_factory=time.monotonic)
    counts: dict[str, int] = field(default_factory=dict)
    again_at: datetime | None = None
    #: Monotonic time of the last progress that `moving` saw.
    moved: float = 0.0

    def deadline(self) -> float:
        """Return the monotonic time at which the slice counts as hung; no HTTP call may outlast it."""
        return max(self.started, self.moved) + HARD_SECONDS

    def moving(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield `rows`; each that comes puts the deadline off. For what must be read to its end within one slice.

        Raises FenceLost if a row took so long that the slice counts as hung: its lease was no longer renewed.
        """
        for row in rows:
            now = time.monotonic()
            if now > self.deadline():
                raise FenceLost(f"{self.kind} of channel {self.channel.pk}: nothing moved for {HARD_SECONDS:.0f} s")
            self.moved = now
            yield row

    @contextmanager
    def at_length(self, seconds: float) -> Iterator[None]:
        """The deadline is put off by `seconds` until the end of the block, for a statement that cannot say it moves.

        A worker that dies in it loses its lease as fast as ever.
        """
        self.moved = time.monotonic() + seconds
        try:
            yield
        finally:
            self.moved = time.monotonic()

    def present(self) -> datetime:
        """Return the business time of this moment: that of the slice, and what has passed since."""
        return self.now + timedelta(seconds=time.monotonic() - self.started)

    def seconds_left(self) -> float:
        """Return the seconds in which the slice may still begin something."""
        return self.started + SLICE_SECONDS - time.monotonic()

    def count(self, **counts: int) -> None:
        """Add to what this run is said to have done; zeros are not worth a word."""
        for name, number in counts.items():
            if number:
                self.counts[name] = self.counts.get(name, 0) + number

    def run_again_at(self, when: datetime) -> None:
        """Ask for the next run at `when`, if that is sooner than its interval says."""
        self.again_at = min(self.again_at or when, when)

    @contextmanager
    def settling(self) -> Iterator[None]:
        """Open the one kind of transaction in which a flow stores outcomes; a cursor set inside is stored with them.

        Raises FenceLost, before anything is written, if the job has been taken over.
        """
        before, opened = self.cursor, time.monotonic()
        try:
            with transaction.atomic():
                self._lock()
                yield
                if self.cursor != before:
                    ChannelJob.objects.filter(pk=self.job_id).update(cursor=self.cursor)
                if time.monotonic() - opened > HEARTBEAT_SECONDS:
                    self._renew()
        except BaseException:
            self.cursor = before
            raise

    def _lock(self) -> None:
        """Nobody claims the job until this transaction ends. Who merely wakes it, or renews its lease, does not wait:
        a fan-out that waited here for one seller's long settling would hold up all the others.
        """
        with connection.cursor() as cursor:
            cursor.execute(_HOLD, [self.job_id, self.fence])
            if cursor.fetchone() is None:
                raise self._fence_lost()

    def _fence_lost(self) -> FenceLost:
        return FenceLost(f"{self.kind} of channel {self.channel.pk}: fence {self.fence} is old")

    def _renew(self) -> None:
        """The lease begins anew, committed with the outcome: a settling may have outlasted the slice's deadline, after
        which no heartbeat renews it.
        """
        self.moved = time.monotonic()
        with connection.cursor() as cursor:
            cursor.execute(_RENEW, [LEASE_SECONDS, self.job_id, self.fence])

    def settle(self, *, more: bool) -> None:
        """Give the job back after a slice that went well."""
        now, again = clock.now(), self.now if more else self.again_at
        told: dict[str, Any] = {"failures": 0, "blocked": False, "last_success_at": now}
        if again is not None:
            # A nudge that came in meanwhile has moved next_run_at forward: it stays due.
            told["next_run_at"] = Least(F("next_run_at"), Value(again))
        with transaction.atomic():
            self._release(JobRun.Outcome.DONE, now=now, **told)

    def settle_retry(self, error: TemporaryError) -> None:
        self._settle_failure(JobRun.Outcome.RETRY, error=str(error), delay=error.retry_after)

    def settle_unknown(self, error: OutcomeUnknown) -> None:
        """The next slice begins by looking; it does so soon."""
        self._settle_failure(JobRun.Outcome.UNKNOWN, error=str(error), delay=1)

    def settle_blocked(self, error: ChannelError) -> None:
        """The job waits for a person, unless one has mended it meanwhile: the slice ran with the old credentials."""
        self._settle_failure(JobRun.Outcome.BLOCKED, error=str(error), blocked=True)

    def settle_internal(self) -> None:
        error = "An internal error; it has been recorded and will be tried again."
        self._settle_failure(JobRun.Outcome.FAILED, error=error)

    def _settle_failure(
        self, outcome: JobRun.Outcome, *, error: str, delay: float | None = None, blocked: bool = False
    ) -> None:
        now = clock.now()
        with transaction.atomic():
            self._lock()
            # A slice that got something done before it failed is the first of a row: the channel is not away.
            before = 0 if self.counts else ChannelJob.objects.values_list("failures", flat=True).get(pk=self.job_id)
            if blocked and self._was_checked_since():
                outcome, blocked = JobRun.Outcome.RETRY, False
            failures = before + 1
            again = now + timedelta(seconds=_backoff(failures, delay))
            self._release(outcome, now=now, error=error, failures=failures, blocked=blocked, next_run_at=again)

    def _was_checked_since(self) -> bool:
        """Say whether the connection has passed a check since the slice began. Call it with the job locked, as whoever
        stores a check has locked it too.
        """
        return Channel.objects.filter(pk=self.channel.pk).exclude(checked_at=self.channel.checked_at).exists()

    def _release(self, outcome: JobRun.Outcome, *, now: datetime, error: str = "", **told: Any) -> None:
        """The job is free, with what it is told, and a run says what was done or failed. Call it in a transaction."""
        if not self.channel.is_running:
            self._lock()
            told["enabled"] = job_is_wanted(self.channel, self.kind)
        released = ChannelJob.objects.filter(pk=self.job_id, fence=self.fence).update(
            claimed_by="", claim_expires_at=None, last_run_at=now, last_error=error, **told
        )
        if not released:
            raise self._fence_lost()
        if self.counts or error:
            self._record(outcome, error=error, finished_at=now)

    def _record(self, outcome: JobRun.Outcome, *, error: str, finished_at: datetime) -> None:
        JobRun.objects.create(
            job_id=self.job_id,
            channel=self.channel,
            kind=self.kind,
            fence=self.fence,
            started_at=self.now,
            finished_at=finished_at,
            outcome=outcome,
            counts=self.counts,
            error=error,
        )


#: Runs one slice; returns whether more is waiting.
Flow = Callable[[Claim, ChannelAdapter], bool]


def _backoff(failures: int, asked: float | None) -> float:
    """Return the seconds to wait: as long as the channel asked for, else twice as long after each failure."""
    if asked is not None:
        return max(asked, 0.2)
    return min(5.0 * 2 ** min(failures - 1, 10), LONGEST_BACKOFF_SECONDS)


def claim_next(lane: str, *, now: datetime) -> Claim | None:
    """Claim the due job of `lane` that should run first, or return None. One commit; nothing else is locked by it."""
    row = _claim_row(lane, now=now)
    if row is None:
        return None
    job_id, kind, channel_id, fence, job_cursor, interval, left_intents = row
    if left_intents:
        # In a commit of its own: if we die before it, the next who claims finds them again.
        with transaction.atomic():
            intents_become_unknown(channel_id, kind, fence=fence)
    channel = Channel.objects.get(pk=channel_id)
    return Claim(
        job_id=job_id,
        kind=kind,
        channel=channel,
        fence=fence,
        cursor=job_cursor,
        now=now,
        interval_seconds=interval,
    )


def _claim_row(lane: str, *, now: datetime) -> tuple[Any, ...] | None:
    params: dict[str, Any] = {
        "lane": lane,
        "now": now,
        "worker": _this_process(),
        "lease": LEASE_SECONDS,
        "per_channel": JOBS_PER_CHANNEL,
        "per_host": JOBS_PER_HOST,
        "per_seller": max(settings.LANE_SLOTS[lane] // 2, 1),
    }
    with connection.cursor() as cursor:
        for statement in CLAIMS:
            cursor.execute(statement, params)
            row: tuple[Any, ...] | None = cursor.fetchone()
            if row is not None:
                return row
    return None


# A claim locks its row FOR UPDATE, which this excludes; updates of other columns than keys pass beside it.
_HOLD = "SELECT 1 FROM channels_app_channeljob WHERE id = %s AND fence = %s FOR KEY SHARE"
# A slice may settle, which gives the claim back, just before its heartbeat is told to stop: what nobody holds is not
# renewed.
_RENEW = (
    "UPDATE channels_app_channeljob SET claim_expires_at = clock_timestamp() + make_interval(secs => %s)"
    " WHERE id = %s AND fence = %s AND claim_expires_at IS NOT NULL"
)


@contextmanager
def heartbeat(claim: Claim) -> Iterator[None]:
    """Renew the lease while the slice runs, but never past its deadline: a hung job must lose its claim."""
    done = threading.Event()

    def beat() -> None:
        try:
            while not done.wait(HEARTBEAT_SECONDS) and time.monotonic() < claim.deadline():
                with connection.cursor() as cursor:
                    cursor.execute(_RENEW, [LEASE_SECONDS, claim.job_id, claim.fence])
        except Exception:
            log.warning("heartbeat.failed", exc_info=True, extra={"job": claim.job_id})
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name=f"heartbeat-{claim.job_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def run_slice(claim: Claim, flow: Flow) -> None:
    """Run one bounded slice of a claimed job; its outcome lands on the job's row."""
    try:
        more = flow(claim, open_adapter(claim.channel, deadline=claim.deadline))
    except FenceLost:
        raise
    except OutcomeUnknown as error:
        claim.settle_unknown(error)
    except TemporaryError as error:
        claim.settle_retry(error)
    except ChannelError as error:
        claim.settle_blocked(error)
    except Exception:
        claim.settle_internal()
        raise
    else:
        claim.settle(more=more)


def drain(
    lane: str, *, flows: Mapping[str, Flow], until: float, is_stopping: Callable[[], bool] = lambda: False
) -> int:
    """Run due jobs of `lane`, a slice at a time, until none is due or `until` (monotonic). Returns the slices run."""
    slices = 0
    while time.monotonic() < until and not is_stopping():
        claim = claim_next(lane, now=clock.now())
        if claim is None:
            break
        slices += 1
        try:
            with heartbeat(claim):
                run_slice(claim, flows[claim.kind])
        except FenceLost as error:
            log.info("slice.fence_lost", extra={"job": claim.job_id, "why": str(error)})
        except Exception:
            # The row says so already; the other jobs of the lane go on.
            log.exception("slice.failed", extra={"job": claim.job_id, "channel": claim.channel.pk})
    return slices


def due_lanes(*, now: datetime) -> dict[str, int]:
    """Return how many jobs are due in each lane, counted no further than twice its slots."""
    _wake_orphans(now=now)
    due: dict[str, int] = {}
    for lane, slots in settings.LANE_SLOTS.items():
        rows = ChannelJob.objects.filter(lane=lane, enabled=True, blocked=False, next_run_at__lte=now)
        due[lane] = len(rows.values_list("pk", flat=True)[: 2 * slots])
    return due


def _wake_orphans(*, now: datetime) -> None:
    """Jobs whose holder died are due now: the claim has moved their next run a whole interval away.

    A row that is locked has a holder that is alive and settles; the tick does not wait for it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE channels_app_channeljob SET next_run_at = %s WHERE id IN ("
            " SELECT id FROM channels_app_channeljob"
            " WHERE claim_expires_at < clock_timestamp() AND enabled AND NOT blocked AND next_run_at > %s"
            " FOR UPDATE SKIP LOCKED)",
            [now, now],
        )

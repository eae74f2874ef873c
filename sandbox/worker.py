"""The marketplace's back office: one thread that works on submissions, exports and errands when they are due."""

import logging
import threading

from sandbox.engine import errands, exports, submissions
from sandbox.engine.market import Market

logger = logging.getLogger(__name__)

_PAUSE_SECONDS = 0.05


def settle(market: Market) -> int:
    """Everything due by now has been worked on. Returns how many pieces of work there were."""
    done = 0
    while submissions.process_next(market) or exports.process_next(market) or errands.process_next(market):
        done += 1
    return done


class Worker:
    """Runs `settle` in a thread of its own whenever something may be due."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sandbox-worker", daemon=True)

    def start(self) -> None:
        """The thread runs."""
        self._thread.start()

    def stop(self) -> None:
        """The thread has ended; what it was doing is finished."""
        self._stopping.set()
        self._market.work_came_in.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._market.work_came_in.clear()
            try:
                settle(self._market)
                pause = _PAUSE_SECONDS if self._something_waits() else None
            except Exception:
                logger.exception("the sandbox could not work on a submission")
                pause = 1.0
            self._market.work_came_in.wait(pause)
            if pause is not None and not self._stopping.is_set():
                self._stopping.wait(_PAUSE_SECONDS / 10)

    def _something_waits(self) -> bool:
        """Whether anything becomes due by the passing of time alone."""
        with self._market.storage.reading() as db:
            row = db.execute(
                "SELECT EXISTS (SELECT 1 FROM submission WHERE due_at IS NOT NULL)"
                " OR EXISTS (SELECT 1 FROM export WHERE due_at IS NOT NULL)"
                " OR EXISTS (SELECT 1 FROM errand WHERE due_at IS NOT NULL)"
            ).fetchone()
        return bool(row[0])

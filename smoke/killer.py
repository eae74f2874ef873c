"""kill -9 for a process that holds a claim at that very moment, chosen by a seed."""

import contextlib
import os
import random
import signal
import threading
import time
from typing import Any

from smoke.stack import Stack

#: How long one strike may wait for a claim to come up, and how long it insists on its favourite.
WAIT_SECONDS = 90.0
FAVOURITE_SECONDS = 10.0


class Killer:
    """Strikes in the background, once each time it is told to; `kills` tells whom it hit."""

    def __init__(self, stack: Stack, *, seed: int = 20_170_306) -> None:
        self._stack = stack
        self._random = random.Random(seed)
        self._thread: threading.Thread | None = None
        self._failed = ""
        self.kills: list[dict[str, Any]] = []

    def strike(self, *kinds: str) -> None:
        """Begin to look for a claim of the first of these jobs, later of any; the process that holds it is killed."""
        self._thread = threading.Thread(target=self._strike, args=(kinds,), daemon=True)
        self._thread.start()

    def strike_is_over(self) -> bool:
        return self._thread is None or not self._thread.is_alive()

    def wait(self) -> None:
        """The strike has hit. Raises RuntimeError if no claim came up in time."""
        if self._thread:
            self._thread.join()
            self._thread = None
        if self._failed:
            raise RuntimeError(self._failed)

    def _strike(self, kinds: tuple[str, ...]) -> None:
        watch = self._stack.follower()
        started = time.monotonic()
        until = started + WAIT_SECONDS
        lets_by = self._random.randrange(2)  # not always the first claim that comes up
        try:
            while time.monotonic() < until:
                wanted = kinds[:1] if time.monotonic() < started + FAVOURITE_SECONDS else kinds
                found = [claim for claim in watch.ask("claims")["claims"] if claim["kind"] in wanted]
                if not found:
                    time.sleep(0.005)
                    continue
                if lets_by:
                    lets_by -= 1
                    continue
                claim = self._random.choice(found)
                if self._kill(claim, watch):
                    return
            self._failed = f"No claim of {', '.join(sorted(kinds))} came up within {WAIT_SECONDS:.0f} s."
        except Exception as error:
            self._failed = f"The strike failed: {error}"
        finally:
            watch.close()

    def _kill(self, claim: dict[str, Any], watch: Any) -> bool:
        """Freeze the process, look whether it still holds this very claim, and only then kill it."""
        pid = claim["pid"]
        try:
            os.kill(pid, signal.SIGSTOP)
        except ProcessLookupError:
            return False
        held = any(
            (now["job"], now["fence"], now["pid"]) == (claim["job"], claim["fence"], pid)
            for now in watch.ask("claims")["claims"]
        )
        if held:
            os.kill(pid, signal.SIGKILL)
            self.kills.append(claim)
            return True
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
        return False

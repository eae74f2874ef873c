"""One supervisor per data folder. The lock falls with the process that holds it, kill -9 included."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class AlreadyRunning(Exception):
    """Another supervisor looks after this data folder."""


@contextmanager
def only_supervisor(data: Path) -> Iterator[None]:
    """Inside the block nobody else supervises `data`. Raises AlreadyRunning at once; children do not inherit it."""
    data.mkdir(parents=True, exist_ok=True)
    with open(data / "supervisor.lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(str(data)) from None
        yield


@contextmanager
def one_at_a_time(file: Path) -> Iterator[None]:
    """Inside the block nobody else is in a block of the same file; waits for its turn."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(file, "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield

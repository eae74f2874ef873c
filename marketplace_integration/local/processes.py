"""What a process is, how to end it, and what an earlier, killed supervisor left running.

A pid alone says little: numbers are used again. A process is its pid together with the moment it started.
"""

import os
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

#: Every child, and whatever it starts, carries this variable with the data folder it works for.
MARKER = "MARKETPLACE_STACK"

#: Start times are compared with this much tolerance: some systems derive them from a clock that may be adjusted.
START_TOLERANCE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Identity:
    """One process, for good."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> "Identity":
        """The process that has this pid now. Raises psutil.NoSuchProcess."""
        return cls(pid, psutil.Process(pid).create_time())

    def find(self) -> psutil.Process | None:
        """The process if it still runs; None when it is gone, dead but not collected, or its pid is another's."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) <= START_TOLERANCE_SECONDS
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.Error:
            return None


def marked(data: Path) -> list[psutil.Process]:
    """Running processes whose environment says that they work for `data`, except ourselves."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(MARKER) == str(data):
                found.append(process)
        except (psutil.Error, OSError):
            continue  # not ours to read, or gone
    return found


def running_postgres(data: Path) -> psutil.Process | None:
    """The server that holds this PostgreSQL data folder, by PostgreSQL's own lock file."""
    try:
        pid, folder = (data / "postmaster.pid").read_text().split("\n", 2)[:2]
        process = psutil.Process(int(pid))
        return process if "postgres" in process.name() and Path(folder) == data else None
    except (OSError, ValueError, psutil.Error):
        return None


def end(processes: Iterable[psutil.Process], *, ask: signal.Signals = signal.SIGTERM, seconds: float) -> int:
    """None of them runs any more: asked first, killed after `seconds`. Returns how many had to be killed."""
    asked = list(processes)
    for process in asked:
        _send(process, ask)
    _, stubborn = psutil.wait_procs(asked, timeout=seconds)
    for process in stubborn:
        _send(process, signal.SIGKILL)
    psutil.wait_procs(stubborn, timeout=5)
    return len(stubborn)


def end_group(leader: int) -> None:
    """Kill what is left of a child's process group: pool processes whose parent is gone."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _send(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.Error:
        return

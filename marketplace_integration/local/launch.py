"""A whole stack from a script: what `make smoke` and the tests of the supervisor use.

    with launched(data=folder, clock_offset=31 * 86_400) as stack:
        stack.web, stack.sandbox        # addresses
        stack.manage("report", "--json")
        os.kill(stack.pid("worker-feeds"), signal.SIGKILL)

Leaving the block stops everything and keeps the data; launching again on the same folder goes on with it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from marketplace_integration.environment import ROOT, SETTINGS
from marketplace_integration.local.leftovers import read_run
from marketplace_integration.local.processes import Identity, end

#: Long enough for a first start on a slow machine; one that hangs is a failure.
STOP_SECONDS = 120

#: What a launched stack must not take over from its caller: it has servers and keys of its own.
FOREIGN = {setting.name for setting in SETTINGS} | {"DJANGO_SETTINGS_MODULE"}


class StackFailed(Exception):
    """It did not come up, or a command in it failed; the message holds what was printed."""


class RunningStack:
    """A stack that somebody launched, and its supervisor's process."""

    def __init__(self, process: subprocess.Popen[str], description: dict[str, Any]) -> None:
        self.process = process
        self.data = Path(description["data"])
        self.logs = Path(description["logs"])
        self.web: str = description["web"]
        self.sandbox: str = description["sandbox"]
        #: Settings to give to `manage.py`.
        self.settings: dict[str, str] = description["environment"]

    def pid(self, role: str) -> int:
        """The process that has this role now: postgres, valkey, sandbox, web, worker-<lane> or beat."""
        return int(read_run(self.data)["pids"][role])

    def is_alive(self, role: str) -> bool:
        """Whether the process that was last started for this role still runs."""
        return Identity(**read_run(self.data)["processes"][role]).find() is not None

    def manage(self, *arguments: str) -> str:
        """Run `manage.py` against this stack. Returns its standard output. Raises StackFailed."""
        result = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env={**_own_environment(), **self.settings},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise StackFailed(f"manage.py {' '.join(arguments)}:\n{result.stdout}{result.stderr}")
        return result.stdout

    def stop(self) -> None:
        """Nothing of it runs any more; the data is kept."""
        if self.process.poll() is None:
            end([psutil.Process(self.process.pid)], seconds=STOP_SECONDS)
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


def launch(*, data: Path, clock_offset: int = 0, seed: bool = False) -> RunningStack:
    """Start a stack on free ports with its data in `data`, and wait until it answers. Raises StackFailed.

    It ends with the calling process, should that be killed. As root, `data` must stand under a folder that everyone
    may enter (/var/tmp, /tmp): PostgreSQL runs as another user.
    """
    command = [sys.executable, "-m", "marketplace_integration.local", "up", "--json", "--with-parent"]
    command += ["--data", str(data), "--web-port", "0", "--clock-offset", str(clock_offset), *(["--seed"] * seed)]
    data.mkdir(parents=True, exist_ok=True)
    messages = data / "up.log"
    with open(messages, "w") as errors:
        process = subprocess.Popen(
            command, cwd=ROOT, env=_own_environment(), stdout=subprocess.PIPE, stderr=errors, text=True
        )
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        process.communicate()
        raise StackFailed(messages.read_text())
    return RunningStack(process, json.loads(line))


@contextmanager
def launched(*, data: Path, clock_offset: int = 0, seed: bool = False) -> Iterator[RunningStack]:
    """`launch`, and stop at the end of the block, whatever happens in it."""
    stack = launch(data=data, clock_offset=clock_offset, seed=seed)
    try:
        yield stack
    finally:
        stack.stop()


def _own_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in FOREIGN}

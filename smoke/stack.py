"""The product as processes: started with fresh data on free ports, restarted with another clock, stopped."""

import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent

START_SECONDS = 180.0
ANSWER_SECONDS = 60.0


_TRACE = "Traceback (most recent call last)"


class StackError(Exception):
    """The product did not start, or stopped answering; the message says where its logs are."""


class Stack:
    """One data folder, and the product running on it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.web = self.sandbox = ""
        #: Protocol -> address of the simulator that speaks it.
        self.simulators: dict[str, str] = {}
        self._environment: dict[str, str] = {}
        self._supervisor: subprocess.Popen[str] | None = None
        self._report: Follower | None = None

    @classmethod
    def fresh(cls, name: str = "smoke") -> Self:
        """Return a stack whose data folder is new; as root it lies where the database's own user can reach it."""
        folder = Path(tempfile.mkdtemp(prefix=f"marketplace-{name}-", dir="/var/tmp"))  # noqa: S108 - 0700, then 0755
        folder.chmod(0o755)
        return cls(folder / "data")

    def start(self, *more: str, clock_offset: int = 0, workers: int = 1, beats: int = 1, **environment: str) -> None:
        """Everything answers; `more` are further options of `up`. Raises StackError with the end of the log."""
        log = (self.data.parent / "supervisor.log").open("a")
        command = ["-m", "marketplace_integration.local", "up", "--json", "--with-parent"]
        self._supervisor = subprocess.Popen(
            [
                sys.executable,
                *command,
                "--data",
                str(self.data),
                "--web-port",
                "0",
                "--clock-offset",
                str(clock_offset),
                "--workers",
                str(workers),
                "--beats",
                str(beats),
                *more,
            ],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        line = _line_of(self._supervisor, START_SECONDS)
        if not line:
            self.stop()
            raise StackError(f"The product did not start: see {log.name}\n{Path(log.name).read_text()[-2000:]}")
        told = json.loads(line)
        self.web, self.sandbox, self._environment = told["web"], told["sandbox"], told["environment"]
        self.simulators = told["simulators"]
        self._report = Follower(self._popen)

    @property
    def environment(self) -> dict[str, str]:
        """The settings of the product's processes."""
        return dict(self._environment)

    def pids(self) -> dict[str, int]:
        """Return the processes by role, as the supervisor started them last."""
        pids: dict[str, int] = json.loads((self.data / "run.json").read_text())["pids"]
        return pids

    def stop(self) -> None:
        """Nothing of it runs any more; the data stays."""
        if self._report:
            self._report.close()
            self._report = None
        if self._supervisor:
            self._supervisor.terminate()
            try:
                self._supervisor.wait(timeout=120)
            except subprocess.TimeoutExpired:
                self._supervisor.kill()
                self._supervisor.wait()
            self._supervisor = None

    def last_errors(self) -> str:
        """Return the last traceback of each log, if there is any."""
        logs = {log.name: log.read_text(errors="replace") for log in sorted((self.data / "logs").glob("*.log"))}
        return "\n".join(
            f"{name}: {text[text.rindex(_TRACE) :][:4000]}" for name, text in logs.items() if _TRACE in text
        )

    def remove(self) -> None:
        """The data is gone too."""
        self.stop()
        shutil.rmtree(self.data.parent, ignore_errors=True)

    def manage(self, *arguments: str, **environment: str) -> str:
        """Run `manage.py` against this stack and return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env={**os.environ, **self._environment, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise StackError(f"manage.py {' '.join(arguments)}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def report(self, what: str = "all") -> dict[str, Any]:
        """Return our side's figures (`all`), with every SKU (`skus`), or the claims that are held now (`claims`)."""
        if self._report is None:
            raise StackError("The product does not run.")
        return self._report.ask(what)

    def follower(self) -> "Follower":
        """Return another `manage.py report --follow`, for a thread of its own."""
        return Follower(self._popen)

    def _popen(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "manage.py", "report", "--json", "--follow"],
            cwd=ROOT,
            env={**os.environ, **self._environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )


class Follower:
    """A `manage.py report` that stays, since starting one takes a second."""

    def __init__(self, start: Any) -> None:
        self._start = start
        self._process: subprocess.Popen[str] = start()

    def ask(self, what: str) -> dict[str, Any]:
        """Return the answer; a process that ended (its database was away) is replaced once."""
        for _ in range(2):
            line = self._ask(what)
            if line:
                answer: dict[str, Any] = json.loads(line)
                return answer
            self.close()
            self._process = self._start()
        raise StackError("manage.py report does not answer.")

    def close(self) -> None:
        self._process.kill()
        self._process.wait()

    def _ask(self, what: str) -> str:
        assert self._process.stdin
        try:
            self._process.stdin.write(what + "\n")
            self._process.stdin.flush()
        except (BrokenPipeError, OSError):
            return ""
        return _line_of(self._process, ANSWER_SECONDS)


def _line_of(process: subprocess.Popen[str], seconds: float) -> str:
    """Return the next line that the process prints, or "" if it ends or says nothing for so long."""
    lines: queue.Queue[str] = queue.Queue()
    stdout = process.stdout
    assert stdout
    threading.Thread(target=lambda: lines.put(stdout.readline()), daemon=True).start()
    try:
        return lines.get(timeout=seconds)
    except queue.Empty:
        return ""

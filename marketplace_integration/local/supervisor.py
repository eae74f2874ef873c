"""Children that are restarted when they die, and stopped in order."""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGTERM, Signals

import psutil

from marketplace_integration.local.places import Owner
from marketplace_integration.local.processes import Identity, end, end_group

#: A child that ran this long is well: its next death is answered at once again.
HEALTHY_SECONDS = 30
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30
LOG_LIMIT_BYTES = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to run under the name `role`, and how to stop it."""

    role: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    owner: Owner = field(default_factory=Owner)
    stop_signal: Signals = SIGTERM
    #: How long it may take to stop before it is killed.
    grace_seconds: float = 15


def pause_before_restart(failures: int) -> float:
    """Seconds to wait after the n-th death in a row: 0.5, 1, 2, .. 30."""
    return float(min(FIRST_PAUSE_SECONDS * 2 ** (failures - 1), LONGEST_PAUSE_SECONDS))


class Child:
    """One program and the process that now runs it, if any."""

    def __init__(self, program: Program, logs: Path, *, healthy_seconds: float = HEALTHY_SECONDS) -> None:
        self.program = program
        self._healthy_seconds = healthy_seconds
        self.log = logs / f"{program.role}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.identity: Identity | None = None
        self.failures = 0
        self._started = 0.0
        self._restart_at = 0.0

    def start(self) -> None:
        """The program runs, in a session of its own: a Ctrl-C in the terminal reaches the supervisor only."""
        self.log.touch(mode=0o600)
        with open(self.log, "ab") as output:
            self.process = subprocess.Popen(
                self.program.command,
                cwd=self.program.folder,
                env=dict(self.program.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                umask=0o077,
                **self.program.owner.popen_arguments(),
            )
        self._started = time.monotonic()
        try:
            self.identity = Identity.of(self.process.pid)
        except psutil.NoSuchProcess:
            self.identity = None

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def look_after(self) -> str | None:
        """Restart it when it is dead and its pause is over. Returns what there is to say, if anything."""
        now = time.monotonic()
        if self.is_running():
            if self.failures and now - self._started > self._healthy_seconds:
                self.failures = 0
            return None
        if self.process is not None:
            end_group(self.process.pid)
            code, self.process = self.process.returncode, None
            self.failures += 1
            pause = pause_before_restart(self.failures)
            self._restart_at = now + pause
            return f"{self.program.role} ended ({_reason(code)}), starts again in {pause:g} s; see {self.log}"
        if now >= self._restart_at:
            self.start()
        return None

    def keep_log_small(self) -> None:
        """A log over the limit moves aside; the child goes on writing to the emptied file."""
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT_BYTES:
            self.log.with_suffix(".log.1").write_bytes(self.log.read_bytes())
            with open(self.log, "r+b") as file:
                file.truncate(0)


class Supervisor:
    """All children of one stack. `changed` is called after each start, so that somebody can note the pids."""

    def __init__(
        self,
        logs: Path,
        *,
        say: Callable[[str], None],
        changed: Callable[[], None],
        healthy_seconds: float = HEALTHY_SECONDS,
    ) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self.children: dict[str, Child] = {}
        self._logs = logs
        self._say = say
        self._changed = changed
        self._healthy_seconds = healthy_seconds
        self._read_until: dict[str, int] = {}

    def start(self, program: Program) -> Child:
        """The program runs and is looked after from now on."""
        child = Child(program, self._logs, healthy_seconds=self._healthy_seconds)
        child.log.unlink(missing_ok=True)  # what an earlier run wrote is of no use beside this run's lines
        child.start()
        self.children[program.role] = child
        self._changed()
        return child

    def look_after_all(self) -> None:
        """One round: restart what died. Call it a few times a second."""
        for child in self.children.values():
            before = child.process
            message = child.look_after()
            if message:
                self._say(message)
            if child.process is not before:
                self._changed()
            child.keep_log_small()

    def stop_all(self) -> None:
        """Nothing runs any more. Last started, first stopped; those that only use the databases stop together."""
        servers = [role for role in ("valkey", "postgres") if role in self.children]
        self._stop([role for role in self.children if role not in servers])
        for role in servers:
            self._stop([role])
        self.children.clear()

    def identities(self) -> dict[str, Identity]:
        """The processes by role, as they are now."""
        return {role: child.identity for role, child in self.children.items() if child.identity}

    def new_log_lines(self) -> list[tuple[str, str]]:
        """(role, line) for each whole line the children wrote since the last call."""
        return [(role, line) for role, child in self.children.items() for line in self._read_on(role, child.log)]

    def _read_on(self, role: str, log: Path) -> list[str]:
        if not log.exists():
            return []
        position = self._read_until.get(role, 0)
        if position > log.stat().st_size:  # it was emptied meanwhile
            position = 0
        with open(log, "rb") as file:
            file.seek(position)
            lines = file.read().splitlines(keepends=True)
            if lines and not lines[-1].endswith(b"\n"):
                lines.pop()
        self._read_until[role] = position + sum(map(len, lines))
        return [line.decode(errors="replace").rstrip() for line in lines]

    def _stop(self, roles: Sequence[str]) -> None:
        children = [self.children[role] for role in roles if self.children[role].is_running()]
        grace = max((child.program.grace_seconds for child in children), default=0)
        for child in children:
            if child.process is not None:
                child.process.send_signal(child.program.stop_signal)
        deadline = time.monotonic() + grace
        while time.monotonic() < deadline and any(child.is_running() for child in children):
            time.sleep(0.05)
        late = [child.identity.find() for child in children if child.is_running() and child.identity]
        end([process for process in late if process], ask=Signals.SIGKILL, seconds=5)
        for child in children:
            if child.process is not None:
                child.process.wait()
                end_group(child.process.pid)


def _reason(code: int | None) -> str:
    if code is None:
        return "unknown"
    if code < 0:
        return f"killed by {Signals(-code).name}"
    return f"exit code {code}"

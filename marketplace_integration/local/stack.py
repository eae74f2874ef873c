"""Which processes make up the product on one machine, and what they are told."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from signal import SIGINT
from typing import Any

from marketplace_integration.environment import ROOT, SETTINGS
from marketplace_integration.local import ports
from marketplace_integration.local.places import Owner, database_owner
from marketplace_integration.local.postgres import Postgres
from marketplace_integration.local.processes import MARKER, Identity
from marketplace_integration.local.secrets import fresh_field_key, fresh_secret, kept_secret
from marketplace_integration.local.supervisor import HEALTHY_SECONDS, Program
from marketplace_integration.local.valkey import Valkey

DATABASE = "marketplace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the caller asked for."""

    data: Path
    #: First port to try for the web process; 0 for any. It is remembered with the data.
    web_port: int = 8000
    clock_offset: int = 0
    debug: bool = False
    #: Workers of each lane, and beats. More than one show what a machine of its own for each would.
    workers: int = 1
    beats: int = 1
    #: Real marketplaces to simulate, by the protocol that the sandbox speaks in their place.
    simulators: tuple[str, ...] = ()
    #: Further addresses (host:port) that channels may call, though they are private.
    allowed: tuple[str, ...] = ()
    #: A child that ran this long is well: its next death is answered at once again.
    healthy_seconds: float = HEALTHY_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Addresses, keys and programs of one data folder. Postgres or Valkey is None when the environment names one."""

    wishes: Wishes
    web_port: int
    sandbox_port: int
    #: Protocol -> port.
    simulator_ports: Mapping[str, int] = field(default_factory=dict)
    postgres: Postgres | None
    valkey: Valkey | None
    environment: Mapping[str, str] = field(repr=False)

    @property
    def web(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def sandbox(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"

    @property
    def simulators(self) -> dict[str, str]:
        """Protocol -> address."""
        return {name: f"http://127.0.0.1:{port}" for name, port in self.simulator_ports.items()}

    @property
    def logs(self) -> Path:
        return self.wishes.data / "logs"

    def child_environment(self) -> dict[str, str]:
        """What a process of ours finds in its environment: the caller's own, and our settings over it."""
        return {**os.environ, **self.environment, MARKER: str(self.wishes.data), "PYTHONUNBUFFERED": "1"}

    def servers(self) -> list[Program]:
        """PostgreSQL and Valkey, as far as they are ours."""
        environment = {MARKER: str(self.wishes.data), "PATH": os.environ.get("PATH", ""), "LC_ALL": "C"}
        programs = []
        if self.postgres:
            programs.append(
                Program(
                    role="postgres",
                    command=self.postgres.command(),
                    environment=environment,
                    folder=Path("/"),
                    owner=self.postgres.owner,
                    stop_signal=SIGINT,  # "fast": ends connections, writes its checkpoint
                    grace_seconds=60,
                )
            )
        if self.valkey:
            programs.append(
                Program(role="valkey", command=self.valkey.command(), environment=environment, folder=Path("/"))
            )
        return programs

    def sandbox_programs(self) -> list[Program]:
        """The marketplace in a box, and those that look like real ones: each a process with a file of its own."""
        return [
            self._sandbox("sandbox", self.sandbox_port),
            *(
                self._sandbox(f"sandbox-{name}", port, "--protocol", name)
                for name, port in self.simulator_ports.items()
            ),
        ]

    def _sandbox(self, role: str, port: int, *protocol: str) -> Program:
        data = self.wishes.data / f"{role}.sqlite3"
        arguments = ("--host", "127.0.0.1", "--port", str(port), "--data", str(data))
        return self._python(role, "sandbox", *arguments, *protocol)

    def programs(self) -> list[Program]:
        """Everything else, in the order in which it starts."""
        gunicorn = (
            *("marketplace_integration.wsgi", "--bind", f"127.0.0.1:{self.web_port}", "--no-control-socket"),
            *("--worker-class", "gthread", "--workers", "1", "--threads", "8", "--timeout", "60"),
            *("--graceful-timeout", "10", "--worker-tmp-dir", str(self.wishes.data)),
            *(["--reload"] if self.wishes.debug else []),
        )
        threads = ("--pool", "threads", "--concurrency", "8")
        processes = ("--pool", "prefork", "--concurrency", "2")
        pools = {"urgent": threads, "orders": threads, "feeds": threads, "bulk": processes}
        beat = ("beat", "--scheduler", "celery.beat:Scheduler", "--pidfile", "")
        return [
            self._python("web", "gunicorn", *gunicorn),
            *(
                self._worker(lane + mark, lane, *pool)
                for lane, pool in pools.items()
                for mark in _marks(self.wishes.workers)
            ),
            *(self._celery(f"beat{mark}", *beat) for mark in _marks(self.wishes.beats)),
        ]

    def _worker(self, name: str, lane: str, *pool: str) -> Program:
        quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
        return self._celery(f"worker-{name}", "worker", "--queues", lane, "--hostname", f"{name}@%h", *pool, *quiet)

    def _celery(self, role: str, *arguments: str) -> Program:
        return self._python(role, "celery", "--quiet", "--app", "marketplace_integration", *arguments)

    def _python(self, role: str, module: str, *arguments: str) -> Program:
        return Program(
            role=role,
            command=[sys.executable, "-m", module, *arguments],
            environment=self.child_environment(),
            folder=ROOT,
        )


def _marks(count: int) -> list[str]:
    """What the names of several of a kind end in: nothing, "-2", "-3" ..."""
    return ["" if number == 1 else f"-{number}" for number in range(1, count + 1)]


def build(wishes: Wishes, *, given: Mapping[str, str]) -> Stack:
    """The stack for a data folder: ports and keys are made on the first call and kept. `given` is the environment."""
    data = wishes.data
    owner = database_owner()
    data.mkdir(parents=True, exist_ok=True)
    if owner.uid is not None:
        data.chmod(0o755)  # the database's user must pass through; what is secret in it has mode 0600
    kept = _kept_ports(data, wishes)
    postgres = None if given.get("DATABASE_URL") else _postgres(data, kept["postgres"], owner)
    valkey = None if given.get("REDIS_URL") else Valkey(port=kept["valkey"], password=_secret(data, "valkey_password"))
    simulators = {name: kept[f"sandbox-{name}"] for name in wishes.simulators}
    ours = [f"127.0.0.1:{port}" for port in (kept["sandbox"], *simulators.values())]
    addresses = {
        "DATABASE_URL": postgres.url(DATABASE) if postgres else given["DATABASE_URL"],
        "REDIS_URL": valkey.url if valkey else given["REDIS_URL"],
        "SANDBOX_URL": f"http://127.0.0.1:{kept['sandbox']}",
        "OUTBOUND_ALLOWED_HOSTS": ",".join([*ours, *wishes.allowed]),
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
    }
    keys = {
        "SECRET_KEY": _secret(data, "secret_key"),
        "FIELD_KEYS": kept_secret(data / "field_keys", fresh_field_key()),
    }
    manner = {"DEBUG": str(int(wishes.debug)), "HTTPS_ONLY": "0", "LOG_FORMAT": "console"}
    chosen = {setting.name: given[setting.name] for setting in SETTINGS if setting.name in given}
    environment = {**addresses, **keys, **manner, **chosen, "CLOCK_OFFSET_SECONDS": str(wishes.clock_offset)}
    return Stack(
        wishes=wishes,
        web_port=kept["web"],
        sandbox_port=kept["sandbox"],
        simulator_ports=simulators,
        postgres=postgres,
        valkey=valkey,
        environment=environment,
    )


def describe(stack: Stack, identities: Mapping[str, Identity]) -> dict[str, Any]:
    """Everything a script needs to use the stack: addresses, pids by role, environment for `manage.py`."""
    return {
        "data": str(stack.wishes.data),
        "logs": str(stack.logs),
        "web": stack.web,
        "sandbox": stack.sandbox,
        "simulators": stack.simulators,
        "supervisor": asdict(Identity.of(os.getpid())),
        "pids": {role: identity.pid for role, identity in identities.items()},
        "processes": {role: asdict(identity) for role, identity in identities.items()},
        "environment": dict(stack.environment),
    }


def write_private(path: Path, content: Mapping[str, Any]) -> None:
    """`path` holds `content` as JSON, readable by its owner only; a reader sees the old or the new, never a half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    building = path.with_name(f"{path.name}.{os.getpid()}")
    building.touch(mode=0o600)
    building.write_text(json.dumps(content, indent=1))
    building.replace(path)


def _postgres(data: Path, port: int, owner: Owner) -> Postgres:
    return Postgres(folder=data / "postgres", port=port, password=_secret(data, "postgres_password"), owner=owner)


def _secret(data: Path, name: str) -> str:
    return kept_secret(data / name, fresh_secret())


def _kept_ports(data: Path, wishes: Wishes) -> dict[str, int]:
    """The ports of the last run where they are still free: stored sandbox addresses stay good."""
    file = data / "ports.json"
    kept: dict[str, int] = json.loads(file.read_text()) if file.is_file() else {}
    for name in ("web", "sandbox", "postgres", "valkey", *(f"sandbox-{one}" for one in wishes.simulators)):
        if name not in kept or not ports.is_free(kept[name]):
            kept[name] = ports.any_free()
    if wishes.web_port:
        kept["web"] = ports.free_from(wishes.web_port)
    file.write_text(json.dumps(kept))
    return kept

"""The real Mercur or Medusa on this machine: installed from npm into a cache, started on a database that is new."""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import httpx
import psycopg2
from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT

from marketplace_integration.local.places import Owner, database_owner
from marketplace_integration.local.ports import any_free
from marketplace_integration.local.postgres import Postgres

HERE = Path(__file__).resolve().parent
KINDS = ("mercur", "medusa")
OPERATOR, OPERATOR_PASSWORD = "operator@live.example", "the-operators-password"

_NODE_NEEDED = (20, 19)
_INSTALL_SECONDS = 1200
_START_SECONDS = 180
_PASSWORD = "of-a-throw-away-database"  # noqa: S105


class CannotRun(Exception):
    """There is no such server to be had here; the message says what is missing."""


def cache() -> Path:
    """Return the folder, outside the repository, in which the packages are kept from one run to the next."""
    given = os.environ.get("LIVE_CACHE")
    return Path(given) if given else Path.home() / ".cache" / "marketplace-integration-live"


def check_node() -> str:
    """Return Node's version. Raises CannotRun if it is missing or too old."""
    node, npm = shutil.which("node"), shutil.which("npm")
    needed = ".".join(map(str, _NODE_NEEDED))
    if not node or not npm:
        raise CannotRun(f"The live test needs Node.js {needed} or newer, with npm, from your system or nodejs.org.")
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    numbers = tuple(int(part) for part in re.findall(r"\d+", told)[:2])
    if numbers < _NODE_NEEDED:
        raise CannotRun(f"The live test needs Node.js {needed} or newer; this is {told}.")
    return told


class Server:
    """One server with a database of its own. `start` may be called again after `kill` or `stop`: the data stays."""

    def __init__(self, kind: str, *, sign_in_lasts: str = "1d") -> None:
        self.kind = kind
        self.install_seconds = 0.0
        self.port = any_free()
        self._sign_in_lasts = sign_in_lasts
        source = HERE / kind
        mark = hashlib.sha256((source / "package.json").read_bytes()).hexdigest()[:10]
        self._code = cache() / f"{kind}-{mark}"
        self._folder = Path(tempfile.mkdtemp(prefix=f"live-{kind}-", dir="/var/tmp"))  # noqa: S108 - 0700, then 0755
        self._folder.chmod(0o755)
        self._owner: Owner = database_owner()
        self._database = Postgres(
            folder=self._folder / "postgres", port=any_free(), password=_PASSWORD, owner=self._owner, careless=True
        )
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self._folder / "server.log"

    def prepare(self) -> None:
        """The packages are installed, the database is filled, the operator can sign in."""
        check_node()
        self._install()
        self._start_database()
        self._medusa("db:migrate", "--execute-safe-links")
        self._medusa("user", "-e", OPERATOR, "-p", OPERATOR_PASSWORD)

    def start(self) -> None:
        """It answers. Raises CannotRun with the end of its log."""
        log = self.log.open("ab")
        self._processes["server"] = subprocess.Popen(
            [*_CLI, "start", "-p", str(self.port), "-H", "127.0.0.1"],
            cwd=self._code,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until and self._processes["server"].poll() is None:
            if self._answers():
                return
            time.sleep(0.25)
        raise CannotRun(f"{self.kind} did not start:\n{self.log.read_text(errors='replace')[-3000:]}")

    def kill(self) -> None:
        """It is gone without a word, as after kill -9."""
        server = self._processes.pop("server")
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()

    def close(self) -> None:
        """Nothing of it runs any more, and its data is gone."""
        if "server" in self._processes:
            self.kill()
        database = self._processes.pop("database", None)
        if database:
            database.send_signal(signal.SIGQUIT)
            database.wait(timeout=30)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _install(self) -> None:
        shutil.copytree(HERE / self.kind, self._code, dirs_exist_ok=True)
        installed = self._code / ".installed"
        if installed.exists():
            return
        began = time.monotonic()
        self._run(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error"], seconds=_INSTALL_SECONDS)
        self.install_seconds = round(time.monotonic() - began, 1)
        installed.touch()

    def _start_database(self) -> None:
        self._database.prepare()
        log = (self._folder / "postgres.log").open("ab")
        process = subprocess.Popen(
            self._database.command(),
            cwd="/",
            stdout=log,
            stderr=log,
            start_new_session=True,
            **self._owner.popen_arguments(),
        )
        self._processes["database"] = process
        self._database.wait_until_ready(is_alive=lambda: process.poll() is None)
        connection = psycopg2.connect(self._database.url("postgres"))
        connection.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
        with connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE shop")
        connection.close()

    def _medusa(self, *arguments: str) -> None:
        self._run([*_CLI, *arguments], seconds=_INSTALL_SECONDS)

    def _run(self, command: list[str], *, seconds: int) -> None:
        done = subprocess.run(
            command, cwd=self._code, env=self._environment(), capture_output=True, timeout=seconds, check=False
        )
        if done.returncode:
            words = (done.stdout + done.stderr).decode(errors="replace")[-3000:]
            raise CannotRun(f"{' '.join(command[:3])} failed in {self._code}:\n{words}")

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "DATABASE_URL": self._database.url("shop"),
            "JWT_EXPIRES": self._sign_in_lasts,
            "NODE_ENV": "production",
            "MEDUSA_DISABLE_TELEMETRY": "1",
            "DO_NOT_TRACK": "1",
        }

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", timeout=5, trust_env=False).is_success
        except httpx.HTTPError:
            return False


_CLI = ("node", "node_modules/@medusajs/cli/cli.js")

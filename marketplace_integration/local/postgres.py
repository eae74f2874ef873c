"""One PostgreSQL server: how its data is prepared, how it is started, when it is ready."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg2
from psycopg2 import sql

from marketplace_integration.local.binaries import postgres_bin
from marketplace_integration.local.places import Owner

USER = "marketplace"

#: Modest values for one machine that also runs everything else.
TUNING = {
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "min_wal_size": "256MB",
    "max_connections": "150",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "checkpoint_completion_target": "0.9",
    "wal_compression": "on",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
}

#: For tests only: what is written need not survive a power cut.
CARELESS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres:
    """A server whose data lives in `folder`/data and which listens on 127.0.0.1:`port` only."""

    folder: Path
    port: int
    password: str
    owner: Owner
    careless: bool = False

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, database: str) -> str:
        """A DATABASE_URL."""
        return f"postgres://{USER}:{quote(self.password)}@127.0.0.1:{self.port}/{database}"

    def prepare(self) -> bool:
        """The data folder is there and nothing stale keeps the server from starting. Returns whether it is new."""
        if (self.data / "PG_VERSION").is_file():
            self._remove_stale_lock()
            return False
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.owner.owns(self.folder)
        building = self.folder / "building"  # renamed when complete: a start that was cut short leaves no half
        shutil.rmtree(building, ignore_errors=True)
        password_file = self.folder / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(self.password)
        self.owner.owns(password_file)
        try:
            self._initdb(building, password_file)
        finally:
            password_file.unlink()
        building.rename(self.data)
        return True

    def command(self) -> list[str]:
        """The server in the foreground."""
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            **TUNING,
            **(CARELESS if self.careless else {}),
        }
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [str(postgres_bin() / "postgres"), "-D", str(self.data), *settings]

    def wait_until_ready(self, *, seconds: float = 60, is_alive: Callable[[], bool] = lambda: True) -> None:
        """It answers. Raises TimeoutError with the last refusal; recovery after a crash may take a while."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                psycopg2.connect(self.url("postgres"), connect_timeout=2).close()
            except psycopg2.OperationalError as error:
                if time.monotonic() > deadline or not is_alive():
                    raise TimeoutError(f"PostgreSQL does not answer on port {self.port}: {error}") from error
                time.sleep(0.05)
            else:
                return

    def ensure_database(self, name: str) -> None:
        """A database of that name exists."""
        connection = psycopg2.connect(self.url("postgres"))
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
                if cursor.fetchone() is None:
                    cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        finally:
            connection.close()

    def drop_database(self, name: str) -> None:
        """There is no database of that name, whoever was connected to it."""
        connection = psycopg2.connect(self.url("postgres"))
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        finally:
            connection.close()

    def _initdb(self, target: Path, password_file: Path) -> None:
        # The built-in locale sorts and folds case the same on every machine, whatever the system has installed.
        command = [
            str(postgres_bin() / "initdb"),
            *("-D", str(target), "-U", USER, "-A", "scram-sha-256", "-E", "UTF8"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
            f"--pwfile={password_file}",
            *(["--no-sync"] if self.careless else []),
        ]
        result = subprocess.run(
            command, cwd="/", capture_output=True, text=True, check=False, **self.owner.popen_arguments()
        )
        if result.returncode != 0:
            raise RuntimeError(f"initdb failed:\n{result.stdout}\n{result.stderr}")

    def _remove_stale_lock(self) -> None:
        """PostgreSQL clears the lock of a dead server itself, but not when its pid went to another program since."""
        lock = self.data / "postmaster.pid"
        try:
            pid = int(lock.read_text().split("\n", 1)[0])
            name = psutil.Process(pid).name()
        except (OSError, ValueError, psutil.Error):
            return
        if "postgres" not in name and pid != os.getpid():
            lock.unlink(missing_ok=True)

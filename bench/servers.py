"""The PostgreSQL and the Valkey that benchmarks run on, and the databases that they are given."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psycopg2
from psycopg2 import sql

from marketplace_integration.environment import ROOT
from marketplace_integration.local.places import Owner, database_owner, home
from marketplace_integration.local.ports import any_free
from marketplace_integration.local.postgres import Postgres
from marketplace_integration.local.secrets import fresh_field_key, fresh_secret, kept_secret
from marketplace_integration.local.valkey import Valkey

SQL = Path(__file__).with_name("catalogue.sql")

#: The database that a case works on.
DATABASE = "bench"


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """Both servers run; catalogues are made once and copied for each case."""

    folder: Path
    postgres: Postgres
    valkey: Valkey
    #: Where a case may run a sandbox: our processes may call this private address.
    sandbox_port: int

    def environment(self, database: str = DATABASE) -> dict[str, str]:
        """What a process of ours needs in its environment to work on `database`."""
        return {
            "DATABASE_URL": self.postgres.url(database),
            "REDIS_URL": self.valkey.url,
            "SECRET_KEY": kept_secret(self.folder / "secret_key", fresh_secret()),
            "FIELD_KEYS": kept_secret(self.folder / "field_keys", fresh_field_key()),
            "SANDBOX_URL": f"http://127.0.0.1:{self.sandbox_port}",
            "OUTBOUND_ALLOWED_HOSTS": f"127.0.0.1:{self.sandbox_port}",
            "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
            "HTTPS_ONLY": "0",
            "LOG_LEVEL": "WARNING",
            "LOG_FORMAT": "console",
            "CLOCK_OFFSET_SECONDS": "0",
        }

    def describe(self) -> str:
        """Return what another process needs to speak to these servers; see `described`."""
        return json.dumps(
            {
                "folder": str(self.folder),
                "port": self.postgres.port,
                "password": self.postgres.password,
                "valkey_port": self.valkey.port,
                "valkey_password": self.valkey.password,
                "sandbox_port": self.sandbox_port,
            }
        )

    @classmethod
    def described(cls, text: str) -> Self:
        """Return the servers that another process started and described."""
        told = json.loads(text)
        folder = Path(told["folder"])
        owner = database_owner()
        return cls(
            folder=folder,
            postgres=Postgres(folder=folder / "postgres", port=told["port"], password=told["password"], owner=owner),
            valkey=Valkey(port=told["valkey_port"], password=told["valkey_password"]),
            sandbox_port=told["sandbox_port"],
        )

    def fresh_database(self, n: int, name: str = DATABASE) -> None:
        """`name` is a copy of the catalogue of `n` items, which is made first if it is not there."""
        template = f"catalogue_{n}_{_version()}"
        if not self._exists(template):
            self._make_catalogue(template, n)
        self.drop(name)
        self._execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )

    def drop(self, name: str) -> None:
        """There is no such database."""
        self.postgres.drop_database(name)

    def _make_catalogue(self, template: str, n: int) -> None:
        building = f"{template}_building"  # renamed when complete
        self.drop(building)
        self.postgres.ensure_database(building)
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"],
            cwd=ROOT,
            env={**os.environ, **self.environment(building)},
            check=True,
        )
        connection = psycopg2.connect(self.postgres.url(building))
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('bench.n', %s, false)", [str(n)])
                cursor.execute(SQL.read_text())
                cursor.execute("VACUUM (ANALYZE)")
        finally:
            connection.close()
        self._execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(building), sql.Identifier(template))
        )

    def _exists(self, database: str) -> bool:
        connection = psycopg2.connect(self.postgres.url("postgres"))
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
                return cursor.fetchone() is not None
        finally:
            connection.close()

    def _execute(self, statement: sql.Composable) -> None:
        connection = psycopg2.connect(self.postgres.url("postgres"))
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
        finally:
            connection.close()


@contextmanager
def running_servers() -> Iterator[Servers]:
    """PostgreSQL and Valkey run until the end of the block; the catalogues are kept for the next time."""
    folder = home() / "bench"
    folder.mkdir(exist_ok=True)
    owner = database_owner()
    if owner.uid is not None:
        folder.chmod(0o755)
    postgres = Postgres(
        folder=folder / "postgres",
        port=any_free(),
        password=kept_secret(folder / "postgres_password", fresh_secret()),
        owner=owner,
    )
    valkey = Valkey(port=any_free(), password=fresh_secret())
    postgres.prepare()
    servers = [_start(postgres.command(), owner, folder / "postgres.log")]
    try:
        postgres.wait_until_ready(is_alive=lambda: servers[0].poll() is None)
        servers.append(_start(valkey.command(), Owner(), folder / "valkey.log"))
        valkey.wait_until_ready()
        yield Servers(folder=folder, postgres=postgres, valkey=valkey, sandbox_port=any_free())
    finally:
        for server in reversed(servers):
            server.send_signal(2)
            server.wait(timeout=120)


def _version() -> str:
    """Name what catalogues are made of: a template of other tables or other rows must not serve."""
    sources = [SQL, *sorted(ROOT.glob("*/migrations/*")), *sorted(ROOT.glob("inventory/*.sql"))]
    content = b"".join(file.read_bytes() for file in sources if file.is_file())
    return hashlib.sha256(content).hexdigest()[:8]


def forget_catalogues() -> None:
    """Nothing is kept for the next time."""
    shutil.rmtree(home() / "bench", ignore_errors=True)


def _start(command: list[str], owner: Owner, log: Path) -> subprocess.Popen[bytes]:
    with open(log, "ab") as output:
        return subprocess.Popen(
            command, cwd="/", stdout=output, stderr=output, start_new_session=True, **owner.popen_arguments()
        )

"""What every test may rely on: throw-away PostgreSQL and Valkey, started when the first test needs them."""

import gc
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.conf import settings
from django.test import TransactionTestCase

from channels_app.nudges import nudge_fan_out
from inventory.signals import changed
from marketplace_integration.local.places import Owner, database_owner
from marketplace_integration.local.postgres import Postgres
from marketplace_integration.local.valkey import Valkey
from tests.emptying import can_empty, empty_tables

PREFIX = "marketplace-tests-"
NUDGE = "channels_app.nudge_fan_out"

#: A test that uses one of these fixtures, or is marked so, may talk to servers on this machine; others to none.
LOCAL_FIXTURES = {"live_server", "valkey", "sandbox_server", "sandbox", "stack"}
LOCAL_MARKS = ("local_servers", "browser", "journey", "stack")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        uses = LOCAL_FIXTURES & set(getattr(item, "fixturenames", ()))
        if uses or any(item.get_closest_marker(name) for name in LOCAL_MARKS):
            item.add_marker(pytest.mark.allow_hosts(["127.0.0.1", "localhost", "::1"]))


def pytest_collection_finish() -> None:
    """What was imported and collected stays until the end: no garbage collection need go through it again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """With CI set, a browser test that is skipped counts as failed: nobody would notice that it never ran."""
    outcome: Any = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("CI") and item.get_closest_marker("browser"):
        report.outcome = "failed"
        report.longrepr = f"Skipped, which does not count as passed when CI is set: {report.longrepr}"


@pytest.fixture(autouse=True)
def nudges_stay_home() -> Iterator[None]:
    """A commit in a test wakes no worker: there is none, and a test runs the jobs it means itself."""
    changed.disconnect(dispatch_uid=NUDGE)
    yield
    changed.connect(nudge_fan_out, dispatch_uid=NUDGE)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(postgres: None) -> None:
    """pytest-django asks this before it makes the test database."""


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The test database stands, and a test that commits leaves it empty in milliseconds."""
    with django_db_blocker.unblock():
        quickly = can_empty()
    with pytest.MonkeyPatch.context() as patch:
        if quickly:
            patch.setattr(TransactionTestCase, "_fixture_teardown", empty_tables)
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[None]:
    """A PostgreSQL server runs where the settings say, without fsync; it is gone after the last test."""
    if os.environ.get("TEST_DATABASE_URL"):
        yield
        return
    _sweep_killed_sessions()
    owner = database_owner()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    folder.chmod(0o755)
    server = Postgres(
        folder=folder / "postgres",
        port=settings.TEST_POSTGRES_PORT,
        password=settings.TEST_PASSWORD,
        owner=owner,
        careless=True,
    )
    server.prepare()
    process = _start(server.command(), owner, folder / "postgres.log")
    try:
        server.wait_until_ready(is_alive=lambda: process.poll() is None)
        yield
    finally:
        _stop(process, quickly=True)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def valkey() -> Iterator[str]:
    """A Valkey server runs where the settings say. Gives its address."""
    if os.environ.get("TEST_REDIS_URL"):
        yield settings.REDIS_URL
        return
    server = Valkey(port=settings.TEST_REDIS_PORT, password=settings.TEST_PASSWORD)
    process = _start(server.command(), Owner(), None)
    try:
        server.wait_until_ready()
        yield server.url
    finally:
        _stop(process, quickly=False)


def _start(command: list[str], owner: Owner, log: Path | None) -> subprocess.Popen[bytes]:
    with open(log or os.devnull, "wb") as output:
        return subprocess.Popen(
            command, cwd="/", stdout=output, stderr=output, start_new_session=True, **owner.popen_arguments()
        )


def _stop(process: subprocess.Popen[bytes], *, quickly: bool) -> None:
    """End it. PostgreSQL's immediate shutdown skips the last checkpoint, which throw-away data does not need."""
    if quickly:
        process.send_signal(3)
    else:
        process.terminate()
    process.wait(timeout=20)


def _sweep_killed_sessions() -> None:
    """Servers and folders of test sessions that were killed are removed; sessions that still run are left alone."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        session = folder.name.removeprefix(PREFIX).split("-")[0]
        if session.isdigit() and psutil.pid_exists(int(session)):
            continue
        for process in psutil.process_iter(["cmdline"]):
            if str(folder) in " ".join(process.info["cmdline"] or []):
                process.terminate()
        shutil.rmtree(folder, ignore_errors=True)

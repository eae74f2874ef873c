"""The real thing: a whole stack, from which processes are killed. Slow, so there is one test."""

import os
import shutil
import signal
import tempfile
import time
from pathlib import Path

import httpx
import psutil
import pytest

from marketplace_integration.local.launch import launched
from marketplace_integration.local.processes import marked, running_postgres

COUNT = "from django.contrib.auth.models import User; print(User.objects.count())"
ADD = "from django.contrib.auth.models import User; User.objects.create(username='kept')"


@pytest.fixture
def data():
    folder = Path(tempfile.mkdtemp(prefix="marketplace-stack-"))
    yield folder
    shutil.rmtree(folder)


@pytest.mark.stack
def test_a_stack_comes_back_with_its_data_after_its_database_and_then_everything_was_killed(data):
    with launched(data=data) as stack:
        stack.manage("shell", "--verbosity", "0", "--command", ADD)
        database = stack.pid("postgres")
        os.kill(database, signal.SIGKILL)
        wait_for(lambda: stack.pid("postgres") != database and answers(stack.web))
        for pid in [stack.process.pid, stack.pid("postgres"), *(process.pid for process in marked(data))]:
            kill(pid)

    with launched(data=data, clock_offset=86_400) as again:
        assert answers(again.web)
        assert again.sandbox == stack.sandbox
        assert again.manage("shell", "--verbosity", "0", "--command", COUNT).strip() == "1"
    assert marked(data) == []
    assert running_postgres(data / "postgres" / "data") is None


def answers(web: str) -> bool:
    try:
        return httpx.get(f"{web}/healthz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def kill(pid: int) -> None:
    try:
        psutil.Process(pid).kill()
    except psutil.NoSuchProcess:
        return


def wait_for(condition) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not happen within a minute"
        time.sleep(0.2)

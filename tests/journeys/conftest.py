"""A seller with a browser, the site, and a marketplace in a process of its own. Workers are run by hand."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from django.contrib.auth.models import User

from channels_app.adapters.redis_client import shared_redis
from channels_app.flows import engine, fan_out
from channels_app.flows.dispatch import FLOWS
from channels_app.models import ChannelJob
from inventory.models import Seller
from marketplace_integration import clock
from marketplace_integration.environment import ROOT
from marketplace_integration.local.ports import any_free
from smoke.browser import Browser
from smoke.marketplace import Marketplace
from tests.factories import make_seller, make_user

START_SECONDS = 30
ROUND_SECONDS = 0.1
WAIT_SECONDS = 30


@pytest.fixture
def sandbox_server(tmp_path: Path, settings: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The sandbox runs. Gives its address, which channels may call."""
    port = any_free()
    address = f"http://127.0.0.1:{port}"
    monkeypatch.setattr(settings, "SANDBOX_URL", address, raising=False)
    monkeypatch.setattr(settings, "OUTBOUND_ALLOWED_HOSTS", [f"127.0.0.1:{port}"], raising=False)
    arguments = ["--port", str(port), "--data", str(tmp_path / "sandbox.sqlite3")]
    environment = {"PATH": os.environ["PATH"], "CLOCK_OFFSET_SECONDS": "0"}
    process = subprocess.Popen([sys.executable, "-m", "sandbox", *arguments], cwd=ROOT, env=environment)
    try:
        _wait_until_it_answers(address, process)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture
def marketplace(sandbox_server: str) -> Iterator[Marketplace]:
    """The marketplace from behind: buyers buy, and what it shows."""
    control = Marketplace(sandbox_server)
    yield control
    control.close()


@pytest.fixture
def shop(valkey: str, transactional_db: None) -> Seller:
    """A seller without items."""
    shared_redis().flushdb()
    return make_seller("acme")


@pytest.fixture
def owner(shop: Seller) -> User:
    return make_user("owner@example.com", seller=shop)


@pytest.fixture
def browser(live_server: object, owner: User) -> Iterator[Browser]:
    """The owner's browser, signed in by the page."""
    made = Browser(str(live_server))
    page = made.open("/sign-in/")
    made.submit(page, page.form(with_field="password"), {"username": owner.username, "password": "a-test-password"})
    yield made
    made.close()


@pytest.fixture
def workers() -> Callable[..., None]:
    """Run everything that is due, as beat and the workers do, until `done` is true."""

    def run(done: Callable[[], bool]) -> None:
        until = time.monotonic() + WAIT_SECONDS
        while not done():
            assert time.monotonic() < until, f"still not so: {list(ChannelJob.objects.values('kind', 'last_error'))}"
            fan_out.fan_out(now=clock.now())
            for lane in ChannelJob.Lane.values:
                engine.drain(lane, flows=FLOWS, until=time.monotonic() + 10)
            time.sleep(ROUND_SECONDS)

    return run


def _wait_until_it_answers(address: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            httpx.get(address, timeout=2, trust_env=False)
        except httpx.TransportError:
            assert process.poll() is None, "the sandbox has ended"
            assert time.monotonic() < until, "the sandbox does not answer"
            time.sleep(0.05)
        else:
            return

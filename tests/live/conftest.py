"""Tests against a real server: `make live-test` starts one, and LIVE_SERVER names the file that describes it.

Without it they are not there: a hundred skipped tests would hide one that should not be.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from channels_app.adapters.medusa.adapter import MedusaAdapter
from channels_app.adapters.redis_client import shared_redis
from tests.adapters.medusa.world import MedusaWorld
from tests.live.backoffice import BackOffice

collect_ignore_glob = [] if os.environ.get("LIVE_SERVER") else ["test_*.py"]


@pytest.fixture(scope="session")
def office() -> Iterator[BackOffice]:
    made = BackOffice.load(Path(os.environ["LIVE_SERVER"]))
    yield made
    made.close()


@pytest.fixture
def world(office: BackOffice, valkey: str) -> Iterator[MedusaWorld]:
    shared_redis().flushdb()
    login = office.logins[0]
    made = MedusaWorld(
        office,
        settings={"flavour": login.flavour, "base_url": login.base_url, "email": login.email},
        secret=login.secret,
        server=httpx.HTTPTransport(trust_env=False),
    )
    yield made
    made.close()


@pytest.fixture
def adapter(world: MedusaWorld) -> MedusaAdapter:
    return world.open()

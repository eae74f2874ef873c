"""The contract against a real server: only where LIVE_SERVER names a file that describes one (see serve.py)."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from channels_app.adapters.medusa.adapter import MedusaAdapter
from channels_app.adapters.redis_client import shared_redis
from tests.live.backoffice import BackOffice
from tests.live.world import LiveWorld


@pytest.fixture(scope="session")
def office() -> Iterator[BackOffice]:
    made = BackOffice.load(Path(os.environ["LIVE_SERVER"]))
    yield made
    made.close()


@pytest.fixture
def world(office: BackOffice, valkey: str) -> Iterator[LiveWorld]:
    shared_redis().flushdb()
    made = LiveWorld(office)
    yield made
    made.close()


@pytest.fixture
def adapter(world: LiveWorld) -> MedusaAdapter:
    return world.open()

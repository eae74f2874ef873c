"""bol.com's adapter against the simulated bol.com: what every adapter promises."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.bol.adapter import BolAdapter
from channels_app.adapters.redis_client import shared_redis
from channels_app.adapters.types import ContentLine
from tests.adapters.contract import AdapterContract
from tests.adapters.contract.world import plain_content
from tests.adapters.simulated_world import SimulatedWorld


class BolWorld(SimulatedWorld):
    protocol = "bol"
    adapter_class = BolAdapter
    settings = {"base_url": "http://bol.example", "client_id": "seller", "minimum_days": 1, "maximum_days": 2}
    good_secrets = {"client_secret": "a-secret-of-the-contract"}
    bad_secrets = {"client_secret": "bad"}
    currency = "EUR"
    prices = ("1.00", "10.00", "1234.56", "9999.00")
    tells_ship_by = False

    def content_that_lacks_something(self, sku: str) -> ContentLine:
        return plain_content(sku, currency=self.currency)


@pytest.fixture
def world(tmp_path: Path, valkey: str) -> Iterator[BolWorld]:
    shared_redis().flushdb()
    made = BolWorld(tmp_path / "bol.sqlite3")
    yield made
    made.close()


@pytest.fixture
def adapter(world: BolWorld) -> ChannelAdapter:
    return world.open()


class TestBol(AdapterContract):
    credential_fields = {"client_id", "client_secret"}

"""Mirakl's adapter against the simulated operator: what every adapter promises."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.mirakl.adapter import MiraklAdapter
from channels_app.adapters.redis_client import shared_redis
from channels_app.adapters.types import ContentLine
from tests.adapters.contract import AdapterContract
from tests.adapters.contract.world import plain_content
from tests.adapters.simulated_world import SimulatedWorld


class MiraklWorld(SimulatedWorld):
    protocol = "mirakl"
    adapter_class = MiraklAdapter
    settings = {"base_url": "http://operator.example", "offer_state": "11", "product_id_type": "EAN"}
    good_secrets = {"api_key": "4f2b9c1e-key-of-the-contract"}
    bad_secrets = {"api_key": "bad"}
    currency = "EUR"
    category, attributes = "MUGS", {"colour": "blue"}

    def content_that_lacks_something(self, sku: str) -> ContentLine:
        return plain_content(sku, currency=self.currency)


class WithParcels(MiraklWorld):
    """An operator that has switched on multi-shipment."""

    settings = {**MiraklWorld.settings, "multi_shipment": True}


@pytest.fixture(params=[MiraklWorld, WithParcels], ids=["one parcel", "several parcels"])
def world(request: pytest.FixtureRequest, tmp_path: Path, valkey: str) -> Iterator[SimulatedWorld]:
    shared_redis().flushdb()
    made = request.param(tmp_path / "operator.sqlite3")
    yield made
    made.close()


@pytest.fixture
def adapter(world: MiraklWorld) -> ChannelAdapter:
    return world.open()


class TestMirakl(AdapterContract):
    credential_fields = {"api_key"}

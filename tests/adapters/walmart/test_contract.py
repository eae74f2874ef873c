"""Walmart's adapter against the simulated Walmart: what every adapter promises."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.redis_client import shared_redis
from channels_app.adapters.types import Capability, ContentLine, Kind, Outcome
from channels_app.adapters.walmart import exports
from channels_app.adapters.walmart.adapter import WalmartAdapter
from channels_app.adapters.walmart.submissions import FEW
from tests.adapters.contract import AdapterContract
from tests.adapters.contract.world import (
    World,
    exported,
    listed,
    offer,
    offer_kinds,
    plain_content,
    send,
    withdrawal,
)
from tests.adapters.simulated_world import SimulatedWorld


class WalmartWorld(SimulatedWorld):
    protocol = "walmart"
    adapter_class = WalmartAdapter
    settings = {
        "base_url": "http://walmart.example",
        "client_id": "seller",
        "item_spec_version": "5.0.20260826-17_15_31-api",
    }
    good_secrets = {"client_secret": "a-secret-of-the-contract"}
    bad_secrets = {"client_secret": "bad"}
    category, attributes = "Mugs", {"Material": "Ceramic", "count per pack": "1"}

    def content(self, sku: str, *, price: str, quantity: int) -> ContentLine:
        line = super().content(sku, price=price, quantity=quantity)
        return replace(line, images=("https://img.example/a.jpg",))

    def content_that_lacks_something(self, sku: str) -> ContentLine:
        return plain_content(sku, currency=self.currency)


@pytest.fixture
def world(tmp_path: Path, valkey: str) -> Iterator[WalmartWorld]:
    shared_redis().flushdb()
    made = WalmartWorld(tmp_path / "walmart.sqlite3")
    yield made
    made.close()


@pytest.fixture
def adapter(world: WalmartWorld) -> ChannelAdapter:
    return world.open()


class TestWalmart(AdapterContract):
    credential_fields = {"client_id", "client_secret"}


def test_an_account_too_large_to_be_listed_is_read_from_reports(
    world: World, adapter: ChannelAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "LISTED_AT_MOST", 1)
    listed(adapter, world, "R-1", "R-2", price="10.50", quantity=3)

    export, rows = exported(adapter, world)

    assert {"report_item", "report_inventory", "report_file"} <= world.operations
    assert export.complete
    assert {sku: (row.price, row.quantity) for sku, row in rows.items()} == {
        "R-1": (Decimal("10.50"), 3),
        "R-2": (Decimal("10.50"), 3),
    }


def test_many_lines_go_as_feeds(world: World, adapter: ChannelAdapter) -> None:
    skus = [f"F-{number}" for number in range(FEW + 1)]
    listed(adapter, world, *skus)
    offers = [offer(world, sku, "USD", price="9.25", quantity=3) for sku in skus]

    for kind in offer_kinds(adapter):
        assert set(send(adapter, world, kind, offers).outcomes().values()) == {Outcome.ACCEPTED}
    _, shown = exported(adapter, world)
    ended = send(adapter, world, Kind.WITHDRAW, [withdrawal(world, sku) for sku in skus])

    assert {"feed_inventory", "feed_price_and_promotion", "feed_retire_item"} <= world.operations
    assert {(row.price, row.quantity) for row in shown.values()} == {(Decimal("9.25"), 3)}
    assert set(ended.outcomes().values()) == {Outcome.ACCEPTED}
    assert exported(adapter, world)[1] == {}


def test_a_key_without_access_to_returns_gives_a_channel_without_them(
    world: WalmartWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Capability.RETURNS in world.open().check_connection().capabilities

    monkeypatch.setattr(WalmartWorld, "settings", {**world.settings, "client_id": "no-returns"})
    for key in shared_redis().scan_iter("token:*"):
        shared_redis().delete(key)
    facts = world.open().check_connection()

    assert Capability.RETURNS not in facts.capabilities
    assert facts.return_decisions == ()

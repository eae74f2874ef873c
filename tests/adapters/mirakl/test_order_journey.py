"""The engine and the adapter at the simulated operator: from a buyer's order to money given back, with answers lost."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from channels_app.adapters.errors import OutcomeUnknown
from channels_app.adapters.mirakl.returns import COMPLIANT
from channels_app.adapters.redis_client import shared_redis
from channels_app.adapters.types import PaymentStatus
from channels_app.flows.connection import facts_as_json
from channels_app.flows.decide_return import ReturnDecision, decide_return
from channels_app.flows.fulfil import record_shipment, refund_lines
from channels_app.flows.fulfil_rules import RefundLine
from channels_app.models import Order, Return
from inventory.models import Item
from tests.adapters.contract.world import listed
from tests.adapters.mirakl.test_contract import MiraklWorld
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]


@dataclass
class Shop:
    """A seller's channel at the operator, and one mug that is on sale there."""

    rig: Rig
    world: MiraklWorld
    mug: Item
    sold: str = ""

    def order(self) -> Order:
        return self.rig.order(self.sold)

    def tick(self, seconds: float = 90) -> None:
        """Time passes for both."""
        self.world.passes(seconds)
        self.world.settle()
        self.rig.now = self.world.now()

    def sends_though_the_answer_is_lost(self) -> None:
        """What waits is sent, and done; nobody hears of it until it is looked for."""
        self.world.has("lost", on_write=1)
        with pytest.raises(OutcomeUnknown):
            self.rig.send()
        self.tick()
        self.rig.send()


@pytest.fixture
def shop(rig: Rig, tmp_path: Path, valkey: str) -> Iterator[Shop]:
    shared_redis().flushdb()
    world: Any = MiraklWorld(tmp_path / "operator.sqlite3")
    adapter = world.open()
    rig.adapter, rig.now = adapter, world.now()
    rig.channel.adapter_key, rig.channel.facts = "mirakl", facts_as_json(adapter.check_connection())
    rig.channel.testing_started_at = world.began_at
    rig.channel.save()
    mug = rig.item("MUG-1", on_hand=10)
    listed(adapter, world, "MUG-1", quantity=10)
    yield Shop(rig, world, mug)
    world.close()


@pytest.fixture
def shipped(shop: Shop) -> Shop:
    """Two mugs were bought, accepted, paid and shipped; every answer on the way was lost."""
    shop.sold = shop.world.has_order("MUG-1", 2)
    shop.rig.download()
    shop.sends_though_the_answer_is_lost()
    shop.rig.download()
    record_shipment(
        shop.order(),
        key=uuid.uuid4(),
        lines={shop.order().lines.get().pk: 2},
        carrier_code="UPS",
        tracking_number="1Z999",
        shipped_at=shop.rig.now,
        actor=shop.rig.owner,
        now=shop.rig.now,
    )
    shop.sends_though_the_answer_is_lost()
    return shop


def test_an_order_holds_its_stock_until_it_is_paid_and_may_ship(shop):
    shop.sold = shop.world.has_order("MUG-1", 2)
    shop.rig.download()
    assert (shop.order().payment_status, shop.rig.stock(shop.mug)) == (PaymentStatus.PENDING, (10, 2))

    shop.rig.send()
    shop.tick()
    shop.rig.download()

    assert shop.rig.commands("accept") == ["confirmed"]
    assert shop.order().payment_status == PaymentStatus.CLEARED
    assert shop.order().ship_to["country"]


def test_what_was_done_though_the_answer_was_lost_is_done_once(shipped):
    shipped.rig.download()

    assert (shipped.rig.commands("accept"), shipped.rig.commands("ship")) == (["confirmed"], ["confirmed"])
    assert shipped.world.shipped(shipped.sold) == 2
    assert (shipped.order().shipping_status, shipped.order().attention) == (Order.Shipping.SHIPPED, "")
    assert shipped.rig.stock(shipped.mug) == (8, 0)


def test_money_is_given_back_once_though_the_answer_was_lost(shipped):
    line = shipped.order().lines.get()
    refund_lines(
        shipped.order(),
        key=uuid.uuid4(),
        lines=[RefundLine(line_id=line.pk, quantity=1, amount=Decimal("4.50"))],
        reason_code="21",
        restock=False,
        actor=shipped.rig.owner,
        now=shipped.rig.now,
    )

    shipped.sends_though_the_answer_is_lost()

    assert shipped.rig.commands("refund") == ["confirmed"]
    assert shipped.world.refunded(shipped.sold) == Decimal("4.50")


def test_what_came_back_is_told_though_the_answer_was_lost_and_no_money_goes_by_itself(shipped):
    shipped.world.sends_back(shipped.sold, "MUG-1", 1)
    shipped.rig.download_returns()
    came_back = Return.objects.get()
    decide_return(
        came_back,
        key=uuid.uuid4(),
        decisions={came_back.lines.get().pk: ReturnDecision(code=COMPLIANT, quantity=1)},
        restock=True,
        actor=shipped.rig.owner,
        now=shipped.rig.now,
    )

    shipped.sends_though_the_answer_is_lost()

    assert shipped.rig.commands("return") == ["confirmed"]
    assert shipped.rig.stock(shipped.mug) == (9, 0)
    assert (shipped.order().attention, shipped.world.refunded(shipped.sold)) == ("", 0)

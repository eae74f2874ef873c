"""The world over the little Medusa in memory."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from channels_app.adapters.medusa.adapter import MedusaAdapter
from channels_app.adapters.redis_client import shared_redis
from tests.adapters.medusa.double import SECRET, Double
from tests.adapters.medusa.world import MedusaWorld


class DoubleOffice:
    """What a test can do at the little Medusa."""

    def __init__(self, double: Double) -> None:
        self._double = double

    def clear(self) -> None:
        """It is new."""

    def occupy(self, sku: str) -> None:
        self._double.skus_of_others.add(sku)

    def place(self, sku: str, quantity: int) -> str:
        return self._double.orders.buy(sku, quantity)

    def shipped(self, number: str) -> int:
        return sum(line["detail"]["shipped_quantity"] for line in self._double.orders.rows[number]["items"])

    def refunded(self, number: str) -> Decimal:
        (payment,) = self._double.orders.rows[number]["payment_collections"][0]["payments"]
        return sum((Decimal(str(refund["amount"])) for refund in payment["refunds"]), Decimal(0))


@pytest.fixture(params=["mercur", "medusa"])
def double(request: Any) -> Double:
    return Double(request.param)


@pytest.fixture
def world(double: Double, valkey: str) -> Iterator[MedusaWorld]:
    shared_redis().flushdb()
    settings = {"flavour": double.kind, "base_url": "http://market", "email": "alpha@market.example"}
    office = DoubleOffice(double)
    made = MedusaWorld(office, settings=settings, secret=SECRET, server=httpx.MockTransport(double))
    yield made
    made.close()


@pytest.fixture
def adapter(world: MedusaWorld) -> MedusaAdapter:
    return world.open()

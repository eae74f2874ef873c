"""A seller at the pages, the marketplace in memory at the far end, and workers that run when a step says so."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User

from channels_app.adapters import registry
from channels_app.flows import activate
from channels_app.models import Channel
from inventory.models import Item, Seller
from marketplace_integration import clock
from tests.browser.journeys.workers import Shop, Workers
from tests.factories import make_label, make_seller, make_user
from tests.fakes import MARKETS, FakeMarket
from tests.flows.marketplace import EVERYTHING, make_ready_channel, support

__all__ = ["support"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "journeys" in item.path.parts and "browser" in item.path.parts:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture
def market(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeMarket]:
    """The account of the seller at the marketplace; its client id is `north`."""
    monkeypatch.setattr(registry, "adapters", lambda: {Shop.key: Shop})
    market = FakeMarket(capabilities=set(EVERYTHING), account_id="north")
    MARKETS["north"] = market
    yield market
    del MARKETS["north"]


@pytest.fixture
def workers(market: FakeMarket, monkeypatch: pytest.MonkeyPatch) -> Workers:
    monkeypatch.setattr(settings, "CLOCK_OFFSET_SECONDS", 0)  # it moves, and goes back at the end
    return Workers(market)


@pytest.fixture
def seller(db: None) -> Seller:
    return make_seller("nordlicht", name="Nordlicht Outdoor", time_zone="Europe/Berlin")


@pytest.fixture
def owner(seller: Seller) -> User:
    return make_user("ada@nordlicht.example", seller=seller)


@pytest.fixture
def begin(seller: Seller, owner: User, workers: Workers) -> Callable[..., Channel]:
    """Give a deed: a channel that lists these items is activated, and a few minutes pass. Takes fields of a channel."""

    def begin(*items: Item, **fields: Any) -> Channel:
        label = make_label(seller, "Outdoor", items=list(items))
        switches: dict[str, Any] = {"listings_on": True, "orders_on": True}
        channel = make_ready_channel(seller, items=[], label=label, **switches | fields)
        activate.activate(channel, actor=owner, now=clock.now())
        workers.run(minutes=2)
        return channel

    return begin

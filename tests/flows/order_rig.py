"""A channel on the marketplace in memory, and its order jobs run by hand: for tests of orders, commands, reconciler."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from channels_app.adapters.types import Capability
from channels_app.flows.commands import send_commands
from channels_app.flows.engine import Claim
from channels_app.flows.orders import download_orders
from channels_app.flows.returns import download_returns
from channels_app.models import Channel, ChannelJob, Command, Order, OrderLine
from inventory.models import Item, Seller, Stock
from tests.factories import FACTS, NOW, make_channel, make_item, make_job, make_label, make_seller, make_user
from tests.fakes import FakeAdapter, FakeMarket

#: What most listings of these tests cost.
PRICE = Decimal("10.00")
ALL = set(Capability) - {Capability.FULFILLMENTS_REQUIRED}


@dataclass
class Rig:
    """One seller, one channel, one marketplace."""

    seller: Seller
    owner: User
    channel: Channel
    market: FakeMarket
    adapter: FakeAdapter
    now: datetime = NOW

    def item(self, sku: str = "MUG-1", *, on_hand: int = 10, **fields: Any) -> Item:
        return make_item(self.seller, sku, on_hand=on_hand, **fields)

    def claim(self, kind: str) -> Claim:
        """Return the right to run a slice, as the engine hands it out."""
        job = ChannelJob.objects.filter(channel=self.channel, kind=kind).first() or make_job(self.channel, kind)
        job.fence += 1
        job.save()
        self.channel = Channel.objects.select_related("seller", "label").get(pk=self.channel.pk)
        return Claim(
            job_id=job.pk,
            kind=kind,
            channel=self.channel,
            fence=job.fence,
            cursor=job.cursor,
            now=self.now,
            interval_seconds=60,
        )

    def download(self) -> Claim:
        claim = self.claim("orders")
        download_orders(claim, self.adapter)
        return claim

    def download_returns(self) -> Claim:
        claim = self.claim("returns")
        download_returns(claim, self.adapter)
        return claim

    def send(self) -> Claim:
        claim = self.claim("commands")
        send_commands(claim, self.adapter)
        return claim

    def wait(self, **span: float) -> None:
        self.now += timedelta(**span)
        self.market.now = self.now

    def order(self, remote_id: str) -> Order:
        return Order.objects.select_related("channel").get(channel=self.channel, remote_id=remote_id)

    def line(self, remote_id: str, number: int = 1) -> OrderLine:
        return OrderLine.objects.get(order__remote_id=remote_id, remote_id=f"{remote_id}-{number}")

    def stock(self, item: Item) -> tuple[int, int]:
        """Return on hand and reserved, over all locations."""
        rows = list(Stock.objects.filter(item=item))
        return sum(row.on_hand for row in rows), sum(row.reserved for row in rows)

    def commands(self, kind: str) -> list[str]:
        """Return the states of the commands of a kind, in order."""
        return list(Command.objects.filter(kind=kind).order_by("id").values_list("state", flat=True))

    def can(self, *capabilities: Capability) -> None:
        """The connection can do these things, and no others."""
        self.market.capabilities = set(capabilities)
        self.channel.facts = FACTS | {"capabilities": [c.value for c in capabilities]}
        self.channel.save(update_fields=["facts"])


@pytest.fixture
def rig(db: None) -> Rig:
    seller = make_seller()
    label = make_label(seller)
    channel = make_channel(
        seller, label=label, adapter_key="fake", facts=FACTS | {"capabilities": [c.value for c in ALL]}
    )
    market = FakeMarket(capabilities=set(ALL), account_id=channel.account_id, now=NOW)
    return Rig(seller, make_user(seller=seller), channel, market, FakeAdapter.of(market))

"""One seller, one label, one channel on a marketplace in memory; jobs run by hand, at a time the test chooses."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from channels_app.adapters.types import Capability
from channels_app.flows import feed, results
from channels_app.flows.engine import Claim
from channels_app.flows.fan_out import fan_out
from channels_app.flows.takeover import intents_become_unknown
from channels_app.models import Channel, ChannelJob, FeedLine, Listing, PendingChange
from inventory import labels
from inventory.models import Item, Label, Reason, Stock
from inventory.stock import Movement, default_location, record_movements
from tests.factories import NOW, make_channel, make_item, make_job, make_label, make_seller
from tests.fakes import FakeAdapter, FakeMarket

Kind = ChannelJob.Kind
FLOWS: dict[str, Callable[..., bool]] = {
    Kind.OFFERS: feed.send_offers,
    Kind.CONTENT: feed.send_content,
    Kind.RESULTS: results.poll_submissions,
}


class Rig:
    """Things a seller and the clock do, and what then stands where."""

    def __init__(self, *, slug: str = "acme", ordered: bool = False, **fields: Any) -> None:
        self.now = NOW
        self.seller = make_seller(slug)
        self.location = default_location(self.seller)
        self.label = make_label(self.seller)
        self.market = FakeMarket(account_id=f"shop-of-{slug}")
        if ordered:
            self.market.capabilities.add(Capability.ORDERED_SUBMISSIONS)
        self.adapter: FakeAdapter = FakeAdapter.of(self.market)
        self.channel = self.make_channel(self.label, **fields)

    def make_channel(self, label: Label, **fields: Any) -> Channel:
        facts = {"capabilities": [c.value for c in self.market.capabilities]}
        defaults: dict[str, Any] = {"adapter_key": "fake", "label": label, "orders_on": False, "facts": facts}
        channel = make_channel(self.seller, **defaults | fields)
        for kind in FLOWS:
            make_job(channel, kind, interval_seconds=FakeAdapter.intervals[kind])
        return channel

    # The seller

    def has_item(self, sku: str, *, on_hand: int = 0, label: Label | None = None, **fields: Any) -> Item:
        """An item with stock exists, on the channel's label or another."""
        item = make_item(self.seller, sku, on_hand=on_hand, **fields)
        labels.add_items(label or self.label, [item.pk], actor=None, now=self.now)
        return item

    def has_items(self, *skus: str, on_hand: int = 5) -> list[Item]:
        return [self.has_item(sku, on_hand=on_hand) for sku in skus]

    def moves(self, item: Item, on_hand: int = 0, *, reserved: int = 0) -> None:
        """Stock moves by so much."""
        movement = Movement(
            item_id=item.pk,
            location_id=self.location.pk,
            on_hand_delta=on_hand,
            reserved_delta=reserved,
            reason=Reason.ADJUSTED,
            key=uuid4(),
        )
        record_movements([movement], now=self.now)

    def sets(self, item: Item, on_hand: int) -> None:
        """Stock becomes so much."""
        row = Stock.objects.filter(item=item, location=self.location).first()
        self.moves(item, on_hand - (row.on_hand if row else 0))

    def prices(self, item: Item, price: str) -> None:
        Item.objects.filter(pk=item.pk).update(price=Decimal(price))

    def retitles(self, item: Item, title: str) -> None:
        Item.objects.filter(pk=item.pk).update(title=title)

    def unlabels(self, *items: Item) -> None:
        labels.remove_items(self.label, [item.pk for item in items], actor=None, now=self.now)

    def labels(self, *items: Item) -> None:
        labels.add_items(self.label, [item.pk for item in items], actor=None, now=self.now)

    # The clock and the jobs

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.market.now = self.now

    def spread(self) -> None:
        """All changes have reached the channels' pending changes."""
        while fan_out(now=self.now):
            pass

    def claim(self, kind: str, channel: Channel | None = None) -> Claim:
        """Claim a job as the engine does."""
        channel = Channel.objects.get(pk=(channel or self.channel).pk)
        job = ChannelJob.objects.get(channel=channel, kind=kind)
        job.fence += 1
        job.next_run_at = self.now + timedelta(seconds=job.interval_seconds)
        job.save()
        intents_become_unknown(channel.pk, kind, fence=job.fence)
        return Claim(
            job_id=job.pk,
            kind=kind,
            channel=channel,
            fence=job.fence,
            cursor="",
            now=self.now,
            interval_seconds=job.interval_seconds,
        )

    def run(self, kind: str, channel: Channel | None = None) -> Claim:
        """Run slices of one job until nothing more is waiting; errors come out as the adapter raised them."""
        while True:
            claim = self.claim(kind, channel)
            if not FLOWS[kind](claim, self.adapter):
                return claim

    def send(self) -> None:
        """Changes spread, and both feeds ran."""
        self.spread()
        self.run(Kind.OFFERS)
        self.run(Kind.CONTENT)

    def settle(self, rounds: int = 12) -> None:
        """Everything ran, again and again, until nothing is left to do."""
        for _ in range(rounds):
            self.send()
            self.later(20)
            self.run(Kind.RESULTS)
            if not self.is_busy():
                return

    def is_busy(self) -> bool:
        due = PendingChange.objects.filter(held=False)
        return due.exists() or FeedLine.objects.filter(state__in=["pending", "sent", "unknown"]).exists()

    # What stands where

    def listing(self, sku: str) -> Listing:
        return Listing.objects.get(channel=self.channel, sku=sku)

    def lines(self, sku: str) -> list[tuple[str, str]]:
        """Return (kind, state) of every line of the SKU, in order."""
        return list(FeedLine.objects.filter(sku=sku).order_by("pk").values_list("kind", "state"))

    def pending(self, channel: Channel | None = None) -> dict[str, int]:
        """Return the pending changes: SKU to urgency."""
        rows = PendingChange.objects.filter(channel=channel or self.channel)
        return dict(rows.values_list("sku", "urgency"))


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.fixture
def ordered() -> Rig:
    return Rig(ordered=True)

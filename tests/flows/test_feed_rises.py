"""More stock is told only once the newest orders are known; less is told at once."""

from datetime import timedelta
from decimal import Decimal

import pytest

from channels_app.adapters.types import Capability, ContentLine, Kind, OfferLine
from channels_app.models import Channel, ChannelJob, PendingChange
from inventory.models import Item
from tests.flows.feed_rig import Rig, ordered, rig

__all__ = ["ordered", "rig"]

pytestmark = pytest.mark.django_db

OFFERS, CONTENT, RESULTS = ChannelJob.Kind.OFFERS, ChannelJob.Kind.CONTENT, ChannelJob.Kind.RESULTS

Urgency = PendingChange.Urgency


@pytest.fixture
def selling(rig: Rig) -> Rig:
    """The channel downloads orders; they are known until now."""
    Channel.objects.filter(pk=rig.channel.pk).update(orders_on=True)
    rig.has_item("MUG", on_hand=7)
    rig.settle()
    return rig


def orders_are_known(rig: Rig, *, age: int) -> None:
    Channel.objects.filter(pk=rig.channel.pk).update(orders_read_at=rig.now - timedelta(seconds=age))


def test_a_rise_waits_until_the_orders_are_known_and_asks_for_them(selling: Rig):
    rig = selling
    item = Item.objects.get(sku="MUG")
    orders_are_known(rig, age=3600)
    ChannelJob.objects.create(
        channel=rig.channel,
        seller_id=rig.seller.pk,
        kind="orders",
        lane="orders",
        host="x",
        enabled=True,
        interval_seconds=60,
        next_run_at=rig.now + timedelta(hours=1),
    )

    rig.sets(item, 9)
    rig.send()
    assert rig.market.quantity("MUG") == 7
    assert rig.pending() == {"MUG": Urgency.ROSE}
    assert ChannelJob.objects.get(kind="orders").next_run_at == rig.now

    rig.later(5)
    orders_are_known(rig, age=5)
    rig.settle()
    assert rig.market.quantity("MUG") == 9


def test_a_fall_never_waits(selling: Rig):
    rig = selling
    orders_are_known(rig, age=3600)

    rig.sets(Item.objects.get(sku="MUG"), 2)
    rig.send()

    assert rig.market.sent(Kind.OFFER) == [OfferLine(sku="MUG", price=Decimal(10), currency="USD", quantity=2)]


def test_a_new_price_goes_out_while_the_rise_waits(selling: Rig):
    rig = selling
    item = Item.objects.get(sku="MUG")
    orders_are_known(rig, age=3600)

    rig.sets(item, 9)
    rig.prices(item, "12.00")
    rig.send()

    assert rig.market.sent(Kind.OFFER) == [OfferLine(sku="MUG", price=Decimal(12), currency="USD", quantity=7)]
    assert rig.pending() == {"MUG": Urgency.ROSE}


def test_changed_content_does_not_smuggle_a_rise(selling: Rig):
    rig = selling
    item = Item.objects.get(sku="MUG")
    orders_are_known(rig, age=3600)

    rig.retitles(item, "Better")
    rig.sets(item, 9)
    PendingChange.objects.all().delete()
    rig.spread()
    PendingChange.objects.update(urgency=Urgency.CONTENT)
    rig.run(CONTENT)

    last = rig.market.sent(Kind.CONTENT)[-1]
    assert isinstance(last, ContentLine)
    assert (last.title, last.quantity) == ("Better", 7)
    assert rig.pending() == {"MUG": Urgency.ROSE}


def test_a_channel_that_takes_its_orders_off_itself_need_not_wait(selling: Rig):
    rig = selling
    orders_are_known(rig, age=3600)
    Channel.objects.filter(pk=rig.channel.pk).update(facts={"capabilities": [Capability.QUANTITY_NETS_ORDERS.value]})

    rig.sets(Item.objects.get(sku="MUG"), 9)
    rig.settle()

    assert rig.market.quantity("MUG") == 9


def test_a_round_of_orders_that_takes_longer_than_its_interval_lets_stock_rise_all_the_same(selling: Rig):
    rig = selling
    Channel.objects.filter(pk=rig.channel.pk).update(
        orders_known_until=rig.now - timedelta(hours=1), orders_read_at=rig.now - timedelta(seconds=5)
    )

    rig.sets(Item.objects.get(sku="MUG"), 9)
    rig.settle()

    assert rig.market.quantity("MUG") == 9

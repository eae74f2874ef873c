"""How fast a channel really is."""

from datetime import timedelta

import pytest

from channels_app.flows.measured import Measured, measure
from channels_app.models import Channel, Order
from tests.flows.feed_rig import Rig as FeedRig
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]

pytestmark = pytest.mark.django_db


def test_changes_are_measured_from_the_seller_to_the_marketplaces_confirmation(django_assert_num_queries):
    feed = FeedRig()
    feed.has_items("A", "B", "C")
    feed.settle()

    with django_assert_num_queries(1):
        found = measure(feed.channel)

    assert set(found) == {"content"}
    assert found["content"].cases == 3
    assert timedelta() <= found["content"].half <= found["content"].most <= timedelta(minutes=1)


def test_orders_are_measured_until_they_are_here_and_what_is_done_about_them_until_the_answer(rig: Rig):
    rig.item()
    for number in range(4):
        rig.market.has_order(f"A-{number}", sku="MUG-1")
    rig.wait(minutes=3)
    rig.download()

    found = measure(rig.channel)

    assert found["orders"] == Measured(timedelta(minutes=3), timedelta(minutes=3), 4)
    assert "commands" not in found


def test_what_was_bought_before_the_channel_was_active_says_nothing_of_it(rig: Rig):
    rig.item()
    rig.market.has_order("A-1", sku="MUG-1")
    rig.wait(minutes=3)
    rig.download()
    Channel.objects.filter(pk=rig.channel.pk).update(testing_started_at=rig.now)
    rig.channel.refresh_from_db()

    assert Order.objects.count() == 1
    assert measure(rig.channel) == {}


def test_a_channel_in_setup_was_never_measured():
    assert measure(FeedRig(state="setup", testing_started_at=None).channel) == {}

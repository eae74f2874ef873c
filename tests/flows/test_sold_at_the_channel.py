"""The channel counts down what it sells by itself, so after a sale it shows something that we never sent."""

from contextlib import suppress
from typing import Any

import pytest

from channels_app.adapters.errors import OutcomeUnknown
from channels_app.adapters.types import Capability
from channels_app.flows.ledger import check_ledger
from channels_app.flows.orders import download_orders
from channels_app.models import Channel, ChannelJob
from inventory.models import Item
from tests.factories import make_job
from tests.flows.feed_rig import Rig

pytestmark = pytest.mark.django_db

ORDERS = ChannelJob.Kind.ORDERS


def listed(*, on_hand: int = 500, **fields: Any) -> Rig:
    """A mug is listed and confirmed on a channel whose orders we read."""
    rig = Rig(ordered=True, **fields)
    Channel.objects.filter(pk=rig.channel.pk).update(orders_on=True)
    make_job(rig.channel, ORDERS)
    rig.has_item("MUG", on_hand=on_hand)
    rig.settle()
    return rig


def read_orders(rig: Rig) -> None:
    download_orders(rig.claim(ORDERS), rig.adapter)


def test_a_capped_quantity_is_topped_up_after_each_sale():
    rig = listed(quantity_mode="cap", quantity_limit=10)
    rig.market.has_order("A-1", sku="MUG", quantity=4)
    assert rig.market.quantity("MUG") == 6

    read_orders(rig)
    rig.settle()

    assert rig.market.quantity("MUG") == 10


def test_what_was_sold_and_cancelled_before_we_knew_is_for_sale_again():
    rig = listed(on_hand=5)
    rig.market.has_order("A-1", sku="MUG", quantity=2)
    rig.market.cancels("A-1")

    read_orders(rig)
    rig.settle()

    assert rig.market.quantity("MUG") == 5


def test_what_was_sold_and_cancelled_between_two_sendings_is_for_sale_again():
    rig = listed(on_hand=5)
    rig.market.has_order("A-1", sku="MUG", quantity=2)
    read_orders(rig)
    rig.market.cancels("A-1")
    read_orders(rig)

    rig.settle()

    assert rig.market.quantity("MUG") == 5


def test_until_it_is_told_again_the_ledger_is_not_closed_by_what_was_confirmed_before():
    rig = listed(quantity_mode="cap", quantity_limit=10)
    rig.market.has_order("A-1", sku="MUG", quantity=4)

    read_orders(rig)

    listing = rig.listing("MUG")
    assert (listing.sent_quantity, listing.confirmed_quantity) == (None, None)
    assert "MUG" in rig.pending()
    assert check_ledger() == []


def test_a_version_that_says_nothing_new_of_units_sends_nothing():
    rig = listed(on_hand=5)
    rig.market.has_order("A-1", sku="MUG", quantity=2)
    read_orders(rig)
    rig.settle()
    sent = len(rig.lines("MUG"))
    rig.market.asks_to_cancel("A-1")

    read_orders(rig)
    rig.settle()

    assert len(rig.lines("MUG")) == sent


def test_a_channel_that_takes_its_orders_off_what_we_send_is_told_nothing():
    rig = listed(quantity_mode="cap", quantity_limit=10)
    capabilities = [*rig.channel.facts["capabilities"], Capability.QUANTITY_NETS_ORDERS.value]
    Channel.objects.filter(pk=rig.channel.pk).update(facts={"capabilities": capabilities})
    sent = len(rig.lines("MUG"))
    rig.market.has_order("A-1", sku="MUG", quantity=4)

    read_orders(rig)
    rig.settle()

    assert len(rig.lines("MUG")) == sent


def test_a_line_that_was_open_when_the_channel_sold_does_not_hide_the_sale():
    """The line says 8 and is worked off; then a sale; then what should have mended it gets lost."""
    rig = listed(on_hand=10)
    item = Item.objects.get(sku="MUG")
    rig.market.manual = True
    rig.sets(item, 8)
    rig.send()
    rig.market.process(next(reversed(rig.market.submissions)))
    rig.market.has_order("A-1", sku="MUG", quantity=1)
    rig.sets(item, 9)
    read_orders(rig)
    rig.market.drop()
    with suppress(OutcomeUnknown):
        rig.send()
    rig.market.manual = False

    rig.later(60)
    rig.settle()

    assert rig.market.quantity("MUG") == 8
    assert check_ledger() == []

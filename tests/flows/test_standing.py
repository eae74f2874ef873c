"""How an item stands on a channel: wanted, confirmed, shown, and the reason where these differ."""

from datetime import timedelta
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from channels_app.flows.quantity import QuantityRule
from channels_app.flows.standing import Offer, Standing, stand
from channels_app.models import Channel, Listing, PendingChange, ReconcileRun
from channels_app.views.why_words import describe_now
from inventory import catalogue, labels
from inventory.models import Item
from tests.factories import NOW, make_channel, make_label
from tests.flows.feed_rig import Rig

pytestmark = pytest.mark.django_db

PRICE = Decimal("10.00")


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.fixture
def mug(rig: Rig) -> Item:
    return rig.has_item("MUG-1", on_hand=5)


def standing(rig: Rig, item: Item) -> Standing:
    channel = Channel.objects.select_related("label").get(pk=rig.channel.pk)
    return stand(Item.objects.get(pk=item.pk), [channel], now=rig.now)[0]


def test_what_is_confirmed_as_wanted_needs_no_reason(rig: Rig, mug: Item):
    rig.settle()

    found = standing(rig, mug)

    assert found.wanted == found.confirmed == found.shown == Offer(5, PRICE)
    assert (found.why, found.differs) == ("", False)


def test_a_change_waits_then_is_sent_then_confirmed(rig: Rig, mug: Item):
    rig.settle()
    rig.sets(mug, 2)
    rig.spread()
    waits = standing(rig, mug)
    rig.run("offers")
    sent = standing(rig, mug)
    rig.settle()

    assert (waits.wanted, waits.shown, waits.why) == (Offer(2, PRICE), Offer(5, PRICE), "Waits to be sent.")
    assert sent.why == "Sent; the marketplace has not answered yet."
    assert standing(rig, mug).why == ""


def test_more_stock_waits_for_the_orders(rig: Rig, mug: Item):
    rig.settle()
    rig.sets(mug, 9)
    Channel.objects.filter(pk=rig.channel.pk).update(orders_on=True, orders_read_at=rig.now - timedelta(hours=2))
    rig.spread()
    rig.run("offers")

    found = standing(rig, mug)

    assert (found.wanted, found.shown) == (Offer(9, PRICE), Offer(5, PRICE))
    assert found.why == "More stock is told once the newest orders are known."


def test_a_refusal_gives_the_reason_of_the_marketplace(rig: Rig):
    item = rig.has_item("CUP-REJECT", on_hand=5)
    rig.settle()

    found = standing(rig, item)

    assert (found.wanted, found.shown) == (Offer(5, PRICE), None)
    assert (found.why, found.tone) == ("We do not like it.", "bad")


def test_what_is_not_listed_says_why(rig: Rig, mug: Item):
    other = Item.objects.get(pk=rig.has_item("CUP-1", label=make_label(rig.seller, "Else")).pk)
    assert standing(rig, other).why == f"It is not on the label {rig.label}."
    labels.remove_items(rig.label, [mug.pk], actor=None, now=NOW)
    Item.objects.filter(pk=mug.pk).update(price=None)
    rig.labels(mug)
    assert standing(rig, mug).why == "This item has no price."
    catalogue.set_blocked(mug, True, now=NOW)
    assert standing(rig, mug).why == "The item is blocked."
    catalogue.archive(mug, now=NOW)
    assert standing(rig, mug).why == "The item is archived."
    Item.objects.filter(pk=mug.pk).update(is_parent=True)
    assert standing(rig, mug).why == "Its variations are listed: a parent is not sold itself."


def test_what_loses_its_price_is_ended_for_that_one_reason(rig: Rig, mug: Item):
    rig.settle()
    Item.objects.filter(pk=mug.pk).update(price=None)
    rig.spread()

    found = standing(rig, mug)

    assert (found.wanted, found.shown, found.why) == (None, Offer(5, PRICE), "This item has no price.")


def test_an_ending_that_the_brake_holds_says_so(rig: Rig, mug: Item):
    rig.settle()
    rig.unlabels(mug)
    PendingChange.objects.create(channel=rig.channel, sku=mug.sku, urgency=4, held=True, changed_at=NOW)

    found = standing(rig, mug)

    assert (found.wanted, found.shown) == (None, Offer(5, PRICE))
    assert found.why.startswith(f"It is not on the label {rig.label}. So many listings would end at once")
    assert found.tone == "warn"


def test_a_channel_that_is_not_active_sends_nothing(rig: Rig, mug: Item):
    Channel.objects.filter(pk=rig.channel.pk).update(listings_on=False)
    assert standing(rig, mug).why == f"{rig.channel} has Listings switched off: nothing is sent."
    Channel.objects.filter(pk=rig.channel.pk).update(state="setup", listings_on=True)
    assert standing(rig, mug).why == f"{rig.channel} is not active: nothing is sent."
    Channel.objects.filter(pk=rig.channel.pk).update(on_deactivate="zero")
    assert standing(rig, mug).why == f"{rig.channel} is not active: nothing is sent."


def test_a_deactivated_channel_whose_quantities_were_set_to_0_says_so(rig: Rig, mug: Item):
    rig.settle()
    Channel.objects.filter(pk=rig.channel.pk).update(state="setup", on_deactivate="zero")
    Listing.objects.update(sent_quantity=0, confirmed_quantity=0)

    found = standing(rig, mug)

    assert found.wanted == found.shown == Offer(0, PRICE)
    assert describe_now(found, QuantityRule(), "USD") == (
        f"Buyers see it as sold out at 10.00 USD. {rig.channel} was deactivated, and its quantities were set to 0."
    )


def test_what_was_read_since_the_last_confirmation_is_what_buyers_see(rig: Rig, mug: Item):
    rig.settle()
    read_at = rig.now + timedelta(minutes=1)
    ReconcileRun.objects.create(channel=rig.channel, state="planned", as_of=read_at, created_at=read_at)
    assert standing(rig, mug).shown == Offer(5, PRICE)
    Listing.objects.update(remote_price=Decimal("8.00"), remote_quantity=None, remote_active=True)
    found = standing(rig, mug)
    Listing.objects.update(remote_active=False)
    gone = standing(rig, mug)
    Listing.objects.update(confirmed_at=read_at + timedelta(minutes=1))
    confirmed_since = standing(rig, mug)

    assert (found.shown, found.differs) == (Offer(5, Decimal("8.00")), True)
    assert "shows something else than it confirmed" in found.why
    assert gone.shown is None
    assert (confirmed_since.reading, confirmed_since.shown) == (None, Offer(5, PRICE))


def test_many_channels_cost_as_many_queries_as_one(
    rig: Rig, mug: Item, django_assert_max_num_queries: DjangoAssertNumQueries
):
    rig.settle()
    for number in range(8):
        make_channel(
            rig.seller, label=make_label(rig.seller, f"L{number}"), name=f"Shop {number}", account_id=f"a{number}"
        )
    channels = list(Channel.objects.select_related("label").order_by("pk"))

    with django_assert_max_num_queries(5):
        found = stand(mug, channels, now=rig.now)

    assert [one.wanted is not None for one in found] == [True] + [False] * 8

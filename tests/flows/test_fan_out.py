"""From changes of the inventory to pending changes of channels."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from channels_app.flows import fan_out as fan_out_module
from channels_app.flows.fan_out import enqueue, fan_out, pass_on_few, pass_on_many, walk_channel, walk_on
from channels_app.models import Channel, ChannelJob, ChannelLocation, ChannelWalk, Listing, PendingChange
from inventory import labels
from inventory.models import BulkChange, Item, ItemChange, Label, Location, Stock
from tests.factories import NOW, make_item, make_label
from tests.flows.feed_rig import Rig

pytestmark = pytest.mark.django_db

Urgency = PendingChange.Urgency


@pytest.fixture
def rig() -> Rig:
    return Rig()


def make_listing(rig: Rig, sku: str, quantity: int | None = 5, price: str = "10.00", **fields: object) -> Listing:
    """What was sent and confirmed before the test begins."""
    item = Item.objects.filter(sku=sku).first()
    values = {
        "state": "listed",
        "item": item,
        "sent_price": price,
        "sent_quantity": quantity,
        "sent_content_hash": item.content_hash if item else "",
        "confirmed_price": price,
        "confirmed_quantity": quantity,
        "confirmed_content_hash": item.content_hash if item else "",
    }
    return Listing.objects.create(channel=rig.channel, sku=sku, **values | fields)


def test_a_labelled_item_is_pending_as_new_on_its_channel(rig: Rig):
    rig.has_item("MUG", on_hand=5)

    rig.spread()

    assert rig.pending() == {"MUG": Urgency.NEW}
    assert not ItemChange.objects.exists()


def test_an_item_on_no_label_of_a_channel_is_nobodys_business(rig: Rig):
    rig.has_item("MUG", label=make_label(rig.seller, "Other"))

    rig.spread()

    assert rig.pending() == {}


def test_urgency_says_what_becomes_of_the_quantity(rig: Rig):
    gone, fell, rose, price, text = rig.has_items("GONE", "FELL", "ROSE", "PRICE", "TEXT")
    rig.spread()
    PendingChange.objects.all().delete()
    for sku in ("GONE", "FELL", "ROSE", "PRICE", "TEXT"):
        make_listing(rig, sku)

    rig.sets(gone, 0)
    rig.sets(fell, 3)
    rig.sets(rose, 9)
    rig.prices(price, "11.00")
    rig.retitles(text, "Better")
    rig.spread()

    assert rig.pending() == {
        "GONE": Urgency.TO_ZERO,
        "FELL": Urgency.FELL,
        "ROSE": Urgency.ROSE,
        "PRICE": Urgency.PRICE,
        "TEXT": Urgency.CONTENT,
    }


def test_leaving_the_label_is_a_withdrawal_where_it_is_listed(rig: Rig):
    listed, unlisted = rig.has_items("LISTED", "UNLISTED")
    rig.spread()
    PendingChange.objects.all().delete()
    make_listing(rig, "LISTED")

    rig.unlabels(listed, unlisted)
    rig.spread()

    assert rig.pending() == {"LISTED": Urgency.WITHDRAW}


def test_a_listing_made_elsewhere_is_left_alone(rig: Rig):
    Listing.objects.create(channel=rig.channel, sku="STRAY", state="listed", remote_price="5.00", remote_quantity=1)

    walk_channel(rig.channel, "activation", now=NOW)
    rig.spread()

    assert rig.pending() == {}


def test_the_buffer_and_the_rule_count_in_the_urgency(rig: Rig):
    item = rig.has_item("MUG", on_hand=5)
    rig.spread()
    PendingChange.objects.all().delete()
    Channel.objects.filter(pk=rig.channel.pk).update(buffer=3)
    make_listing(rig, "MUG", quantity=2)

    rig.sets(item, 3)
    rig.spread()

    assert rig.pending() == {"MUG": Urgency.TO_ZERO}


def test_only_the_channels_own_locations_count(rig: Rig):
    item = rig.has_item("MUG", on_hand=5)
    other = Location.objects.create(seller=rig.seller, code="far", name="Far away")
    ChannelLocation.objects.create(channel=rig.channel, location=rig.location)
    rig.spread()
    PendingChange.objects.all().delete()
    make_listing(rig, "MUG", quantity=5)

    Stock.objects.create(item=item, location=other, on_hand=100)
    rig.spread()

    assert rig.pending() == {"MUG": Urgency.ROSE}  # looked at, because stock moved; the feed finds nothing new
    PendingChange.objects.all().delete()
    rig.run(ChannelJob.Kind.OFFERS)
    assert rig.market.calls == []


def test_a_second_change_raises_the_version_and_keeps_the_greater_urgency(rig: Rig):
    item = rig.has_item("MUG", on_hand=5)
    rig.spread()
    PendingChange.objects.all().delete()
    make_listing(rig, "MUG")
    rig.sets(item, 0)
    rig.spread()

    rig.prices(item, "12.00")
    rig.spread()

    change = PendingChange.objects.get()
    assert (change.version, change.urgency, change.kinds) == (2, Urgency.TO_ZERO, 1 | 2)


def test_a_new_change_ends_the_waiting_of_an_older_one(rig: Rig):
    item = rig.has_item("MUG", on_hand=5)
    rig.spread()
    PendingChange.objects.update(not_before=NOW + timedelta(hours=1))

    rig.sets(item, 2)
    rig.spread()

    assert PendingChange.objects.get().not_before is None


def test_something_tried_again_later_does_not_delay_what_is_due_now(rig: Rig):
    rig.has_item("MUG", on_hand=5)
    rig.spread()

    enqueue(rig.channel.pk, ["MUG", "NEW"], kinds=1, urgency=1, now=NOW, not_before=NOW + timedelta(minutes=5))

    assert PendingChange.objects.get(sku="MUG").not_before is None
    assert PendingChange.objects.get(sku="NEW").not_before == NOW + timedelta(minutes=5)


def test_a_held_withdrawal_stays_held_until_the_item_is_wanted_again(rig: Rig):
    item = rig.has_item("MUG", on_hand=5)
    make_listing(rig, "MUG")
    rig.unlabels(item)
    rig.spread()
    PendingChange.objects.update(held=True)

    rig.moves(item, 1)
    rig.spread()
    assert PendingChange.objects.get().held

    rig.labels(item)
    rig.spread()
    assert not PendingChange.objects.get().held


def test_two_channels_and_two_labels_each_get_their_own(rig: Rig):
    second = make_label(rig.seller, "Second")
    other = rig.make_channel(second)
    both = rig.has_item("BOTH", on_hand=1)
    rig.has_item("FIRST", on_hand=1)
    rig.has_item("SECOND", on_hand=1, label=second)
    labels.add_items(second, [both.pk], actor=None, now=NOW)

    rig.spread()

    assert set(rig.pending()) == {"BOTH", "FIRST"}
    assert set(rig.pending(other)) == {"BOTH", "SECOND"}


def test_a_channel_that_does_not_run_gets_nothing(rig: Rig):
    Channel.objects.filter(pk=rig.channel.pk).update(listings_on=False)
    rig.has_item("MUG", on_hand=5)
    walk_channel(rig.channel, "settings", now=NOW)

    rig.spread()

    assert rig.pending() == {}
    assert not ChannelWalk.objects.exists()


def test_rule_labels_follow_the_items_that_changed(rig: Rig):
    rule = labels.create_label(
        rig.seller, "Acme things", rule=[{"field": "brand", "op": "is", "value": "Acme"}], now=NOW
    )
    channel = rig.make_channel(rule)
    item = make_item(rig.seller, "MUG", on_hand=2)
    rig.spread()
    assert rig.pending(channel) == {}

    Item.objects.filter(pk=item.pk).update(brand="Acme")
    rig.spread()

    assert rig.pending(channel) == {"MUG": Urgency.NEW}


def test_a_walk_covers_what_is_wanted_and_what_is_listed_in_slices(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fan_out_module, "BATCH", 3)
    rig.has_items(*(f"W-{n}" for n in range(5)))
    rig.spread()
    PendingChange.objects.all().delete()
    for n in range(4):
        make_listing(rig, f"L-{n}")
    make_listing(rig, "X-ended", state="ended")

    walk_channel(rig.channel, "relabelled", now=NOW)
    slices = 0
    while fan_out(now=NOW):
        slices += 1

    assert set(rig.pending()) == {f"W-{n}" for n in range(5)} | {f"L-{n}" for n in range(4)}
    assert slices >= 4
    assert not ChannelWalk.objects.exists()


def test_a_walk_comes_to_its_end_however_many_others_begin_meanwhile(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fan_out_module, "BATCH", 1)
    rig.has_items("A", "B", "C")
    rig.spread()
    walk_channel(rig.channel, "activation", now=NOW)
    old = ChannelWalk.objects.get()
    other = rig.make_channel(rig.label)

    for second in range(1, 41):
        walk_channel(other, "settings", now=NOW + timedelta(seconds=second))
        walk_on(now=NOW + timedelta(seconds=second))

    assert not ChannelWalk.objects.filter(pk=old.pk).exists()
    assert 0 < ChannelWalk.objects.count() < 40


def test_a_bulk_change_of_a_label_is_walked_on_its_channels(rig: Rig):
    rig.has_items("A", "B")
    ItemChange.objects.all().delete()
    BulkChange.objects.create(seller_id=rig.seller.pk, label_id=rig.label.pk)

    rig.spread()

    assert set(rig.pending()) == {"A", "B"}
    assert not BulkChange.objects.exists()


def test_the_listing_of_a_deleted_item_is_looked_at(rig: Rig):
    item = rig.has_item("MUG")
    make_listing(rig, "MUG")
    rig.spread()
    PendingChange.objects.all().delete()

    item.delete()
    rig.spread()

    assert rig.pending() == {"MUG": Urgency.WITHDRAW}


def test_only_the_touched_jobs_are_woken(rig: Rig):
    later = NOW + timedelta(hours=1)
    ChannelJob.objects.update(next_run_at=later)
    rig.has_item("MUG", on_hand=5)

    rig.spread()

    assert ChannelJob.objects.get(kind="content").next_run_at == NOW
    assert ChannelJob.objects.get(kind="offers").next_run_at == later


def test_the_number_of_statements_does_not_grow_with_the_changes(rig: Rig):
    def statements(count: int, prefix: str) -> int:
        rig.has_items(*(f"{prefix}-{n}" for n in range(count)))
        with CaptureQueriesContext(connection) as queries:
            fan_out(now=NOW)
        return len(queries)

    assert statements(2, "A") == statements(60, "B")


def test_a_sellers_one_change_does_not_wait_behind_a_million_of_anothers(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fan_out_module, "BATCH", 4)
    monkeypatch.setattr(fan_out_module, "FEW", 3)
    rig.has_items(*(f"A-{n}" for n in range(40)))
    small = Rig(slug="small")
    small.has_item("MUG")

    pass_on_few(now=NOW)

    assert small.pending() == {"MUG": Urgency.NEW}
    assert rig.pending() == {}
    assert ItemChange.objects.filter(seller_id=rig.seller.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_while_one_sellers_changes_wait_for_something_anothers_are_passed_on(monkeypatch: pytest.MonkeyPatch):
    """A seller's label is being worked out: its own changes wait for that, nobody else's."""
    monkeypatch.setattr(fan_out_module, "FEW", 3)
    big, small = Rig(slug="big"), Rig(slug="small")
    rule = labels.create_label(big.seller, "Acme", rule=[{"field": "brand", "op": "is", "value": "Acme"}], now=NOW)
    big.has_items(*(f"A-{n}" for n in range(9)))
    small.has_item("MUG")

    def wait() -> None:
        try:
            pass_on_many(now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            Label.objects.select_for_update().get(pk=rule.pk)
            waiting = other.submit(wait)
            time.sleep(0.3)
            fan_out(now=NOW)
            assert small.pending() == {"MUG": Urgency.NEW}
            assert not waiting.done()
        waiting.result(timeout=10)

    assert "A-0" in big.pending()


@pytest.mark.django_db(transaction=True)
def test_a_walk_in_its_first_slice_does_not_stand_for_what_happens_to_its_label_meanwhile():
    rig = Rig()
    item = make_item(rig.seller, "MUG")
    walk_channel(rig.channel, "label", now=NOW)

    def pass_on_what_happened() -> None:
        try:
            labels.add_items(rig.label, [item.pk], actor=None, now=NOW)
            ItemChange.objects.all().delete()
            BulkChange.objects.create(seller_id=rig.seller.pk, label_id=rig.label.pk)
            walk_on(now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other, transaction.atomic():
        walk_on(now=NOW)
        other.submit(pass_on_what_happened).result()
    rig.spread()

    assert rig.pending() == {"MUG": Urgency.NEW}

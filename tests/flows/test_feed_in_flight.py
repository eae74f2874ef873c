"""The listing feed while something is in flight: what changes meanwhile is neither lost nor sent in the wrong order."""

import pytest

from channels_app.flows import feed, wanted
from channels_app.flows.fan_out import walk_channel
from channels_app.models import Channel, ChannelJob, Listing, PendingChange, Submission
from inventory import labels
from tests.factories import make_label
from tests.flows.feed_rig import Rig, ordered, rig

__all__ = ["ordered", "rig"]

pytestmark = pytest.mark.django_db

OFFERS, CONTENT, RESULTS = ChannelJob.Kind.OFFERS, ChannelJob.Kind.CONTENT, ChannelJob.Kind.RESULTS

Urgency = PendingChange.Urgency


def test_a_change_while_its_line_is_open_waits_and_then_goes_out(rig: Rig):
    item = rig.has_item("MUG", on_hand=7)
    rig.settle()
    rig.market.manual = True
    rig.sets(item, 5)
    rig.send()
    rig.sets(item, 3)
    rig.send()
    assert rig.lines("MUG")[1:] == [("offer", "sent")]
    assert rig.pending() == {"MUG": Urgency.FELL}

    rig.market.process_all()
    rig.market.manual = False
    rig.settle()

    assert rig.market.quantity("MUG") == 3
    assert rig.lines("MUG")[1:] == [("offer", "confirmed"), ("offer", "confirmed")]


def test_an_ordered_channel_is_told_at_once(ordered: Rig):
    rig = ordered
    item = rig.has_item("MUG", on_hand=7)
    rig.settle()
    rig.market.manual = True

    rig.sets(item, 5)
    rig.send()
    rig.sets(item, 3)
    rig.send()

    assert rig.lines("MUG")[1:] == [("offer", "sent"), ("offer", "sent")]
    rig.market.manual = False
    rig.settle()
    assert (rig.market.quantity("MUG"), rig.listing("MUG").confirmed_quantity) == (3, 3)


def test_a_change_between_taking_and_settling_is_not_lost(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    item = rig.has_item("MUG", on_hand=7)
    rig.settle()
    rig.sets(item, 5)
    rig.spread()
    read, meanwhile = wanted.read_skus, [3]

    def and_meanwhile(*args: object) -> object:
        truth = read(*args)  # type: ignore[arg-type]
        if meanwhile:
            rig.sets(item, meanwhile.pop())
            rig.spread()
        return truth

    monkeypatch.setattr(feed, "read_skus", and_meanwhile)
    rig.run(OFFERS)
    assert rig.lines("MUG")[1:] == []  # what was read is old: nothing of it went out

    rig.settle()
    assert rig.market.quantity("MUG") == 3
    assert len(rig.lines("MUG")) == 2


def test_labelled_again_while_the_withdrawal_is_open_ends_listed(rig: Rig):
    item = rig.has_item("MUG", on_hand=7)
    rig.settle()
    rig.market.manual = True
    rig.unlabels(item)
    rig.send()

    rig.labels(item)
    rig.send()
    rig.market.process_all()
    rig.market.manual = False
    rig.settle()

    assert rig.market.active() == {"MUG": 7}
    assert rig.listing("MUG").state == Listing.State.LISTED


def test_labelled_again_on_an_ordered_channel_goes_behind_the_withdrawal(ordered: Rig):
    rig = ordered
    item = rig.has_item("MUG", on_hand=7)
    rig.settle()
    rig.market.manual = True
    rig.unlabels(item)
    rig.send()
    rig.labels(item)
    rig.send()
    assert rig.lines("MUG")[1:] == [("withdraw", "sent"), ("content", "sent")]

    rig.market.process_all()
    rig.market.manual = False
    rig.settle()

    assert rig.market.active() == {"MUG": 7}
    assert (rig.listing("MUG").state, rig.listing("MUG").confirmed_quantity) == ("listed", 7)


def test_unlabelled_while_it_is_being_listed_ends_ended(rig: Rig):
    item = rig.has_item("MUG", on_hand=7)
    rig.market.manual = True
    rig.send()

    rig.unlabels(item)
    rig.send()
    rig.market.process_all()
    rig.market.manual = False
    rig.settle()

    assert rig.market.active() == {}
    assert rig.listing("MUG").state == Listing.State.ENDED


def test_a_swapped_label_while_items_move_in_and_out_ends_with_the_new_labels_items(rig: Rig):
    stays, leaves, comes = rig.has_items("STAYS", "LEAVES", "COMES")
    second = make_label(rig.seller, "Second")
    labels.add_items(second, [stays.pk, leaves.pk], actor=None, now=rig.now)
    rig.settle()
    rig.market.manual = True

    Channel.objects.filter(pk=rig.channel.pk).update(label=second)
    walk_channel(rig.channel, "label", now=rig.now)
    labels.remove_items(second, [leaves.pk], actor=None, now=rig.now)
    rig.send()
    labels.add_items(second, [comes.pk], actor=None, now=rig.now)
    labels.remove_items(rig.label, [stays.pk], actor=None, now=rig.now)
    rig.send()
    rig.market.process_all()
    rig.market.manual = False
    rig.settle()

    assert set(rig.market.active()) == {"STAYS", "COMES"}
    assert not rig.is_busy()


def test_once_overdue_a_line_is_waited_for_no_longer(rig: Rig):
    item = rig.has_item("MUG", on_hand=7)
    rig.settle()
    rig.market.manual = True
    rig.sets(item, 5)
    rig.send()
    rig.sets(item, 3)
    rig.send()

    rig.later(3600)
    rig.run(RESULTS)
    rig.send()

    assert rig.lines("MUG")[1:] == [("offer", "sent"), ("offer", "sent")]
    assert Submission.objects.get(overdue=True).lines.get().overdue

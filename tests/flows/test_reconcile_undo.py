"""What the reconciler ended is taken back as far as that can be, and of the rest it is told what helps."""

from typing import Any

import pytest

from channels_app.flows.fan_out import fan_out
from channels_app.flows.reconcile_undo import NAMED, NothingLeft, put_on_label, undo, what_is_left
from channels_app.models import Listing, PendingChange
from inventory import labels
from inventory.bulk import edits
from inventory.models import BulkEdit, LabelItem
from tests.factories import NOW
from tests.flows.order_rig import Rig, rig
from tests.flows.reconcile_rig import applied, ended
from tests.inventory.bulk_rig import small_slices, work

__all__ = ["rig", "small_slices"]


def undone(rig: Rig, run: Any) -> Any:
    return undo(run, None, actor=rig.owner, now=rig.now)


def told(run: Any) -> dict[str, tuple[int, list[str]]]:
    return {why: (group.count, [sku for sku, _ in group.some]) for why, group in what_is_left(run).items()}


def members(rig: Rig) -> dict[str, str]:
    return dict(LabelItem.objects.filter(label=rig.channel.label).values_list("item__sku", "source"))


def test_endings_that_were_not_sent_yet_are_stopped(rig: Rig):
    run = applied(rig, "STRAY-1")

    assert undone(rig, run).stopped == ["STRAY-1"]
    assert not PendingChange.objects.exists()
    assert not Listing.objects.exists()
    assert run.differences.get().state == "undone"
    assert what_is_left(run) == {}


def test_what_is_on_the_label_again_is_listed_again(rig: Rig):
    item = rig.item("MUG-1")
    run = ended(rig, "MUG-1")
    assert undone(rig, run).left == ["MUG-1"]
    assert rig.channel.label is not None
    labels.add_items(rig.channel.label, [item.pk], actor=None, now=rig.now)

    assert told(run) == {}
    assert undo(run, ["MUG-1"], actor=rig.owner, now=rig.now).put_back == ["MUG-1"]
    assert PendingChange.objects.get().urgency == PendingChange.Urgency.NEW
    assert run.differences.get().state == "undone"


def test_what_is_left_is_told_by_what_stands_in_its_way(rig: Rig):
    rig.item("OFF")
    rig.item("ARCHIVED", archived_at=NOW)
    rig.item("BLOCKED", blocked=True)
    kept_off = rig.item("KEPT-OFF")
    rig.item("SET", is_parent=True, price=None)
    assert rig.channel.label is not None
    labels.exclude_items(rig.channel.label, [kept_off.pk], actor=None, now=rig.now)
    run = ended(rig, "OFF", "ARCHIVED", "BLOCKED", "KEPT-OFF", "SET", "STRAY")
    assert told(run) == {}

    assert str(undone(rig, run)) == "6 cannot be listed again as they are: below is what helps."

    assert told(run) == {
        "off_label": (2, ["KEPT-OFF", "OFF"]),
        "not_for_sale": (3, ["ARCHIVED", "BLOCKED", "SET"]),
        "strays": (1, ["STRAY"]),
    }


def test_only_the_first_are_named(rig: Rig):
    run = ended(rig, *(f"STRAY-{number:02}" for number in range(NAMED + 3)))
    undone(rig, run)

    group = what_is_left(run)["strays"]

    assert (group.count, len(group.some), group.beyond) == (NAMED + 3, NAMED, 3)


def test_what_is_left_comes_on_the_label_and_the_feed_is_told(rig: Rig):
    for sku in ("MUG-1", "CUP-1"):
        rig.item(sku)
    rig.item("GONE", archived_at=NOW)
    run = ended(rig, "MUG-1", "CUP-1", "GONE", "STRAY")
    undone(rig, run)
    fan_out(now=rig.now)
    PendingChange.objects.all().delete()

    made = put_on_label(run, actor=rig.owner, now=rig.now)

    assert (made.words, made.changed_count) == (f"put on the label “{rig.channel.label}”", 2)
    assert members(rig) == {"CUP-1": "hand", "MUG-1": "hand"}
    assert told(run) == {"not_for_sale": (1, ["GONE"]), "strays": (1, ["STRAY"])}
    fan_out(now=rig.now)
    assert set(PendingChange.objects.values_list("sku", flat=True)) == {"CUP-1", "MUG-1"}


def test_nobody_puts_on_the_label_twice(rig: Rig):
    rig.item("MUG-1")
    run = ended(rig, "MUG-1")
    with pytest.raises(NothingLeft):
        put_on_label(run, actor=rig.owner, now=rig.now)
    undone(rig, run)
    put_on_label(run, actor=rig.owner, now=rig.now)

    with pytest.raises(NothingLeft):
        put_on_label(run, actor=rig.owner, now=rig.now)
    assert BulkEdit.objects.count() == 1


@pytest.mark.usefixtures("small_slices")
def test_many_are_a_workers_and_wait_for_an_edit_of_the_same_label(rig: Rig):
    skus = [f"MUG-{number}" for number in range(5)]
    for sku in skus:
        rig.item(sku)
    run = ended(rig, *skus)
    undone(rig, run)

    made = put_on_label(run, actor=rig.owner, now=rig.now)

    assert (made.state, made.count, members(rig)) == ("running", 5, {})
    run.differences.filter(sku="MUG-4").update(state="left")
    with pytest.raises(edits.Busy):
        put_on_label(run, actor=rig.owner, now=rig.now)
    assert work(made).changed_count == 5
    assert set(members(rig)) == set(skus)

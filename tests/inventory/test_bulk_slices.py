"""Edits of more items than one transaction takes: written down at once, done in slices by a worker."""

import uuid
from decimal import Decimal

import pytest
from django.db import DataError

from inventory import labels
from inventory.alone import MAX_ATTEMPTS
from inventory.bulk import edits
from inventory.bulk.choosing import PriceChange
from inventory.bulk.doing import do_slice
from inventory.bulk.undoing import undo_slice
from inventory.models import BulkEdit, BulkEditSlice, Item, Label
from inventory.retention import purge_bulk_edits
from tests.factories import NOW, make_item, make_label, make_seller, make_user
from tests.inventory.bulk_rig import Action, State, do, members, prices, seller, small_slices, undo, work

__all__ = ["seller", "small_slices"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_slices")]

TENTH = PriceChange(percent=Decimal(10))
SKUS = ["A", "B", "C", "D", "E"]


@pytest.fixture
def items(seller):
    return [make_item(seller, sku) for sku in SKUS]


def counts(made):
    made.refresh_from_db()
    return made.count, made.done_count, made.changed_count


def test_nothing_changes_before_a_worker_comes(seller, items):
    made = do(seller, Action.PRICE, price=TENTH)

    assert (made.state, *counts(made)) == (State.RUNNING, 5, 0, 0)
    assert set(prices(seller).values()) == {Decimal(10)}


def test_a_worker_does_it_to_the_end(seller, items):
    made = work(do(seller, Action.PRICE, price=TENTH))

    assert (made.state, *counts(made)) == (State.DONE, 5, 5, 5)
    assert set(prices(seller).values()) == {Decimal(11)}
    assert not BulkEditSlice.objects.exists()


def test_each_slice_is_a_commit_that_says_how_far_it_is(seller, items):
    made = do(seller, Action.PRICE, price=TENTH)

    assert do_slice(made.pk, now=NOW)

    assert counts(made) == (5, 2, 2)
    assert prices(seller) == {"A": 11, "B": 11, "C": 10, "D": 10, "E": 10}


def test_few_items_are_done_at_once(seller, items):
    made = do(seller, Action.PRICE, price=TENTH, chosen=seller.items.filter(sku__in=["A", "B"]))

    assert (made.state, *counts(made)) == (State.DONE, 2, 2, 2)


def test_it_is_about_the_items_that_fitted_when_it_was_asked_for(seller, items):
    made = do(seller, Action.BLOCK, chosen=seller.items.filter(price=10))
    make_item(seller, "LATE")
    Item.objects.filter(sku="A").update(price=99)

    work(made)

    assert set(Item.objects.filter(blocked=True).values_list("sku", flat=True)) == set(SKUS)


def test_what_somebody_changed_meanwhile_is_left_alone_and_counted(seller, items):
    made = do(seller, Action.PRICE, price=TENTH)
    Item.objects.filter(sku="D").update(price=Decimal(5))

    work(made)

    assert prices(seller)["D"] == Decimal(5)
    assert (*counts(made), made.left_count) == (5, 5, 4, 1)
    undo(seller, made)
    work(made)
    assert prices(seller) == {**dict.fromkeys(SKUS, Decimal(10)), "D": Decimal(5)}


@pytest.mark.parametrize("action", [Action.LABEL, Action.UNLABEL])
def test_labels_that_somebody_changed_meanwhile_are_left_alone(seller, items, action):
    label = make_label(seller, items=items if action == Action.UNLABEL else [])
    made = do(seller, action, label=label)
    labels.exclude_items(label, [items[3].pk], actor=None, now=NOW)

    work(made)

    assert members(label)["D"] == "excluded"
    assert (made.changed_count, made.left_count) == (4, 1)


def test_the_undo_goes_in_slices_too(seller, items):
    made = work(do(seller, Action.PRICE, price=TENTH))

    undo(seller, made)
    undo_slice(made.pk, now=NOW)
    made.refresh_from_db()

    assert (made.state, *counts(made), made.undone_count) == (State.UNDOING, 5, 2, 5, 2)
    assert prices(seller) == {"A": 10, "B": 10, "C": 11, "D": 11, "E": 11}
    assert work(made).state == State.UNDONE
    assert set(prices(seller).values()) == {Decimal(10)}


def test_an_undo_that_finds_nothing_says_so_and_may_be_tried_again(seller, items):
    made = work(do(seller, Action.PRICE, price=TENTH))
    Item.objects.update(price=3)

    undo(seller, made)
    work(made)

    assert (made.state, made.undone_at, made.can_undo) == (State.DONE, None, True)
    assert made.error == "Nothing went back: all of it was changed since."


def test_a_second_edit_of_the_same_thing_is_refused_until_the_first_has_ended(seller, items):
    first = do(seller, Action.PRICE, price=TENTH)

    with pytest.raises(edits.Busy) as busy:
        do(seller, Action.PRICE, price=TENTH, chosen=seller.items.filter(sku="A"))
    assert busy.value.made == first
    work(first)
    do(seller, Action.PRICE, price=TENTH, chosen=seller.items.filter(sku="A"))

    assert prices(seller)["A"] == Decimal("12.10")


def test_edits_of_other_things_and_of_other_sellers_are_not_refused(seller, items):
    do(seller, Action.PRICE, price=TENTH)
    other = make_seller("other")
    make_user("other@example.com", seller=other)
    make_item(other, "THEIRS")

    assert do(seller, Action.BLOCK).state == State.RUNNING
    assert do(seller, Action.LABEL, label=make_label(seller, "One")).state == State.RUNNING
    assert do(seller, Action.LABEL, label=make_label(seller, "Two")).state == State.RUNNING
    assert do(other, Action.PRICE, price=TENTH).state == State.DONE


def test_items_are_not_archived_and_brought_back_at_once(seller, items):
    made = do(seller, Action.ARCHIVE)

    with pytest.raises(edits.Busy):
        do(seller, Action.BRING_BACK)
    assert work(made).state == State.DONE
    assert work(do(seller, Action.BRING_BACK)).changed_count == 5


def test_archiving_is_stopped_between_two_slices_and_undone_as_far_as_it_came(seller, items):
    label = make_label(seller, items=items)
    made = do(seller, Action.ARCHIVE)
    do_slice(made.pk, now=NOW)
    edits.stop(made)

    assert set(members(label)) == {"C", "D", "E"}
    assert undo(seller, made).undone_count == 2
    assert set(members(label)) == set(SKUS)


def test_no_undo_and_no_going_on_beside_an_edit_of_the_same_thing(seller, items):
    done = work(do(seller, Action.PRICE, price=TENTH))
    stopped = do(seller, Action.PRICE, price=TENTH)
    edits.stop(stopped)
    do(seller, Action.PRICE, price=TENTH)

    with pytest.raises(edits.Busy):
        undo(seller, done)
    with pytest.raises(edits.Busy):
        edits.go_on(stopped, now=NOW)


def test_the_same_form_sent_twice_begins_one_edit(seller, items):
    key = uuid.uuid4()

    first, second = (do(seller, Action.PRICE, price=TENTH, key=key) for _ in range(2))

    assert first == second
    work(first)
    assert set(prices(seller).values()) == {Decimal(11)}


def test_what_is_stopped_goes_on_from_there(seller, items):
    made = do(seller, Action.PRICE, price=TENTH)
    do_slice(made.pk, now=NOW)

    assert edits.stop(made)
    assert not do_slice(made.pk, now=NOW)
    assert work(made).state == State.STOPPED
    assert counts(made) == (5, 2, 2)
    edits.go_on(made, now=NOW)

    assert work(made).state == State.DONE
    assert set(prices(seller).values()) == {Decimal(11)}
    assert not edits.stop(made)


def test_what_is_stopped_is_undone_as_far_as_it_came(seller, items):
    made = do(seller, Action.PRICE, price=TENTH)
    do_slice(made.pk, now=NOW)
    edits.stop(made)

    made = undo(seller, made)

    assert (made.state, *counts(made), made.undone_count) == (State.UNDONE, 2, 2, 2, 2)
    assert set(prices(seller).values()) == {Decimal(10)}
    assert edits.go_on(made, now=NOW).state == State.UNDONE


def test_one_that_always_ends_its_worker_gives_up_and_may_be_tried_again(seller, items):
    made = do(seller, Action.PRICE, price=TENTH)
    BulkEdit.objects.update(attempts=MAX_ATTEMPTS)

    assert work(made).state == State.FAILED
    assert made.error == "It was interrupted 5 times at the same place."
    assert list(edits.under_way(seller)) == [made]
    edits.go_on(made, now=NOW)

    assert work(made).state == State.DONE


def test_a_value_that_cannot_be_stored_fails_it_at_once(seller, items, monkeypatch):
    made = do(seller, Action.PRICE, price=TENTH)
    monkeypatch.setattr(edits, "do_slice", lambda *_, **__: (_ for _ in ()).throw(DataError()))

    assert work(made).error == "Something about an item cannot be stored."


def test_a_label_that_is_deleted_meanwhile_ends_it_with_the_reason(seller, items):
    made = do(seller, Action.LABEL, label=make_label(seller))
    do_slice(made.pk, now=NOW)
    Label.objects.all().delete()

    assert (work(made).state, made.error) == (State.FAILED, "The label was deleted.")
    assert (made.can_go_on, made.can_undo) == (False, False)
    assert edits.go_on(made, now=NOW).state == State.FAILED


def test_a_sweep_finds_the_oldest_of_each_seller(seller, items):
    first = do(seller, Action.PRICE, price=TENTH)
    second = do(seller, Action.BLOCK)

    assert list(edits.waiting_edits()) == [first.pk]
    work(first)
    assert list(edits.waiting_edits()) == [second.pk]
    work(second)
    assert (list(edits.waiting_edits()), list(edits.under_way(seller))) == ([], [])


def test_an_edit_that_is_gone_is_nobodys_work(seller):
    edits.run(0, now=NOW)

    assert not do_slice(0, now=NOW)


def test_old_edits_go_with_their_slices_unless_they_are_under_way(seller, items):
    stopped, going = do(seller, Action.PRICE, price=TENTH), do(seller, Action.BLOCK)
    edits.stop(stopped)

    purge_bulk_edits(before=NOW.replace(year=2027), may_go_on=lambda: True)

    assert list(BulkEdit.objects.all()) == [going]
    assert set(BulkEditSlice.objects.values_list("edit_id", flat=True)) == {going.pk}


def test_variations_that_somebody_kept_off_do_not_come_along_with_their_parent(seller):
    parent = make_item(seller, "P", is_parent=True, price=None)
    children = [make_item(seller, f"P-{number}", parent=parent) for number in range(3)]
    label = make_label(seller)
    made = do(seller, Action.LABEL, label=label, chosen=seller.items.filter(sku="P"))
    labels.exclude_items(label, [children[2].pk], actor=None, now=NOW)

    work(made)
    assert members(label) == {"P": "hand", "P-0": "hand", "P-1": "hand", "P-2": "excluded"}

    undo(seller, made)
    work(made)
    assert members(label) == {"P-2": "excluded"}

"""One thing done to many items, and undone."""

import threading
import time
import uuid
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest

from inventory import catalogue, labels
from inventory.bulk import edits
from inventory.bulk.choosing import PriceChange, write_down
from inventory.models import BulkEdit, Item, LabelItem
from inventory.retention import purge_bulk_edits
from tests.factories import NOW, make_item, make_label, make_seller, make_user
from tests.flows.test_activate_races import at_once

pytestmark = pytest.mark.django_db
Action = BulkEdit.Action


@pytest.fixture
def seller():
    made = make_seller()
    make_user(seller=made)
    return made


def do(seller, action, *, chosen=None, **more):
    chosen = seller.items.all() if chosen is None else chosen
    return edits.edit(seller, chosen, action, words="done", actor=seller.memberships.get().user, now=NOW, **more)


def undo(seller, made):
    return edits.undo(made, actor=seller.memberships.get().user, now=NOW)


def by_rule(seller, brand):
    label = labels.create_label(seller, "By rule", rule=[{"field": "brand", "op": "is", "value": brand}], now=NOW)
    labels.recalculate_label(label.pk, now=NOW)
    label.refresh_from_db()
    return label


def prices(seller):
    return {item.sku: item.price for item in seller.items.all()}


def members(label):
    rows = LabelItem.objects.filter(label=label)
    return dict(rows.values_list("item__sku", "source"))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (PriceChange(percent=Decimal(10)), {"A": "11.00", "B": "0.11", "NONE": None}),
        (PriceChange(percent=Decimal("-12.5")), {"A": "8.75", "B": "0.09", "NONE": None}),
        (PriceChange(amount=Decimal("-1.5")), {"A": "8.50", "B": "0.00", "NONE": None}),
        (PriceChange(fixed=Decimal("5.00")), {"A": "5.00", "B": "5.00", "NONE": "5.00"}),
    ],
)
def test_prices_change_and_go_back(seller, change, expected):
    make_item(seller, "A", price=Decimal("10.00"))
    make_item(seller, "B", price=Decimal("0.10"))
    make_item(seller, "NONE", price=None)
    before = prices(seller)

    made = do(seller, Action.PRICE, price=change)

    assert {sku: None if price is None else f"{price:.2f}" for sku, price in prices(seller).items()} == expected
    assert made.count == sum(before[sku] != price for sku, price in prices(seller).items())
    assert undo(seller, made).left_count == 0
    assert prices(seller) == before


def test_what_somebody_changed_since_is_left_alone_and_counted(seller):
    make_item(seller, "A")
    make_item(seller, "B")
    made = do(seller, Action.PRICE, price=PriceChange(percent=Decimal(50)))
    Item.objects.filter(sku="B").update(price=Decimal("99.00"))

    done = undo(seller, made)

    assert prices(seller) == {"A": Decimal(10), "B": Decimal(99)}
    assert (done.count, done.undone_count, done.left_count) == (2, 1, 1)


def test_an_undo_counts_once(seller):
    make_item(seller, "A")
    made = do(seller, Action.BLOCK)

    undo(seller, made)
    Item.objects.update(blocked=True)

    assert undo(seller, made).undone_count == 1
    assert Item.objects.get().blocked


@pytest.mark.parametrize(("action", "blocked"), [(Action.BLOCK, False), (Action.UNBLOCK, True)])
def test_blocking_goes_back_for_those_that_it_changed(seller, action, blocked):
    make_item(seller, "CHANGED", blocked=blocked)
    make_item(seller, "SO ALREADY", blocked=not blocked)

    made = do(seller, action)

    assert made.count == 1
    assert set(Item.objects.values_list("blocked", flat=True)) == {not blocked}
    undo(seller, made)
    assert Item.objects.get(sku="CHANGED").blocked is blocked
    assert Item.objects.get(sku="SO ALREADY").blocked is not blocked


def test_archiving_takes_off_all_labels_and_its_undo_puts_back_on_them(seller):
    mug, pot = make_item(seller, "MUG", brand="Acme"), make_item(seller, "POT", brand="Acme")
    outlet, ruled, kept_off = make_label(seller, items=[mug, pot]), by_rule(seller, "Acme"), make_label(seller, "Off")
    labels.exclude_items(kept_off, [mug.pk], actor=None, now=NOW)

    made = do(seller, Action.ARCHIVE, chosen=seller.items.filter(sku="MUG"))

    assert (seller.items.get(sku="MUG").archived_at, seller.items.get(sku="POT").archived_at) == (NOW, None)
    assert [members(label) for label in (outlet, ruled, kept_off)] == [{"POT": "hand"}, {"POT": "rule"}, {}]
    assert undo(seller, made).undone_count == 1
    assert not seller.items.exclude(archived_at=None).exists()
    assert members(outlet) == {"MUG": "hand", "POT": "hand"}
    assert members(ruled) == {"MUG": "rule", "POT": "rule"}
    assert members(kept_off) == {"MUG": "excluded"}


def test_what_is_archived_comes_back_on_the_labels_that_are_still_there(seller):
    mug = make_item(seller, "MUG")
    gone, outlet = make_label(seller, "Gone", items=[mug]), make_label(seller, items=[mug])
    made = do(seller, Action.ARCHIVE)
    gone.delete()

    assert undo(seller, made).undone_count == 1
    assert members(outlet) == {"MUG": "hand"}


def test_what_somebody_brought_back_and_archived_again_is_left_alone(seller):
    mug, pot = make_item(seller, "MUG"), make_item(seller, "POT")
    made = do(seller, Action.ARCHIVE)
    for item in (mug, pot):
        catalogue.bring_back(item, now=NOW)
    catalogue.archive(mug, now=NOW + timedelta(hours=1))

    assert undo(seller, made).undone_at is None
    assert seller.items.get(sku="MUG").archived_at == NOW + timedelta(hours=1)


def test_what_was_brought_back_is_archived_as_before_unless_somebody_labelled_it_since(seller):
    label, before = by_rule(seller, "Acme"), NOW - timedelta(days=3)
    items = [make_item(seller, sku, brand="Acme", archived_at=before) for sku in ("MUG", "POT")]

    made = do(seller, Action.BRING_BACK)
    labels.recalculate_items([item.pk for item in items], now=NOW)
    labels.add_items(make_label(seller), [items[1].pk], actor=None, now=NOW)

    assert members(label) == {"MUG": "rule", "POT": "rule"}
    assert undo(seller, made).left_count == 1
    assert dict(seller.items.values_list("sku", "archived_at")) == {"MUG": before, "POT": None}
    assert members(label) == {"POT": "rule"}


def test_archiving_counts_what_was_not_archived_before(seller):
    make_item(seller, "MUG", on_hand=3)
    make_item(seller, "GONE", archived_at=NOW - timedelta(days=1))

    assert do(seller, Action.ARCHIVE).changed_count == 1
    assert do(seller, Action.BRING_BACK).changed_count == 2
    assert not seller.items.exclude(archived_at=None).exists()


@pytest.mark.django_db(transaction=True)
def test_who_archives_and_who_labels_meanwhile_do_not_wait_for_each_other_in_a_circle(seller, monkeypatch):
    make_item(seller, "MUG")
    label, begun, real = make_label(seller), threading.Event(), write_down

    def slowly(made, *args):
        begun.set()
        time.sleep(0.5 if made.action == Action.ARCHIVE else 0)
        return real(made, *args)

    def put_on_label():
        begun.wait(timeout=10)
        do(seller, Action.LABEL, label=label)

    monkeypatch.setattr("inventory.bulk.edits.write_down", slowly)

    assert at_once(partial(do, seller, Action.ARCHIVE), put_on_label) == [None, None]
    assert members(label) == {}


def test_a_label_is_as_before_for_what_came_on_it(seller):
    on, off, late = make_item(seller, "ON"), make_item(seller, "OFF"), make_item(seller, "LATE")
    label = make_label(seller, items=[on])

    made = do(seller, Action.LABEL, chosen=seller.items.filter(sku__in=["ON", "OFF"]), label=label)
    labels.add_items(label, [late.pk], actor=None, now=NOW)

    assert (made.count, set(members(label))) == (1, {"ON", "OFF", "LATE"})
    assert undo(seller, made).undone_count == 1
    assert members(label) == {"ON": "hand", "LATE": "hand"}
    assert off.sku not in members(label)


def test_what_was_taken_off_comes_back_as_it_was(seller):
    items = [make_item(seller, sku) for sku in ("A", "B", "C")]
    label = make_label(seller, items=items)

    made = do(seller, Action.UNLABEL, chosen=seller.items.exclude(sku="C"), label=label)
    assert set(members(label)) == {"C"}

    assert undo(seller, made).undone_count == 2
    assert members(label) == {"A": "hand", "B": "hand", "C": "hand"}


def test_on_a_rule_label_what_was_kept_off_is_the_rules_again(seller):
    for sku in ("A", "B"):
        make_item(seller, sku, brand="Acme")
    label = by_rule(seller, "Acme")

    made = do(seller, Action.UNLABEL, chosen=seller.items.filter(sku="A"), label=label)
    assert members(label) == {"A": "excluded", "B": "rule"}

    undo(seller, made)
    assert members(label) == {"A": "rule", "B": "rule"}


def test_what_the_rule_no_longer_wants_does_not_come_back(seller):
    make_item(seller, "A", brand="Acme")
    label = by_rule(seller, "Acme")
    made = do(seller, Action.UNLABEL, label=label)
    labels.save_rule(label, [{"field": "brand", "op": "is", "value": "Other"}], now=NOW)
    labels.recalculate_label(label.pk, now=NOW)

    undo(seller, made)

    assert members(label) == {}


def test_what_a_later_edit_did_is_not_undone_by_an_earlier_one(seller):
    make_item(seller, "RECALLED")
    first = do(seller, Action.BLOCK)
    do(seller, Action.UNBLOCK)
    again = do(seller, Action.BLOCK)

    assert undo(seller, first).undone_at is None
    assert Item.objects.get().blocked

    undo(seller, again)
    assert not Item.objects.get().blocked


def test_price_changes_go_back_in_any_order_that_makes_sense(seller):
    make_item(seller, "A", price=Decimal(100))
    first = do(seller, Action.PRICE, price=PriceChange(percent=Decimal(10)))
    second = do(seller, Action.PRICE, price=PriceChange(percent=Decimal(10)))

    assert undo(seller, first).undone_at is None
    undo(seller, second)
    undo(seller, first)

    assert prices(seller) == {"A": Decimal(100)}


def test_the_same_form_sent_twice_counts_once(seller):
    make_item(seller, "A", price=Decimal(10))
    key = uuid.uuid4()

    for _ in range(2):
        made = do(seller, Action.PRICE, price=PriceChange(percent=Decimal(10)), key=key)

    assert prices(seller) == {"A": Decimal(11)}
    assert made.count == 1


def test_prices_have_the_digits_of_their_currency_and_none_is_too_large_to_keep(seller):
    make_item(seller, "YEN", price=Decimal(1000), currency="JPY")
    make_item(seller, "DINAR", price=Decimal("1.000"), currency="BHD")
    make_item(seller, "HUGE", price=Decimal("9999999999.00"))

    do(seller, Action.PRICE, price=PriceChange(percent=Decimal("3.333")))

    assert prices(seller) == {"YEN": Decimal(1033), "DINAR": Decimal("1.033"), "HUGE": Decimal("9999999999.00")}


def test_variations_go_with_their_parent(seller):
    parent = make_item(seller, "P", is_parent=True, price=None)
    make_item(seller, "P-1", parent=parent)
    label = make_label(seller)

    made = do(seller, Action.LABEL, chosen=seller.items.filter(sku="P"), label=label)

    assert "P-1" in members(label)
    undo(seller, made)
    assert members(label) == {}


def test_other_sellers_items_are_never_touched_and_nothing_leaves_no_record(seller):
    other = make_seller("other")
    make_item(other, "THEIRS")

    made = do(seller, Action.BLOCK, chosen=Item.objects.all())

    assert made.count == 0
    assert not BulkEdit.objects.exists()
    assert not Item.objects.get().blocked
    assert do(seller, Action.BLOCK, chosen=Item.objects.none()).count == 0


def test_a_label_that_is_gone_leaves_nothing_to_undo(seller):
    make_item(seller, "A")
    label = make_label(seller)
    made = do(seller, Action.LABEL, label=label)
    label.delete()

    done = undo(seller, BulkEdit.objects.get(pk=made.pk))

    assert (done.undone_count, done.undone_at) == (0, None)


def test_old_edits_go(seller):
    make_item(seller, "A")
    do(seller, Action.BLOCK)

    assert purge_bulk_edits(before=NOW, may_go_on=lambda: True) == 0
    assert purge_bulk_edits(before=NOW.replace(year=2027), may_go_on=lambda: True) == 1
    assert not BulkEdit.objects.exists()

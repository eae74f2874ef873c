"""Whatever is done to whatever items, wherever it is killed or stopped: once undone, all is as it was before."""

from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from inventory import labels
from inventory.bulk import edits
from inventory.bulk.choosing import PriceChange
from inventory.bulk.doing import do_slice
from inventory.models import BulkEdit, Item, Label, LabelItem
from tests.factories import NOW, make_item, make_label
from tests.inventory.bulk_rig import Action, State, do, members, prices, seller, small_slices, undo, work

__all__ = ["seller", "small_slices"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_slices")]

SKUS = ["P", "P-1", "P-2", "X", "Y", "Z"]
known = st.fixed_dictionaries(
    {
        "price": st.sampled_from([None, "10", "0.05", "99"]),
        "blocked": st.booleans(),
        "brand": st.sampled_from(["", "Acme"]),
        "label": st.sampled_from(["", "hand", "excluded"]),
        "archived_at": st.sampled_from([None, None, NOW - timedelta(days=1), NOW - timedelta(days=2)]),
    }
)
inventories = st.fixed_dictionaries(dict.fromkeys(SKUS, known))
changes = st.builds(
    PriceChange,
    percent=st.sampled_from([Decimal(0), Decimal(10), Decimal(-50)]),
    amount=st.sampled_from([Decimal(0), Decimal(1), Decimal("-20")]),
    fixed=st.sampled_from([None, Decimal(5)]),
)
examples = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Killed(BaseException):
    """The worker is gone."""


@contextmanager
def killed_at(statement):
    """The worker dies before the statement of this number in the block."""
    left = [statement]

    def count(execute, sql, params, many, context):
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        try:
            yield
        except Killed:
            event("killed")


def fill(seller, label, inventory):
    """The seller has these items and no others, and no edits."""
    BulkEdit.objects.all().delete()
    Item.objects.update(parent=None)
    Item.objects.all().delete()
    parent = None
    for sku, values in inventory.items():
        item = make_item(
            seller,
            sku,
            price=values["price"] and Decimal(values["price"]),
            blocked=values["blocked"],
            brand=values["brand"],
            archived_at=values["archived_at"],
            is_parent=sku == "P",
            parent=parent if sku.startswith("P-") else None,
        )
        parent = item if sku == "P" else parent
        if values["label"] == "excluded" or values["label"] and not values["archived_at"]:
            LabelItem.objects.create(label=label, item=item, source=values["label"])
    if label.kind == Label.Kind.RULE:
        Label.objects.filter(pk=label.pk).update(recalculated_at=None)
        labels.recalculate_label(label.pk, now=NOW)


def everything(label):
    items = list(Item.objects.order_by("sku").values("sku", "price", "blocked", "archived_at"))
    return items, members(label)


@pytest.fixture(params=["manual", "rule"])
def label(request, seller):
    rule = [{"field": "brand", "op": "is", "value": "Acme"}]
    return labels.create_label(seller, "By rule", rule=rule, now=NOW) if request.param == "rule" else make_label(seller)


@examples
@given(
    inventory=inventories,
    action=st.sampled_from(list(Action)),
    change=changes,
    deaths=st.lists(st.integers(1, 25), max_size=3),
    slices=st.integers(0, 4),
)
def test_killed_anywhere_stopped_anywhere_and_undone_nothing_has_changed(
    seller, label, inventory, action, change, deaths, slices
):
    fill(seller, label, inventory)
    before = everything(label)
    about = {"label": label} if action in (Action.LABEL, Action.UNLABEL) else {}
    made = do(seller, action, price=change, **about)
    if made.count == 0:
        assert everything(label) == before
        return

    for _ in range(slices):
        do_slice(made.pk, now=NOW)
    edits.stop(made)
    undo(seller, made)
    for death in deaths:
        with killed_at(death):
            edits.run(made.pk, now=NOW)
    work(made)

    assert everything(label) == before
    assert made.state in (State.UNDONE, State.STOPPED)
    assert made.undone_count == made.changed_count


@examples
@given(
    inventory=inventories,
    action=st.sampled_from(list(Action)),
    change=changes,
    deaths=st.lists(st.integers(1, 25), min_size=1, max_size=4),
)
def test_killed_anywhere_it_comes_to_the_same_as_at_one_go(seller, label, inventory, action, change, deaths):
    about = {"label": label} if action in (Action.LABEL, Action.UNLABEL) else {}
    at_one_go: list[int] = []
    ends = []
    for killed in (at_one_go, deaths):
        fill(seller, label, inventory)
        made = do(seller, action, price=change, **about)
        for death in killed:
            with killed_at(death):
                edits.run(made.pk, now=NOW)
        if made.count:
            work(made)
        ends.append((everything(label), made.state, made.count, made.done_count, made.changed_count))

    assert ends[0] == ends[1]
    assert ends[0][2] == ends[0][4] == ends[0][3]


@examples
@given(
    inventory=inventories,
    change=changes,
    by_hand=st.dictionaries(st.sampled_from(SKUS), st.sampled_from(["before", "half-way", "after"])),
)
def test_a_price_that_somebody_entered_stays_whenever_that_was(seller, inventory, change, by_hand):
    label = make_label(seller)
    fill(seller, label, inventory)
    before = prices(seller)
    label.delete()

    def enter(when):
        for sku in (sku for sku, moment in by_hand.items() if moment == when):
            Item.objects.filter(seller=seller, sku=sku).update(price=Decimal(7_777))

    made = do(seller, Action.PRICE, price=change)
    enter("before")
    if made.is_working:
        do_slice(made.pk, now=NOW)
    enter("half-way")
    if made.count:
        work(made)
    enter("after")
    if made.changed_count:
        undo(seller, made)
        work(made)

    assert prices(seller) == {sku: Decimal(7_777) if sku in by_hand else price for sku, price in before.items()}

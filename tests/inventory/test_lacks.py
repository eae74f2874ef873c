"""Whatever is written, however: the lists of what lacks a label or stock hold those items, and no others."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory import lacks
from inventory.alone import working_alone
from inventory.models import Item, Label, LabelItem, Lack, Location, Seller, Stock
from inventory.search import ItemFilter, find_items
from tests.examples import examples
from tests.factories import NOW, make_item, make_label, make_seller
from tests.locks import wait_until_somebody_waits

SKUS = ["A", "B", "C"]
LABELS = ["Outlet", "Spring"]
CODES = ["main", "north"]
FILTERS = {
    "unlabelled": Lack.What.LABEL,
    "out_of_stock": Lack.What.STOCK,
    "at_most_5": Lack.What.MORE_THAN_5,
    "at_most_20": Lack.What.MORE_THAN_20,
}
MOST = {"out_of_stock": 0, "at_most_5": 5, "at_most_20": 20}


def found(seller: Seller, show: str) -> list[str]:
    most = MOST.get(show)
    wanted = ItemFilter(at_most=most) if most else ItemFilter(show=show)
    return sorted(find_items(seller, wanted).values_list("sku", flat=True))


def lacking(seller: Seller, show: str) -> list[str]:
    """Return the same, read from the rows themselves."""
    offered = Item.objects.filter(seller=seller, archived_at=None, is_parent=False)
    if show == "unlabelled":
        on_a_label = set(LabelItem.objects.exclude(source="excluded").values_list("item_id", flat=True))
        return sorted(item.sku for item in offered if item.pk not in on_a_label)
    return sorted(item.sku for item in offered if sum(row.available for row in item.stock.all()) <= MOST[show])


def prune() -> int:
    return lacks.prune(may_go_on=lambda: True)


def rows(what: Lack.What) -> list[str]:
    return sorted(mark.sku for mark in Lack.objects.all() if mark.lacks & what)


# --- one writer -------------------------------------------------------------------------------------------------------

sku, label, code, source = (st.sampled_from(values) for values in (SKUS, LABELS, CODES, ["hand", "rule", "excluded"]))
changes = st.one_of(
    st.tuples(st.just("make"), sku),
    st.tuples(st.just("delete"), sku),
    st.tuples(st.just("rename"), sku, sku),
    st.tuples(st.just("parent"), sku, st.booleans()),
    st.tuples(st.just("archive"), sku, st.booleans()),
    st.tuples(st.just("label"), label, sku, source),
    st.tuples(st.just("unlabel"), label, st.sets(sku)),
    st.tuples(st.just("delete label"), label),
    st.tuples(st.just("stock"), sku, code, st.sampled_from([0, 1, 2, 4, 6, 18, 21, 40]), st.integers(0, 4)),
    st.tuples(st.just("delete stock"), code),
    st.tuples(st.just("reserve all"), st.integers(0, 2)),
    st.tuples(st.just("prune")),
)


def do(seller: Seller, what: str, *given: Any) -> None:
    items = Item.objects.filter(seller=seller)
    match what, *given:
        case "make", sku if not items.filter(sku=sku).exists():
            make_item(seller, str(sku))
        case "delete", sku:
            LabelItem.objects.filter(item__sku=sku).delete()
            Stock.objects.filter(item__sku=sku).delete()
            items.filter(sku=sku).delete()
        case "rename", sku, other if not items.filter(sku=other).exists():
            items.filter(sku=sku).update(sku=other)
        case "parent", sku, is_parent:
            items.filter(sku=sku).update(is_parent=is_parent)
        case "archive", sku, is_archived:
            items.filter(sku=sku).update(archived_at=NOW if is_archived else None)
        case "label", label, sku, source:
            for item in items.filter(sku=sku):
                LabelItem.objects.update_or_create(
                    label=Label.objects.get(name=label), item=item, defaults={"source": source}
                )
        case "unlabel", label, skus:
            LabelItem.objects.filter(label__name=label, item__sku__in=skus).delete()
        case "delete label", label:
            Label.objects.get(name=label).delete()
            make_label(seller, str(label))
        case "stock", sku, code, on_hand, reserved:
            for item in items.filter(sku=sku):
                Stock.objects.update_or_create(
                    item=item,
                    location=Location.objects.get(code=code),
                    defaults={"on_hand": on_hand, "reserved": reserved},
                )
        case "delete stock", code:
            Stock.objects.filter(location__code=code).delete()
        case "reserve all", reserved:
            Stock.objects.update(reserved=reserved)
        case "prune", *_:
            prune()


@pytest.mark.django_db
@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(done=st.lists(changes, max_size=12))
def test_whatever_was_done_exactly_what_lacks_something_is_found_and_only_that_is_kept(done):
    with transaction.atomic():
        seller = make_seller()
        Location.objects.create(seller=seller, code="north", name="North")
        for name in LABELS:
            make_label(seller, name)
        for change in [("make", "A"), ("make", "B"), *done]:
            do(seller, *change)
            for show in FILTERS:
                assert found(seller, show) == lacking(seller, show), (change, show)
        prune()
        for show, what in FILTERS.items():
            assert rows(what) == lacking(seller, show)
        assert not Lack.objects.filter(lacks=0).exists()
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_another_sellers_item_of_the_same_sku_is_another():
    ours, other = make_seller(), make_seller("other")
    make_label(ours, items=[make_item(ours, "A", on_hand=21)])
    make_item(other, "A")
    prune()

    assert [found(ours, show) for show in FILTERS] == [[], [], [], []]
    assert [found(other, show) for show in FILTERS] == [["A"], ["A"], ["A"], ["A"]]
    assert set(Lack.objects.values_list("seller_id", flat=True)) == {other.pk}


@pytest.mark.django_db
def test_pruning_ends_when_its_time_is_up_and_goes_on_the_next_time(monkeypatch):
    monkeypatch.setattr(lacks, "_BATCH", 2)
    seller = make_seller()
    make_label(seller, items=[make_item(seller, sku, on_hand=21) for sku in SKUS])
    asked = iter([True, False])

    assert lacks.prune(may_go_on=lambda: next(asked)) == 2
    assert prune() == 1
    assert not Lack.objects.exists()


# --- two at once ------------------------------------------------------------------------------------------------------


@pytest.fixture
def labelled() -> Seller:
    """A is on one label and was never without since: its row can go."""
    seller = make_seller()
    make_label(seller, items=[make_item(seller, "A", on_hand=21)])
    return seller


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("show", FILTERS)
def test_what_is_taken_away_meanwhile_is_not_forgotten(labelled, show):
    with transaction.atomic():
        _take_away(show)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(_elsewhere, prune).result(timeout=30)  # passes by what this transaction holds

    assert found(labelled, show) == ["A"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("show", FILTERS)
def test_who_takes_away_waits_for_the_pruning_and_writes_the_row_anew(labelled, show):
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert prune() == 1
            taking = pool.submit(_elsewhere, _take_away, show)
            wait_until_somebody_waits()
        taking.result(timeout=30)

    assert found(labelled, show) == ["A"]


@pytest.mark.django_db(transaction=True)
def test_one_who_prunes_is_enough(labelled):
    with ThreadPoolExecutor(1) as pool, working_alone("inventory lacks"):
        assert pool.submit(_elsewhere, prune).result(timeout=30) == 0

    assert prune() == 1


@pytest.mark.django_db(transaction=True)
def test_what_comes_in_at_one_place_does_not_hide_what_goes_at_another_meanwhile(labelled):
    """Together they are few only once both are through: until then the pruning leaves the mark alone."""
    north = Location.objects.create(seller=labelled, code="north", name="North")
    Stock.objects.create(item=Item.objects.get(), location=north, on_hand=0)
    Stock.objects.exclude(location=north).update(on_hand=4)
    with transaction.atomic():
        Stock.objects.exclude(location=north).update(on_hand=1)
        with ThreadPoolExecutor(1) as pool:
            coming = partial(Stock.objects.filter(location=north).update, on_hand=4)
            pool.submit(_elsewhere, coming).result(timeout=30)  # does not wait for this transaction
            pool.submit(_elsewhere, prune).result(timeout=30)

    assert found(labelled, "at_most_5") == ["A"]


def _take_away(show: str) -> None:
    if show == "unlabelled":
        LabelItem.objects.all().delete()
    else:
        Stock.objects.update(reserved=21)


def _elsewhere(work, *given):
    try:
        return work(*given)
    finally:
        connection.close()

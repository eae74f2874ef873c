"""The triggers append exactly what changed, whoever wrote."""

from decimal import Decimal

import pytest
from django.db import connection

from inventory import labels
from inventory.models import BulkChange, Item, ItemChange, LabelItem, Stock
from tests.factories import NOW, make_item, make_label, make_seller

pytestmark = pytest.mark.django_db

STOCK, PRICE, CONTENT, MEMBERSHIP = (kind.value for kind in ItemChange.Change)


@pytest.fixture
def seller():
    return make_seller()


def taken():
    """Empty the queue as the fan-out does. Returns (SKU, kinds) sorted."""
    rows = list(ItemChange.objects.order_by("id"))
    skus = dict(Item.objects.values_list("pk", "sku"))
    ItemChange.objects.all().delete()
    return sorted((skus.get(row.item_id, "gone"), row.kinds) for row in rows)


def test_a_new_item_appends_every_kind(seller):
    make_item(seller, "A")

    assert taken() == [("A", STOCK | PRICE | CONTENT | MEMBERSHIP)]


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        ({"price": Decimal("11")}, PRICE),
        ({"price": None}, PRICE),
        ({"currency": "EUR"}, PRICE),
        ({"title": "New"}, CONTENT),
        ({"attributes": {"Size": "L"}}, CONTENT),
        ({"blocked": True}, MEMBERSHIP),
        ({"archived_at": NOW}, MEMBERSHIP),
        ({"is_parent": True}, MEMBERSHIP),
        ({"title": "New", "price": Decimal("11"), "blocked": True}, CONTENT | PRICE | MEMBERSHIP),
    ],
)
def test_an_update_appends_the_kinds_that_changed(seller, change, kinds):
    item = make_item(seller, "A")
    make_item(seller, "B")
    taken()

    Item.objects.filter(pk=item.pk).update(**change)

    assert taken() == [("A", kinds)]


def test_an_update_to_the_same_values_appends_nothing(seller):
    make_item(seller, "A")
    taken()

    with connection.cursor() as cursor:
        cursor.execute("UPDATE inventory_item SET title = title, price = price, updated_at = clock_timestamp()")

    assert taken() == []


def test_one_statement_over_many_items_appends_only_those_that_changed(seller):
    for sku in "ABC":
        make_item(seller, sku, price=Decimal("1") if sku == "B" else Decimal("2"))
    taken()

    with connection.cursor() as cursor:
        cursor.execute("UPDATE inventory_item SET price = 2")

    assert taken() == [("B", PRICE)]


def test_a_deleted_item_appends_membership(seller):
    item = make_item(seller, "A")
    taken()

    item.delete()

    assert taken() == [("gone", MEMBERSHIP)]


def test_stock_appends_once_per_item_and_only_when_it_moved(seller):
    item = make_item(seller, "A", on_hand=5)
    assert taken() == [("A", STOCK), ("A", STOCK | PRICE | CONTENT | MEMBERSHIP)]

    Stock.objects.update(on_hand=5)
    assert taken() == []

    Stock.objects.update(reserved=1)
    assert taken() == [("A", STOCK)]

    Stock.objects.all().delete()
    assert taken() == [("A", STOCK)]

    Stock.objects.create(item=item, location=seller.locations.get())
    assert taken() == []


def test_a_label_appends_when_an_item_comes_goes_or_is_kept_off(seller):
    item, label = make_item(seller, "A"), make_label(seller)
    taken()

    row = LabelItem.objects.create(label=label, item=item, source="rule")
    assert taken() == [("A", MEMBERSHIP)]
    LabelItem.objects.update(source="hand")
    assert taken() == []
    LabelItem.objects.update(source="excluded")
    assert taken() == [("A", MEMBERSHIP)]
    row.delete()
    assert taken() == []
    LabelItem.objects.create(label=label, item=item, source="excluded")
    assert taken() == []


def test_a_statement_over_more_than_5000_rows_appends_one_bulk_change_per_label(seller):
    Item.objects.bulk_create(
        Item(seller=seller, sku=f"S-{n}", title="x", currency="USD", created_at=NOW, updated_at=NOW)
        for n in range(5_001)
    )
    label = make_label(seller)
    taken()

    labels.add_items(label, seller.items.all(), actor=None, now=NOW)
    assert taken() == []
    assert list(BulkChange.objects.values_list("seller_id", "label_id")) == [(seller.pk, label.pk)]

    labels.remove_items(label, seller.items.filter(sku="S-0"), actor=None, now=NOW)
    assert taken() == [("S-0", MEMBERSHIP)]


def test_a_new_rule_appends_a_bulk_change_and_a_new_name_none(seller):
    label = make_label(seller)

    label.name = "Other"
    label.save()
    assert not BulkChange.objects.exists()

    labels.save_rule(label, [{"field": "brand", "op": "is", "value": "Acme"}], now=NOW)
    assert not BulkChange.objects.exists(), "its items are still to be found"
    labels.recalculate_label(label.pk, now=NOW)
    assert BulkChange.objects.get().label_id == label.pk

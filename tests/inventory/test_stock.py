"""Stock moves only by movements, once per cause."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory import stock
from inventory.models import Location, Reason, Stock, StockMovement
from inventory.signals import changed
from tests.factories import NOW, make_item, make_seller

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller():
    return make_seller()


@pytest.fixture
def location(seller):
    return stock.default_location(seller)


def movement(item, location, *, key=None, on_hand=0, reserved=0):
    return stock.Movement(
        item_id=item.pk,
        location_id=location.pk,
        on_hand_delta=on_hand,
        reserved_delta=reserved,
        reason=Reason.ADJUSTED,
        key=key or uuid.uuid4(),
    )


def assert_stock_is_the_sum_of_movements():
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FROM inventory_stock AS stock LEFT JOIN (
                SELECT item_id, location_id, sum(on_hand_delta) AS on_hand, sum(reserved_delta) AS reserved
                FROM inventory_stockmovement GROUP BY 1, 2
            ) AS moved USING (item_id, location_id)
            WHERE (stock.on_hand, stock.reserved) <> (coalesce(moved.on_hand, 0), coalesce(moved.reserved, 0))
            """
        )
        assert cursor.fetchone()[0] == 0


def test_movements_are_summed_into_stock(seller, location):
    item = make_item(seller)

    written = stock.record_movements(
        [movement(item, location, on_hand=10), movement(item, location, reserved=3)], now=NOW
    )

    row = Stock.objects.get(item=item)
    assert (written, row.on_hand, row.reserved, row.available) == (2, 10, 3, 7)
    assert_stock_is_the_sum_of_movements()


def test_a_movement_with_a_known_key_is_skipped(seller, location):
    item, key = make_item(seller), uuid.uuid4()
    stock.record_movements([movement(item, location, on_hand=10, key=key)], now=NOW)

    written = stock.record_movements(
        [movement(item, location, on_hand=10, key=key), movement(item, location, on_hand=1)], now=NOW
    )

    assert written == 1
    assert Stock.objects.get(item=item).on_hand == 11
    assert_stock_is_the_sum_of_movements()


def test_the_same_key_twice_in_one_call_moves_stock_once(seller, location):
    item, key = make_item(seller), uuid.uuid4()

    written = stock.record_movements([movement(item, location, on_hand=4, key=key)] * 2, now=NOW)

    assert (written, Stock.objects.get(item=item).on_hand) == (1, 4)


def test_a_count_sets_what_is_on_hand_and_leaves_the_reserved(seller, location):
    item = make_item(seller, on_hand=8)
    stock.record_movements([movement(item, location, reserved=2)], now=NOW)

    stock.set_on_hand(item, location, 5, actor=None, now=NOW, key=uuid.uuid4())

    row = Stock.objects.get(item=item)
    assert (row.on_hand, row.reserved) == (5, 2)
    assert StockMovement.objects.latest("id").on_hand_delta == -3
    assert_stock_is_the_sum_of_movements()


def test_a_repeated_count_does_not_bring_back_what_was_sold_since(seller, location):
    item, key = make_item(seller), uuid.uuid4()
    stock.set_on_hand(item, location, 5, actor=None, now=NOW, key=key)
    stock.record_movements([movement(item, location, on_hand=-2)], now=NOW)

    stock.set_on_hand(item, location, 5, actor=None, now=NOW, key=key)

    assert Stock.objects.get(item=item).on_hand == 3


def test_a_count_that_finds_no_difference_writes_no_movement(seller, location):
    item = make_item(seller, on_hand=5)

    stock.set_on_hand(item, location, 5, actor=None, now=NOW, key=uuid.uuid4())

    assert StockMovement.objects.filter(item=item).count() == 1


def test_stock_is_locked_in_item_then_location_order(seller, location):
    second = Location.objects.create(seller=seller, code="b", name="Shop")
    items = [make_item(seller, sku) for sku in ("A", "B")]
    moves = [movement(i, place, on_hand=1) for place in (second, location) for i in reversed(items)]

    with CaptureQueriesContext(
        connection,
    ) as queries:
        stock.record_movements(moves, now=NOW)
        rows = stock.lock_stock([items[1].pk, items[0].pk])

    locks = [q["sql"] for q in queries if "FOR UPDATE" in q["sql"]]
    assert len(locks) == 2
    assert all("ORDER BY" in sql and sql.index("item_id") < sql.rindex("location_id") for sql in locks)
    assert list(rows) == sorted((i.pk, place.pk) for i in items for place in (location, second))


def test_the_default_location_is_made_once(seller):
    seller.locations.all().delete()

    assert stock.default_location(seller) == stock.default_location(seller)


def test_changed_is_sent_once_after_the_commit(seller, location, django_capture_on_commit_callbacks):
    item, heard = make_item(seller), []

    def hear(**_):
        heard.append(1)

    changed.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            stock.record_movements([movement(item, location, on_hand=1)], now=NOW)
            stock.record_movements([movement(item, location, on_hand=1)], now=NOW)
            assert heard == []
    finally:
        changed.disconnect(hear)

    assert heard == [1]

"""Stock as it stood at a moment is what a replay of the movements up to then comes to."""

from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.as_of import Balance, movements_around, reserved_as_of, stock_as_of
from inventory.models import Item, Location, Reason, Seller, StockMovement
from inventory.retention import purge_movements
from inventory.stock import Movement, record_movements
from tests.examples import examples
from tests.factories import NOW, make_item, make_seller

pytestmark = pytest.mark.django_db

MOVES = st.lists(
    st.tuples(
        st.integers(0, 1),  # location
        st.integers(-5, 5),  # on hand
        st.integers(-5, 5),  # reserved
        st.none() | st.integers(1, 3),  # line
        st.integers(0, 10),  # minutes since the last
    ),
    max_size=12,
)


@pytest.fixture
def seller() -> Seller:
    seller = make_seller()
    Location.objects.create(seller=seller, code="second", name="Second")
    return seller


def move(item: Item, place: Location, on_hand: int, reserved: int = 0, *, minutes: int = 0, line: int | None = None):
    movement = Movement(
        item_id=item.pk,
        location_id=place.pk,
        on_hand_delta=on_hand,
        reserved_delta=reserved,
        reason=Reason.ADJUSTED,
        key=uuid4(),
        line_id=line,
    )
    record_movements([movement], now=NOW + timedelta(minutes=minutes))


@given(moves=MOVES, asked=st.integers(-1, 60))
@settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))
def test_stock_as_of_a_moment_is_a_replay_of_the_movements_up_to_then(
    seller: Seller, moves: list[tuple[int, int, int, int | None, int]], asked: int
):
    item, other = make_item(seller, f"MUG-{uuid4()}"), make_item(seller, f"CUP-{uuid4()}")
    places = list(seller.locations.order_by("pk"))
    on_hand, reserved, held = Counter[int](), Counter[int](), Counter[int]()
    minute = 0
    for place, units, promised, line, waited in moves:
        minute += waited
        move(item, places[place], units, promised, minutes=minute, line=line)
        move(other, places[place], 3, 1, minutes=minute, line=line)
        if minute <= asked:
            on_hand[places[place].pk] += units
            reserved[places[place].pk] += promised
            held[line or 0] += promised
    at = NOW + timedelta(minutes=asked)

    found = stock_as_of(item.pk, at)

    assert found.told_since is None
    empty = Balance()
    assert {place.pk: found.balances.get(place.pk, empty) for place in places} == {
        place.pk: Balance(on_hand=on_hand[place.pk], reserved=reserved[place.pk]) for place in places
    }
    assert found.available() == on_hand.total() - reserved.total()
    assert reserved_as_of(item.pk, at, limit=10) == {line: units for line, units in held.items() if line and units}


def test_before_the_opening_balance_stock_is_not_told(seller: Seller):
    item, place = make_item(seller, "MUG-1"), seller.locations.get(is_default=True)
    move(item, place, 5, minutes=0)
    move(item, place, -2, minutes=10)
    move(item, place, 4, minutes=20)
    purge_movements(before=NOW + timedelta(minutes=15), may_go_on=iter([True, False, False, False]).__next__)

    found = stock_as_of(item.pk, NOW + timedelta(minutes=15))

    assert found.told_since == NOW + timedelta(minutes=10)
    assert found.balances == {place.pk: Balance(on_hand=3)}
    assert [found.is_told(NOW + timedelta(minutes=minute)) for minute in (9, 10)] == [False, True]


def test_of_many_movements_those_nearest_to_the_moment_are_shown(seller: Seller):
    item, place = make_item(seller, "MUG-1"), seller.locations.get(is_default=True)
    for minute in range(10):
        move(item, place, minute + 1, minutes=minute)

    shown = movements_around(item.pk, NOW + timedelta(minutes=5), before=3, after=2)

    assert [movement.on_hand_delta for movement in shown] == [8, 7, 6, 5, 4]
    assert StockMovement.objects.count() == 10

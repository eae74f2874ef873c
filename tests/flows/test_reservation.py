"""What an order line holds of the stock: pure rules, held against any input."""

from hypothesis import given
from hypothesis import strategies as st

from channels_app.flows.reservation import Held, LineFacts, choose_locations, gone_for, plan_line, reserved_for

units = st.integers(0, 20)


def test_an_open_line_reserves_what_is_open():
    assert reserved_for(LineFacts(quantity=5, shipped=2, cancelled=1)) == 2


def test_a_shipped_line_reserves_nothing():
    assert reserved_for(LineFacts(quantity=2, shipped=2)) == 0


def test_a_cancelled_line_reserves_nothing():
    assert reserved_for(LineFacts(quantity=2, cancelled=2)) == 0


def test_a_third_party_line_waits_for_the_channel_to_show_it_shipped():
    line = LineFacts(quantity=3, shipped=1, is_ours=False, tells_shipped=True)

    assert (gone_for(line), reserved_for(line)) == (1, 2)


def test_a_third_party_line_is_consumed_at_import_where_the_channel_never_tells():
    line = LineFacts(quantity=3, is_ours=False, tells_shipped=False)

    assert (gone_for(line), reserved_for(line)) == (3, 0)


@given(
    st.builds(
        LineFacts, quantity=units, shipped=units, cancelled=units, is_ours=st.booleans(), tells_shipped=st.booleans()
    )
)
def test_a_line_never_holds_more_than_its_quantity_nor_less_than_nothing(line: LineFacts):
    assert reserved_for(line) >= 0
    assert gone_for(line) >= 0
    assert reserved_for(line) + gone_for(line) <= line.quantity


def test_the_first_location_that_holds_all_gives_all():
    assert choose_locations(5, {1: 4, 2: 5, 3: 9}, [1, 2, 3]) == {2: 5}


def test_no_location_holds_all_so_the_units_are_split_in_rank_order():
    assert choose_locations(6, {1: 4, 2: 5}, [1, 2]) == {1: 4, 2: 2}


def test_what_nobody_has_is_owed_by_the_first_location():
    assert choose_locations(9, {1: 2, 2: 3}, [1, 2]) == {1: 6, 2: 3}


def test_units_leave_from_where_they_are_reserved():
    plan = plan_line(
        target_reserved=1, target_gone=2, held={2: Held(reserved=3)}, available={1: 9, 2: 0}, ranked=[1, 2]
    )

    assert [(m.location_id, m.gone, m.reserved) for m in plan.moves] == [(2, 2, -2)]
    assert plan.short == 0


def test_an_oversell_is_counted():
    plan = plan_line(target_reserved=5, target_gone=0, held={}, available={1: 3}, ranked=[1])

    assert plan.short == 2


places = st.sampled_from([1, 2, 3])
holdings = st.dictionaries(places, st.builds(Held, reserved=units, gone=units))
stock = st.dictionaries(places, st.integers(-5, 20))
ranks = st.lists(places, min_size=1, unique=True)


@given(reserved=units, gone=units, held=holdings, available=stock, ranked=ranks)
def test_a_plan_always_ends_at_its_targets(
    reserved: int, gone: int, held: dict[int, Held], available: dict[int, int], ranked: list[int]
):
    before = dict(available)

    plan = plan_line(target_reserved=reserved, target_gone=gone, held=held, available=available, ranked=ranked)

    after = {place: Held(one.reserved, one.gone) for place, one in held.items()}
    for move in plan.moves:
        one = after.setdefault(move.location_id, Held())
        one.gone += move.gone
        one.reserved += move.reserved
        before[move.location_id] = before.get(move.location_id, 0) - move.gone - move.reserved
    assert sum(one.reserved for one in after.values()) == reserved
    assert sum(one.gone for one in after.values()) == gone
    assert all(one.reserved >= 0 and one.gone >= 0 for one in after.values())
    assert {p: n for p, n in before.items() if n} == {p: n for p, n in available.items() if n}


@given(reserved=units, gone=units, held=holdings, available=stock, ranked=ranks)
def test_planning_a_second_time_moves_nothing(
    reserved: int, gone: int, held: dict[int, Held], available: dict[int, int], ranked: list[int]
):
    first = plan_line(target_reserved=reserved, target_gone=gone, held=held, available=available, ranked=ranked)
    after = {place: Held(one.reserved, one.gone) for place, one in held.items()}
    for move in first.moves:
        one = after.setdefault(move.location_id, Held())
        one.gone += move.gone
        one.reserved += move.reserved

    again = plan_line(target_reserved=reserved, target_gone=gone, held=after, available=available, ranked=ranked)

    assert again.moves == []


@given(wanted=units, available=stock, ranked=ranks)
def test_a_split_gives_exactly_what_was_asked_for(wanted: int, available: dict[int, int], ranked: list[int]):
    chosen = choose_locations(wanted, available, ranked)

    assert sum(chosen.values()) == wanted
    assert all(given > 0 for given in chosen.values())

"""The seed decides what happens; every run strikes in every way."""

import json

import pytest

from chaos import schedule
from chaos.batch import seeds_of, summary
from chaos.given import make_baskets, make_items

SKUS = ["MUG", "PAN", "POT"]


def test_the_same_seed_gives_the_same_run_and_another_seed_another():
    assert schedule.strokes(7, 60) == schedule.strokes(7, 60) != schedule.strokes(8, 60)
    assert schedule.sales(7, 60, 9, 50) == schedule.sales(7, 60, 9, 50) != schedule.sales(8, 60, 9, 50)


@pytest.mark.parametrize("seed", range(1, 21))
def test_the_shortest_run_strikes_in_every_way(seed: int):
    kinds = {stroke.kind for stroke in schedule.strokes(seed, 20)}

    assert kinds >= {"hunt", "kill", "postgres", "valkey", "pause", "fault"}


def test_a_submission_fails_once_in_a_run_at_most():
    """Lines whose second submission fails as well are refused, and wait for a person."""
    for seed in range(50):
        targets = [stroke.target for stroke in schedule.strokes(seed, 300)]

        assert targets.count("failed_submission") <= 1


def test_whoever_is_paused_loses_the_lease():
    pauses = [stroke.seconds for seed in range(50) for stroke in schedule.strokes(seed, 60) if stroke.kind == "pause"]

    assert pauses
    assert min(pauses) > 10


def test_so_few_items_leave_the_label_that_none_waits_for_a_person():
    assert max(len(schedule.label_changes(seed, 600, SKUS)) for seed in range(5)) < 100


def test_deeds_come_in_the_order_of_their_times():
    deeds = schedule.stock_edits(3, 30, SKUS)

    assert [deed.at for deed in deeds] == sorted(deed.at for deed in deeds)


def test_a_seed_has_its_own_stock_and_some_items_have_so_little_that_two_marketplaces_fight_for_it():
    stock = make_items(1, 30)

    assert len(stock) == 30
    assert stock == make_items(1, 30) != make_items(2, 30)
    assert {item.quantity for item in stock.values()} > {2, 30}


def test_baskets_hold_items_there_are():
    stock = make_items(1, 30)

    lines = [line for sale in make_baskets(1, stock) for line in sale.lines]

    assert {line.sku for line in lines} <= set(stock)
    assert max(len(sale.lines) for sale in make_baskets(1, stock)) == 2


def test_seeds_are_named_singly_or_from_to():
    assert seeds_of("1-3,9") == [1, 2, 3, 9]


def test_a_batch_is_well_if_all_its_runs_are():
    good = {"ok": True, "seed": 1, "orders_lost": 0, "kills": 4, "settle_seconds": 5.0}
    bad = {"ok": False, "seed": 2, "orders_lost": 2, "kills": 5, "settle_seconds": 9.0}

    told = summary([good, bad])

    assert json.loads(json.dumps(told)) == told
    assert (told["ok"], told["failed_seeds"], told["orders_lost"], told["kills"]) == (False, [2], 2, 9)
    assert told["settle_seconds"] == 9.0
    assert summary([good])["ok"]

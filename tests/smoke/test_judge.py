"""The smoke's own arithmetic, and a judge that notices."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from smoke.channels import Kind
from smoke.expectations import Expectations, expected_price, expected_quantity
from smoke.files import Input, Item, Sale, SaleLine
from smoke.judge import judge, zeros
from smoke.marketplace import State
from smoke.plan import Plan
from smoke.stack import Stack
from smoke.together import Together, falls


@pytest.mark.parametrize(("available", "shown"), [(0, 0), (2, 0), (5, 0), (6, 4), (100, 98)])
def test_two_are_kept_back_and_three_or_fewer_are_shown_as_none(available: int, shown: int):
    assert expected_quantity(available) == shown


@pytest.mark.parametrize(
    ("price", "shown"),
    [("0.90", "0.99"), ("0.91", "1.99"), ("1.00", "1.99"), ("1.81", "1.99"), ("1.82", "2.99"), ("9.09", "10.99")],
)
def test_prices_rise_by_ten_percent_and_end_on_99_cents(price: str, shown: str):
    assert expected_price(Decimal(price)) == Decimal(shown)


def make_item(sku: str = "MUG", quantity: int = 20) -> Item:
    return Item(sku=sku, price=Decimal("1.00"), quantity=quantity, row={})


def make_sale(ref: str = "1", sku: str = "MUG", quantity: int = 2) -> Sale:
    return Sale(ref=ref, lines=(SaleLine(sku=sku, quantity=quantity, amount=Decimal(2)),))


OURS: dict[str, Any] = {
    "items": 1, "listings": {"listed": 1}, "orders_stored": 1, "order_lines_stored": 1, "units_reserved": 2,
    "units_shipped": 0, "units_consumed": 0, "third_party_managed_orders": 0, "ledger_open_rows": 0, "submissions": {},
    "item_changes": 0, "walks": 0, "pending_changes": 0, "held_withdrawals": 0, "raw_orders": {},
    "orders_needing_attention": 0, "orders_oversold": 0, "commands": {}, "jobs": [],
}  # fmt: skip


def expected() -> Expectations:
    known = Expectations({"MUG": make_item()}, on_label={"MUG"})
    known.bought(make_sale())
    return known


def state(quantity: int = 16, price: str = "1.99", **more: Any) -> State:
    lines = [{"quantity": 2, "quantity_cancelled": 0}]
    listings = {"MUG": {"status": "active", "quantity": quantity, "price": price}} | more
    return State(listings=listings, orders={"A": {"lines": lines}}, shipments=[], cancellations=[], refunds=[])


def test_when_all_is_as_expected_the_judge_finds_nothing():
    assert judge(expected(), state(), OURS).wrong == []


@pytest.mark.parametrize(
    ("shown", "ours", "words"),
    [
        (state(quantity=18), OURS, "MUG shows 18, expected 16"),
        (state(price="2.99"), OURS, "MUG costs 2.99"),
        (state(STRAY={"status": "active", "quantity": 1, "price": "1"}), OURS, "not on the label: STRAY"),
        (state(), OURS | {"orders_stored": 0}, "orders_stored is 0, expected 1"),
        (state(), OURS | {"units_reserved": 4}, "units_reserved_or_shipped is 4"),
        (state(), OURS | {"ledger_open_rows": 1}, "ledger_open_rows is 1"),
        (state(), OURS | {"pending_changes": 3}, "3 changes that no one looked at"),
        (state(), OURS | {"commands": {"ship rejected": 1}}, "1 rejected commands"),
        (state(), OURS | {"jobs": [{"enabled": True, "blocked": True}]}, "1 blocked jobs"),
    ],
)
def test_the_judge_notices(shown: State, ours: dict[str, Any], words: str):
    assert words in "; ".join(judge(expected(), shown, ours).wrong)


def test_a_count_of_zero_proves_nothing():
    assert "refunds_on_channel is 0: nothing was proved" in zeros(judge(expected(), state(), OURS).figures)


def test_cancelled_and_returned_units_are_free_again():
    known = expected()
    known.put_back("MUG", 1)
    assert known.listed["MUG"][0] == 17

    known.bought(make_sale("2"))
    known.cancelled(make_sale("2"))

    assert known.listed["MUG"][0] == 17
    assert known.units == 2


def test_every_order_meets_one_fate():
    items = {f"SKU-{number:03d}": make_item(f"SKU-{number:03d}") for number in range(100)}
    sales = [make_sale(str(number), f"SKU-{number % 60:03d}") for number in range(400)]

    plan = Plan.of(Input(items=items, sales=sales, skipped_lines=0))

    assert sorted(sale.ref for sale in [*plan.third_party, *plan.ours]) == sorted(sale.ref for sale in sales)
    assert not {line.sku for sale in sales for line in sale.lines} & set(plan.unlabelled)


def test_one_stock_is_what_all_channels_show():
    channels = [Kind(name=name, account={}, secret="", is_native=True) for name in ("one", "other")]
    together = Together(Stack(Path("nowhere")), Input({"MUG": make_item()}, [], 0), channels)
    one, other = together.places
    one.expected.on_label.add("MUG")

    one.expected.bought(make_sale())

    assert (one.missing(state()), other.missing(replace(state(), orders={}))) == ([], [])
    assert "other: MUG shows 18, expected 16" in other.missing(state(quantity=18))
    assert "other: 1 orders, expected 0" in other.missing(state())
    assert "one: A is not on the label" in one.missing(state(A={"status": "active", "quantity": 1, "price": "1"}))


def test_what_shows_less_than_before_has_fallen():
    more: dict[str, Any] = {"CUP": {"status": "active", "quantity": 5, "price": "1"}}

    assert falls(state(quantity=18, **more), state(quantity=16, **more)) == 1
    assert falls(state(quantity=16), state(quantity=18, **more)) == 0


def test_a_channel_that_followed_nothing_proves_nothing():
    kind = Kind(name="one", account={}, secret="", is_native=True)
    together = Together(Stack(Path("nowhere")), Input({"MUG": make_item()}, [], 0), [kind])

    assert together.unproved() == [
        "one: no order: nothing was proved",
        "one: no quantity was lowered by others: nothing was proved",
    ]

"""A judge that notices: each kind of wrong is found when it is there."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from chaos.book import Book
from chaos.judge import judge
from chaos.records import Line, Movement, Ours, Refusal, Stock, Theirs
from chaos.stock import oversold_units, percentile, sale_to_other_channel
from smoke.marketplace import State

ACCOUNT = "acc_1"
MORNING = datetime(2026, 1, 1, 8, tzinfo=UTC)


def book() -> Book:
    """Ten mugs, of which two left in a parcel; 1.50 of it went back."""
    known = Book({"MUG": 10})
    known.parcel("1Z1", [("MUG", 2)])
    known.refund("SO-1", Decimal("1.50"))
    return known


LINE = Line(
    order_id="SO-1", line_id="SO-1-1", account_id=ACCOUNT, quantity=3, shipped=2, cancelled=0, reserved=1, gone=2,
    told_shipped=2,
)  # fmt: skip


def ours(**changes: Any) -> Ours:
    values: dict[str, Any] = {
        "orders": [(ACCOUNT, "SO-1")],
        "lines": [LINE],
        "stock": {"MUG": Stock(8, 1, 8, 1)},
        "labelled": {"MUG": Decimal("9.00")},
        "movements": [],
        "parcels": ["1Z1"],
        "rejected": [],
    }
    return Ours(**(values | changes))


def theirs(
    *, listings: dict[str, Any] | None = None, line: dict[str, Any] | None = None, **changes: Any
) -> list[Theirs]:
    theirs_line = {"id": "SO-1-1", "sku": "MUG", "quantity": 3, "quantity_shipped": 2, "quantity_cancelled": 0}
    values: dict[str, Any] = {
        "listings": {"MUG": {"status": "active", "quantity": 7, "price": "9.00"}} | (listings or {}),
        "orders": {"SO-1": {"lines": [theirs_line | (line or {})]}},
        "shipments": [{"tracking_number": "1Z1", "lines": [{"line_id": "SO-1-1", "quantity": 2}]}],
        "cancellations": [],
        "refunds": [{"order_id": "SO-1", "lines": [{"amount": "1.50"}]}],
    }
    return [Theirs(ACCOUNT, State(**(values | changes)), [])]


def test_when_both_sides_agree_the_judge_finds_nothing():
    assert judge(ours(), theirs(), book()).all == []


PARCEL = {"tracking_number": "1Z1", "lines": [{"line_id": "SO-1-1", "quantity": 2}]}
REFUND = {"order_id": "SO-1", "lines": [{"amount": "1.50"}]}


@pytest.mark.parametrize(
    ("kind", "here", "there"),
    [
        ("orders_lost", ours(orders=[], lines=[]), theirs()),
        ("orders_lost", ours(lines=[]), theirs()),
        ("orders_lost", ours(lines=[replace(LINE, quantity=2, reserved=0)]), theirs()),
        ("orders_lost", ours(), theirs(line={"quantity_cancelled": 1})),
        ("orders_lost", ours(lines=[replace(LINE, cancelled=1, reserved=0)]), theirs()),
        ("orders_doubled", ours(orders=[(ACCOUNT, "SO-1")] * 2), theirs()),
        ("orders_doubled", ours(orders=[(ACCOUNT, "SO-1"), (ACCOUNT, "SO-9")]), theirs()),
        ("orders_doubled", ours(lines=[replace(LINE, reserved=2)]), theirs()),
        ("orders_doubled", ours(lines=[replace(LINE, gone=3)]), theirs()),
        ("stock_ledger_mismatches", ours(lines=[replace(LINE, reserved=0)]), theirs()),
        ("stock_ledger_mismatches", ours(stock={"MUG": Stock(8, 1, 9, 1)}), theirs()),
        ("stock_ledger_mismatches", ours(stock={"MUG": Stock(9, 2, 9, 2)}), theirs()),
        ("shipments_lost", ours(parcels=[]), theirs()),
        ("shipments_lost", ours(lines=[replace(LINE, shipped=3, reserved=0, gone=3, told_shipped=3)]), theirs()),
        ("shipments_doubled", ours(parcels=["1Z1", "1Z1"]), theirs()),
        ("shipments_doubled", ours(parcels=["1Z1", "1Z2"]), theirs()),
        ("shipments_doubled", ours(), theirs(shipments=[PARCEL, PARCEL])),
        ("shipments_doubled", ours(), theirs(line={"quantity_shipped": 4})),
        ("refunds_doubled", ours(), theirs(refunds=[REFUND, REFUND])),
        ("refunds_lost", ours(), theirs(refunds=[])),
        ("listings_wrong", ours(), theirs(listings={"MUG": {"status": "ended", "quantity": 7, "price": "9.00"}})),
        ("listings_wrong", ours(), theirs(listings={"MUG": {"status": "active", "quantity": 7, "price": "9.50"}})),
        ("listings_wrong", ours(labelled={}), theirs()),
        ("quantities_wrong", ours(), theirs(listings={"MUG": {"status": "active", "quantity": 8, "price": "9.00"}})),
        ("ledger_open_rows", ours(open_rows={"commands": 1}), theirs()),
        ("refusals_without_cause", ours(rejected=[Refusal("ship", "SO-1", "over_shipment", Decimal(0))]), theirs()),
    ],
)
def test_each_kind_of_wrong_is_found(kind: str, here: Ours, there: list[Theirs]):
    assert judge(here, there, book()).wrong[kind]


def test_a_refusal_about_an_order_that_was_cancelled_meanwhile_is_no_fault():
    found = judge(
        ours(rejected=[Refusal("ship", "SO-1", "over_shipment", Decimal(0))]),
        theirs(line={"quantity_cancelled": 1}),
        book(),
    )

    assert not found.wrong["refusals_without_cause"]


def test_a_refund_that_the_marketplace_refused_is_not_lost():
    refused = [Refusal("refund", "SO-1", "not_shipped", Decimal("1.50"))]

    found = judge(ours(rejected=refused), theirs(refunds=[], line={"quantity_cancelled": 1}), book())

    assert not found.wrong["refunds_lost"] + found.wrong["refusals_without_cause"]


def moved(after_seconds: int, units: int, reason: str = "adjusted", *, of_a_line: bool = False, reserved: int = 0):
    return Movement("MUG", MORNING + timedelta(seconds=after_seconds), units, reserved, reason, of_a_line)


def event(after_seconds: int, kind: str, **more: Any) -> dict[str, Any]:
    at = (MORNING + timedelta(seconds=after_seconds)).isoformat()
    return {"at": at, "kind": kind, "sku": "MUG", "submission_id": None, **more}


def sold(after_seconds: int, units: int) -> dict[str, Any]:
    return event(after_seconds, "sold", data={"quantity": units})


def sides(east: list[dict[str, Any]], west: list[dict[str, Any]]) -> list[Theirs]:
    empty = State(listings={}, orders={}, shipments=[], cancellations=[], refunds=[])
    return [Theirs("east", empty, east), Theirs("west", empty, west)]


@pytest.mark.parametrize(
    ("movements", "east", "west", "units"),
    [
        ([moved(0, 5)], [sold(1, 3)], [sold(2, 2)], 0),
        ([moved(0, 5)], [sold(1, 3)], [sold(2, 4)], 2),
        ([moved(0, 5)], [sold(1, 7)], [sold(2, 1)], 3),
        ([moved(0, 5), moved(2, 4)], [sold(1, 3)], [sold(3, 4)], 0),
        ([moved(0, 5), moved(2, -3)], [sold(1, 3)], [sold(3, 1)], 1),
        # A parcel takes what was sold already; what a cancelled order held is free again.
        ([moved(0, 5), moved(2, -3, "shipped", of_a_line=True)], [sold(1, 3)], [sold(3, 2)], 0),
        ([moved(0, 5), moved(2, 0, "released", of_a_line=True, reserved=-3)], [sold(1, 3)], [sold(3, 5)], 0),
        ([moved(0, 5), moved(2, 1, "restocked", of_a_line=True)], [sold(1, 5)], [sold(3, 1)], 0),
    ],
)
def test_oversold_is_what_both_sold_beyond_what_was_there_at_that_moment(movements, east, west, units):
    assert oversold_units(movements, sides(east, west)) == units


def test_the_window_of_a_sale_ends_when_the_other_marketplace_shows_another_quantity():
    changed = event(9, "changed", submission_id="sub", quantity_before=5, quantity_after=4)
    same = event(5, "changed", submission_id="sub", quantity_before=5, quantity_after=5)

    assert sale_to_other_channel(sides([sold(1, 1)], [same, changed])) == [8.0]


def test_percentiles():
    assert percentile([], 0.95) == 0
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([3.0, 1.0, 2.0], 1.0) == 3.0

"""Orders: what is read of them, round by round, and what is told."""

import json
from decimal import Decimal

import pytest

from channels_app.adapters.errors import RejectedByChannel
from channels_app.adapters.medusa import orders
from channels_app.adapters.types import PaymentStatus, Verb
from tests.adapters.contract.world import about, listed, order_of, ordered, parcel


def round_of(adapter, cursor):
    """Return what one round brings, and the cursor behind it."""
    seen = []
    while True:
        page = adapter.fetch_orders(cursor)
        seen += page.raws
        cursor = page.next_cursor
        if not page.has_more:
            return seen, cursor


@pytest.mark.parametrize(
    ("said", "payment"),
    [
        ("authorized", PaymentStatus.CLEARED),
        ("captured", PaymentStatus.CLEARED),
        ("partially_refunded", PaymentStatus.CLEARED),
        ("not_paid", PaymentStatus.PENDING),
        ("awaiting", PaymentStatus.PENDING),
        ("canceled", PaymentStatus.FAILED),
        ("something new", PaymentStatus.PENDING),
    ],
)
def test_money_counts_once_it_is_authorized(said, payment):
    assert orders.payment_of({"payment_status": said}) is payment


def test_the_sale_stays_what_it_was_after_refunds(adapter, world):
    order = ordered(adapter, world)
    for key in ("r1", "r2"):
        adapter.refund(about(world, Verb.REFUND, order, 1, amount=Decimal("2.50")), key=key)

    again = order_of(adapter, world, order.remote_id)

    assert (again.total, again.lines[0].amount) == (order.total, order.lines[0].amount)
    assert again.payment is PaymentStatus.CLEARED


def test_an_order_whose_money_arrives_is_seen_though_no_date_moves(adapter, world, double):
    listed(adapter, world, "A")
    number = double.orders.buy("A", 1, payment_status="awaiting")
    first, cursor = round_of(adapter, adapter.first_cursor(world.began_at))
    assert [adapter.parse_order(raw.body).payment for raw in first] == [PaymentStatus.PENDING]
    # Long after the overlap.
    place = json.loads(cursor) | {"since": "2099-01-01T00:00:00.000Z"}
    double.orders.rows[number]["payment_status"] = "captured"

    second, cursor = round_of(adapter, json.dumps(place))

    assert [adapter.parse_order(raw.body).payment for raw in second] == [PaymentStatus.CLEARED]
    assert json.loads(cursor)["unpaid"] == []


def test_an_order_that_changes_during_a_round_pushes_no_other_off_its_page(adapter, world, double):
    listed(adapter, world, "A", quantity=500)
    placed = [double.orders.buy("A", 1) for _ in range(70)]
    page = adapter.fetch_orders(adapter.first_cursor(world.began_at))
    double.orders.rows[placed[0]]["updated_at"] = double.moment()

    rest, _ = round_of(adapter, page.next_cursor)

    assert page.has_more
    assert {raw.remote_id for raw in (*page.raws, *rest)} == set(placed)


def test_many_changes_of_one_moment_are_all_read(adapter, world, double):
    listed(adapter, world, "A", quantity=500)
    placed = [double.orders.buy("A", 1) for _ in range(120)]
    at = double.moment()
    for number in placed:
        double.orders.rows[number]["updated_at"] = at

    seen, _ = round_of(adapter, adapter.first_cursor(world.began_at))

    assert {raw.remote_id for raw in seen} == set(placed)


def test_a_cancelled_order_has_its_units_cancelled(adapter, world, double):
    order = ordered(adapter, world)
    double.orders.rows[order.remote_id] |= {"status": "canceled", "payment_status": "canceled"}

    again = order_of(adapter, world, order.remote_id)

    assert (again.status, again.lines[0].cancelled_quantity) == ("canceled", 2)


def test_units_that_were_fulfilled_by_hand_only_ship(adapter, world, double):
    order = ordered(adapter, world)
    units = {"items": [{"id": order.lines[0].remote_id, "quantity": 2}]}
    double.orders.fulfil(order.remote_id, units)

    adapter.ship(parcel(world, adapter.check_connection(), order, 2), key="s")

    (fulfillment,) = double.orders.rows[order.remote_id]["fulfillments"]
    assert fulfillment["labels"][0]["tracking_number"] == "1Z999"


def test_only_whole_orders_are_cancelled(adapter, world):
    order = ordered(adapter, world)

    with pytest.raises(RejectedByChannel, match="whole orders"):
        adapter.cancel(about(world, Verb.CANCEL, order, 1), key="c")


def test_cancelling_what_is_cancelled_is_done(adapter, world, double):
    order = ordered(adapter, world)
    double.orders.rows[order.remote_id]["status"] = "canceled"

    (result,) = adapter.cancel(about(world, Verb.CANCEL, order, 2), key="c").results

    assert result.outcome == "accepted"


def test_a_refund_is_found_by_its_own_key_only(adapter, world):
    order = ordered(adapter, world)
    command = about(world, Verb.REFUND, order, 1, amount=Decimal("2.50"))
    adapter.refund(command, key="mine")

    assert adapter.find_command(command, key="mine") is not None
    assert adapter.find_command(command, key="another") is None

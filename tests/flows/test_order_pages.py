"""Order download page by page, whatever dies in between, and many orders read at once."""

import copy
from unittest.mock import patch

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels_app.adapters.types import OrderPage
from channels_app.adapters.types import RawOrder as RawBody
from channels_app.flows import engine
from channels_app.flows.engine import FenceLost
from channels_app.flows.orders import download_orders
from channels_app.models import ChannelJob, Order, RawOrder
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]


def test_all_pages_are_read_and_the_channel_is_known_up_to_its_own_time(rig: Rig):
    mug = rig.item(on_hand=50)
    rig.market.page_size = 3
    for number in range(10):
        rig.market.has_order(f"A-{number}", sku="MUG-1")
    rig.wait(minutes=7)

    rig.download()

    assert Order.objects.count() == 10
    assert rig.stock(mug) == (50, 10)
    rig.channel.refresh_from_db()
    assert rig.channel.orders_known_until == rig.now


def test_the_cursor_moves_with_the_page_and_not_when_the_page_fails(rig: Rig):
    rig.item()
    rig.market.has_order("A-1", sku="MUG-1")
    claim = rig.claim("orders")

    with patch("channels_app.flows.orders.connection.cursor", side_effect=RuntimeError), pytest.raises(RuntimeError):
        download_orders(claim, rig.adapter)

    assert claim.cursor == ""
    assert ChannelJob.objects.get(kind="orders").cursor == ""


def test_raws_that_a_dead_worker_stored_are_read_by_the_next(rig: Rig):
    mug = rig.item()
    rig.market.has_order("A-1", sku="MUG-1", quantity=2)
    dies = patch("channels_app.flows.orders.read_new_raws", side_effect=[True, KeyboardInterrupt])
    with dies, pytest.raises(KeyboardInterrupt):
        rig.download()
    assert (RawOrder.objects.count(), Order.objects.count()) == (1, 0)

    rig.download()

    assert rig.stock(mug) == (10, 2)


def test_a_worker_whose_job_was_taken_over_stores_nothing_more(rig: Rig):
    rig.item()
    rig.market.has_order("A-1", sku="MUG-1")
    claim = rig.claim("orders")
    rig.claim("orders")

    with pytest.raises(FenceLost):
        download_orders(claim, rig.adapter)

    assert RawOrder.objects.count() == 0


def test_a_slice_that_runs_out_of_time_asks_for_another(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    rig.item()
    rig.market.has_order("A-1", sku="MUG-1")
    monkeypatch.setattr(engine, "SLICE_SECONDS", -1)

    assert download_orders(rig.claim("orders"), rig.adapter) is True


def test_characters_that_postgresql_cannot_hold_do_not_stop_a_page(rig: Rig):
    rig.item()
    rig.market.has_order("A-1", sku="MUG-1")["note"] = "nul \x00 and half a smile \ud83d"

    rig.download()

    assert rig.order("A-1").attention == ""


def _queries_of_a_download(rig: Rig) -> int:
    with CaptureQueriesContext(connection) as queries:
        rig.download()
    return len(queries)


def test_a_hundred_orders_are_read_with_as_many_statements_as_ten(rig: Rig):
    rig.item("MUG-1", on_hand=100)
    rig.item("CUP-1", on_hand=1)

    def queries(prefix: str, count: int) -> tuple[int, int]:
        """Return the statements it takes to read new orders, and to read them again as newer versions."""
        for number in range(count):
            rig.market.has_order(f"{prefix}-{number}", lines=[("MUG-1", 1, "5.00"), ("CUP-1", 2, "1.00")])
        new = _queries_of_a_download(rig)
        for number in range(count):
            rig.market.orders[f"{prefix}-{number}"] |= {"accepted": True, "payment": "failed"}
            rig.market.touch(f"{prefix}-{number}")
        return new, _queries_of_a_download(rig)

    rig.download()
    ten, hundred = queries("A", 10), queries("B", 100)

    assert hundred == ten
    assert max(ten) <= 37
    assert Order.objects.filter(accepted_at__isnull=False, payment_status="failed").count() == 110


def test_orders_read_together_do_not_promise_the_same_units(rig: Rig):
    mug = rig.item("MUG-1", on_hand=5)
    for number in range(1, 5):
        rig.market.has_order(f"A-{number}", sku="MUG-1", quantity=2)

    rig.download()

    assert [rig.order(f"A-{number}").attention.partition(" more")[0] for number in range(1, 5)] == [
        "",
        "",
        "Oversold: 1",
        "Oversold: 2",
    ]
    assert rig.stock(mug) == (5, 8)


@pytest.mark.parametrize("broken", range(3))
def test_what_is_wrong_with_one_order_stops_none_of_those_read_with_it(rig: Rig, broken: int):
    mug = rig.item("MUG-1", on_hand=10)
    for number in range(3):
        rig.market.has_order(f"A-{number}", sku="S" * 150 if number == broken else "MUG-1")

    rig.download()

    assert set(Order.objects.values_list("remote_id", flat=True)) == {"A-0", "A-1", "A-2"} - {f"A-{broken}"}
    assert RawOrder.objects.get(state="needs_attention").remote_id == f"A-{broken}"
    assert rig.stock(mug) == (10, 2)
    assert rig.commands("accept") == ["pending"] * 2


def test_two_versions_in_one_page_end_as_the_newer(rig: Rig):
    mug = rig.item("MUG-1", on_hand=10)
    first = copy.deepcopy(rig.market.has_order("A-1", sku="MUG-1", quantity=3))
    second = copy.deepcopy(first) | {"version": 2, "total": "10.00"}
    second["lines"][0]["quantity"] = 1
    raws = tuple(RawBody(remote_id="A-1", version=body["version"], body=body) for body in (second, first, second))

    with patch.object(rig.adapter, "fetch_orders", return_value=OrderPage(raws=raws, next_cursor="x", has_more=False)):
        rig.download()

    assert (rig.line("A-1").quantity, rig.order("A-1").attention, rig.stock(mug)) == (1, "", (10, 1))
    assert sorted(RawOrder.objects.values_list("state", flat=True)) == ["done", "older"]

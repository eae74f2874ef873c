"""Orders as they are read."""

import copy
from datetime import UTC, timedelta
from decimal import Decimal

import pytest

from channels_app.adapters.errors import RejectedByChannel
from channels_app.adapters.types import Capability, PaymentStatus
from tests.adapters.contract.world import find_order, listed, needs, order_of, ordered


class OrderPromises:
    def test_an_order_is_read_with_its_lines_and_money(self, adapter, world):
        listed(adapter, world, "A")
        order = order_of(adapter, world, world.has_order("A", 2))

        (line,) = order.lines
        assert (line.sku, line.quantity, line.shipped_quantity, line.cancelled_quantity) == ("A", 2, 0, 0)
        assert (line.unit_price, line.amount) == (Decimal("10.00"), Decimal("20.00"))
        assert order.total == line.amount + order.shipping + (0 if order.tax_included else line.tax)
        assert order.currency == adapter.check_connection().currency
        assert order.placed_at.tzinfo is not None
        assert order.buyer["name"]

    def test_an_order_that_is_to_be_shipped_says_where_to(self, adapter, world):
        order = ordered(adapter, world)

        assert order.ship_to["name"]
        assert order.ship_to["country"]

    def test_until_when_an_order_has_to_leave_is_a_moment_after_it_was_placed_or_not_told(self, adapter, world):
        order = ordered(adapter, world)

        assert (order.ship_by is not None) == world.tells_ship_by
        assert order.ship_by is None or order.ship_by.astimezone(UTC) > order.placed_at

    def test_money_is_never_a_float(self, adapter, world):
        listed(adapter, world, "A", price="12.35")
        order = order_of(adapter, world, world.has_order("A", 3))

        assert order.lines[0].unit_price == Decimal("12.35")
        assert order.lines[0].amount == Decimal("37.05")
        assert isinstance(order.total, Decimal)
        assert isinstance(order.shipping, Decimal)

    def test_a_paid_order_may_be_shipped(self, adapter, world):
        assert ordered(adapter, world).payment is PaymentStatus.CLEARED

    def test_the_next_round_overlaps_so_that_an_order_is_seen_again_rather_than_missed(self, adapter, world):
        listed(adapter, world, "A")
        remote_id = world.has_order("A", 1)
        first = adapter.fetch_orders(adapter.first_cursor(world.began_at))
        while first.has_more:
            first = adapter.fetch_orders(first.next_cursor)
        assert first.known_until is not None
        assert first.known_until.tzinfo is not None

        second = adapter.fetch_orders(first.next_cursor)

        assert remote_id in [raw.remote_id for raw in second.raws]

    def test_an_order_placed_after_a_round_is_seen_in_the_next(self, adapter, world):
        listed(adapter, world, "A")
        cursor = adapter.first_cursor(world.began_at)
        for _ in range(5):
            world.passes(300)
            remote_id = world.has_order("A", 1)
            page = adapter.fetch_orders(cursor)
            seen = {raw.remote_id for raw in page.raws}
            while page.has_more:
                page = adapter.fetch_orders(page.next_cursor)
                seen |= {raw.remote_id for raw in page.raws}
            assert remote_id in seen
            cursor = page.next_cursor

    def test_many_orders_are_read_page_after_page_and_none_is_missed(self, adapter, world):
        listed(adapter, world, "A", quantity=500)
        placed = {world.has_order("A", 1) for _ in range(120)}

        cursor, seen = adapter.first_cursor(world.began_at), set()
        for _ in range(50):
            page = adapter.fetch_orders(cursor)
            seen |= {raw.remote_id for raw in page.raws}
            cursor = page.next_cursor
            if not page.has_more:
                break

        assert seen == placed

    def test_orders_from_before_the_first_cursor_are_not_seen(self, adapter, world):
        listed(adapter, world, "A")
        world.has_order("A", 1)
        world.passes(7 * 24 * 3600)

        page = adapter.fetch_orders(adapter.first_cursor(world.now() - timedelta(hours=1)))

        assert page.raws == ()

    def test_the_version_rises_with_every_change(self, adapter, world):
        needs(adapter, Capability.CANCELLATION_REQUESTS)
        order = ordered(adapter, world)
        world.passes(60)

        world.asks_to_cancel(order.remote_id)

        assert order_of(adapter, world, order.remote_id).version > order.version

    def test_reading_an_order_is_pure(self, adapter, world):
        listed(adapter, world, "A")
        world.has_order("A", 1)
        page = adapter.fetch_orders(adapter.first_cursor(world.began_at))
        raw = page.raws[0]
        body = copy.deepcopy(raw.body)

        assert adapter.parse_order(raw.body) == adapter.parse_order(raw.body)
        assert raw.body == body

    @pytest.mark.parametrize("body", [{}, {"id": "1"}, {"lines": None}, {"lines": [None]}, {"orderItems": "x"}])
    def test_a_body_that_is_no_order_is_blamed_alone(self, adapter, body):
        with pytest.raises(RejectedByChannel):
            adapter.parse_order(body)

    def test_words_that_nobody_has_heard_before_stop_nothing(self, adapter, world):
        order = ordered(adapter, world)
        world.invents()

        read = find_order(adapter, world, order.remote_id)

        assert read is not None
        assert [line.sku for line in read.lines] == ["A"]
        assert read.status

    def test_a_clock_that_goes_wrong_hides_no_order(self, adapter, world):
        listed(adapter, world, "A")
        world.passes(1800)
        page = adapter.fetch_orders(adapter.first_cursor(world.began_at))
        while page.has_more:
            page = adapter.fetch_orders(page.next_cursor)
        world.clock_is_off(-20)
        remote_id = world.has_order("A", 1)

        again = adapter.fetch_orders(page.next_cursor)
        seen = {raw.remote_id for raw in again.raws}
        while again.has_more:
            again = adapter.fetch_orders(again.next_cursor)
            seen |= {raw.remote_id for raw in again.raws}

        assert remote_id in seen

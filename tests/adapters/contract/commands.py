"""What is told to the channel about orders."""

from decimal import Decimal

import pytest

from channels_app.adapters.types import Capability, Outcome, Verb
from tests.adapters.contract.world import about, attempt, can, done, needs, order_of, ordered, parcel


class CommandPromises:
    @pytest.fixture
    def facts(self, adapter):
        return adapter.check_connection()

    def test_accepting_twice_is_harmless(self, adapter, world):
        needs(adapter, Capability.ACCEPT)
        order = ordered(adapter, world)

        assert (
            done(adapter, world, adapter.accept(about(world, Verb.ACCEPT, order, 2), key="another")) is Outcome.ACCEPTED
        )
        assert order_of(adapter, world, order.remote_id).is_accepted

    def test_where_nothing_is_to_be_accepted_orders_come_accepted(self, adapter, world):
        if can(adapter, Capability.ACCEPT):
            pytest.skip(f"{adapter.label} has orders accepted")

        assert ordered(adapter, world).is_accepted

    def test_a_shipment_of_everything_shows_on_the_order(self, adapter, world, facts):
        order = ordered(adapter, world)

        assert done(adapter, world, adapter.ship(parcel(world, facts, order, 2), key="s")) is Outcome.ACCEPTED
        assert order_of(adapter, world, order.remote_id).lines[0].shipped_quantity == 2

    def test_parcels_show_on_the_order_one_after_the_other(self, adapter, world, facts):
        needs(adapter, Capability.SHIP_PARTIAL)
        order = ordered(adapter, world)

        for number, shipped in (("1Z1", 1), ("1Z2", 2)):
            result = adapter.ship(parcel(world, facts, order, 1, number), key=number)
            assert done(adapter, world, result) is Outcome.ACCEPTED
            assert world.shipped(order.remote_id) == shipped
            world.passes(600)

    def test_the_same_key_ships_once(self, adapter, world, facts):
        if not adapter.honours_keys:
            pytest.skip(f"{adapter.label} honours no keys")
        order = ordered(adapter, world)

        for _ in range(2):
            adapter.ship(parcel(world, facts, order, 1), key="s")

        assert order_of(adapter, world, order.remote_id).lines[0].shipped_quantity == 1

    def test_more_than_was_ordered_cannot_be_shipped(self, adapter, world, facts):
        needs(adapter, Capability.SHIP_PARTIAL)
        order = ordered(adapter, world)

        result = attempt(adapter, world, lambda: adapter.ship(parcel(world, facts, order, 3), key="s"))

        assert result.outcome is Outcome.REJECTED
        assert result.reason
        assert order_of(adapter, world, order.remote_id).lines[0].shipped_quantity == 0

    def test_a_cancelled_line_shows_on_the_order(self, adapter, world, facts):
        order = ordered(adapter, world)
        reason = facts.cancel_reasons[0].code if facts.cancel_reasons else ""

        assert (
            done(adapter, world, adapter.cancel(about(world, Verb.CANCEL, order, 2, reason=reason), key="c"))
            is Outcome.ACCEPTED
        )
        assert order_of(adapter, world, order.remote_id).lines[0].cancelled_quantity == 2

    def test_some_units_of_a_line_are_cancelled_and_the_others_ship(self, adapter, world, facts):
        needs(adapter, Capability.CANCEL_PARTIAL, Capability.SHIP_PARTIAL)
        order = ordered(adapter, world)
        reason = facts.cancel_reasons[0].code

        assert (
            done(adapter, world, adapter.cancel(about(world, Verb.CANCEL, order, 1, reason=reason), key="c"))
            is Outcome.ACCEPTED
        )
        assert done(adapter, world, adapter.ship(parcel(world, facts, order, 1), key="s")) is Outcome.ACCEPTED

        (line,) = order_of(adapter, world, order.remote_id).lines
        assert (line.cancelled_quantity, world.shipped(order.remote_id)) == (1, 1)

    def test_what_has_left_cannot_be_cancelled(self, adapter, world, facts):
        order = ordered(adapter, world)
        done(adapter, world, adapter.ship(parcel(world, facts, order, 2), key="s"))
        world.settle()
        reason = facts.cancel_reasons[0].code if facts.cancel_reasons else ""

        result = attempt(
            adapter, world, lambda: adapter.cancel(about(world, Verb.CANCEL, order, 2, reason=reason), key="c")
        )

        assert result.outcome is Outcome.REJECTED
        assert result.reason

    def test_money_is_given_back_but_not_more_than_was_paid(self, adapter, world, facts):
        needs(adapter, Capability.REFUND)
        order = ordered(adapter, world)
        done(adapter, world, adapter.ship(parcel(world, facts, order, 2), key="s"))
        world.settle()
        paid = order.lines[0].amount + (0 if order.tax_included else order.lines[0].tax)
        part = Decimal("5.00") if can(adapter, Capability.REFUND_PARTIAL) else paid
        reason = facts.refund_reasons[0].code if facts.refund_reasons else ""

        def refund(amount: Decimal, key: str) -> Outcome:
            command = about(world, Verb.REFUND, order, 1, amount=amount, shipping_amount=Decimal(0), reason=reason)
            return attempt(adapter, world, lambda: adapter.refund(command, key=key)).outcome

        assert refund(part, "r1") is Outcome.ACCEPTED
        world.passes(600)
        assert refund(paid - part + Decimal("0.01"), "r2") is Outcome.REJECTED
        assert world.refunded(order.remote_id) == part

    def test_a_buyers_wish_to_cancel_is_granted(self, adapter, world):
        needs(adapter, Capability.CANCELLATION_REQUESTS)
        order = ordered(adapter, world)
        world.asks_to_cancel(order.remote_id)
        asked = order_of(adapter, world, order.remote_id)
        assert asked.cancellation_request is not None
        command = about(world, Verb.ANSWER_CANCELLATION, asked, 2, approve_request=True)

        assert done(adapter, world, adapter.answer_cancellation(command, key="d")) is Outcome.ACCEPTED

        answered = order_of(adapter, world, order.remote_id)
        assert answered.cancellation_request is None
        assert answered.lines[0].cancelled_quantity == 2

    def test_a_buyers_wish_to_cancel_is_refused(self, adapter, world):
        needs(adapter, Capability.CANCELLATION_REQUESTS)
        order = ordered(adapter, world)
        world.asks_to_cancel(order.remote_id)
        command = about(
            world, Verb.ANSWER_CANCELLATION, order_of(adapter, world, order.remote_id), 2, approve_request=False
        )

        assert done(adapter, world, adapter.answer_cancellation(command, key="d")) is Outcome.ACCEPTED
        assert order_of(adapter, world, order.remote_id).lines[0].cancelled_quantity == 0

"""What buyers send back."""

import pytest

from channels_app.adapters.types import Capability, CommandLine, OrderCommand, Outcome, RemoteReturn, Verb
from tests.adapters.contract.world import attempt, done, needs, ordered, parcel


def returned(adapter, world, facts):
    """Return a return of one unit of an order that has left, as the adapter reads it."""
    order = ordered(adapter, world)
    done(adapter, world, adapter.ship(parcel(world, facts, order, 2), key="s"))
    world.settle()
    world.sends_back(order.remote_id, "A", 1)
    return order, read_returns(adapter, world)


def read_returns(adapter, world):
    cursor = adapter.first_returns_cursor(world.began_at)
    found: dict[str, RemoteReturn] = {}
    for _ in range(50):
        page = adapter.fetch_returns(cursor)
        found |= {one.remote_id: one for one in page.returns}
        cursor = page.next_cursor
        if not page.has_more:
            return list(found.values())
    raise AssertionError("the returns never end")


def decision(world, facts, one, code=""):
    """Return the command that decides about everything in the return."""
    lines = tuple(
        CommandLine(
            line_remote_id=line.remote_id, quantity=line.quantity, reason=code or facts.return_decisions[0].code
        )
        for line in one.lines
    )
    return OrderCommand(
        verb=Verb.HANDLE_RETURN,
        order_remote_id=one.order_remote_id,
        return_remote_id=one.remote_id,
        lines=lines,
        sent_at=world.now(),
    )


class ReturnPromises:
    @pytest.fixture
    def facts(self, adapter):
        return adapter.check_connection()

    def test_a_return_names_its_order_and_what_comes_back(self, adapter, world, facts):
        needs(adapter, Capability.RETURNS)
        order, (one,) = returned(adapter, world, facts)

        (line,) = one.lines
        assert one.order_remote_id == order.remote_id
        assert one.requested_at.tzinfo is not None
        assert (line.quantity, line.decision) == (1, "")
        assert line.order_line_remote_id == order.lines[0].remote_id or line.sku == "A" or line.gtin

    def test_no_returns_are_no_trouble(self, adapter, world):
        needs(adapter, Capability.RETURNS)

        assert read_returns(adapter, world) == []

    def test_what_was_decided_reaches_the_marketplace(self, adapter, world, facts):
        needs(adapter, Capability.RETURNS)
        _, (one,) = returned(adapter, world, facts)

        assert done(adapter, world, adapter.handle_return(decision(world, facts, one), key="h")) is Outcome.ACCEPTED

        world.settle()
        still_open = [line for read in read_returns(adapter, world) for line in read.lines if not line.decision]
        assert still_open == []

    def test_a_return_that_nobody_knows_cannot_be_decided(self, adapter, world, facts):
        needs(adapter, Capability.RETURNS)
        _, (one,) = returned(adapter, world, facts)
        command = decision(world, facts, one)
        unknown = OrderCommand(
            verb=Verb.HANDLE_RETURN,
            order_remote_id=command.order_remote_id,
            return_remote_id="999999999",
            lines=(CommandLine(line_remote_id="999999999", quantity=1, reason=command.lines[0].reason),),
            sent_at=world.now(),
        )

        result = attempt(adapter, world, lambda: adapter.handle_return(unknown, key="h"))

        assert result.outcome is Outcome.REJECTED

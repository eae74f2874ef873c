"""Answers that get lost, for every write there is: what was done is found and not done twice, what was not is done."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from channels_app.adapters.errors import OutcomeUnknown
from channels_app.adapters.types import (
    Capability,
    CommandResult,
    Kind,
    LostSubmission,
    OrderCommand,
    Outcome,
    Phase,
    Receipt,
    Verb,
)
from tests.adapters.contract.returns import decision, read_returns, returned
from tests.adapters.contract.world import (
    about,
    can,
    done,
    exported,
    listed,
    needs,
    offer,
    order_of,
    ordered,
    parcel,
    withdrawal,
)

#: How often a submission is tried before the test gives up; the engine never does.
_TRIES = 6

Call = Callable[..., CommandResult]
#: Which write of a verb meets the trouble: some verbs make two.
both_writes = pytest.mark.parametrize("write", [1, 2], ids=["first write", "second write"])


def carry_through(adapter, world, kind, lines) -> None:
    """Do as the engine does until every line is accepted: look for what was lost, poll, send anew."""
    left = {line.sku: line for line in lines}
    for attempt in range(_TRIES):
        receipt = _submitted(adapter, world, kind, list(left.values()), key=f"{kind} {attempt}")
        world.calm()
        if receipt is None:
            continue
        report = receipt.report
        told = {result.sku: result for result in report.results}
        for _ in range(40):
            if report.phase is not Phase.OPEN:
                break
            world.settle()
            report = adapter.poll(kind, receipt.handle)
            told |= {result.sku: result for result in report.results}
        rest = report.rest or Outcome.TRY_AGAIN
        accepted = {sku for sku in left if (told[sku].outcome if sku in told else rest) is Outcome.ACCEPTED}
        world.remote_ids |= {sku: result.remote_id for sku, result in told.items() if result.remote_id}
        left = {sku: line for sku, line in left.items() if sku not in accepted}
        if not left:
            return
    raise AssertionError(f"never accepted: {sorted(left)}")


def _submitted(adapter, world, kind, lines, *, key) -> Receipt | None:
    since = world.now()
    try:
        return adapter.submit(kind, lines, key=key)
    except OutcomeUnknown:
        world.passes(60)
        lost = LostSubmission(kind=kind, key=key, since=since, line_count=len(lines), sent_at=since)
        return adapter.find_submission(lost)


class LostAnswerPromises:
    @pytest.fixture
    def facts(self, adapter):
        return adapter.check_connection()

    # Submissions

    @both_writes
    @pytest.mark.parametrize("trouble", ["lost", "dropped"])
    def test_a_first_listing_is_there_once(self, adapter, world, trouble, write):
        needs(adapter, Capability.RECONCILE)
        listed(adapter, world, "OTHER")
        lines = [world.content(sku, price="10.00", quantity=5) for sku in ("A", "B", "C")]
        world.has(trouble, on_write=write)

        carry_through(adapter, world, Kind.CONTENT, lines)

        rows = [row.sku for row in _all_rows(adapter, world)]
        assert sorted(rows) == ["A", "B", "C", "OTHER"]

    @pytest.mark.parametrize("trouble", ["lost", "dropped"])
    def test_a_new_price_and_quantity_arrive(self, adapter, world, facts, trouble):
        needs(adapter, Capability.RECONCILE)
        listed(adapter, world, "A", "B")
        for kind in set(adapter.submission_lines) & {Kind.OFFER, Kind.PRICE, Kind.QUANTITY}:
            lines = [offer(world, sku, facts.currency, price="8.50", quantity=2) for sku in ("A", "B")]
            world.has(trouble, on_write=1)
            carry_through(adapter, world, kind, lines)

        _, rows = exported(adapter, world)
        assert {sku: (row.price, row.quantity) for sku, row in rows.items()} == dict.fromkeys(
            "AB", (Decimal("8.50"), 2)
        )

    @pytest.mark.parametrize("trouble", ["lost", "dropped"])
    def test_a_withdrawal_arrives(self, adapter, world, trouble):
        needs(adapter, Capability.RECONCILE)
        listed(adapter, world, "A", "B")
        world.has(trouble, on_write=1)

        carry_through(adapter, world, Kind.WITHDRAW, [withdrawal(world, "A")])

        assert set(exported(adapter, world)[1]) == {"B"}

    # Commands

    def _once(self, adapter, world, call: Call, command: Callable[[], OrderCommand]) -> None:
        """Do as the engine does after a lost answer: look, and send again what was not done."""
        asked = command()
        try:
            result = call(asked, key="once")
        except OutcomeUnknown:
            world.calm()
            world.passes(90)
            found = adapter.find_command(asked, key="once")
            result = call(command(), key="once") if found is None else found
        world.calm()
        assert done(adapter, world, result) is Outcome.ACCEPTED
        world.settle()

    @both_writes
    @pytest.mark.parametrize("trouble", ["lost", "dropped"])
    def test_an_acceptance_is_made(self, adapter, world, trouble, write):
        needs(adapter, Capability.ACCEPT)
        listed(adapter, world, "A", quantity=20)
        order = order_of(adapter, world, world.has_order("A", 2))
        world.has(trouble, on_write=write)

        self._once(adapter, world, adapter.accept, lambda: about(world, Verb.ACCEPT, order, 2))

        assert order_of(adapter, world, order.remote_id).is_accepted

    @both_writes
    @pytest.mark.parametrize("trouble", ["lost", "dropped"])
    def test_a_parcel_is_told_once(self, adapter, world, facts, trouble, write):
        order = ordered(adapter, world)
        units = 1 if can(adapter, Capability.SHIP_PARTIAL) else 2
        world.passes(3600)
        world.has(trouble, on_write=write)

        self._once(adapter, world, adapter.ship, lambda: parcel(world, facts, order, units))

        assert world.shipped(order.remote_id) == units

    @both_writes
    @pytest.mark.parametrize("trouble", ["lost", "dropped"])
    def test_the_second_of_two_like_parcels_is_told_once(self, adapter, world, facts, trouble, write):
        """Two parcels of one unit each: the first must not be taken for the second."""
        needs(adapter, Capability.SHIP_PARTIAL)
        order = ordered(adapter, world)
        done(adapter, world, adapter.ship(parcel(world, facts, order, 1, "1Z1"), key="first"))
        world.passes(3600)
        world.has(trouble, on_write=write)

        self._once(adapter, world, adapter.ship, lambda: parcel(world, facts, order, 1, "1Z2"))

        assert world.shipped(order.remote_id) == 2

    @both_writes
    @pytest.mark.parametrize("trouble", ["lost", "dropped"])
    def test_a_cancellation_is_made_once(self, adapter, world, facts, trouble, write):
        order = ordered(adapter, world)
        units = 1 if can(adapter, Capability.CANCEL_PARTIAL) else 2
        reason = facts.cancel_reasons[0].code if facts.cancel_reasons else ""
        world.passes(3600)
        world.has(trouble, on_write=write)

        self._once(adapter, world, adapter.cancel, lambda: about(world, Verb.CANCEL, order, units, reason=reason))

        assert order_of(adapter, world, order.remote_id).lines[0].cancelled_quantity == units

    @both_writes
    @pytest.mark.parametrize("trouble", ["lost", "dropped"])
    def test_money_is_given_back_once(self, adapter, world, facts, trouble, write):
        needs(adapter, Capability.REFUND, Capability.REFUND_PARTIAL)
        order = ordered(adapter, world)
        done(adapter, world, adapter.ship(parcel(world, facts, order, 2), key="s"))
        world.passes(3600)
        reason = facts.refund_reasons[0].code if facts.refund_reasons else ""
        world.has(trouble, on_write=write)

        def command() -> OrderCommand:
            return about(
                world, Verb.REFUND, order, 1, amount=Decimal("4.00"), shipping_amount=Decimal(0), reason=reason
            )

        self._once(adapter, world, adapter.refund, command)

        assert world.refunded(order.remote_id) == Decimal("4.00")

    @pytest.mark.parametrize("trouble", ["lost", "dropped"])
    def test_an_answer_to_a_wish_to_cancel_is_given_once(self, adapter, world, trouble):
        needs(adapter, Capability.CANCELLATION_REQUESTS)
        order = ordered(adapter, world)
        world.asks_to_cancel(order.remote_id)
        world.passes(3600)
        world.has(trouble, on_write=1)

        self._once(
            adapter,
            world,
            adapter.answer_cancellation,
            lambda: about(world, Verb.ANSWER_CANCELLATION, order, 2, approve_request=True),
        )

        assert order_of(adapter, world, order.remote_id).lines[0].cancelled_quantity == 2

    @pytest.mark.parametrize("trouble", ["lost", "dropped"])
    def test_a_decision_about_a_return_is_told_once(self, adapter, world, facts, trouble):
        needs(adapter, Capability.RETURNS)
        _, (one,) = returned(adapter, world, facts)
        world.passes(3600)
        world.has(trouble, on_write=1)

        self._once(adapter, world, adapter.handle_return, lambda: decision(world, facts, one))

        assert [line for read in read_returns(adapter, world) for line in read.lines if not line.decision] == []

    def test_what_never_arrived_is_not_taken_for_done(self, adapter, world, facts):
        order = ordered(adapter, world)
        world.passes(3600)
        command = parcel(world, facts, order, 2)
        world.has("dropped", on_write=1)
        with pytest.raises(OutcomeUnknown):
            adapter.ship(command, key="s")
        world.passes(90)

        assert adapter.find_command(command, key="s") is None
        assert world.shipped(order.remote_id) == 0


def _all_rows(adapter, world):
    export = adapter.export_listings()
    while export.rows is None:
        world.settle()
        export = adapter.export_listings(export.handle)
    return [row for row in export.rows if row.active]

"""What only Mirakl has, at the simulated operator."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.errors import OutcomeUnknown
from channels_app.adapters.mirakl.adapter import MiraklAdapter
from channels_app.adapters.redis_client import shared_redis
from channels_app.adapters.types import (
    Capability,
    Kind,
    LostSubmission,
    Outcome,
    PaymentStatus,
    Phase,
    Verb,
)
from sandbox.protocols.mirakl.words import FULL_EXPORT, LIST_OF_RETURNS, QUOTAS
from tests.adapters.contract.world import about, done, exported, listed, offer, order_of, ordered, parcel
from tests.adapters.mirakl.test_contract import MiraklWorld


class Operator(MiraklWorld):
    #: On top of what a buyer pays for a line.
    tax = "0"

    def has_order(self, sku: str, quantity: int) -> str:
        line = {"sku": sku, "quantity": quantity, "tax": self.tax}
        bought = self.box.control("POST", "/buy", {"account_id": self.account_id, "lines": [line]})
        return str(bought["id"])


#: Our name of an operation -> Mirakl's.
CODES = {
    "account": "A01",
    "categories": "H11",
    "product_attributes": "PM11",
    "value_lists": "VL11",
    "offers_with_products": "P41",
    "carriers": "SH21",
    "shipping_types": "SH12",
    "offer_states": "OF61",
    "reasons": "RE01",
    "offers": "OF01",
    "offers_status": "OF02",
    "offers_report": "OF03",
    "find_offers": "OF04",
    "prices": "PRI01",
    "prices_status": "PRI02",
    "prices_report": "PRI03",
    "stock": "STO01",
    "stock_status": "STO02",
    "stock_report": "STO03",
    "export_status": "OF53",
    "orders": "OR11",
}


#: Theirs by what is asked.
TAKEN = {"export": FULL_EXPORT, "returns": LIST_OF_RETURNS} | {
    operation: QUOTAS[code] for operation, code in CODES.items()
}


BY_A_PERSON = {"account", "carriers", "shipping_types", "offer_states", "reasons"}


@pytest.mark.parametrize("operation", TAKEN)
def test_no_operation_is_called_more_often_than_the_operator_takes(operation):
    ours, theirs = MiraklAdapter.limits[operation], TAKEN[operation]

    assert ours.per_second <= theirs.rate_per_s
    # What is asked for by a person may be asked for again at once; what a job asks for may not.
    assert ours.burst <= theirs.burst or operation in BY_A_PERSON


def test_no_job_runs_more_often_than_its_calls_may_go_out():
    limits, intervals = MiraklAdapter.limits, MiraklAdapter.intervals

    for job, operation in {
        "offers": "stock",
        "content": "offers",
        "orders": "orders",
        "reconcile": "export",
        "returns": "returns",
        "categories": "categories",
    }.items():
        assert intervals[job] * limits[operation].per_second >= 1


@pytest.fixture
def world(tmp_path: Path, valkey: str) -> Iterator[Operator]:
    shared_redis().flushdb()
    made = Operator(tmp_path / "operator.sqlite3")
    yield made
    made.close()


@pytest.fixture
def adapter(world: Operator) -> ChannelAdapter:
    return world.open()


def test_a_price_file_whose_answer_was_lost_is_found_by_its_moment(adapter, world):
    facts = adapter.check_connection()
    listed(adapter, world, "A", "B")
    prices = [offer(world, sku, facts.currency, price="8.50") for sku in ("A", "B")]
    sent_at = world.now()
    world.has("lost", on_write=1)
    with pytest.raises(OutcomeUnknown):
        adapter.submit(Kind.PRICE, prices, key="k")
    world.passes(60)

    found = adapter.find_submission(
        LostSubmission(kind=Kind.PRICE, key="k", since=sent_at - timedelta(minutes=10), line_count=2, sent_at=sent_at)
    )

    world.settle()
    assert found is not None
    assert adapter.poll(Kind.PRICE, found.handle).phase is Phase.DONE
    assert exported(adapter, world)[1]["A"].price == Decimal("8.50")


def test_until_it_is_accepted_an_order_is_refused_line_by_line(adapter, world):
    listed(adapter, world, "A", quantity=20)
    order = order_of(adapter, world, world.has_order("A", 2))
    assert (order.is_accepted, order.payment) == (False, PaymentStatus.PENDING)

    result = adapter.cancel(about(world, Verb.CANCEL, order, 2, reason="34"), key="c")

    assert done(adapter, world, result) is Outcome.ACCEPTED
    assert order_of(adapter, world, order.remote_id).lines[0].cancelled_quantity == 2
    assert "cancel" not in world.operations


def test_an_accepted_order_waits_for_the_buyers_money(adapter, world):
    listed(adapter, world, "A", quantity=20)
    order = order_of(adapter, world, world.has_order("A", 2))
    adapter.accept(about(world, Verb.ACCEPT, order, 2), key="a")

    waiting = order_of(adapter, world, order.remote_id)

    assert (waiting.is_accepted, waiting.payment) == (True, PaymentStatus.PENDING)
    too_early = adapter.ship(about(world, Verb.SHIP, order, 2, carrier_code="UPS", tracking_number="1Z9"), key="s")
    assert [line.outcome for line in too_early.results] == [Outcome.TRY_AGAIN]


def test_a_whole_order_is_cancelled_without_a_reason(adapter, world):
    order = ordered(adapter, world)

    result = adapter.cancel(about(world, Verb.CANCEL, order, 2), key="c")

    assert done(adapter, world, result) is Outcome.ACCEPTED
    assert order_of(adapter, world, order.remote_id).lines[0].cancelled_quantity == 2


def test_what_the_instance_says_of_itself_is_what_the_connection_can(adapter, world):
    adapter.check_connection()
    world.box.control("PATCH", f"/accounts/{world.account_id}", {"capabilities": {"tracking_required": True}})

    facts = adapter.check_connection()

    assert Capability.TRACKING_REQUIRED in facts.capabilities
    assert Capability.SHIP_PARTIAL not in facts.capabilities
    assert "UPS" in {carrier.code for carrier in facts.carriers}


def test_where_taxes_are_on_top_the_buyer_gets_back_what_we_were_asked_to_give(adapter, world):
    facts = adapter.check_connection()
    world.box.control("PATCH", f"/accounts/{world.account_id}", {"tax_included": False})
    world.tax = "1.65"
    order = ordered(adapter, world)
    (line,) = order.lines
    assert (order.tax_included, line.amount, line.tax) == (False, Decimal("20.00"), Decimal("1.65"))
    assert order.total == line.amount + line.tax + order.shipping
    done(adapter, world, adapter.ship(parcel(world, facts, order, 2), key="s"))

    whole = line.amount + line.tax
    for part in (Decimal("5.00"), whole - Decimal("5.00")):
        command = about(world, Verb.REFUND, order, 1, amount=part, shipping_amount=Decimal(0), reason="21")
        assert done(adapter, world, adapter.refund(command, key=str(part))) is Outcome.ACCEPTED
        world.passes(600)

    assert world.refunded(order.remote_id) == whole

"""Commands: accepted before shipped, sent once, looked after when the answer is lost, and a refusal is never silent."""

import uuid
from datetime import timedelta
from unittest.mock import patch

import pytest
from pytest_django import DjangoAssertNumQueries

from channels_app.adapters.errors import OutcomeUnknown, SettingsError, TemporaryError
from channels_app.adapters.types import Capability, CommandLineResult, CommandResult, Outcome
from channels_app.flows.commands import send_commands
from channels_app.flows.fulfil import answer_cancellation, cancel_lines, record_shipment, refund_lines, send_again
from channels_app.flows.fulfil_rules import RefundLine
from channels_app.flows.takeover import intents_become_unknown
from channels_app.models import CancellationRequest, Channel, ChannelJob, Command, Shipment
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]


def _ordered(rig: Rig, remote_id: str = "A-1", quantity: int = 2) -> None:
    rig.market.has_order(remote_id, sku="MUG-1", quantity=quantity)
    rig.download()


def _shipped(rig: Rig, remote_id: str = "A-1", units: int = 1, tracking: str = "T1") -> Shipment:
    return record_shipment(
        rig.order(remote_id),
        key=uuid.uuid4(),
        lines={rig.line(remote_id).pk: units},
        carrier_code="ups",
        tracking_number=tracking,
        shipped_at=rig.now,
        actor=rig.owner,
        now=rig.now,
    )


def _verbs(rig: Rig) -> list[str]:
    return [verb for verb, _, _ in rig.market.commands]


def test_an_order_is_accepted_and_says_since_when(rig: Rig):
    rig.item()
    _ordered(rig)

    rig.send()

    assert _verbs(rig) == ["accept"]
    assert rig.commands("accept") == ["confirmed"]
    assert rig.order("A-1").accepted_at == rig.now


def test_orders_are_locked_before_their_commands_as_the_download_does_it(
    rig: Rig, django_assert_max_num_queries: DjangoAssertNumQueries
):
    rig.item()
    _ordered(rig)

    with django_assert_max_num_queries(100) as asked:
        rig.send()

    said = [query["sql"] for query in asked.captured_queries]
    locks = [place for place, sql in enumerate(said) if 'FROM "channels_app_order"' in sql and "FOR UPDATE" in sql]
    closes = [place for place, sql in enumerate(said) if "UPDATE" in sql and "channels_app_command" in sql]
    assert locks
    assert min(locks) < max(closes)


def test_lines_of_one_order_are_accepted_in_one_call(rig: Rig):
    rig.item("MUG-1")
    rig.item("CUP-1")
    rig.market.has_order("A-1", lines=[("MUG-1", 1, "1.00"), ("CUP-1", 1, "1.00")])
    rig.download()

    rig.send()

    assert [len(command.lines) for _, command, _ in rig.market.commands] == [2]
    assert rig.commands("accept") == ["confirmed", "confirmed"]


def test_an_order_is_accepted_before_it_ships(rig: Rig):
    rig.item()
    _ordered(rig)
    _shipped(rig)

    rig.send()

    assert _verbs(rig) == ["accept", "ship"]
    assert rig.commands("ship") == ["confirmed"]


def test_what_is_refused_stands_on_the_order_with_the_channels_reason(rig: Rig):
    mug = rig.item()
    _ordered(rig)
    _shipped(rig, tracking="REJECT")

    rig.send()

    row = Command.objects.get(kind="ship")
    assert (row.state, row.code, row.reason) == ("rejected", "C1", "Refused.")
    assert "refused the shipping notice of MUG-1: Refused." in rig.order("A-1").attention
    assert rig.stock(mug) == (9, 1)


def test_a_refused_shipping_notice_can_be_sent_again(rig: Rig):
    rig.item()
    _ordered(rig)
    shipment = _shipped(rig, tracking="REJECT")
    rig.send()
    Shipment.objects.update(tracking_number="RIGHT")

    send_again(rig.order("A-1"), group_key=shipment.key, actor=rig.owner, now=rig.now)
    rig.send()

    assert rig.commands("ship") == ["confirmed"]
    assert rig.order("A-1").attention == ""


def test_a_temporary_error_leaves_the_command_for_later(rig: Rig):
    rig.item()
    _ordered(rig)
    rig.market.fail("accept", TemporaryError("Busy.", retry_after=30))

    with pytest.raises(TemporaryError):
        rig.send()

    row = Command.objects.get()
    assert (row.state, row.not_before) == ("pending", rig.now + timedelta(seconds=30))
    rig.send()
    assert _verbs(rig) == []
    rig.wait(seconds=31)
    rig.send()
    assert rig.commands("accept") == ["confirmed"]


def test_the_orders_behind_a_temporary_error_are_not_marked_as_sent(rig: Rig):
    rig.item()
    _ordered(rig, "A-1")
    _ordered(rig, "A-2")
    rig.market.fail("accept", TemporaryError("Busy."))

    with pytest.raises(TemporaryError):
        rig.send()

    assert rig.commands("accept") == ["pending", "pending"]
    rig.send()
    assert [command.order_remote_id for _, command, _ in rig.market.commands] == ["A-2"]


def test_a_lost_answer_is_looked_after_and_not_sent_twice(rig: Rig):
    rig.item()
    _ordered(rig)
    rig.market.lose_answer()

    with pytest.raises(OutcomeUnknown):
        rig.send()

    assert rig.commands("accept") == ["unknown"]
    rig.send()
    assert rig.commands("accept") == ["confirmed"]
    assert _verbs(rig) == ["accept"]


def test_a_command_that_never_arrived_is_sent_again_with_the_same_key(rig: Rig):
    rig.item()
    _ordered(rig)
    key = Command.objects.get().group_key
    rig.market.drop()
    with pytest.raises(OutcomeUnknown):
        rig.send()

    rig.send()

    assert [sent for _, _, sent in rig.market.commands] == [str(key)]
    assert rig.commands("accept") == ["confirmed"]


def test_what_a_dead_worker_was_sending_is_looked_after_first(rig: Rig):
    rig.item()
    _ordered(rig)
    claim = rig.claim("commands")
    dies = patch("channels_app.flows.commands.store_answers", side_effect=KeyboardInterrupt)
    with dies, pytest.raises(KeyboardInterrupt):
        send_commands(claim, rig.adapter)
    assert rig.commands("accept") == ["sent"]
    intents_become_unknown(rig.channel.pk, ChannelJob.Kind.COMMANDS, fence=claim.fence + 1)

    rig.send()

    assert _verbs(rig) == ["accept"]
    assert rig.commands("accept") == ["confirmed"]


def test_a_bug_in_an_adapter_leaves_a_lost_answer_not_a_resend(rig: Rig):
    rig.item()
    _ordered(rig)
    rig.market.fail("accept", ZeroDivisionError())

    with pytest.raises(ZeroDivisionError):
        rig.send()

    assert rig.commands("accept") == ["unknown"]


def test_wrong_settings_leave_the_command_waiting(rig: Rig):
    rig.item()
    _ordered(rig)
    rig.market.fail("accept", SettingsError("The token is wrong."))

    with pytest.raises(SettingsError):
        rig.send()

    assert rig.commands("accept") == ["pending"]


def test_a_command_with_a_handle_is_polled_to_its_end(rig: Rig):
    rig.item()
    _ordered(rig)
    done = CommandLineResult(line_remote_id="A-1-1", outcome=Outcome.ACCEPTED)
    busy = patch.object(rig.adapter, "accept", return_value=CommandResult(handle="H1"))
    polled = patch.object(
        rig.adapter,
        "poll_commands",
        side_effect=[{"H1": CommandResult(handle="H1")}, {"H1": CommandResult(results=(done,))}],
    )
    with busy, polled:
        claim = rig.send()
        assert (rig.commands("accept"), Command.objects.get().handle) == (["sent"], "H1")
        assert claim.again_at is not None
        rig.wait(seconds=2)
        rig.send()
        assert rig.commands("accept") == ["sent"]
        rig.wait(minutes=1)
        rig.send()

    assert rig.commands("accept") == ["confirmed"]


def test_a_line_that_must_be_tried_again_goes_out_as_a_new_call(rig: Rig):
    rig.item()
    _ordered(rig)
    key = Command.objects.get().group_key
    again = CommandLineResult(line_remote_id="A-1-1", outcome=Outcome.TRY_AGAIN)

    with patch.object(rig.adapter, "accept", return_value=CommandResult(results=(again,))):
        rig.send()

    row = Command.objects.get()
    assert (row.state, row.not_before is not None, row.group_key != key) == ("pending", True, True)


def test_an_answer_that_leaves_a_line_out_is_no_answer(rig: Rig):
    rig.item()
    _ordered(rig)

    with patch.object(rig.adapter, "accept", return_value=CommandResult()):
        rig.send()

    assert rig.commands("accept") == ["unknown"]


def test_a_refused_cancellation_is_due_to_the_buyer_again(rig: Rig):
    mug = rig.item()
    _ordered(rig)
    rig.send()
    order = rig.order("A-1")
    cancel_lines(
        order, key=uuid.uuid4(), lines={rig.line("A-1").pk: 2}, reason_code="no_stock", actor=rig.owner, now=rig.now
    )
    assert (rig.stock(mug), rig.order("A-1").shipping_status) == ((10, 0), "cancelled")
    refused = CommandLineResult(line_remote_id="A-1-1", outcome=Outcome.REJECTED, reason="Packed already.")

    with patch.object(rig.adapter, "cancel", return_value=CommandResult(results=(refused,))):
        rig.send()

    assert (rig.stock(mug), rig.order("A-1").shipping_status) == ((10, 2), "unshipped")
    assert "refused the cancellation of MUG-1: Packed already." in rig.order("A-1").attention


def test_a_refused_refund_is_owed_again(rig: Rig):
    rig.item()
    _ordered(rig)
    _shipped(rig, units=2)
    rig.send()
    line = rig.line("A-1")
    refund = RefundLine(line_id=line.pk, amount=line.amount)
    refund_lines(
        rig.order("A-1"), key=uuid.uuid4(), lines=[refund], reason_code="damaged", restock=False,
        actor=rig.owner, now=rig.now,
    )  # fmt: skip
    refused = CommandLineResult(line_remote_id="A-1-1", outcome=Outcome.REJECTED, reason="Too late.")

    with patch.object(rig.adapter, "refund", return_value=CommandResult(results=(refused,))):
        rig.send()

    assert rig.line("A-1").refunded == 0


def test_a_refused_answer_leaves_the_request_open(rig: Rig):
    mug = rig.item()
    _ordered(rig)
    rig.market.asks_to_cancel("A-1")
    rig.download()
    rig.send()
    answer_cancellation(CancellationRequest.objects.get(), approve=True, actor=rig.owner, now=rig.now)
    refused = CommandLineResult(line_remote_id="A-1-1", outcome=Outcome.REJECTED, reason="Gone.")

    with patch.object(rig.adapter, "answer_cancellation", return_value=CommandResult(results=(refused,))):
        rig.send()

    assert CancellationRequest.objects.get().state == "open"
    assert rig.stock(mug) == (10, 2)


def test_parcels_recorded_before_are_told_after_fulfillments_was_switched_off(rig: Rig):
    rig.item()
    _ordered(rig)
    _shipped(rig)
    Channel.objects.update(fulfillments_on=False)

    rig.send()

    assert _verbs(rig) == ["accept", "ship"]


def test_a_command_that_waits_too_long_raises_one_alarm_and_is_still_sent(rig: Rig):
    rig.item()
    _ordered(rig)
    rig.market.fail("accept", TemporaryError("Busy.", retry_after=7000))
    with pytest.raises(TemporaryError):
        rig.send()
    rig.wait(hours=1, minutes=30)
    rig.send()
    assert Command.objects.get().overdue

    rig.wait(hours=1)
    rig.send()

    row = Command.objects.get()
    assert (row.state, row.overdue) == ("confirmed", False)


def test_many_orders_cost_two_commits_for_twenty_calls(rig: Rig):
    rig.item(on_hand=100)
    for number in range(20):
        rig.market.has_order(f"A-{number}", sku="MUG-1")
    rig.download()

    with patch("channels_app.flows.engine.Claim.settling", autospec=True, side_effect=_settling) as settling:
        rig.send()

    assert len(rig.market.commands) == 20
    assert settling.call_count == 2


_settling = send_commands.__globals__["Claim"].settling


def test_a_connection_that_cannot_do_it_is_our_bug_and_is_refused(rig: Rig):
    rig.item()
    _ordered(rig)
    rig.can(Capability.ACCEPT)

    with patch.object(rig.adapter, "accept", super(type(rig.adapter), rig.adapter).accept):
        rig.send()

    assert rig.commands("accept") == ["rejected"]

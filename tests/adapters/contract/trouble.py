"""How an adapter takes what goes wrong: sorted by remedy, nothing escapes, and no secret is told."""

import contextlib
import logging

import pytest

from channels_app.adapters.errors import (
    ChannelError,
    OutcomeUnknown,
    RejectedByChannel,
    SettingsError,
    TemporaryError,
)
from channels_app.adapters.types import Kind, Outcome
from tests.adapters.contract.world import exported, listed, ordered, parcel, send

#: Trouble -> what a read may raise then.
READS = {
    "refused": (TemporaryError,),
    "dropped": (TemporaryError,),
    "lost": (TemporaryError,),
    "busy": (TemporaryError,),
    "busy_for_who_knows_how_long": (TemporaryError,),
    "broken": (TemporaryError,),
    "errors_inside": (TemporaryError,),
    "truncated": (TemporaryError,),
    "html": (TemporaryError,),
    "forbidden": (SettingsError,),
    "gone": (TemporaryError, SettingsError, RejectedByChannel),
    "conflict": (TemporaryError, SettingsError, RejectedByChannel),
}
#: Trouble -> what a write may raise then.
WRITES = {
    "refused": (TemporaryError,),
    "busy": (TemporaryError,),
    "busy_for_who_knows_how_long": (TemporaryError,),
    "dropped": (OutcomeUnknown,),
    "lost": (OutcomeUnknown,),
    "broken": (OutcomeUnknown,),
    "truncated": (OutcomeUnknown,),
    "html": (OutcomeUnknown,),
    "errors_inside": (OutcomeUnknown, RejectedByChannel),
    "forbidden": (SettingsError,),
    "gone": (RejectedByChannel, OutcomeUnknown),
    "conflict": (RejectedByChannel, OutcomeUnknown),
}


class TroublePromises:
    @pytest.fixture
    def facts(self, adapter):
        return adapter.check_connection()

    @pytest.fixture(autouse=True)
    def every_call_has_a_declared_rate(self, adapter, world):
        yield
        assert world.operations - set(adapter.limits) == set()

    @pytest.mark.parametrize("trouble", READS)
    def test_trouble_with_a_read_is_named_by_its_remedy(self, adapter, world, trouble):
        adapter.check_connection()
        cursor = adapter.first_cursor(world.began_at)
        world.has(trouble)

        with pytest.raises(READS[trouble]):
            adapter.fetch_orders(cursor)

    def test_what_calls_itself_something_else_is_read_or_left_for_later(self, adapter, world):
        adapter.check_connection()
        world.has("other_type")

        with contextlib.suppress(TemporaryError):
            assert adapter.fetch_orders(adapter.first_cursor(world.began_at)).raws == ()

    @pytest.mark.parametrize("trouble", WRITES)
    def test_trouble_with_a_write_is_named_by_its_remedy(self, adapter, world, facts, trouble):
        order = ordered(adapter, world)
        world.has(trouble, on_write=1)

        with contextlib.suppress(*WRITES[trouble]):
            result = adapter.ship(parcel(world, facts, order, 2), key="s")
            told = {line.outcome for line in result.results}
            # Where a good answer has no body, there is nothing to spoil: then it must be true.
            is_true = world.shipped(order.remote_id) == 2
            assert told == ({Outcome.ACCEPTED} if is_true else {Outcome.REJECTED})

    @pytest.mark.parametrize("trouble", WRITES)
    def test_no_line_counts_as_accepted_when_a_submission_meets_trouble(self, adapter, world, trouble):
        listed(adapter, world, "OTHER")
        world.has(trouble, on_write=1)

        with contextlib.suppress(*WRITES[trouble]):
            receipt = adapter.submit(Kind.CONTENT, [world.content("A", price="10.00", quantity=5)], key="k")
            outcomes = {result.sku: result.outcome for result in receipt.report.results}
            assert outcomes.get("A") in (None, Outcome.PENDING, Outcome.TRY_AGAIN, Outcome.REJECTED)

    def test_a_busy_channel_says_when_to_come_back(self, adapter, world):
        adapter.check_connection()
        world.has("busy")

        with pytest.raises(TemporaryError) as caught:
            adapter.fetch_orders(adapter.first_cursor(world.began_at))

        assert caught.value.retry_after == pytest.approx(7, abs=1.5)
        assert caught.value.http_status == 429

    def test_a_busy_channel_that_does_not_say_when_is_left_alone_for_a_while(self, adapter, world):
        adapter.check_connection()
        world.has("busy_for_who_knows_how_long")

        with pytest.raises(TemporaryError) as caught:
            adapter.fetch_orders(adapter.first_cursor(world.began_at))

        assert caught.value.retry_after
        assert caught.value.retry_after > 0

    def test_a_token_that_expires_in_the_middle_of_a_feed_is_renewed(self, adapter, world):
        listed(adapter, world, "A")
        for sku in ("B", "C"):
            world.has("signed_out")
            assert listed(adapter, world, sku).outcomes() == {sku: Outcome.ACCEPTED}

    def test_a_token_that_expires_while_results_are_asked_for_is_renewed(self, adapter, world):
        receipt = adapter.submit(Kind.CONTENT, [world.content("A", price="10.00", quantity=5)], key="k")
        world.settle()
        world.has("signed_out")

        sent = send(adapter, world, Kind.CONTENT, [world.content("B", price="10.00", quantity=5)], key="k2")

        assert receipt.handle is not None
        assert sent.outcomes() == {"B": Outcome.ACCEPTED}

    def test_pages_that_come_again_and_again_end(self, adapter, world):
        listed(adapter, world, "A", "B")
        world.repeats_pages()

        try:
            _, rows = exported(adapter, world)
        except TemporaryError:
            return
        assert set(rows) == {"A", "B"}

    def test_no_secret_is_in_a_log_or_an_error(self, adapter, world, caplog):
        caplog.set_level(logging.DEBUG)
        adapter.check_connection()
        said = []
        for trouble in READS:
            world.has(trouble)
            with pytest.raises(ChannelError) as caught:
                adapter.fetch_orders(adapter.first_cursor(world.began_at))
            said.append(f"{caught.value!r} {getattr(caught.value, 'field_errors', '')}")
        with pytest.raises(SettingsError) as refused:
            world.with_bad_credentials().check_connection()
        said.append(f"{refused.value!r} {refused.value.field_errors}")

        text = "\n".join([*said, caplog.text, *(repr(record.__dict__) for record in caplog.records)])
        assert [secret for secret in world.secrets if secret in text] == []

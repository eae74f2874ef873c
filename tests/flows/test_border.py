"""What the engine does where real marketplaces differ: numbers of their own, lists of failures only, no keys."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from channels_app.adapters.errors import OutcomeUnknown
from channels_app.adapters.types import (
    CommandLineResult,
    CommandResult,
    ConnectionFacts,
    ContentLine,
    Limit,
    Line,
    LineResult,
    OfferLine,
    Outcome,
    Phase,
    Receipt,
    Report,
    WithdrawLine,
)
from channels_app.flows.connection import apply_facts, open_adapter
from channels_app.flows.lost_commands import settle_lost
from channels_app.flows.results import overdue_after
from channels_app.models import Channel, ChannelJob, Command, FeedLine, PendingChange, Submission
from tests.factories import NOW
from tests.flows.feed_rig import Rig as FeedRig
from tests.flows.order_rig import Rig as OrderRig
from tests.flows.order_rig import rig as order_rig  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db


@pytest.fixture
def feed() -> FeedRig:
    return FeedRig()


class TestResults:
    def test_lines_left_out_of_a_list_of_failures_are_confirmed(self, feed: FeedRig):
        feed.has_items("MUG", "CUP", "POT")
        feed.send()
        failure = LineResult(sku="CUP", outcome=Outcome.REJECTED, code="E1", reason="The product does not exist")
        report = Report(phase=Phase.DONE, results=(failure,), rest=Outcome.ACCEPTED)
        feed.later(20)
        with patch.object(feed.adapter, "poll", return_value=report):
            feed.run(ChannelJob.Kind.RESULTS)

        assert feed.lines("MUG") == feed.lines("POT") == [("content", "confirmed")]
        assert feed.lines("CUP") == [("content", "rejected")]
        assert feed.listing("MUG").confirmed_quantity == 5

    def test_lines_that_the_adapter_found_wanting_end_at_once_and_the_others_go_on(self, feed: FeedRig):
        feed.has_items("MUG", "CUP")
        refused = LineResult(sku="CUP", outcome=Outcome.REJECTED, code="no_gtin", reason="It has no GTIN.")
        receipt = Receipt(handle="H", report=Report(phase=Phase.OPEN, results=(refused,)))
        with patch.object(feed.adapter, "submit", return_value=receipt):
            feed.send()

        assert (feed.lines("CUP"), feed.lines("MUG")) == ([("content", "rejected")], [("content", "sent")])
        assert feed.listing("CUP").rejected_reason == "It has no GTIN."
        assert Submission.objects.get().phase == "open"

    def test_what_makes_no_sense_sooner_is_sent_again_no_sooner(self, feed: FeedRig):
        feed.has_item("MUG", on_hand=5)
        too_new = LineResult(sku="MUG", outcome=Outcome.TRY_AGAIN, retry_after=3600)
        receipt = Receipt(handle="H", report=Report(phase=Phase.DONE, results=(too_new,)))
        with patch.object(feed.adapter, "submit", return_value=receipt):
            feed.send()

        assert PendingChange.objects.get().not_before == feed.now + timedelta(hours=1)

    def test_an_adapter_says_how_long_its_marketplace_may_take(self):
        assert overdue_after(300, timedelta(hours=48)) == timedelta(hours=48)
        assert overdue_after(300) == timedelta(seconds=12_000)


class TestRemoteIds:
    @pytest.fixture
    def sent(self, feed: FeedRig) -> list[Line]:
        """Every line handed over; the marketplace numbers its listings."""
        lines: list[Line] = []

        def submit(kind: str, batch: Sequence[Line], *, key: str) -> Receipt:
            lines.extend(batch)
            results = tuple(
                LineResult(sku=line.sku, outcome=Outcome.ACCEPTED, remote_id=f"no-{line.sku}") for line in batch
            )
            return Receipt(handle="", report=Report(phase=Phase.DONE, results=results))

        feed.adapter.submit = submit  # type: ignore[method-assign,assignment]
        return lines

    def test_the_number_of_a_listing_is_kept_and_handed_over_with_every_later_line(
        self, feed: FeedRig, sent: list[Line], monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(type(feed.adapter), "gives_remote_ids", True)
        item = feed.has_item("MUG", on_hand=5)
        feed.send()
        feed.sets(item, 3)
        feed.send()
        feed.retitles(item, "Better mug")
        feed.send()
        feed.unlabels(item)
        feed.send()

        assert [(type(line), line.remote_id) for line in sent] == [
            (ContentLine, ""),
            (OfferLine, "no-MUG"),
            (ContentLine, "no-MUG"),
            (WithdrawLine, "no-MUG"),
        ]

    def test_an_adapter_that_needs_no_numbers_costs_no_query_for_them(
        self, feed: FeedRig, sent: list[Line], django_assert_max_num_queries
    ):
        item = feed.has_item("MUG", on_hand=5)
        feed.send()
        feed.sets(item, 3)
        with patch("channels_app.flows.feed.read_remote_ids") as read:
            feed.send()

        assert not read.called
        assert [line.remote_id for line in sent] == ["", ""]


class TestRates:
    def test_the_rates_of_the_account_take_the_place_of_the_declared_ones(self, feed: FeedRig):
        own = {"submit": Limit(per_second=0.5, burst=3)}
        facts = ConnectionFacts(account_id="A", account_name="A", currency="USD", capabilities=frozenset(), limits=own)
        channel = Channel.objects.get(pk=feed.channel.pk)
        channel.adapter_key = "sandbox"
        apply_facts(channel, facts, now=NOW)
        channel.save()

        assert open_adapter(Channel.objects.get(pk=channel.pk)).account.limits == own


class TestCommandsWithoutKeys:
    @pytest.fixture(autouse=True)
    def no_keys(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("tests.fakes.FakeAdapter.honours_keys", False)

    @pytest.fixture
    def rig(self, order_rig: OrderRig) -> OrderRig:  # noqa: F811
        order_rig.item()
        return order_rig

    def bought(self, rig: OrderRig, *ids: str) -> None:
        for remote_id in ids:
            rig.market.has_order(remote_id, sku="MUG-1", quantity=1)
        rig.download()

    def test_what_shows_no_trace_yet_may_be_on_its_way_and_is_not_sent_again_at_once(self, rig: OrderRig):
        self.bought(rig, "A-1")
        rig.market.drop()
        with pytest.raises(OutcomeUnknown):
            rig.send()

        rig.wait(seconds=20)
        rig.send()
        assert rig.commands("accept") == ["unknown"]
        rig.wait(seconds=300)
        rig.send()

        assert rig.commands("accept") == ["confirmed"]
        assert len(rig.market.commands) == 1

    def test_what_the_channel_cannot_say_stays_open_and_holds_up_no_other_order(self, rig: OrderRig):
        self.bought(rig, "A-1")
        rig.market.drop()
        with pytest.raises(OutcomeUnknown):
            rig.send()
        self.bought(rig, "A-2")
        unclear = patch.object(rig.adapter, "find_command", side_effect=OutcomeUnknown("The order does not say."))
        with unclear as asked:
            rig.send()
            rig.wait(hours=2)
            rig.send()

        assert asked.call_count == 2
        assert rig.commands("accept") == ["unknown", "confirmed"]
        assert Command.objects.get(order__remote_id="A-1").overdue

    @pytest.fixture
    def lost(self, rig: OrderRig) -> Command:
        """An acceptance of which nobody can say for an hour whether it was made."""
        self.bought(rig, "A-1")
        rig.market.drop()
        with pytest.raises(OutcomeUnknown):
            rig.send()
        with patch.object(rig.adapter, "find_command", side_effect=OutcomeUnknown("The order does not say.")):
            rig.send()
            rig.wait(hours=2)
            rig.send()
        return Command.objects.get()

    def test_a_person_is_asked_to_look(self, rig: OrderRig, lost: Command):
        assert lost.is_lost
        assert "the acceptance of MUG-1 reached the marketplace" in rig.order("A-1").attention

    def test_a_person_who_saw_that_it_was_done_closes_it(self, rig: OrderRig, lost: Command):
        settled: dict[str, Any] = {"group_key": lost.group_key, "was_done": True, "actor": rig.owner, "now": rig.now}

        assert settle_lost(rig.order("A-1"), **settled) == 1
        assert settle_lost(rig.order("A-1"), **settled) == 0

        rig.send()
        assert rig.commands("accept") == ["confirmed"]
        assert rig.market.commands == []
        assert rig.order("A-1").attention == ""

    def test_a_person_who_saw_that_it_was_not_done_has_it_sent_as_a_new_call(self, rig: OrderRig, lost: Command):
        settle_lost(rig.order("A-1"), group_key=lost.group_key, was_done=False, actor=rig.owner, now=rig.now)

        rig.send()

        assert rig.commands("accept") == ["confirmed"]
        assert [key for _, _, key in rig.market.commands] != [str(lost.group_key)]
        assert rig.order("A-1").attention == ""

    def test_once_the_channel_can_say_nobody_need_look_any_more(self, rig: OrderRig, lost: Command):
        rig.wait(hours=1)

        rig.send()

        assert rig.commands("accept") == ["confirmed"]
        assert rig.order("A-1").attention == ""

    def test_handles_are_asked_about_in_one_call_and_a_forgotten_one_is_looked_for(self, rig: OrderRig):
        self.bought(rig, "A-1", "A-2", "A-3")
        handles = [CommandResult(handle=f"H{number}") for number in (1, 2, 3)]
        with patch.object(rig.adapter, "accept", side_effect=handles):
            rig.send()
        rig.wait(seconds=30)
        done = CommandResult(results=(CommandLineResult(line_remote_id="A-1-1", outcome=Outcome.ACCEPTED),))
        with patch.object(rig.adapter, "poll_commands", return_value={"H1": done, "H2": CommandResult()}) as polled:
            rig.send()

        polled.assert_called_once_with(["H1", "H2", "H3"])
        assert rig.commands("accept") == ["confirmed", "unknown", "sent"]
        assert Command.objects.get(order__remote_id="A-2").handle == ""


def test_nothing_of_a_channel_that_forgets_a_line_is_believed(feed: FeedRig):
    feed.has_items("MUG")
    feed.send()
    feed.later(20)
    with patch.object(feed.adapter, "poll", return_value=Report(phase=Phase.DONE)):
        feed.run(ChannelJob.Kind.RESULTS)

    assert FeedLine.objects.get().code == "no-result"

"""The listing feed when an answer is lost, or the worker dies: nothing is lost, and nothing goes out twice."""

import pytest

from channels_app.adapters.errors import OutcomeUnknown, RejectedByChannel, SettingsError, TemporaryError
from channels_app.flows import feed
from channels_app.flows.engine import FenceLost
from channels_app.models import ChannelJob, PendingChange
from tests.fakes import FakeAdapter
from tests.flows.feed_rig import Rig, ordered, rig

__all__ = ["ordered", "rig"]

pytestmark = pytest.mark.django_db

OFFERS, CONTENT, RESULTS = ChannelJob.Kind.OFFERS, ChannelJob.Kind.CONTENT, ChannelJob.Kind.RESULTS

Urgency = PendingChange.Urgency


def test_a_lost_answer_is_looked_for_and_found(rig: Rig):
    rig.has_item("MUG", on_hand=7)
    rig.spread()
    rig.market.lose_answer()
    with pytest.raises(OutcomeUnknown):
        rig.run(CONTENT)

    rig.run(CONTENT)
    assert rig.lines("MUG") == [("content", "sent")]

    rig.settle()
    assert len(rig.market.submissions) == 1
    assert rig.lines("MUG") == [("content", "confirmed")]


def test_what_never_arrived_is_sent_anew_with_the_present_truth(rig: Rig):
    item = rig.has_item("MUG", on_hand=7)
    rig.spread()
    rig.market.drop()
    with pytest.raises(OutcomeUnknown):
        rig.run(CONTENT)
    rig.sets(item, 2)

    rig.spread()
    rig.run(CONTENT)
    assert rig.lines("MUG") == [("content", "unknown")]  # too early to be sure that it is not on its way

    rig.later(15)
    rig.settle()
    assert rig.lines("MUG") == [("content", "superseded"), ("content", "confirmed")]
    assert rig.market.active() == {"MUG": 2}


def test_a_worker_killed_between_intent_and_call_loses_nothing(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    rig.has_item("MUG", on_hand=7)
    rig.spread()

    class Killed(BaseException):
        pass

    def die(*args: object, **kwargs: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(FakeAdapter, "submit", die)
        with pytest.raises(Killed):
            rig.run(CONTENT)
    assert rig.lines("MUG") == [("content", "sent")]

    rig.later(15)
    rig.settle()

    assert rig.lines("MUG") == [("content", "superseded"), ("content", "confirmed")]
    assert len(rig.market.submissions) == 1


def test_a_worker_killed_after_the_call_sends_nothing_twice(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    rig.has_item("MUG", on_hand=7)
    rig.spread()

    def taken_over(*args: object, **kwargs: object) -> None:
        raise FenceLost("taken over")

    with monkeypatch.context() as patched:
        patched.setattr(feed, "record_receipt", taken_over)
        with pytest.raises(FenceLost):
            rig.run(CONTENT)

    rig.settle()

    assert len(rig.market.submissions) == 1
    assert rig.lines("MUG") == [("content", "confirmed")]


def test_a_slice_whose_claim_was_taken_over_writes_nothing(rig: Rig):
    rig.has_item("MUG", on_hand=7)
    rig.spread()
    old = rig.claim(CONTENT)
    rig.claim(CONTENT)

    with pytest.raises(FenceLost):
        feed.send_content(old, rig.adapter)

    assert rig.lines("MUG") == []
    assert rig.market.calls == []


@pytest.mark.parametrize("error", [TemporaryError("Busy."), SettingsError("The token was revoked.")])
def test_a_call_that_did_nothing_leaves_everything_pending_and_no_line(rig: Rig, error: Exception):
    item = rig.has_item("MUG", on_hand=7)
    rig.settle()
    rig.sets(item, 3)
    rig.spread()
    rig.market.fail("submit", error)

    with pytest.raises(type(error)):
        rig.run(OFFERS)

    assert rig.pending() == {"MUG": Urgency.FELL}
    assert rig.lines("MUG") == [("content", "confirmed")]
    assert rig.listing("MUG").sent_quantity == 7
    rig.settle()
    assert rig.market.quantity("MUG") == 3


def test_a_refused_file_is_sent_once_more_and_then_rejected(rig: Rig):
    rig.has_item("MUG", on_hand=7)
    rig.spread()
    rig.market.fail("submit", RejectedByChannel("Bad column."), times=2)

    rig.run(CONTENT)
    assert rig.lines("MUG") == [("content", "superseded")]

    rig.later(60)
    rig.run(CONTENT)
    assert rig.lines("MUG") == [("content", "superseded"), ("content", "rejected")]
    assert rig.listing("MUG").rejected_reason == "Bad column."

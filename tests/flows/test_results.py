"""What became of submissions."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels_app.adapters.errors import OutcomeUnknown, TemporaryError
from channels_app.adapters.types import LineResult, Outcome, Phase, Report
from channels_app.flows.closing import apply_report
from channels_app.models import Channel, ChannelJob, FeedLine, Listing, PendingChange, Submission
from inventory.models import Item
from tests.flows.feed_rig import Rig

pytestmark = pytest.mark.django_db

OFFERS, CONTENT, RESULTS = ChannelJob.Kind.OFFERS, ChannelJob.Kind.CONTENT, ChannelJob.Kind.RESULTS


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.fixture
def listed(rig: Rig) -> Rig:
    """One listing with 7 of it."""
    rig.has_item("MUG", on_hand=7)
    rig.settle()
    return rig


def mug() -> Item:
    return Item.objects.get(sku="MUG")


def accepted(sku: str) -> LineResult:
    return LineResult(sku=sku, outcome=Outcome.ACCEPTED)


def rejected(sku: str) -> LineResult:
    return LineResult(sku=sku, outcome=Outcome.REJECTED, code="E9", reason="No.")


def open_offer(rig: Rig, quantity: int) -> Submission:
    """Send a quantity whose submission stays open."""
    rig.market.manual = True
    rig.sets(mug(), quantity)
    rig.send()
    return Submission.objects.filter(phase="open").latest("pk")


def test_an_asynchronous_submission_is_polled_until_its_lines_have_ended(rig: Rig):
    rig.has_item("MUG-SLOW", on_hand=7)
    rig.send()
    assert Submission.objects.get().next_poll_at == rig.now + timedelta(seconds=1)

    polls = 0
    while FeedLine.objects.get().state == "sent":
        rig.later(20)
        rig.run(RESULTS)
        polls += 1

    assert polls == 3
    assert Submission.objects.get().phase == Submission.Phase.CLOSED
    assert rig.listing("MUG-SLOW").state == Listing.State.LISTED


def test_a_synchronous_channel_needs_no_poll(rig: Rig):
    rig.market.synchronous = True
    rig.has_item("MUG", on_hand=7)

    rig.send()

    assert rig.lines("MUG") == [("content", "confirmed")]
    assert rig.listing("MUG").confirmed_quantity == 7
    assert [verb for verb, _ in rig.market.calls] == ["submit"]


def test_polls_come_further_and_further_apart(rig: Rig):
    rig.has_item("MUG", on_hand=7)
    rig.market.manual = True
    rig.send()

    pauses = []
    for _ in range(5):
        submission = Submission.objects.get()
        assert submission.next_poll_at
        rig.later((submission.next_poll_at - rig.now).total_seconds())
        rig.run(RESULTS)
        submission.refresh_from_db()
        assert submission.next_poll_at
        pauses.append((submission.next_poll_at - rig.now).total_seconds())

    assert pauses == [1, 2, 5, 15, 15]


def test_a_rejection_leaves_what_is_confirmed_and_says_why(listed: Rig):
    rig = listed
    submission = open_offer(rig, 3)

    apply_report(submission, Report(phase=Phase.DONE, results=[rejected("MUG")]), ordered=False, now=rig.now)

    listing = rig.listing("MUG")
    assert (listing.state, listing.sent_quantity, listing.confirmed_quantity) == ("listed", 7, 7)
    assert (listing.rejected_code, listing.rejected_reason) == ("E9", "No.")
    assert rig.pending() == {}


def test_the_next_confirmed_offer_forgets_the_rejection(listed: Rig):
    rig = listed
    submission = open_offer(rig, 3)
    apply_report(submission, Report(phase=Phase.DONE, results=[rejected("MUG")]), ordered=False, now=rig.now)
    rig.market.manual = False

    rig.sets(mug(), 2)
    rig.settle()

    assert rig.listing("MUG").rejected_reason == ""
    assert rig.market.quantity("MUG") == 2


def test_a_confirmed_offer_does_not_forget_that_the_content_was_rejected(listed: Rig):
    rig = listed
    rig.market.manual = True
    rig.retitles(mug(), "Bad title")
    rig.send()
    submission = Submission.objects.get(phase="open")
    apply_report(submission, Report(phase=Phase.DONE, results=[rejected("MUG")]), ordered=False, now=rig.now)
    rig.market.manual = False

    rig.sets(mug(), 2)
    rig.settle()

    assert rig.listing("MUG").rejected_reason == "No."
    assert rig.market.quantity("MUG") == 2
    assert [kind for kind, _ in rig.lines("MUG")] == ["content", "content", "offer"]


def test_what_should_be_tried_again_is(rig: Rig):
    rig.has_item("MUG-AGAIN", on_hand=7)

    rig.settle()

    assert rig.lines("MUG-AGAIN") == [("content", "superseded"), ("content", "confirmed")]
    assert rig.market.active() == {"MUG-AGAIN": 7}


def test_results_that_come_twice_change_nothing(listed: Rig):
    rig = listed
    submission = open_offer(rig, 3)
    apply_report(submission, Report(phase=Phase.OPEN, results=[accepted("MUG")]), ordered=False, now=rig.now)

    apply_report(submission, Report(phase=Phase.DONE, results=[rejected("MUG")]), ordered=False, now=rig.now)

    assert rig.lines("MUG")[-1] == ("offer", "confirmed")
    assert (rig.listing("MUG").confirmed_quantity, rig.listing("MUG").rejected_reason) == (3, "")


def test_a_submission_counts_how_its_lines_ended(rig: Rig):
    for sku in ("CUP", "MUG-REJECT", "MUG-AGAIN"):
        rig.has_item(sku, on_hand=7)
    rig.send()

    rig.later(1)
    rig.run(RESULTS)

    sent = Submission.objects.earliest("pk")
    counts = (sent.line_count, sent.confirmed_count, sent.rejected_count, sent.superseded_count, sent.open_count)
    assert counts == (3, 1, 1, 1, 0)


def test_results_of_other_skus_are_nobodys_business(listed: Rig):
    rig = listed
    submission = open_offer(rig, 3)

    apply_report(
        submission,
        Report(phase=Phase.OPEN, results=[accepted("NEVER-SENT")]),
        ordered=False,
        now=rig.now,
    )

    assert rig.lines("MUG")[-1] == ("offer", "sent")


def test_a_line_without_a_result_is_in_doubt_and_its_truth_is_sent_again(rig: Rig):
    rig.has_item("MUG-OMIT", on_hand=7)
    rig.send()
    rig.later(20)
    rig.run(RESULTS)

    assert rig.lines("MUG-OMIT") == [("content", "superseded")]
    assert "MUG-OMIT" in rig.pending()
    assert rig.listing("MUG-OMIT").sent_content_hash == "?"

    rig.unlabels(Item.objects.get(sku="MUG-OMIT"))
    rig.settle(rounds=2)
    assert rig.market.active() == {}  # it was there, though nobody said so


def test_on_a_channel_without_order_lines_that_crossed_are_sent_again(listed: Rig):
    rig = listed
    older = open_offer(rig, 5)
    rig.later(3600)
    rig.run(RESULTS)  # overdue: waited for no longer
    newer = open_offer(rig, 3)
    assert older.pk != newer.pk

    rig.market.process(newer.handle)
    rig.market.process(older.handle)  # worked off in the wrong order: the channel shows 5
    rig.market.manual = False
    rig.settle()

    assert rig.market.quantity("MUG") == 3
    assert rig.listing("MUG").confirmed_quantity == 3


def test_on_an_ordered_channel_an_older_result_does_not_undo_a_newer_one():
    rig = Rig(ordered=True)
    rig.has_item("MUG", on_hand=7)
    rig.settle()
    older = open_offer(rig, 5)
    newer = open_offer(rig, 3)

    apply_report(newer, Report(phase=Phase.DONE, results=[accepted("MUG")]), ordered=True, now=rig.now)
    apply_report(older, Report(phase=Phase.DONE, results=[accepted("MUG")]), ordered=True, now=rig.now)

    assert (rig.listing("MUG").confirmed_quantity, rig.listing("MUG").sent_quantity) == (3, 3)


def test_content_whose_result_comes_after_that_of_a_newer_offer_still_counts():
    rig = Rig(ordered=True)
    rig.has_item("MUG", on_hand=7)
    rig.market.manual = True
    rig.send()
    content = Submission.objects.get()
    offer = open_offer(rig, 2)

    apply_report(offer, Report(phase=Phase.DONE, results=[accepted("MUG")]), ordered=True, now=rig.now)
    apply_report(content, Report(phase=Phase.DONE, results=[accepted("MUG")]), ordered=True, now=rig.now)

    listing = rig.listing("MUG")
    assert (listing.state, listing.confirmed_quantity, listing.confirmed_price) == ("listed", 2, 10)
    assert listing.confirmed_content_hash == mug().content_hash


def test_a_refused_file_is_sent_once_more_then_its_lines_are_rejected(rig: Rig):
    rig.has_item("MUG", on_hand=7)
    rig.market.refuse_files = True

    rig.settle()

    assert rig.lines("MUG") == [("content", "superseded"), ("content", "rejected")]
    assert rig.listing("MUG").rejected_reason == "The file could not be read."
    assert set(Submission.objects.values_list("phase", flat=True)) == {"failed"}


def test_a_handle_that_the_channel_forgot_has_the_truth_sent_again(rig: Rig):
    rig.has_item("MUG", on_hand=7)
    rig.send()
    rig.market.submissions.clear()

    rig.settle()

    assert rig.lines("MUG") == [("content", "superseded"), ("content", "confirmed")]


def test_a_stuck_submission_raises_one_alarm_and_blocks_nothing_behind_it(rig: Rig):
    rig.has_item("STUCK", on_hand=7)
    rig.market.manual = True
    rig.send()
    rig.later(3600)
    rig.run(RESULTS)
    stuck = Submission.objects.get()
    assert stuck.overdue

    rig.market.manual = False
    rig.has_item("MUG", on_hand=1)
    rig.send()
    rig.market.process(list(rig.market.submissions)[-1])
    rig.market.manual = True
    rig.later(5)
    rig.run(RESULTS)

    assert rig.market.quantity("MUG") == 1
    assert rig.listing("MUG").state == Listing.State.LISTED
    assert Submission.objects.filter(overdue=True).count() == 1


def test_a_late_answer_still_closes_an_overdue_line(rig: Rig):
    rig.has_item("MUG", on_hand=7)
    rig.market.manual = True
    rig.send()
    rig.later(3600)
    rig.run(RESULTS)

    rig.market.manual = False
    rig.settle()

    assert rig.lines("MUG") == [("content", "confirmed")]


def test_one_poll_that_fails_does_not_keep_the_others_from_being_polled(rig: Rig):
    rig.has_item("A", on_hand=1)
    rig.send()
    rig.has_item("B", on_hand=1)
    rig.send()
    rig.later(5)
    rig.market.fail("poll", TemporaryError("Busy."))
    with pytest.raises(TemporaryError):
        rig.run(RESULTS)

    rig.later(1)
    rig.run(RESULTS)

    assert FeedLine.objects.filter(state="confirmed").count() == 2


def test_what_waited_for_a_line_is_freed_when_it_ends(listed: Rig):
    rig = listed
    open_offer(rig, 5)
    rig.sets(mug(), 3)
    rig.send()
    assert PendingChange.objects.get().not_before is not None
    ChannelJob.objects.filter(kind=OFFERS).update(next_run_at=rig.now + timedelta(hours=1))

    rig.market.process_all()
    rig.later(2)
    rig.run(RESULTS)

    assert PendingChange.objects.get().not_before is None
    assert ChannelJob.objects.get(kind=OFFERS).next_run_at == rig.now


def test_open_submissions_of_a_deactivated_channel_are_polled_to_their_end(rig: Rig):
    rig.has_item("MUG", on_hand=7)
    rig.send()
    Channel.objects.filter(pk=rig.channel.pk).update(state="setup")

    rig.later(20)
    rig.run(RESULTS)

    assert rig.lines("MUG") == [("content", "confirmed")]


def test_what_a_deactivated_channel_left_in_doubt_is_looked_for(rig: Rig):
    rig.has_item("MUG", on_hand=7)
    rig.spread()
    rig.market.lose_answer()
    with pytest.raises(OutcomeUnknown):
        rig.run(CONTENT)
    Channel.objects.filter(pk=rig.channel.pk).update(state="setup")

    rig.later(20)
    rig.run(RESULTS)
    rig.later(20)
    rig.run(RESULTS)

    assert rig.lines("MUG") == [("content", "confirmed")]


def test_the_number_of_statements_does_not_grow_with_the_lines(rig: Rig):
    def statements(count: int, prefix: str) -> int:
        rig.has_items(*(f"{prefix}-{n}" for n in range(count)))
        rig.send()
        rig.later(20)
        with CaptureQueriesContext(connection) as queries:
            rig.run(RESULTS)
        return len(queries)

    assert statements(2, "A") == statements(80, "B")

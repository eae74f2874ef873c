"""Claims, fences and what a slice leaves on its row."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from channels_app.adapters.errors import OutcomeUnknown, SettingsError, TemporaryError
from channels_app.flows import engine, jobs
from channels_app.models import Channel, ChannelJob, FeedLine, JobRun, LedgerState, Submission
from marketplace_integration import clock
from tests.factories import NOW, make_channel, make_job, make_seller
from tests.flows.engine_rig import DUE, Kind, channel, claim, expire_claim, now_is_fixed, without_network

__all__ = ["channel", "now_is_fixed", "without_network"]

pytestmark = pytest.mark.django_db


def test_a_due_job_is_claimed_once(channel: Channel) -> None:
    job = make_job(channel, Kind.OFFERS)

    first = claim()

    assert (first.job_id, first.fence, first.channel) == (job.pk, 1, channel)
    assert engine.claim_next("urgent", now=DUE) is None


@pytest.mark.parametrize(
    "reason",
    [{"enabled": False}, {"blocked": True}, {"next_run_at": DUE + timedelta(seconds=1)}, {"lane": "bulk"}],
    ids=["disabled", "blocked", "not due", "another lane"],
)
def test_a_job_that_should_not_run_is_not_claimed(channel: Channel, reason: dict[str, Any]) -> None:
    make_job(channel, Kind.OFFERS, **reason)

    assert engine.claim_next("urgent", now=DUE) is None


def test_a_claim_whose_lease_ran_out_is_taken_over_with_a_higher_fence(channel: Channel) -> None:
    job = make_job(channel, Kind.OFFERS)
    dead = claim()
    expire_claim(job)

    living = claim(now=DUE + timedelta(hours=1))

    assert living.fence == dead.fence + 1
    with pytest.raises(engine.FenceLost), dead.settling():
        raise AssertionError("an old fence must not get this far")
    with pytest.raises(engine.FenceLost):
        dead.settle(more=False)


def test_what_a_dead_holder_left_is_due_at_the_next_tick_and_not_after_its_interval(channel: Channel) -> None:
    job = make_job(channel, Kind.RECONCILE, interval_seconds=3600)
    dead = claim("bulk")
    assert engine.due_lanes(now=DUE)["bulk"] == 0
    expire_claim(job)

    assert engine.due_lanes(now=DUE)["bulk"] == 1
    assert claim("bulk").fence == dead.fence + 1


def test_a_takeover_turns_intents_without_outcome_into_unknown(channel: Channel) -> None:
    job = make_job(channel, Kind.OFFERS)
    dead = claim()
    intent = Submission.objects.create(
        channel=channel,
        kind="offer",
        key="00000000-0000-4000-8000-000000000001",
        fence=dead.fence,
        line_count=1,
        created_at=NOW,
    )
    line = FeedLine.objects.create(submission=intent, channel=channel, sku="A", kind="offer", created_at=NOW)
    expire_claim(job)

    claim(now=DUE + timedelta(hours=1))

    intent.refresh_from_db()
    line.refresh_from_db()
    assert (intent.phase, line.state) == (Submission.Phase.UNKNOWN, LedgerState.UNKNOWN)


def test_what_a_failed_slice_left_is_unknown_at_the_next_claim_though_nobody_died(channel: Channel) -> None:
    make_job(channel, Kind.OFFERS)
    failed = claim()
    intent = Submission.objects.create(
        channel=channel,
        kind="offer",
        key="00000000-0000-4000-8000-000000000003",
        fence=failed.fence,
        line_count=0,
        created_at=NOW,
    )
    failed.settle_internal()

    claim(now=DUE + timedelta(hours=1))

    intent.refresh_from_db()
    assert intent.phase == Submission.Phase.UNKNOWN


def test_a_takeover_leaves_the_intents_of_other_jobs_alone(channel: Channel) -> None:
    make_job(channel, Kind.OFFERS)
    other = Submission.objects.create(
        channel=channel,
        kind="content",
        key="00000000-0000-4000-8000-000000000002",
        fence=0,
        line_count=1,
        created_at=NOW,
    )

    claim()

    other.refresh_from_db()
    assert other.phase == Submission.Phase.INTENT


def test_a_nudge_during_a_slice_is_not_lost(channel: Channel) -> None:
    job = make_job(channel, Kind.OFFERS)
    running = claim()
    assert engine.claim_next("urgent", now=DUE) is None

    jobs.nudge([channel.pk], [Kind.OFFERS], now=DUE)
    running.settle(more=False)

    job.refresh_from_db()
    assert job.next_run_at == DUE


def test_a_slice_with_nothing_left_waits_for_its_interval(channel: Channel) -> None:
    job = make_job(channel, Kind.OFFERS)

    claim().settle(more=False)

    job.refresh_from_db()
    assert job.next_run_at == DUE + timedelta(seconds=job.interval_seconds)
    assert (job.claimed_by, job.claim_expires_at) == ("", None)
    assert not JobRun.objects.exists()


def test_a_slice_that_did_something_leaves_a_run(channel: Channel) -> None:
    make_job(channel, Kind.OFFERS)
    running = claim()
    running.count(sent=3, rejected=0)
    running.count(sent=2)

    running.settle(more=True)

    run = JobRun.objects.get()
    assert (run.outcome, run.counts) == ("done", {"sent": 5})


def test_the_cursor_is_stored_with_the_outcome_and_forgotten_with_it(channel: Channel) -> None:
    job = make_job(channel, Kind.ORDERS, cursor="page-1")
    running = claim("orders")

    with running.settling():
        running.cursor = "page-2"
    with pytest.raises(RuntimeError), running.settling():  # noqa: PT012 - the failure comes after the cursor
        running.cursor = "page-3"
        raise RuntimeError("the page could not be stored")
    running.settle(more=False)

    job.refresh_from_db()
    assert (running.cursor, job.cursor) == ("page-2", "page-2")


def failing(error: Exception) -> Callable[..., bool]:
    def flow(claim: engine.Claim, adapter: object) -> bool:
        raise error

    return flow


@pytest.mark.parametrize(
    ("error", "outcome", "blocked", "wait"),
    [
        (TemporaryError("Busy", retry_after=40), "retry", False, 40),
        (TemporaryError("Away"), "retry", False, 5),
        (OutcomeUnknown("No answer"), "unknown", False, 1),
        (SettingsError("The token was refused"), "blocked", True, 5),
    ],
)
def test_errors_land_on_the_row_by_their_remedy(
    channel: Channel, error: Exception, outcome: str, blocked: bool, wait: int
) -> None:
    job = make_job(channel, Kind.OFFERS)

    engine.run_slice(claim(), failing(error))

    job.refresh_from_db()
    assert (job.blocked, job.last_error, job.failures) == (blocked, str(error), 1)
    assert job.next_run_at == DUE + timedelta(seconds=wait)
    assert JobRun.objects.get().outcome == outcome


def test_a_bug_gives_the_job_back_and_still_surfaces(channel: Channel) -> None:
    job = make_job(channel, Kind.OFFERS)

    with pytest.raises(ZeroDivisionError):
        engine.run_slice(claim(), failing(ZeroDivisionError()))

    job.refresh_from_db()
    assert (job.claim_expires_at, job.failures) == (None, 1)


def test_a_slice_that_got_something_done_before_it_failed_begins_the_backoff_anew(channel: Channel) -> None:
    job = make_job(channel, Kind.COMMANDS)
    ChannelJob.objects.filter(pk=job.pk).update(failures=6)

    def half(claim: engine.Claim, adapter: object) -> bool:
        claim.count(confirmed=3)
        raise OutcomeUnknown("The answer got lost.")

    engine.run_slice(claim(), half)

    job.refresh_from_db()
    assert job.failures == 1


def test_a_channel_that_is_away_for_long_is_asked_again_within_two_minutes(channel: Channel) -> None:
    job = make_job(channel, Kind.OFFERS)
    ChannelJob.objects.filter(pk=job.pk).update(failures=30)
    held = claim()

    engine.run_slice(held, failing(TemporaryError("Away")))

    job.refresh_from_db()
    assert job.next_run_at - clock.now() <= timedelta(seconds=120)


def test_a_nudge_never_overrides_the_backoff_of_a_failing_job_but_a_person_does(channel: Channel) -> None:
    job = make_job(channel, Kind.OFFERS)
    engine.run_slice(claim(), failing(TemporaryError("Busy", retry_after=600)))

    jobs.nudge([channel.pk], [Kind.OFFERS], now=DUE)
    assert engine.claim_next("urgent", now=DUE) is None

    jobs.run_now(job, now=DUE)
    assert engine.claim_next("urgent", now=DUE) is not None


def test_at_most_two_jobs_of_a_channel_run_at_once(channel: Channel) -> None:
    for kind in (Kind.CONTENT, Kind.RESULTS):
        make_job(channel, kind)
    make_job(channel, Kind.OFFERS, lane="feeds")

    assert claim("feeds")
    assert claim("feeds")
    assert engine.claim_next("feeds", now=DUE) is None


def test_the_seller_with_less_running_comes_first() -> None:
    busy, quiet = make_seller("busy"), make_seller("quiet")
    for _ in range(3):
        make_job(make_channel(busy), Kind.OFFERS, next_run_at=NOW - timedelta(hours=2))
    waiting = make_job(make_channel(quiet), Kind.OFFERS, next_run_at=NOW - timedelta(seconds=1))

    assert claim().channel.seller == busy
    assert claim().job_id == waiting.pk


def test_among_busy_sellers_the_one_with_less_running_comes_first() -> None:
    busy, busier = make_seller("busy"), make_seller("busier")
    running = [make_job(make_channel(seller), Kind.CONTENT) for seller in (busy, busier, busier)]
    assert {claim("feeds").job_id for _ in running} == {job.pk for job in running}
    make_job(make_channel(busier), Kind.OFFERS, next_run_at=NOW - timedelta(hours=2))
    waiting = make_job(make_channel(busy), Kind.OFFERS, next_run_at=NOW - timedelta(seconds=1))

    assert claim().job_id == waiting.pk


def test_what_is_more_urgent_comes_first_and_then_what_is_due_for_longest() -> None:
    due = [(5, 3), (0, 1), (0, 2), (5, 4)]
    jobs_due = {
        make_job(
            make_channel(make_seller(f"seller-{hours}")),
            Kind.OFFERS,
            urgency=urgency,
            host=f"host-{hours}",
            next_run_at=NOW - timedelta(hours=hours),
        ).pk: (urgency, hours)
        for urgency, hours in due
    }

    assert [jobs_due[claim().job_id] for _ in due] == [(0, 2), (0, 1), (5, 4), (5, 3)]


def test_at_most_four_jobs_of_a_lane_run_against_one_host_at_once() -> None:
    for number in range(5):
        make_job(make_channel(make_seller(f"seller-{number}")), Kind.OFFERS)

    assert [engine.claim_next("urgent", now=DUE) is not None for _ in range(5)] == [True] * 4 + [False]


def test_new_listings_that_fill_a_host_hold_up_no_stock_fall_to_it() -> None:
    for number in range(5):
        make_job(make_channel(make_seller(f"seller-{number}")), Kind.CONTENT)
    make_job(make_channel(make_seller("small")), Kind.OFFERS)

    assert [engine.claim_next("feeds", now=DUE) is not None for _ in range(5)] == [True] * 4 + [False]
    assert engine.claim_next("urgent", now=DUE) is not None


def test_one_claim_costs_a_fixed_number_of_queries(channel: Channel, django_assert_max_num_queries: Any) -> None:
    for number in range(20):
        make_job(make_channel(make_seller(f"seller-{number}")), Kind.OFFERS)

    with django_assert_max_num_queries(2):
        claim()


def test_a_job_of_a_deactivated_channel_is_switched_off_when_its_slice_ends(channel: Channel) -> None:
    job = make_job(channel, Kind.ORDERS)
    running = claim("orders")
    running.channel.deactivate()
    running.channel.listings_on = running.channel.orders_on = False
    running.channel.save()

    running.settle(more=True)

    job.refresh_from_db()
    assert not job.enabled

"""How long a slice may hold its job: the lease, what renews it, and what waits for neither."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection

from channels_app.flows import engine, jobs
from channels_app.models import Channel, ChannelJob
from tests.factories import NOW, make_job
from tests.flows.engine_rig import DUE, Kind, channel, claim, expire_claim, now_is_fixed, without_network

__all__ = ["channel", "now_is_fixed", "without_network"]

pytestmark = pytest.mark.django_db


class Hands:
    """A clock that stands still until a test moves it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: self.seconds)

    def rows(self, pauses: list[float]) -> Iterator[float]:
        for pause in pauses:
            self.seconds += pause
            yield pause


def test_a_stream_that_moves_outlasts_the_time_of_a_hung_slice(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    hands = Hands(monkeypatch)
    make_job(channel, Kind.OFFERS)
    running = claim()

    assert len(list(running.moving(hands.rows([30.0] * 10)))) == 10

    assert running.deadline() == hands.seconds + engine.HARD_SECONDS
    assert running.seconds_left() < 0


def test_a_stream_that_stops_moving_loses_the_slice(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    hands = Hands(monkeypatch)
    make_job(channel, Kind.OFFERS)
    running = claim()
    seen: list[float] = []

    with pytest.raises(engine.FenceLost):
        seen.extend(running.moving(hands.rows([30.0, 41.0, 1.0])))

    assert seen == [30.0]
    assert running.deadline() < hands.seconds


def test_one_long_statement_puts_the_deadline_off_until_its_end(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    hands = Hands(monkeypatch)
    make_job(channel, Kind.OFFERS)
    running = claim()

    with running.at_length(600):
        hands.seconds += 599
        assert running.deadline() > hands.seconds + engine.HARD_SECONDS

    assert running.deadline() == hands.seconds + engine.HARD_SECONDS


@pytest.mark.django_db(transaction=True)
def test_the_lease_is_renewed_as_long_as_the_slice_moves_and_no_longer(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "HEARTBEAT_SECONDS", 0.02)
    monkeypatch.setattr(engine, "HARD_SECONDS", 0.4)
    job = make_job(channel, Kind.OFFERS)
    running = claim()

    def lease() -> datetime | None:
        return ChannelJob.objects.values_list("claim_expires_at", flat=True).get(pk=job.pk)

    with engine.heartbeat(running):
        for _ in running.moving(range(10)):
            time.sleep(0.1)
        moved = lease()
        time.sleep(0.1)
        assert lease() != moved, "it is renewed, long after a slice that hangs from its start would have lost it"
        time.sleep(0.6)
        hung = lease()
        time.sleep(0.1)
        assert lease() == hung


@pytest.mark.django_db(transaction=True)
def test_what_was_given_back_is_not_held_on_by_a_heartbeat_that_comes_too_late(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "HEARTBEAT_SECONDS", 0.02)
    job = make_job(channel, Kind.OFFERS)
    running = claim()

    with engine.heartbeat(running):
        running.settle(more=False)
        time.sleep(0.2)

    job.refresh_from_db()
    assert (job.claimed_by, job.claim_expires_at) == ("", None)


def test_a_long_settling_ends_with_a_fresh_lease(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    hands = Hands(monkeypatch)
    job = make_job(channel, Kind.OFFERS)
    running = claim()
    expire_claim(job)  # as after the deadline of a slice, when no heartbeat renews it any more

    with running.settling():
        hands.seconds += engine.HEARTBEAT_SECONDS + 1

    assert engine.claim_next("urgent", now=DUE + timedelta(days=1)) is None
    assert running.deadline() == hands.seconds + engine.HARD_SECONDS


def beside(act: Callable[[], object]) -> Callable[[], None]:
    """Return `act` for another thread, which must not wait for a lock."""

    def run() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '2s'")
            act()
        finally:
            connection.close()

    return run


@pytest.mark.django_db(transaction=True)
def test_waking_a_job_does_not_wait_for_it_to_settle(channel: Channel) -> None:
    job = make_job(channel, Kind.OFFERS)
    running = claim()

    with ThreadPoolExecutor(1) as other, running.settling():
        other.submit(beside(lambda: jobs.nudge([channel.pk], [Kind.OFFERS], now=DUE))).result()

    assert ChannelJob.objects.get(pk=job.pk).next_run_at == DUE


@pytest.mark.django_db(transaction=True)
def test_nobody_claims_a_job_while_it_settles_though_its_lease_has_run_out(channel: Channel) -> None:
    job = make_job(channel, Kind.OFFERS)
    running = claim()
    expire_claim(job)
    ChannelJob.objects.filter(pk=job.pk).update(next_run_at=NOW)
    found: list[engine.Claim | None] = []

    with ThreadPoolExecutor(1) as other, running.settling():
        other.submit(beside(lambda: found.append(engine.claim_next("urgent", now=DUE)))).result()

    assert found == [None]


@pytest.mark.django_db(transaction=True)
def test_the_tick_does_not_wait_for_a_job_that_settles(channel: Channel) -> None:
    job = make_job(channel, Kind.OFFERS)
    running = claim()
    expire_claim(job)

    with ThreadPoolExecutor(1) as other, running.settling():
        other.submit(beside(lambda: engine.due_lanes(now=DUE))).result()

    assert ChannelJob.objects.get(pk=job.pk).next_run_at > DUE

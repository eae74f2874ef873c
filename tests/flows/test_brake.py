"""The brake: a few endings pass, many wait for a person, and what counts is all that waits."""

import uuid
from datetime import timedelta

from channels_app.adapters.types import Kind
from channels_app.flows import brake
from channels_app.models import ChannelHistory, Listing, PendingChange, Submission
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]


def _withdrawals(rig: Rig, count: int, *, held: bool = False) -> None:
    PendingChange.objects.bulk_create(
        PendingChange(
            channel=rig.channel,
            sku=f"SKU-{n}",
            urgency=PendingChange.Urgency.WITHDRAW,
            held=held,
            changed_at=rig.now - timedelta(minutes=n),
        )
        for n in range(count)
    )


def _listings(rig: Rig, count: int) -> None:
    Listing.objects.bulk_create(
        Listing(channel=rig.channel, sku=f"SKU-{n}", state="listed", confirmed_quantity=1) for n in range(count)
    )


def _sent(rig: Rig, count: int, minutes_ago: int) -> None:
    Submission.objects.create(
        channel=rig.channel,
        kind=Kind.WITHDRAW,
        key=uuid.uuid4(),
        fence=1,
        line_count=count,
        created_at=rig.now - timedelta(minutes=minutes_ago),
    )


def test_a_hundred_endings_pass(rig: Rig):
    assert brake.allowed_withdrawals(rig.channel, 100, now=rig.now) == 100


def test_more_wait_for_a_person(rig: Rig):
    assert brake.allowed_withdrawals(rig.channel, 101, now=rig.now) == 0


def test_a_tenth_of_many_listings_passes(rig: Rig):
    _listings(rig, 2000)

    assert brake.allowed_withdrawals(rig.channel, 200, now=rig.now) == 200
    assert brake.allowed_withdrawals(rig.channel, 201, now=rig.now) == 0


def test_what_counts_is_all_that_waits_and_not_the_slice_that_asks(rig: Rig):
    _withdrawals(rig, 500)

    assert brake.allowed_withdrawals(rig.channel, 50, now=rig.now) == 0


def test_the_endings_of_the_last_hour_count_too(rig: Rig):
    _sent(rig, 90, minutes_ago=59)
    _sent(rig, 90, minutes_ago=61)

    assert brake.allowed_withdrawals(rig.channel, 10, now=rig.now) == 10
    assert brake.allowed_withdrawals(rig.channel, 11, now=rig.now) == 0


def test_what_is_held_is_told_with_its_number_and_since_when(rig: Rig):
    _withdrawals(rig, 150, held=True)

    summary = brake.held(rig.channel)

    assert summary is not None
    assert (summary.count, summary.since) == (150, rig.now - timedelta(minutes=149))
    assert "150 listings would end" in summary.reason


def test_nothing_held_is_nothing_to_tell(rig: Rig):
    assert brake.held(rig.channel) is None


def test_a_person_releases_what_is_held_and_that_is_remembered(rig: Rig):
    _withdrawals(rig, 150, held=True)

    assert brake.release(rig.channel, actor=rig.owner, now=rig.now) == 150

    rig.channel.refresh_from_db()
    assert brake.allowed_withdrawals(rig.channel, 150, now=rig.now) == 150
    assert brake.held(rig.channel) is None
    assert (ChannelHistory.objects.get().actor, ChannelHistory.objects.get().what) == (rig.owner, "brake")


def test_a_release_ends_after_a_while(rig: Rig):
    _withdrawals(rig, 150, held=True)
    brake.release(rig.channel, actor=rig.owner, now=rig.now)
    rig.channel.refresh_from_db()

    assert brake.allowed_withdrawals(rig.channel, 150, now=rig.now + timedelta(hours=3)) == 0


def test_a_person_may_put_it_off_for_a_day_and_the_listings_stay(rig: Rig):
    _withdrawals(rig, 150, held=True)

    brake.dismiss(rig.channel, actor=rig.owner, now=rig.now)

    assert brake.held(rig.channel, now=rig.now) is None
    assert brake.held(rig.channel, now=rig.now + timedelta(days=1)) is not None
    assert PendingChange.objects.filter(held=True).count() == 150

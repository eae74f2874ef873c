"""Causes that are open, since when, and what becomes of one that is sent again whole."""

import pytest
from django.contrib.auth.models import User

from channels_app.flows import issues, resend
from channels_app.flows.permissions import NotAllowed
from channels_app.models import ChannelWalk, Listing
from inventory.models import Role
from tests.factories import make_user
from tests.flows.feed_rig import Rig

pytestmark = pytest.mark.django_db


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.fixture
def owner(rig: Rig) -> User:
    return make_user(seller=rig.seller)


def _refused() -> set[str]:
    return set(Listing.objects.exclude(rejected_hash="").values_list("sku", flat=True))


def test_what_marketplaces_refuse_and_what_we_cannot_send_are_both_issues(rig: Rig):
    rig.has_items("A-REJECT", "B-REJECT", "FINE")
    rig.has_item("C", price=None)
    rig.settle()

    found = issues.open_issues([rig.channel])

    assert [(one.text, one.skus, one.is_ours) for one in found] == [
        ("We do not like it.", 2, False),
        ("This item has no price.", 1, True),
    ]


def test_the_same_reason_on_two_channels_is_two_issues(rig: Rig):
    second = rig.make_channel(rig.label, name="Second")
    for channel in (rig.channel, second):
        Listing.objects.create(channel=channel, sku="A", rejected_hash="x", rejected_reason="No.")

    assert {one.channel_id for one in issues.open_issues([rig.channel, second])} == {rig.channel.pk, second.pk}
    assert {one.channel_id for one in issues.open_issues([second])} == {second.pk}


def test_of_more_causes_than_are_told_the_largest_are(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(issues, "MOST_CAUSES", 2)
    for number, word in enumerate(("one", "two", "three", "four", "five", "six")):
        for each in range(1 + number):
            sku = f"{word}-{each}"
            Listing.objects.create(channel=rig.channel, sku=sku, rejected_hash="x", rejected_reason=f"Not {word}.")

    found = issues.open_issues([rig.channel])

    assert [(one.sentence, one.skus) for one in found] == [("Not six.", 6), ("Not five.", 5), ("Not four.", 4)]


def test_no_more_skus_and_causes_are_counted_than_are_shown(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(issues, "COUNT_LIMIT", 2)
    monkeypatch.setattr(issues, "MOST_CAUSES", 1)
    for reason in ("Not red.", "Not blue.", "Not green."):
        for number in range(5):
            sku = f"{reason}{number}"
            Listing.objects.create(channel=rig.channel, sku=sku, rejected_hash="x", rejected_reason=reason)

    assert [one.skus for one in issues.open_issues([rig.channel])] == [3, 3]


def test_refused_again_for_the_same_reason_it_is_refused_since_the_first_time(rig: Rig):
    item = rig.has_item("A-REJECT")
    rig.settle()
    first = rig.listing("A-REJECT")

    rig.later(3600)
    rig.prices(item, "12.00")
    rig.settle()

    again = rig.listing("A-REJECT")
    assert first.rejected_at is not None
    assert again.rejected_hash != first.rejected_hash
    assert again.rejected_at == first.rejected_at


def test_refused_for_another_reason_it_is_refused_since_then(rig: Rig):
    item = rig.has_item("A-REJECT", price=None)
    rig.settle()
    first = rig.listing("A-REJECT")

    rig.later(3600)
    rig.prices(item, "12.00")
    rig.settle()

    again = rig.listing("A-REJECT")
    assert (first.rejected_reason, again.rejected_reason) == ("This item has no price.", "We do not like it.")
    assert first.rejected_at is not None
    assert again.rejected_at is not None
    assert again.rejected_at > first.rejected_at


def test_a_large_cause_is_sent_again_by_a_walk_through_the_channel(
    rig: Rig, owner: User, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(resend, "BY_NAME", 1)
    rig.has_items("A-REJECT", "B-REJECT")
    rig.settle()

    sent = resend.send_cause_again(rig.channel, rig.listing("A-REJECT").cause, actor=owner, now=rig.now)

    assert (sent, _refused(), ChannelWalk.objects.count()) == (2, set(), 1)
    lines = len(rig.lines("A-REJECT"))
    rig.settle()
    assert len(rig.lines("A-REJECT")) == lines + 1
    assert _refused() == {"A-REJECT", "B-REJECT"}


def test_of_a_very_large_cause_the_first_are_sent_again(rig: Rig, owner: User, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(resend, "BY_NAME", 1)
    monkeypatch.setattr(resend, "AT_ONCE", 2)
    rig.has_items("A-REJECT", "B-REJECT", "C-REJECT")
    rig.settle()

    sent = resend.send_cause_again(rig.channel, rig.listing("A-REJECT").cause, actor=owner, now=rig.now)

    assert (sent, _refused()) == (2, {"C-REJECT"})


def test_a_viewer_sends_nothing_again(rig: Rig):
    rig.has_items("A-REJECT")
    rig.settle()
    viewer = make_user("viewer@example.com", seller=rig.seller, role=Role.VIEWER)

    with pytest.raises(NotAllowed):
        resend.send_cause_again(rig.channel, rig.listing("A-REJECT").cause, actor=viewer, now=rig.now)
    assert _refused() == {"A-REJECT"}

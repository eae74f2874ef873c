"""Letters are put together one by one: what always fails starves nobody, waits longer each time, and is given up."""

from contextlib import nullcontext
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse

from inventory import letters, mail
from inventory.letters import Worded, word_due
from inventory.models import Mail, Membership, Role, Seller
from marketplace_integration import clock
from tests.factories import NOW, make_seller, make_user

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
KIND = Mail.Unworded.DIGEST


@pytest.fixture
def seller() -> Seller:
    return make_seller()


@pytest.fixture
def member(seller: Seller) -> Membership:
    return Membership.objects.get(user=make_user(seller=seller))


def note(member: Membership, name: str, *, at=NOW, useful_for=timedelta(days=1)) -> Mail:
    letter = letters.note_letter(KIND, member, {"name": name}, now=at, useful_for=useful_for)
    assert letter is not None
    letter.save()
    return letter


def word(letter: Mail) -> Worded | None:
    if letter.told["name"].startswith("bad"):
        raise ValueError("no words for this")
    return Worded(subject=letter.told["name"], text="Hello.") if letter.told["name"] != "nothing" else None


def test_those_that_always_fail_take_one_turn_and_the_others_come_next(
    member: Membership, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(letters, "AT_ONCE", 3)
    for name in ("bad 1", "bad 2", "bad 3", "good"):
        note(member, name)

    came = [len(word_due(KIND, word, now=NOW + minute * MINUTE)) for minute in range(4)]

    assert came == [0, 1, 0, 0]


def test_it_waits_longer_each_time_and_is_given_up_after_hours(member: Membership):
    letter = note(member, "bad")
    tried: list[int] = []
    for minute in range(24 * 60):
        word_due(KIND, word, now=NOW + minute * MINUTE)
        attempts = Mail.objects.get().attempts
        if attempts > len(tried):
            tried.append(minute)

    waits = [later - before for before, later in zip(tried, tried[1:], strict=False)]
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60, 60]
    assert len(tried) == letters.TRIES
    letter.refresh_from_db()
    assert letter.sent_at is None
    assert letter.expires_at == NOW + tried[-1] * MINUTE
    assert Mail.objects.filter(letters.given_up_lately(NOW + timedelta(days=1))).exists()
    assert not Mail.objects.filter(letters.given_up_lately(NOW + timedelta(days=9))).exists()


def test_what_was_given_up_is_told_on_the_activity_page_without_a_button(
    client: Client, seller: Seller, member: Membership
):
    now = clock.now()
    note(member, "bad", at=now)
    client.force_login(member.user)
    url = reverse("activity", args=[seller.slug])
    word_due(KIND, word, now=now)
    waiting = client.get(url).content.decode()
    Mail.objects.update(expires_at=now)

    given_up = client.get(url).content.decode()

    again = reverse("mail_again", args=[seller.slug, Mail.objects.get().pk])
    assert f"A letter to {member.user.email} could not be sent" in waiting
    assert again in waiting
    assert f"A letter to {member.user.email} was given up" in given_up
    assert "an error of this program" in given_up
    assert again not in given_up


def test_nobody_sends_it_before_it_is_worded_and_somebody_does_after(member: Membership):
    letter = note(member, "good")
    assert mail.unsent(now=NOW) == []
    assert not mail.send(letter.pk, now=NOW)

    assert word_due(KIND, word, now=NOW) == [letter.pk]

    assert mail.unsent(now=NOW) == [letter.pk]
    assert word_due(KIND, word, now=NOW) == []
    assert mail.send(letter.pk, now=NOW)


def test_where_nothing_is_to_be_told_or_nobody_is_there_any_more_it_is_dropped(seller: Seller, member: Membership):
    note(member, "nothing")
    gone = Membership.objects.get(user=make_user("ada@example.com", seller=seller, role=Role.VIEWER))
    note(gone, "good")
    gone.delete()

    assert word_due(KIND, word, now=NOW) == []
    assert not Mail.objects.exists()


def test_a_letter_of_no_use_any_more_is_not_worded(member: Membership):
    note(member, "good", useful_for=MINUTE)

    assert word_due(KIND, word, now=NOW + 2 * MINUTE) == []


@pytest.mark.parametrize("is_usable", [True, False])
def test_where_the_database_is_away_the_rest_waits_for_the_next_tick(monkeypatch: pytest.MonkeyPatch, is_usable: bool):
    tried: list[int] = []
    monkeypatch.setattr(connection, "is_usable", lambda: is_usable)

    def fail(about: int) -> None:
        tried.append(about)
        raise OperationalError("the connection is gone")

    with nullcontext() if is_usable else pytest.raises(OperationalError):
        letters.note_apart([1, 2], fail)

    assert tried == ([1, 2] if is_usable else [1])


def test_what_cannot_be_noted_takes_no_turn_of_the_others(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(letters, "AT_ONCE", 2)
    noted: list[int] = []

    def note_even(about: int) -> None:
        if about % 2:
            raise ValueError("odd")
        noted.append(about)

    letters.note_apart(range(1, 20), note_even)

    assert noted == [2, 4]

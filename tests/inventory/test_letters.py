"""Letters: each leaves once, however the mail server fares and whoever dies."""

from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.core import mail as letters
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client
from django.urls import reverse

from inventory import mail, team
from inventory.models import Invitation, Role, Seller
from inventory.tasks import sweep_mail
from marketplace_integration import clock
from tests.factories import NOW
from tests.flows.test_activate_races import at_once
from tests.inventory.team_rig import SITE, browser, owner, seller

__all__ = ["browser", "owner", "seller"]

pytestmark = pytest.mark.django_db


#: Longer than a name in the DNS may be once it is written without umlauts.
IMPOSSIBLE = f"ada@{'ä' * 60}.com"


@pytest.mark.django_db(transaction=True)
def test_a_letter_leaves_once_whoever_sends_it(seller: Seller, owner: User):
    sent = team.invite(seller, "ada@example.com", Role.VIEWER, actor=owner, site=SITE, now=NOW)

    at_once(*[partial(mail.send, sent.pk, now=NOW)] * 4)

    assert len(letters.outbox) == 1


# --- the mail server -------------------------------------------------------------------------------------------------
def test_a_mail_server_that_is_away_delays_a_letter_and_loses_none(
    browser: Client, seller: Seller, owner: User, monkeypatch: pytest.MonkeyPatch
):
    sent = team.invite(seller, "ada@example.com", Role.VIEWER, actor=owner, site=SITE, now=clock.now())
    now = clock.now()
    with monkeypatch.context() as away:
        away.setattr(EmailBackend, "send_messages", _refuse)
        assert not mail.send(sent.pk, now=now)
    page = browser.get(reverse("team", args=[seller.slug])).content.decode()

    assert "not sent yet" in page
    assert "connection refused by mail.example" in page
    assert mail.unsent(now=now + timedelta(minutes=1)) == []
    assert mail.unsent(now=now + timedelta(minutes=3)) == [sent.pk]
    assert mail.send(sent.pk, now=now + timedelta(minutes=3))
    assert letters.outbox[0].to == ["ada@example.com"]
    assert mail.unsent(now=now + timedelta(minutes=9)) == []


def _refuse(*_: object) -> None:
    raise ConnectionRefusedError("connection refused by mail.example")


def test_a_letter_whose_message_was_lost_is_swept_up(seller: Seller, owner: User, monkeypatch: pytest.MonkeyPatch):
    sent = team.invite(seller, "ada@example.com", Role.VIEWER, actor=owner, site=SITE, now=clock.now())
    nudged: list[int] = []
    monkeypatch.setattr("inventory.tasks.send_mail.apply_async", lambda args, **_: nudged.append(*args))

    sweep_mail()

    assert nudged == [sent.pk]


def test_a_letter_whose_worker_died_while_it_had_it_is_sent_by_the_next(
    seller: Seller, owner: User, monkeypatch: pytest.MonkeyPatch
):
    sent = team.invite(seller, "ada@example.com", Role.VIEWER, actor=owner, site=SITE, now=NOW)
    with monkeypatch.context() as dying:
        dying.setattr(EmailBackend, "send_messages", _die)
        with pytest.raises(SystemExit):
            mail.send(sent.pk, now=NOW)

    assert mail.unsent(now=NOW + timedelta(minutes=4)) == []
    assert mail.unsent(now=NOW + timedelta(minutes=5)) == [sent.pk]
    assert mail.send(sent.pk, now=NOW + timedelta(minutes=5))


def _die(*_: object) -> None:
    raise SystemExit


def test_killed_between_sending_and_our_note_of_it_a_letter_comes_twice_and_never_not_at_all(
    seller: Seller, owner: User, monkeypatch: pytest.MonkeyPatch
):
    sent = team.invite(seller, "ada@example.com", Role.VIEWER, actor=owner, site=SITE, now=NOW)

    def leave_and_die(message: letters.EmailMessage) -> None:
        letters.outbox.append(message)
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(letters.EmailMessage, "send", leave_and_die)
        with pytest.raises(SystemExit):
            mail.send(sent.pk, now=NOW)

    assert mail.send(sent.pk, now=NOW + timedelta(minutes=5))
    assert not mail.send(sent.pk, now=NOW + timedelta(minutes=10))
    assert [letter.to for letter in letters.outbox] == [["ada@example.com"]] * 2


def test_a_letter_that_cannot_be_put_together_says_so_is_logged_and_tried_again(
    seller: Seller, owner: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    sent = team.invite(seller, "ada@example.com", Role.VIEWER, actor=owner, site=SITE, now=NOW)
    with monkeypatch.context() as broken:
        broken.setattr(mail, "_text", lambda _: 1 / 0)
        assert not mail.send(sent.pk, now=NOW)

    sent.refresh_from_db()
    assert "an error of this program" in sent.last_error
    assert [(record.message, bool(record.exc_info)) for record in caplog.records] == [("mail.failed", True)]
    assert mail.send(sent.pk, now=NOW + timedelta(minutes=3))


def test_an_impossible_domain_is_told_and_holds_up_nothing(browser: Client, seller: Seller, owner: User):
    sent = team.invite(seller, IMPOSSIBLE, Role.VIEWER, actor=owner, site=SITE, now=clock.now())

    assert not mail.send(sent.pk, now=clock.now())

    assert "There is no such address." in browser.get(reverse("team", args=[seller.slug])).content.decode()


@pytest.mark.parametrize("email", [IMPOSSIBLE, "m\u0131ke@example.com"])
def test_an_address_that_no_letter_reaches_is_refused_where_it_is_entered(browser: Client, seller: Seller, email: str):
    answer = browser.post(reverse("team_invite", args=[seller.slug]), {"email": email, "role": "viewer"})

    assert answer.status_code == 422
    assert "No e-mail can go to this address" in answer.content.decode()


def test_a_withdrawn_invitation_is_not_sent(seller: Seller, owner: User):
    sent = team.invite(seller, "ada@example.com", Role.VIEWER, actor=owner, site=SITE, now=NOW)
    team.withdraw(Invitation.objects.get(), actor=owner, now=NOW)

    assert not mail.send(sent.pk, now=NOW)
    assert letters.outbox == []

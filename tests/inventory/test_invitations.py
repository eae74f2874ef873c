"""Invitations: who joins by them, and what opens nothing."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core import mail as letters
from django.test import Client
from django.urls import reverse

from inventory import mail, team
from inventory.models import Invitation, Mail, Membership, Role, Seller, TeamChange
from inventory.sign_in import account_name
from marketplace_integration import clock
from tests.factories import make_user
from tests.inventory.team_rig import SITE, browser, invited, link_in, opened, owner, post, seller

__all__ = ["browser", "owner", "seller"]

pytestmark = pytest.mark.django_db


# --- the journey -----------------------------------------------------------------------------------------------------
def test_a_newcomer_chooses_a_password_and_is_on_the_team(
    client: Client, browser: Client, seller: Seller, django_capture_on_commit_callbacks
):
    post(browser, "team_invite", seller, email="Ada@Example.com", role="manager")
    sent = Mail.objects.get()
    mail.send(sent.pk, now=clock.now())
    link = link_in(letters.outbox[0])
    newcomer = Client()

    page = newcomer.get(link).headers["Location"]
    shown = newcomer.get(page).content.decode()
    joined = newcomer.post(page, {"new_password1": "long-and-odd-7", "new_password2": "long-and-odd-7"})

    assert "Join Acme &amp; Sons" in shown
    assert "Acme & Sons" in letters.outbox[0].body
    assert joined.headers["Location"] == reverse("home", args=[seller.slug])
    assert newcomer.get(joined.headers["Location"]).status_code == 200
    user = User.objects.get(username="ada@example.com")
    assert (user.email, user.check_password("long-and-odd-7")) == ("ada@example.com", True)
    assert Membership.objects.get(user=user).role == Role.MANAGER


def test_a_weak_password_is_refused_and_nobody_is_made_and_the_log_holds_no_link(
    client: Client, seller: Seller, owner: User, caplog: pytest.LogCaptureFixture
):
    invitation = invited(seller, owner)
    page = opened(client, invitation)

    answer = client.post(page, {"new_password1": "12345", "new_password2": "12345"})

    assert answer.status_code == 422
    assert page in caplog.text
    assert invitation.token not in caplog.text + page
    assert not User.objects.filter(username="ada@example.com").exists()


def test_an_account_that_exists_joins_after_signing_in(client: Client, seller: Seller, owner: User):
    make_user("ada@example.com")
    page = opened(client, invited(seller, owner))

    asked = client.get(page).content.decode()
    client.post(page, {"new_password1": "long-and-odd-7", "new_password2": "long-and-odd-7"})
    was_made = Membership.objects.filter(user__username="ada@example.com").exists()
    signed_in = client.post("/sign-in/", {"username": "ada@example.com", "password": "a-test-password", "next": page})
    joined = client.post(signed_in.headers["Location"])

    assert "Sign in with it to join" in asked
    assert not was_made
    assert joined.headers["Location"] == reverse("home", args=[seller.slug])
    assert User.objects.get(username="ada@example.com").check_password("a-test-password")
    assert Membership.objects.get(user__username="ada@example.com").role == Role.MANAGER


def test_somebody_else_cannot_use_the_link(client: Client, seller: Seller, owner: User):
    client.force_login(make_user("eve@example.com"))
    page = opened(client, invited(seller, owner))

    shown = client.post(page).content.decode()

    assert "which is another account" in shown
    assert not Membership.objects.filter(user__username="eve@example.com").exists()


def test_who_signs_out_of_another_account_comes_back_to_the_invitation(client: Client, seller: Seller, owner: User):
    client.force_login(make_user("eve@example.com"))
    form = client.get(invited(seller, owner).link, follow=True).content.decode()
    (back,) = re.findall(r'name="next" value="([^"]+)"', form)

    page = client.post("/sign-out/", {"next": back}, follow=True).content.decode()

    assert "Choose a password" in page


def test_the_page_opens_for_no_browser_that_did_not_have_the_link(client: Client, seller: Seller, owner: User):
    page = opened(client, invited(seller, owner))

    assert (client.get(page).status_code, Client().get(page).status_code) == (200, 404)


@pytest.mark.parametrize("typed", ["Ada@Example.com", "ada@example.com"])
def test_who_was_invited_in_capitals_signs_in_either_way(client: Client, seller: Seller, owner: User, typed: str):
    team.invite(seller, "Ada@Example.com", Role.VIEWER, actor=owner, site="http://testserver", now=clock.now())
    join(client, Invitation.objects.get())

    assert sign_in(client, typed) == 302


def test_an_account_with_capitals_in_its_name_is_found_and_others_are_not_mixed_up(client: Client):
    make_user("Ada@Example.com")
    for name in ("Bob@example.com", "bob@example.com"):
        make_user(name)

    assert sign_in(client, "ada@example.COM", "a-test-password") == 302
    assert [account_name(f"{name}@example.com") for name in ("Bob", "bob", "BOB")] == [
        f"{name}@example.com" for name in ("Bob", "bob", "bob")
    ]


def test_capitals_bring_no_more_tries_at_a_password(client: Client):
    make_user("ada@example.com")

    tries = [sign_in(client, name) for name in ("ada@example.com", "Ada@example.com", "ADA@example.com") * 4]

    assert tries == [200] * 9 + [429] * 3


def test_an_address_that_is_no_name_gets_one_and_signs_in_with_the_address(client: Client, seller: Seller, owner: User):
    make_user("o-brien-example.com")
    join(client, invited(seller, owner, "o'brien@example.com"))

    made = User.objects.get(email="o'brien@example.com")

    made.full_clean()
    assert re.fullmatch(r"o-brien-example\.com-[0-9a-f]{8}", made.username)
    assert sign_in(client, "O'Brien@example.com") == 302


def test_an_address_whose_account_is_closed_is_told_so(client: Client, seller: Seller, owner: User):
    closed = make_user("ada@example.com")
    User.objects.filter(pk=closed.pk).update(is_active=False)

    page = client.get(invited(seller, owner).link, follow=True).content.decode()

    assert "The account of this address is closed" in page
    assert "Sign in with it" not in page


def join(client: Client, invitation: Invitation) -> None:
    """The newcomer has joined, and left the browser."""
    chosen = {"new_password1": "long-and-odd-7", "new_password2": "long-and-odd-7"}
    assert client.post(opened(client, invitation), chosen).headers["Location"].startswith("/s/")
    client.logout()


def sign_in(client: Client, name: str, chosen: str = "long-and-odd-7") -> int:
    return client.post("/sign-in/", {"username": name, "password": chosen}).status_code


# --- what opens nothing ----------------------------------------------------------------------------------------------
def test_a_link_opens_nothing_once_used_withdrawn_replaced_old_or_guessed(client: Client, seller: Seller, owner: User):
    old = invited(seller, owner, "old@example.com")
    replaced = invited(seller, owner, "replaced@example.com")
    withdrawn = invited(seller, owner, "withdrawn@example.com")
    used = invited(seller, owner, "used@example.com")
    guessed = reverse("invitation_link", args=[replaced.public_id, "0" * 64])
    pages = [opened(client, each) for each in (old, replaced, withdrawn, used)]
    Invitation.objects.filter(pk=old.pk).update(expires_at=clock.now())
    team.send_again(replaced, actor=owner, site=SITE, now=clock.now() + team.APART)
    team.withdraw(withdrawn, actor=owner, now=clock.now())
    team.accept(used, make_user("used@example.com"), now=clock.now())

    links = [old.link, replaced.link, withdrawn.link, used.link, guessed, *pages]

    assert {client.get(link).status_code for link in links} == {404}
    assert {client.post(link, {"new_password1": "long-and-odd-7"}).status_code for link in links} == {404}


def test_no_row_holds_what_opens_the_door(client: Client, seller: Seller, owner: User):
    invitation = invited(seller, owner)

    client.get(invitation.link)
    sessions = [session.get_decoded() for session in Session.objects.all()]
    held = [*Invitation.objects.values_list(), *Mail.objects.values_list(), *TeamChange.objects.values_list()]

    assert sessions
    assert invitation.token not in str(sessions)
    assert invitation.token in link_in(letters.outbox[0])
    assert invitation.token not in str(held)


def test_sending_again_brings_a_link_that_works_for_7_days_more(client: Client, seller: Seller, owner: User):
    invitation = invited(seller, owner)
    Invitation.objects.update(expires_at=clock.now() - timedelta(days=1))

    later = clock.now() + team.APART
    sent = team.send_again(invitation, actor=owner, site="http://testserver", now=later)
    mail.send(sent.pk, now=later)

    assert client.get(link_in(letters.outbox[-1]), follow=True).status_code == 200

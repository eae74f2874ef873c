"""A team: who is invited, who joins, who may change it; and that an owner is always left."""

import re
import time
from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core import mail as letters
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client
from django.urls import reverse

from inventory import mail, team
from inventory.models import Invitation, Mail, Membership, Role, Seller, TeamChange
from inventory.sign_in import account_name
from inventory.tasks import sweep_mail
from marketplace_integration import clock
from tests.factories import NOW, make_seller, make_user
from tests.flows.test_activate_races import at_once

pytestmark = pytest.mark.django_db

SITE = "https://shop.example.com"
#: Longer than a name in the DNS may be once it is written without umlauts.
IMPOSSIBLE = f"ada@{'ä' * 60}.com"


@pytest.fixture
def seller() -> Seller:
    return make_seller(name="Acme & Sons")


@pytest.fixture
def owner(seller: Seller) -> User:
    return make_user(seller=seller)


@pytest.fixture
def browser(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def invited(seller: Seller, owner: User, email: str = "ada@example.com", role: Role = Role.MANAGER) -> Invitation:
    """An invitation of this moment, its letter delivered."""
    sent = team.invite(seller, email, role, actor=owner, site="http://testserver", now=clock.now())
    assert mail.send(sent.pk, now=clock.now())
    return Invitation.objects.get(seller=seller, email=email)


def link_in(letter: letters.EmailMessage) -> str:
    return next(line for line in str(letter.body).splitlines() if "/invitation/" in line)


def opened(client: Client, invitation: Invitation) -> str:
    """The address that the link leads this browser to."""
    return client.get(invitation.link).headers["Location"]


def member(seller: Seller, email: str, role: Role = Role.OWNER) -> Membership:
    return Membership.objects.get(seller=seller, user=make_user(email, seller=seller, role=role))


def post(client: Client, name: str, seller: Seller, *args: object, **sent: str) -> str:
    return client.post(reverse(name, args=[seller.slug, *args]), sent, follow=True).content.decode()


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


# --- who may what ----------------------------------------------------------------------------------------------------
def test_an_owner_changes_a_role_and_removes_a_member(browser: Client, seller: Seller):
    ada = member(seller, "ada@example.com", Role.VIEWER)

    changed = post(browser, "member_role", seller, ada.pk, role="manager")
    ada.refresh_from_db()
    removed = post(browser, "member_remove", seller, ada.pk)

    assert "ada@example.com is manager now." in changed
    assert ada.role == Role.MANAGER
    assert "ada@example.com is no longer on the team." in removed
    assert not Membership.objects.filter(pk=ada.pk).exists()
    assert User.objects.filter(username="ada@example.com").exists()
    told = TeamChange.objects.order_by("pk").values_list("who", "what", "whom", "before", "after")
    assert list(told) == [
        ("owner@example.com", "role", "ada@example.com", "viewer", "manager"),
        ("owner@example.com", "removed", "ada@example.com", "manager", ""),
    ]
    assert "changed the role of ada@example.com from viewer to manager" in removed


def test_the_last_owner_stays_and_the_page_says_why(browser: Client, seller: Seller, owner: User):
    own = Membership.objects.get(user=owner)
    closed = member(seller, "closed@example.com")
    User.objects.filter(pk=closed.user_id).update(is_active=False)

    demoted = post(browser, "member_role", seller, own.pk, role="viewer")
    removed = post(browser, "member_remove", seller, own.pk)

    own.refresh_from_db()
    assert own.role == Role.OWNER
    assert team.LAST_OWNER in demoted
    assert team.LAST_OWNER in removed
    assert not TeamChange.objects.exists()


def test_an_owner_who_leaves_sees_the_sellers_that_are_left(browser: Client, seller: Seller, owner: User):
    member(seller, "ada@example.com")

    page = post(browser, "member_remove", seller, Membership.objects.get(user=owner).pk)

    assert "you belong to no seller" in page


def test_who_is_removed_gets_404_at_the_next_page(client: Client, seller: Seller, owner: User):
    ada = member(seller, "ada@example.com", Role.MANAGER)
    client.force_login(ada.user)
    before = client.get(reverse("team", args=[seller.slug])).status_code

    team.remove(ada, actor=owner, now=NOW)

    assert (before, client.get(reverse("team", args=[seller.slug])).status_code) == (200, 404)


def test_who_is_removed_comes_back_by_no_invitation(seller: Seller, owner: User):
    waiting = invited(seller, owner, "ada@private.example", Role.OWNER)
    ada = member(seller, "ada@example.com").user
    User.objects.filter(pk=ada.pk).update(email="Ada@private.example")
    ada.refresh_from_db()
    sent = invited(seller, ada, "second@example.com", Role.OWNER)
    kept = invited(seller, owner, "bob@example.com")

    team.remove(Membership.objects.get(user=ada), actor=owner, now=NOW)

    for invitation, user in ((sent, make_user("second@example.com")), (waiting, ada)):
        with pytest.raises(team.TeamError):
            team.accept(invitation, user, now=clock.now())
    told = TeamChange.objects.filter(what="withdrew").order_by("pk").values_list("who", "whom")
    assert list(told) == [("owner@example.com", "ada@private.example"), ("owner@example.com", "second@example.com")]
    assert team.accept(kept, make_user("bob@example.com"), now=clock.now()).role == Role.MANAGER


def test_what_an_owner_sent_ends_with_the_role(seller: Seller, owner: User):
    ada = member(seller, "ada@example.com")
    waiting = team.invite(seller, "second@example.com", Role.OWNER, actor=ada.user, site=SITE, now=clock.now())

    team.change_role(ada, Role.MANAGER, actor=owner, now=NOW)

    assert not mail.send(waiting.pk, now=clock.now())
    assert Invitation.objects.get().withdrawn_at == NOW


def test_managers_and_viewers_see_the_list_only(client: Client, seller: Seller, owner: User):
    invited(seller, owner)
    for role in (Role.MANAGER, Role.VIEWER):
        client.force_login(make_user(f"{role}@example.com", seller=seller, role=role))
        page = client.get(reverse("team", args=[seller.slug])).content.decode()

        assert "owner@example.com" in page
        assert "ada@example.com" in page
        assert not [
            word for word in ("Remove", "Withdraw", "Send again", "Change role", "Invite somebody") if word in page
        ]


@pytest.mark.parametrize("email", ["OWNER@example.com", "ada@example.com"])
def test_nobody_is_invited_twice_or_when_on_the_team(browser: Client, seller: Seller, owner: User, email: str):
    invited(seller, owner)

    answer = browser.post(reverse("team_invite", args=[seller.slug]), {"email": email, "role": "viewer"})

    assert answer.status_code == 422
    assert "already" in answer.content.decode()
    assert Invitation.objects.count() == 1


def test_no_more_than_so_many_wait_at_once(seller: Seller, owner: User, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(team, "MOST_WAITING", 1)
    first = invited(seller, owner)

    with pytest.raises(team.TeamError, match="Withdraw some"):
        invited(seller, owner, "bob@example.com")
    team.withdraw(first, actor=owner, now=NOW)

    assert invited(seller, owner, "bob@example.com").email == "bob@example.com"


def test_withdrawing_makes_no_room_for_more_letters_than_a_days(
    seller: Seller, owner: User, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(team, "MOST_A_DAY", 2)
    invite = partial(team.invite, seller, role=Role.VIEWER, actor=owner, site=SITE)
    for email in ("ada@example.com", "bob@example.com"):
        team.withdraw(invite(email, now=NOW).invitation, actor=owner, now=NOW)  # type: ignore[arg-type]

    with pytest.raises(team.TeamError, match="2 invitations were sent within 24 hours"):
        invite("carol@example.com", now=NOW + timedelta(hours=23))

    assert invite("carol@example.com", now=NOW + timedelta(hours=24)).to == "carol@example.com"


def test_one_address_gets_no_two_letters_within_5_minutes(browser: Client, seller: Seller, owner: User):
    invitation = invited(seller, owner)

    again = post(browser, "invitation_again", seller, invitation.public_id)
    post(browser, "invitation_withdraw", seller, invitation.public_id)
    anew = browser.post(reverse("team_invite", args=[seller.slug]), {"email": invitation.email, "role": "viewer"})

    for page in (again, anew.content.decode()):
        assert "ada@example.com was sent an invitation less than 5 minutes ago" in page
    assert anew.status_code == 422
    assert Mail.objects.count() == 1
    later = clock.now() + team.APART
    assert team.invite(seller, invitation.email, Role.VIEWER, actor=owner, site=SITE, now=later).sent_at is None


def test_what_support_does_to_a_team_is_on_its_record(client: Client, seller: Seller, owner: User):
    client.force_login(User.objects.create_superuser("support@example.com"))
    ada, bob = (
        make_user("ada@example.com", seller=seller, role=Role.VIEWER),
        make_user("bob@example.com", seller=seller),
    )
    carol = make_user("carol@example.com")
    invited(seller, bob, "second@example.com")
    rows = [
        (Membership.objects.get(user=ada).pk, ada.pk, "owner", ""),
        (Membership.objects.get(user=bob).pk, bob.pk, "owner", "on"),
    ]
    form = {"name": seller.name, "slug": seller.slug, "time_zone": "UTC", "currency": "USD"}
    form |= {"memberships-TOTAL_FORMS": "3", "memberships-INITIAL_FORMS": "2"}
    for number, (pk, user, role, gone) in enumerate([*rows, ("", carol.pk, "viewer", "")]):
        row = {"id": pk, "seller": seller.pk, "user": user, "role": role} | ({"DELETE": gone} if gone else {})
        form |= {f"memberships-{number}-{name}": str(value) for name, value in row.items()}

    answer = client.post(reverse("admin:inventory_seller_change", args=[seller.pk]), form)

    assert answer.status_code == 302
    assert list(TeamChange.objects.order_by("pk")[1:].values_list("who", "what", "whom", "before", "after")) == [
        ("support@example.com", "role", "ada@example.com", "viewer", "owner"),
        ("support@example.com", "removed", "bob@example.com", "owner", ""),
        ("support@example.com", "withdrew", "second@example.com", "", ""),
        ("support@example.com", "added", "carol@example.com", "", "viewer"),
    ]
    client.force_login(owner)
    assert "added carol@example.com as viewer" in client.get(reverse("team", args=[seller.slug])).content.decode()


# --- at the same moment ----------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("deed", ["demote", "remove"])
def test_two_owners_who_end_each_other_leave_an_owner(
    seller: Seller, owner: User, deed: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(team, "_record", lambda *_, **__: time.sleep(0.3))  # both have looked before one is done
    pair = [Membership.objects.get(user=owner), member(seller, "ada@example.com")]
    others = list(zip(pair, [pair[1].user, pair[0].user], strict=True))
    deeds = {
        "demote": [partial(team.change_role, each, Role.VIEWER, actor=actor, now=NOW) for each, actor in others],
        "remove": [partial(team.remove, each, actor=actor, now=NOW) for each, actor in others],
    }

    raised = at_once(*deeds[deed])

    assert [type(error) for error in raised if error] == [team.TeamError]
    assert Membership.objects.filter(seller=seller, role=Role.OWNER).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_presses_on_join_make_one_member(seller: Seller, owner: User, monkeypatch: pytest.MonkeyPatch):
    look = team._waiting

    def look_slowly(invitation: Invitation) -> Invitation:
        found = look(invitation)
        time.sleep(0.3)  # both have looked before one is done
        return found

    monkeypatch.setattr(team, "_waiting", look_slowly)
    invitation, ada = invited(seller, owner), make_user("ada@example.com")

    raised = at_once(*[partial(team.accept, invitation, ada, now=clock.now())] * 2)

    assert [type(error) for error in raised if error] == [team.TeamError]
    assert Membership.objects.filter(seller=seller, user=ada).count() == 1
    assert TeamChange.objects.filter(what="joined").count() == 1


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

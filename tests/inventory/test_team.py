"""A team: who may change it; and that an owner is always left."""

import time
from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from inventory import mail, team
from inventory.models import Invitation, Mail, Membership, Role, Seller, TeamChange
from marketplace_integration import clock
from tests.factories import NOW, make_user
from tests.flows.test_activate_races import at_once
from tests.inventory.team_rig import SITE, browser, invited, member, owner, post, seller

__all__ = ["browser", "owner", "seller"]

pytestmark = pytest.mark.django_db


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

"""A team and two-step sign-in: who sees it, who resets it, who asks for it; all on record."""

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import Permission, User
from django.core import mail as letters
from django.test import Client
from django.urls import reverse

from inventory import mail, second_step
from inventory.models import Mail, Membership, Role, SecondStep, Seller, TeamChange
from marketplace_integration import clock
from marketplace_integration.cipher import LostKey
from tests.factories import make_seller, make_user
from tests.inventory.second_step_rig import code_of, still, with_second_step
from tests.inventory.team_rig import browser, member, owner, post, seller

__all__ = ["browser", "owner", "seller", "still"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("still")]


def test_everybody_on_the_team_sees_who_has_it_and_owners_alone_what_can_be_done(
    browser: Client, client: Client, seller: Seller
):
    ada = member(seller, "ada@example.com", Role.VIEWER)
    with_second_step(ada.user)

    of_owner = browser.get(reverse("team", args=[seller.slug])).content.decode()
    viewer = Client()
    viewer.force_login(make_user("bob@example.com", seller=seller, role=Role.VIEWER))
    of_viewer = viewer.get(reverse("team", args=[seller.slug])).content.decode()

    for page in (of_owner, of_viewer):
        assert page.count('badge-good">On<') == 1
    assert "Reset two-step sign-in of ada@example.com" in of_owner
    assert "Require it of everybody" in of_owner
    assert "Reset two-step sign-in of" not in of_viewer
    assert "Require it of everybody" not in of_viewer


def test_an_owner_resets_it_for_a_member_who_lost_the_phone(browser: Client, seller: Seller):
    ada = member(seller, "ada@example.com", Role.MANAGER)
    with_second_step(ada.user)

    page = post(browser, "member_second_step_reset", seller, ada.pk)

    assert "ada@example.com signs in with the password alone now." in page
    assert "switched off two-step sign-in of ada@example.com" in page
    assert not SecondStep.objects.exists()
    assert mail.send(Mail.objects.get().pk, now=clock.now())
    assert letters.outbox[0].to == ["ada@example.com"]
    assert "by owner@example.com" in str(letters.outbox[0].body)
    assert "http://testserver/security/" in str(letters.outbox[0].body)


@pytest.mark.parametrize("whose", ["one's own", "of support", "of another team, too", "without it"])
def test_an_owner_resets_no_other(browser: Client, seller: Seller, owner: User, whose: str):
    ada = member(seller, "ada@example.com")
    with_second_step(owner if whose == "one's own" else ada.user)
    if whose == "of support":
        User.objects.filter(pk=ada.user_id).update(is_staff=True)
    elif whose == "of another team, too":
        Membership.objects.create(seller=make_seller("else"), user=ada.user, role=Role.VIEWER)
    elif whose == "without it":
        SecondStep.objects.all().delete()
    if whose == "one's own":
        browser.post("/sign-in/", {"username": owner.email, "password": "a-test-password"})
        browser.post("/sign-in/code/", {"code": code_of(SecondStep.objects.get().key)})
    pk = Membership.objects.get(user=owner).pk if whose == "one's own" else ada.pk

    page = post(browser, "member_second_step_reset", seller, pk)

    words = {
        "one's own": "Your own is switched off under Sign-in and security.",
        "without it": "Two-step sign-in is off already.",
    }
    assert words.get(whose, "does not work for this team alone: ask support to reset it.") in page
    assert SecondStep.objects.count() == (whose != "without it")
    assert not TeamChange.objects.exists()
    assert not Mail.objects.exists()


def test_an_owner_requires_it_of_everybody_and_leaves_it_to_each_again(browser: Client, seller: Seller, owner: User):
    device, _ = with_second_step(owner)
    browser.post("/sign-in/", {"username": owner.email, "password": "a-test-password"})
    browser.post("/sign-in/code/", {"code": code_of(device.key)})
    member(seller, "ada@example.com")

    required = post(browser, "team_second_step", seller, required="1")
    post(browser, "team_second_step", seller, required="1")
    is_required = Seller.objects.get().second_step_required_at
    free = post(browser, "team_second_step", seller, required="0")

    assert "Everybody needs two-step sign-in now." in required
    assert "1 of 2 has not yet." in required
    assert is_required == clock.real_now()
    assert "required two-step sign-in of everybody" in free
    assert Seller.objects.get().second_step_required_at is None
    told = TeamChange.objects.order_by("pk").values_list("who", "what", "whom")
    assert list(told) == [
        ("owner@example.com", "second_step_required", ""),
        ("owner@example.com", "second_step_free", ""),
    ]


# --- support ---------------------------------------------------------------------------------------------------------
@pytest.fixture
def desk() -> Client:
    support = User.objects.create_user("support@example.com", is_staff=True)
    support.user_permissions.add(Permission.objects.get(codename="support_channels"))
    client = Client()
    client.force_login(support)
    return client


def reset_page(seller: Seller, user: User) -> str:
    return reverse(
        "admin:inventory_seller_second_step", args=[seller.pk, Membership.objects.get(user=user, seller=seller).pk]
    )


def test_support_resets_it_for_an_owner_with_a_reason_that_every_team_of_hers_reads(
    desk: Client, seller: Seller, owner: User
):
    with_second_step(owner)
    other = make_seller("else")
    Membership.objects.create(seller=other, user=owner, role=Role.OWNER)
    page = desk.get(reverse("admin:inventory_seller_change", args=[seller.pk])).content.decode()

    asked = desk.get(reset_page(seller, owner)).content.decode()
    without = desk.post(reset_page(seller, owner), {"reason": " "})
    done = desk.post(reset_page(seller, owner), {"reason": "Called back at the office."}, follow=True)

    assert reset_page(seller, owner) in page
    assert "the password alone lets owner@example.com in" in asked
    assert without.status_code == 422
    assert "Two-step sign-in of owner@example.com is reset" in done.content.decode()
    told = TeamChange.objects.order_by("seller__slug").values_list("seller__slug", "who", "what", "whom", "reason")
    assert list(told) == [
        (slug, "support@example.com", "second_step_reset", "owner@example.com", "Called back at the office.")
        for slug in ("acme", "else")
    ]
    letter = Mail.objects.get()
    assert letter.to == "owner@example.com"
    for page in (reverse("admin:inventory_mail_changelist"), reverse("admin:inventory_mail_change", args=[letter.pk])):
        assert "Two-step sign-in was switched off" in desk.get(page).content.decode()
    assert not SecondStep.objects.exists()


def test_a_superuser_who_edits_the_team_finds_the_same_way(client: Client, seller: Seller, owner: User):
    with_second_step(owner)
    client.force_login(User.objects.create_superuser("root@example.com"))

    page = client.get(reverse("admin:inventory_seller_change", args=[seller.pk])).content.decode()

    assert reset_page(seller, owner) in page


def test_support_resets_none_of_its_own(desk: Client, seller: Seller, owner: User):
    with_second_step(owner)
    User.objects.filter(pk=owner.pk).update(is_staff=True)

    answer = desk.post(reset_page(seller, owner), {"reason": "Lost it."})

    assert answer.status_code == 422
    assert "manage.py reset_second_step" in answer.content.decode()
    assert SecondStep.objects.exists()


def test_the_page_to_reset_it_is_closed_to_sellers_and_to_staff_without_the_permission(seller: Seller, owner: User):
    with_second_step(member(seller, "ada@example.com").user)
    client = Client()
    answers = []
    for user in (owner, User.objects.create_user("other@example.com", is_staff=True)):
        client.force_login(user)
        answers.append(client.post(reset_page(seller, owner), {"reason": "x"}).status_code)

    assert answers == [302, 403]
    assert SecondStep.objects.exists()


# --- keys ------------------------------------------------------------------------------------------------------------
def test_keys_move_to_the_newest_of_field_keys_and_codes_go_on(owner: User, settings):
    device, backup = with_second_step(owner)
    newest, old = Fernet.generate_key().decode(), settings.FIELD_KEYS[0]
    settings.FIELD_KEYS = [newest, old]

    assert second_step.rotate() == (1, 0)

    settings.FIELD_KEYS = [newest]
    device.refresh_from_db()
    now = clock.real_now()
    assert not second_step.check(owner, code_of(device.key), now=now).by_backup_code
    assert second_step.check(owner, backup[0], now=now).by_backup_code


def test_a_lost_key_is_told_in_words_and_lets_nobody_in(owner: User, settings):
    device, backup = with_second_step(owner)
    code = code_of(device.key)
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]

    for tried in (code, backup[0]):
        with pytest.raises(second_step.SecondStepError, match="a key of this site is missing"):
            second_step.check(owner, tried, now=clock.real_now())
    with pytest.raises(LostKey):
        _ = device.key
    assert second_step.rotate() == (0, 1)

"""Signing in with a second step: which code lets whom in, and that nothing leads around it."""

import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.core import mail as letters
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.http import urlencode

from bench.cases.pages import PAGES
from inventory import second_step
from inventory.models import SecondStep, Seller
from marketplace_integration import clock
from tests.inventory.second_step_rig import (
    PASSWORD,
    code_of,
    enter_password,
    is_signed_in,
    still,
    waited,
    with_second_step,
)

__all__ = ["still"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("still")]

CODE = "/sign-in/code/"


@dataclass(frozen=True)
class Try:
    code: str
    #: What the page says; empty if it lets in.
    says: str = ""


TRIES = {
    "the code of now": Try("now"),
    "with a blank in it": Try("spaced"),
    "of a phone that is half a minute fast": Try("fast"),
    "of half a minute ago": Try("slow"),
    "a backup code": Try("backup"),
    "a backup code written differently": Try("backup-dashed"),
    "a wrong code": Try("wrong", "This code is not right, or too old."),
    "a wrong backup code": Try("wrong-backup", "This code is not right, or too old."),
    "of two minutes ago": Try("expired", "This code is not right, or too old."),
    "a code used before": Try("used", "This code was used already."),
    "a backup code used before": Try("backup-used", "This code is not right, or too old."),
    "right, but too soon after wrong ones": Try("too-soon", "Too many wrong codes. Wait "),
    "letters": Try("letters", "This code is not right, or too old."),
    "digits of other scripts": Try("١٢٣٤٥٦", "This code is not right, or too old."),
    "nothing": Try("", "This field is required."),
}


def written(name: str, device: SecondStep, backup: list[str]) -> str:
    """What the person enters; what went before it has happened."""
    match name:
        case "now" | "spaced" | "used" | "too-soon":
            code = code_of(device.key)
        case "fast" | "slow" | "expired":
            code = code_of(device.key, steps={"fast": 1, "slow": -1, "expired": -4}[name])
        case "wrong":
            code = next(c for c in ("123456", "654321", "111111", "222222", "333333") if c not in near(device))
        case "wrong-backup":
            code = next(c for c in ("12345678", "87654321") if f"{c[:4]} {c[4:]}" not in backup)
        case "backup" | "backup-used":
            code = backup[3]
        case "backup-dashed":
            code = backup[3].replace(" ", "-")
        case "letters":
            code = "swordfish"
        case _:
            code = name
    if name.endswith("used"):
        second_step.check(device.user, code, now=clock.real_now())
    if name == "too-soon":
        for _ in range(6):
            waited(device)
            with pytest.raises(second_step.WrongCode):
                second_step.check(device.user, "swordfish", now=clock.real_now())
    return f"{code[:3]} {code[3:]}" if name == "spaced" else code


def near(device: SecondStep) -> set[str]:
    return {code_of(device.key, steps=steps) for steps in range(-3, 4)}


@pytest.fixture
def staff(support: User) -> User:
    support.set_password(PASSWORD)
    support.save()
    return support


@pytest.mark.parametrize("who", ["seller", "staff", "staff at the desk"])
@pytest.mark.parametrize("tried", TRIES.values(), ids=TRIES.keys())
def test_only_a_code_that_is_right_now_and_not_used_yet_lets_in(
    client: Client, owner: User, staff: User, who: str, tried: Try
):
    user = owner if who == "seller" else staff
    device, backup = with_second_step(user)
    code = written(tried.code, device, backup)

    where = enter_password(client, user, at="/support/login/" if who == "staff at the desk" else "/sign-in/")
    answer = client.post(where, {"code": code})

    assert where.startswith(CODE)
    assert answer.status_code == (422 if tried.says else 302)
    assert tried.says in answer.content.decode()
    assert is_signed_in(client) is not bool(tried.says)
    assert (client.get("/support/").status_code == 200) is (user.is_staff and not tried.says)


@pytest.mark.parametrize("has", ["nothing", "a key that no code has confirmed"])
def test_who_has_not_switched_it_on_signs_in_with_the_password_alone(client: Client, owner: User, has: str):
    if has != "nothing":
        second_step.begin(owner)

    assert enter_password(client, owner) == "/"
    assert is_signed_in(client)


@pytest.mark.parametrize(
    ("asked", "led"),
    [
        ("", "/"),
        ("/s/acme/items/?q=mug&show=blocked", "/s/acme/items/?q=mug&show=blocked"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
@pytest.mark.parametrize("changed", [False, True], ids=["kept", "planted between the steps"])
def test_one_comes_where_one_wanted_and_nowhere_else(client: Client, owner: User, asked: str, led: str, changed: bool):
    device, _ = with_second_step(owner)
    where = enter_password(client, owner, then="" if changed else asked)
    if changed:
        where = f"{CODE}?{urlencode({'next': asked})}"
    form = re.search(r'name="next" value="([^"]*)"', client.get(where).content.decode())

    answer = client.post(CODE, {"code": code_of(device.key), "next": form[1].replace("&amp;", "&") if form else ""})

    assert answer.headers["Location"] == led


def test_between_the_steps_nobody_is_signed_in_and_the_session_is_another_at_each(client: Client, owner: User):
    device, _ = with_second_step(owner)
    session = client.session
    session["planted"] = "x"
    session.save()
    keys = [session.session_key]

    enter_password(client, owner)
    keys.append(client.session.session_key)
    was_in = is_signed_in(client)
    home = client.get("/s/acme/")
    client.post(CODE, {"code": code_of(device.key)})
    keys.append(client.session.session_key)

    assert not was_in
    assert home.headers["Location"].startswith("/sign-in/?next=")
    assert is_signed_in(client)
    assert len(set(keys)) == 3
    assert "waits_for_second_step" not in client.session


def test_the_page_for_a_code_belongs_to_who_entered_a_password(client: Client, owner: User):
    device, _ = with_second_step(owner)

    shown, sent = client.get(f"{CODE}?next=/s/acme/"), client.post(CODE, {"code": code_of(device.key)})

    assert shown.headers["Location"] == "/sign-in/?next=%2Fs%2Facme%2F"
    assert sent.headers["Location"].startswith("/sign-in/")
    assert not is_signed_in(client)


@pytest.mark.parametrize("what", ["eleven minutes", "another password", "a closed account", "another device"])
def test_a_right_password_waits_for_its_code_only_while_all_is_as_it_was(
    client: Client, owner: User, what: str, monkeypatch: pytest.MonkeyPatch
):
    device, _ = with_second_step(owner)
    enter_password(client, owner)
    if what == "eleven minutes":
        later = clock.real_now() + timedelta(minutes=11)
        monkeypatch.setattr(clock, "real_now", lambda: later)
    elif what == "another password":
        owner.set_password("another-one-7")
        owner.save()
    elif what == "a closed account":
        User.objects.filter(pk=owner.pk).update(is_active=False)
    else:
        device.delete()

    answer = client.post(CODE, {"code": code_of(device.key)})

    assert answer.headers["Location"].startswith("/sign-in/")
    assert not is_signed_in(client)


def test_a_new_password_by_mail_leads_to_no_page_without_a_code(client: Client, owner: User):
    device, _ = with_second_step(owner)
    client.post("/password/forgotten/", {"email": owner.email})
    link = re.search(r"/password/new/\S+", str(letters.outbox[-1].body))
    assert link
    page = client.get(link[0]).headers["Location"]

    client.post(page, {"new_password1": "long-and-odd-7", "new_password2": "long-and-odd-7"})
    was_in = is_signed_in(client)
    sent = {"username": owner.get_username(), "password": "long-and-odd-7"}
    where = client.post("/sign-in/", sent).headers["Location"]

    assert not was_in
    assert where.startswith(CODE)
    assert not is_signed_in(client)
    assert client.post(where, {"code": code_of(device.key)}).status_code == 302
    assert is_signed_in(client)


def test_a_session_from_before_it_was_switched_on_is_nobodys(client: Client, owner: User, support: User):
    elsewhere, desk = Client(), Client()
    elsewhere.force_login(owner)
    desk.force_login(support)
    before = [is_signed_in(elsewhere), desk.get("/support/").status_code]

    with_second_step(owner)
    with_second_step(support)

    assert before == [True, 200]
    assert elsewhere.get("/s/acme/").headers["Location"].startswith("/sign-in/")
    assert desk.get("/support/").headers["Location"].startswith("/support/login/")
    assert desk.get("/support/login/").status_code == 200  # the form, not the desk


def test_signing_in_again_in_such_a_session_makes_it_another_one(client: Client, owner: User):
    client.force_login(owner)
    stolen = Client()
    stolen.cookies.load(client.cookies)
    device, _ = with_second_step(owner)

    where = enter_password(client, owner)
    stolen_between = Client()
    stolen_between.cookies.load(client.cookies)
    client.post(where, {"code": code_of(device.key)})

    assert is_signed_in(client)
    assert not is_signed_in(stolen)
    assert not is_signed_in(stolen_between)


def test_it_costs_no_page_a_query(client: Client, owner: User, django_assert_max_num_queries):
    counts = []
    for has_it in (False, True):
        if has_it:
            device, _ = with_second_step(owner)
            client.post(enter_password(client, owner), {"code": code_of(device.key)})
        else:
            enter_password(client, owner)
        with CaptureQueriesContext(connection) as captured:
            client.get("/s/acme/team/")
        counts.append(len(captured))

    assert counts[0] == counts[1]
    for name in ("security", "second_step_set_up"):
        with django_assert_max_num_queries(PAGES[name].queries):
            assert client.get(reverse(name)).status_code in (200, 302)


# --- guessing --------------------------------------------------------------------------------------------------------
def test_wrong_codes_count_as_wrong_passwords_do_and_after_ten_even_the_right_ones_wait(client: Client, owner: User):
    device, _ = with_second_step(owner)
    where = enter_password(client, owner)

    answers = []
    for _ in range(10):
        waited(device)
        answers.append(client.post(where, {"code": "swordfish"}).status_code)
    waited(device)
    right = client.post(where, {"code": code_of(device.key)})
    password = Client().post("/sign-in/", {"username": owner.get_username(), "password": PASSWORD})

    assert answers == [422] * 9 + [429]
    assert (right.status_code, password.status_code) == (429, 429)
    assert "Too many attempts" in right.content.decode()
    assert not is_signed_in(client)
    assert "swordfish" not in AccessAttempt.objects.get().post_data


def test_wrong_passwords_before_a_right_one_are_forgiven_only_by_the_code(client: Client, owner: User):
    device, _ = with_second_step(owner)
    for _ in range(6):
        client.post("/sign-in/", {"username": owner.get_username(), "password": "wrong"})

    where = enter_password(client, owner)
    counted = AccessAttempt.objects.get().failures_since_start
    client.post(where, {"code": code_of(device.key)})

    assert counted == 6
    assert not AccessAttempt.objects.exists()


def test_each_wrong_code_doubles_the_wait_until_it_is_a_quarter_of_an_hour(owner: User):
    device, _ = with_second_step(owner)
    waits = []
    for _ in range(13):
        waited(device)
        with pytest.raises(second_step.WrongCode):
            second_step.check(owner, "swordfish", now=clock.real_now())
        device.refresh_from_db()
        waits.append(device.verify_is_allowed()[1]["locked_until"] - device.throttling_failure_timestamp)

    assert [wait.total_seconds() for wait in waits] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1024, 1024]


def test_a_used_code_is_told_from_a_wrong_one_but_counts(owner: User):
    device, _ = with_second_step(owner)
    now = clock.real_now()
    code = code_of(device.key, at=now)
    second_step.check(owner, code, now=now)

    with pytest.raises(second_step.WrongCode, match="used already"):
        second_step.check(owner, code, now=now)
    waited(device)
    with pytest.raises(second_step.WrongCode, match="not right"):
        second_step.check(owner, code, now=now + timedelta(minutes=5))

    device.refresh_from_db()
    assert device.throttling_failure_count == 2


def test_a_backup_code_says_how_many_are_left(client: Client, owner: User, seller: Seller):
    _, backup = with_second_step(owner)

    where = enter_password(client, owner, then=reverse("team", args=[seller.slug]))
    page = client.post(where, {"code": backup[0], "next": reverse("team", args=[seller.slug])}, follow=True)

    assert "You signed in with a backup code. 9 of them are left." in page.content.decode()

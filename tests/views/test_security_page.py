"""One's own two-step sign-in: switched on by a code, off by a code or the password; and who asks for it."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from inventory import second_step
from inventory.models import Mail, SecondStep, Seller
from inventory.support import start_visit
from marketplace_integration import clock
from tests.factories import make_user
from tests.inventory.second_step_rig import PASSWORD, code_of, enter_password, is_signed_in, still, with_second_step

__all__ = ["still"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("still")]


def set_up(browser: Client, *, then: str = "") -> str:
    """Press the button, take over the key, enter its code. Returns the page with the backup codes."""
    page = browser.post(reverse("second_step_begin"), {"next": then}, follow=True)
    return browser.post(
        page.redirect_chain[-1][0], {"code": code_of(key_on(page.content.decode())), "next": then}
    ).content.decode()


def key_on(page: str) -> str:
    (shown,) = re.findall(r"data-key>(.*?)</p>", page)
    return "".join(re.findall(r"<span>(\w{4})</span>", shown))


def codes_on(page: str) -> list[str]:
    return re.findall(r"<li>(\d{4} \d{4})</li>", page)


# --- on --------------------------------------------------------------------------------------------------------------
def test_it_is_on_once_a_code_of_the_new_key_was_entered(browser: Client, owner: User):
    browser.post(reverse("second_step_begin"))
    page = browser.get(reverse("second_step_set_up")).content.decode()

    wrong = browser.post(reverse("second_step_set_up"), {"code": "swordfish"})
    was_on = SecondStep.objects.get().confirmed
    SecondStep.objects.update(throttling_failure_timestamp=None)
    right = browser.post(reverse("second_step_set_up"), {"code": code_of(key_on(page))}).content.decode()

    assert (wrong.status_code, was_on) == (422, False)
    assert key_on(wrong.content.decode()) == key_on(page)
    assert len(set(codes_on(right))) == 10
    assert is_signed_in(browser)
    (letter,) = Mail.objects.all()
    assert (letter.to, letter.seller, letter.subject) == (owner.email, None, "Two-step sign-in was switched on")
    assert "asks for your password and for a code" in letter.text
    assert re.search(r"on \d+ \w{3} \d{4}, \d\d:\d\d UTC\.", letter.text)


def test_a_moved_clock_moves_no_codes_since_phones_do_not_move_with_it(client: Client, owner: User, settings):
    settings.CLOCK_OFFSET_SECONDS = 31 * 24 * 3600
    client.force_login(owner)

    shown = set_up(client)
    client.post("/sign-out/")
    answer = client.post(enter_password(client, owner), {"code": code_of(SecondStep.objects.get().key, steps=1)})

    assert len(codes_on(shown)) == 10
    assert answer.status_code == 302
    assert is_signed_in(client)


def test_the_picture_the_address_and_the_text_name_the_same_key_and_whose_it_is(browser: Client):
    browser.post(reverse("second_step_begin"))

    page = browser.get(reverse("second_step_set_up")).content.decode()

    (address,) = re.findall(r'href="(otpauth:[^"]+)"', page)
    parts = urlsplit(unescape(address))
    asked = {name: value for name, (value,) in parse_qs(parts.query).items()}
    assert unquote(parts.path) == "/Marketplace Integration:owner@example.com"
    assert asked == {"secret": key_on(page), "issuer": "Marketplace Integration", "digits": "6", "period": "30"}
    assert re.search(r'<div class="qr" role="img" aria-label="[^"]+"><svg viewBox="[\d .]+"><path', page)


def test_the_backup_codes_are_shown_once_and_can_be_taken_away(browser: Client):
    shown = set_up(browser)

    again = browser.get(reverse("second_step_set_up"), follow=True).content.decode()
    (file,) = re.findall(r'href="data:text/plain;charset=utf-8,([^"]+)" download="backup-codes.txt"', shown)

    assert [line for line in unquote(file).splitlines() if re.fullmatch(r"\d{4} \d{4}", line)] == codes_on(shown)
    assert codes_on(again) == []
    assert "10 of your backup codes are left." in again


def test_what_stands_in_the_database_opens_nothing(browser: Client):
    browser.post(reverse("second_step_begin"))
    key = key_on(browser.get(reverse("second_step_set_up")).content.decode())
    codes = codes_on(browser.post(reverse("second_step_set_up"), {"code": code_of(key)}).content.decode())

    (row,) = SecondStep.objects.values()
    kept = f"{row} {dict(browser.session)}"

    assert SecondStep.objects.get().key == key
    assert [secret for secret in (key, SecondStep.objects.get()._key().hex(), *codes) if secret in kept] == []
    assert [code for code in codes if code.replace(" ", "") in kept] == []


def test_begun_again_it_has_another_key_and_when_it_is_on_it_stays(browser: Client):
    keys = []
    for _ in range(2):
        browser.post(reverse("second_step_begin"))
        keys.append(key_on(browser.get(reverse("second_step_set_up")).content.decode()))
    browser.post(reverse("second_step_set_up"), {"code": code_of(keys[1])})

    page = browser.post(reverse("second_step_begin"), follow=True).content.decode()

    assert keys[0] != keys[1]
    assert "is on already" in page
    assert SecondStep.objects.get().key == keys[1]


# --- off, and new backup codes ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("proof", ["password", "code", "backup code"])
@pytest.mark.parametrize("deed", ["second_step_off", "backup_codes_new"])
def test_the_password_or_a_code_switches_off_or_makes_new_backup_codes(
    client: Client, owner: User, deed: str, proof: str
):
    device, backup = with_second_step(owner)
    client.post(enter_password(client, owner), {"code": code_of(device.key)})
    known = {"password": PASSWORD, "code": code_of(device.key, steps=1), "backup code": backup[0]}

    page = client.post(reverse(deed), {"proof": known[proof]}, follow=True).content.decode()

    if deed == "second_step_off":
        assert "Two-step sign-in is off." in page
        assert not SecondStep.objects.exists()
        assert Mail.objects.get().subject == "Two-step sign-in was switched off"
        assert is_signed_in(client)
    else:
        assert len(set(codes_on(page)) - set(backup)) == 10
        device.refresh_from_db()
        with pytest.raises(second_step.WrongCode):
            second_step.check(owner, backup[5], now=clock.real_now())


@pytest.mark.parametrize("proof", ["", "wrong", "123456", "12345678"])
@pytest.mark.parametrize("deed", ["second_step_off", "backup_codes_new"])
def test_who_knows_neither_changes_nothing_and_is_counted(client: Client, owner: User, deed: str, proof: str):
    device, _ = with_second_step(owner)
    client.post(enter_password(client, owner), {"code": code_of(device.key)})
    before = SecondStep.objects.values_list("encrypted_key", "backup_hashes").get()

    answers = []
    for _ in range(10):
        SecondStep.objects.update(throttling_failure_timestamp=None)
        answers.append(client.post(reverse(deed), {"proof": proof}).status_code)

    assert answers == ([422] * 9 + [429] if proof else [422] * 10)
    assert SecondStep.objects.values_list("encrypted_key", "backup_hashes").get() == before


def test_another_phone_takes_over_after_it_was_switched_off(client: Client, owner: User):
    old, _ = with_second_step(owner)
    client.post(enter_password(client, owner), {"code": code_of(old.key)})

    client.post(reverse("second_step_off"), {"proof": PASSWORD})
    set_up(client)

    new = SecondStep.objects.get()
    assert new.key != old.key
    assert is_signed_in(client)


def test_whoever_runs_the_site_resets_an_account(owner: User):
    with_second_step(owner)

    call_command("reset_second_step", owner.email.upper())

    assert not SecondStep.objects.exists()
    with pytest.raises(CommandError, match="off already"):
        call_command("reset_second_step", owner.email)
    with pytest.raises(CommandError, match="no account"):
        call_command("reset_second_step", "nobody@example.com")


# --- asked for -------------------------------------------------------------------------------------------------------
@pytest.fixture
def asking(seller: Seller, still) -> Seller:
    """The seller requires it, since a moment."""
    seller.second_step_required_at = still
    seller.save()
    return seller


def test_who_has_not_set_it_up_is_led_there_and_then_on_to_the_page_that_was_wanted(browser: Client, asking: Seller):
    wanted = reverse("items", args=[asking.slug]) + "?q=mug"

    led = browser.get(wanted)
    page = browser.get(led.headers["Location"]).content.decode()
    shown = set_up(browser, then=wanted)

    assert led.headers["Location"] == "/security/?next=%2Fs%2Facme%2Fitems%2F%3Fq%3Dmug"
    assert "Acme can only be opened with it." in page
    assert f'href="{wanted}">I have kept them, go on' in shown
    assert browser.get(wanted).status_code == 200


def test_what_was_being_written_when_it_was_asked_for_is_not_lost(client: Client, owner: User, asking: Seller, still):
    labels = reverse("labels", args=[asking.slug])
    answers = {}
    for when, at in {"before": still - timedelta(hours=1), "after": still + timedelta(seconds=1)}.items():
        client.force_login(owner)
        User.objects.filter(pk=owner.pk).update(last_login=at)
        answers[when] = client.post(labels, {"name": when, "kind": "manual"}).headers["Location"]

    assert answers["before"].startswith("/s/acme/labels/")
    assert answers["after"] == "/security/"
    assert list(asking.labels.values_list("name", flat=True)) == ["before"]


def test_it_is_asked_for_at_that_sellers_pages_only_and_not_of_visits(
    client: Client, owner: User, asking: Seller, support: User
):
    other = Seller.objects.create(name="Else", slug="else", created_at=clock.now())
    other.memberships.create(user=owner, role="owner")
    client.force_login(owner)
    own = [client.get(f"/s/{slug}/team/").status_code for slug in ("acme", "else")]
    client.force_login(support)
    start_visit(asking, staff=support, reason="Orders are late.", minutes=15, now=clock.now())

    assert own == [302, 200]
    assert client.get("/s/acme/team/").status_code == 200


@pytest.mark.parametrize("where", ["/support/", "/support/inventory/seller/", "/s/acme/team/"])
def test_support_is_led_to_set_it_up_where_the_site_asks_it_of_all_of_them(
    client: Client, seller: Seller, support: User, settings, where: str
):
    start_visit(seller, staff=support, reason="Orders are late.", minutes=15, now=clock.now())
    settings.SUPPORT_SECOND_STEP = True
    client.force_login(support)

    led = client.get(where, follow=True)
    page = led.content.decode()
    set_up(client)

    assert led.redirect_chain[-1][0].startswith("/security/?next=")
    assert "the support desk can only be opened with it" in page
    assert client.get(where).status_code == 200


def test_sellers_are_not_asked_by_what_is_asked_of_support(browser: Client, settings):
    settings.SUPPORT_SECOND_STEP = True

    assert browser.get("/s/acme/").status_code == 200
    assert "can only be opened" not in browser.get("/security/").content.decode()


def test_an_account_without_an_address_gets_no_letter(seller: Seller):
    user = make_user("nobody@example.com", seller=seller)
    User.objects.filter(pk=user.pk).update(username="nobody", email="")
    with_second_step(user)

    assert second_step.switch_off(User.objects.get(pk=user.pk), site="", now=clock.now()) is None

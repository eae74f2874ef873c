"""Credentials that expire, as people see them: Home, Issues, the channel's settings, Notifications, support's page."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from channels_app.models import Channel, ExpiryWarning
from inventory.models import Role, Seller
from marketplace_integration import clock
from tests.admin.conftest import desk
from tests.factories import make_channel, make_seller, make_user
from tests.flows.marketplace import MemoryAdapter, make_ready_channel, memory_marketplace, support
from tests.views.settings_rig import filled, make_live, post, url

__all__ = ["desk", "memory_marketplace", "support"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("memory_marketplace")]


def in_days(days: int) -> date:
    return clock.now().date() + timedelta(days=days)


@pytest.fixture
def seller() -> Seller:
    return make_seller()


@pytest.fixture
def browser(client: Client, seller: Seller) -> Client:
    client.force_login(make_user(seller=seller))
    return client


def shown(browser: Client, name: str, seller: Seller) -> str:
    return browser.get(reverse(name, args=[seller.slug])).content.decode()


@pytest.mark.parametrize(
    ("days", "words", "badge", "tone"),
    [
        (31, "", "", ""),
        (30, "expire in 30 days", "", "info"),
        (7, "expire in 7 days", "Soon", "warn"),
        (1, "expire tomorrow", "Needs you", "bad"),
        (-1, "expired on", "Needs you", "bad"),
    ],
)
def test_home_and_issues_tell_it_calmly_then_plainly(
    browser: Client, seller: Seller, days: int, words: str, badge: str, tone: str
):
    channel = make_channel(seller, name="Sandbox Germany", credentials_expire_on=in_days(days))

    home, issues = shown(browser, "home", seller), shown(browser, "issues", seller)

    assert (f"The credentials of Sandbox Germany {words}" in home) == bool(words)
    assert (f"The credentials of Sandbox Germany {words}" in issues) == bool(words)
    assert [word for word in ("Soon", "Needs you") if f">{word}</span>" in home] == ([badge] if badge else [])
    assert [each for each in ("info", "warn", "bad") if f"alert-{each}" in issues] == ([tone] if tone else [])
    assert (f"/{channel.public_id}/settings/#account" in home) == bool(words)


def test_issues_of_one_channel_tell_of_no_other(browser: Client, seller: Seller):
    make_channel(seller, name="Near", credentials_expire_on=in_days(7))
    other = make_channel(seller, name="Far")

    page = browser.get(reverse("issues", args=[seller.slug]), {"channel": str(other.public_id)}).content.decode()

    assert "The credentials of Near" not in page


def test_a_channel_in_setup_waits_for_nobody(browser: Client, seller: Seller):
    make_channel(seller, state="setup", credentials_expire_on=in_days(1))

    assert "The credentials of" not in shown(browser, "home", seller) + shown(browser, "issues", seller)


# --- the channel's settings ------------------------------------------------------------------------------------------
def test_the_owner_enters_the_day_beside_the_account_and_live_does_not_lock_it(browser: Client, seller: Seller):
    channel = make_ready_channel(seller)
    post(browser, channel, "check")
    make_live(channel)

    answer = post(browser, channel, account__credentials_expire_on=in_days(7).isoformat())

    channel.refresh_from_db()
    page = answer.content.decode()
    assert channel.credentials_expire_on == in_days(7)
    assert "These credentials expire in 7 days" in page
    assert "alert-warn" in page
    assert "as entered here" in page


def test_a_day_that_has_passed_is_refused_beside_its_field_and_kept(browser: Client, seller: Seller):
    channel = make_ready_channel(seller)

    answer = post(browser, channel, account__credentials_expire_on="2020-02-02")

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "This day has passed." in page
    assert 'value="2020-02-02"' in page
    assert Channel.objects.get().credentials_expire_on is None


def test_new_credentials_clear_the_day_though_the_browser_sends_it_along(browser: Client, seller: Seller):
    channel = make_ready_channel(seller, credentials_expire_on=in_days(7))

    answer = post(browser, channel, account__client_secret="tuna")

    assert Channel.objects.get().credentials_expire_on is None
    assert "These credentials expire in" not in answer.content.decode()


def test_new_credentials_that_are_refused_store_no_day_of_theirs(browser: Client, seller: Seller):
    channel = make_ready_channel(seller, credentials_expire_on=in_days(7))
    post(browser, channel, "check")
    make_live(channel)

    answer = post(
        browser, channel, account__client_secret="bad", account__credentials_expire_on=in_days(300).isoformat()
    )

    assert answer.status_code == 422
    assert Channel.objects.get().credentials_expire_on == in_days(7)


def test_where_the_marketplace_tells_it_nobody_is_asked(
    browser: Client, seller: Seller, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(MemoryAdapter, "expire_at", clock.now() + timedelta(days=300))
    channel = make_ready_channel(seller)

    page = post(browser, channel, "check").content.decode()

    assert "as Memory says" in page
    assert "credentials_expire_on" not in page
    channel.refresh_from_db()
    assert "Nothing was changed." in post(browser, channel).content.decode()


def test_a_manager_sees_the_day_and_cannot_change_it(client: Client, seller: Seller):
    channel = make_ready_channel(seller, credentials_expire_on=in_days(7))
    client.force_login(make_user("manager@example.com", seller=seller, role=Role.MANAGER))

    page = client.get(url(channel)).content.decode()
    forged = filled(channel) | {"account-credentials_expire_on": in_days(90).isoformat(), "action": "save"}

    assert "The owner makes new ones" in page
    assert client.post(url(channel), forged).status_code == 403
    assert Channel.objects.get().credentials_expire_on == in_days(7)


# --- support ---------------------------------------------------------------------------------------------------------
def test_support_sees_when_who_says_so_and_which_warnings_were_given(desk: Client, seller: Seller):
    channel = make_channel(seller, name="Near", credentials_expire_on=in_days(7))
    ExpiryWarning.objects.create(channel=channel, expires_on=in_days(7), days_ahead=7, warned_at=clock.now(), letters=3)

    page = desk.get(reverse("admin:channels_app_channel_change", args=[channel.pk])).content.decode()
    rows = desk.get(reverse("admin:channels_app_channel_changelist")).content.decode()

    assert "expire in 7 days" in page
    assert "entered by the seller" in page
    assert escape("Warnings before credentials expire") in page
    assert "expire in 7 days" in rows

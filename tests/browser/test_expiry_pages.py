"""Credentials that expire, in a real browser: told in good time, entered beside the account, and gone with new ones."""

from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from channels_app.models import Channel
from inventory.models import WarningChoice
from marketplace_integration import clock
from tests.browser.conftest import assert_good, sign_in
from tests.factories import make_channel, make_seller, make_user
from tests.flows.marketplace import make_ready_channel

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("memory_marketplace"),
]


@pytest.mark.parametrize("phone", [False, True], indirect=True, ids=["desktop", "phone"])
def test_from_the_warning_on_home_to_new_credentials(page: Page, live_server: LiveServer):
    seller = make_seller(name="Nordlicht Outdoor", time_zone="Europe/Berlin")
    sign_in(page, make_user(seller=seller), live_server.url)
    today = clock.now().date()
    channel = make_ready_channel(seller, name="Sandbox Germany", credentials_expire_on=today + timedelta(days=5))
    Channel.objects.filter(pk=channel.pk).update(state="testing")
    make_channel(seller, name="Walmart", credentials_expire_on=today + timedelta(days=28))
    make_channel(seller, name="bol.com", credentials_expire_on=today - timedelta(days=3))

    for name in ("issues", "home"):
        page.goto(live_server.url + reverse(name, args=[seller.slug]))
        expect(page.get_by_text("The credentials of Sandbox Germany expire in")).to_be_visible()
        assert_good(page)
    page.locator("li", has_text="Sandbox Germany").get_by_role("link", name="Go to the account").click()
    expect(page.locator("#account .alert")).to_contain_text("These credentials expire in")
    assert_good(page)

    page.get_by_label("Client secret").fill("tuna")
    page.locator(".save-bar").get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved: Account information.")).to_be_visible()
    expect(page.get_by_label("These credentials expire on")).to_have_value("")
    expect(page.locator("#account .alert")).to_have_count(0)
    assert_good(page)


@pytest.mark.parametrize("phone", [False, True], indirect=True, ids=["desktop", "phone"])
def test_an_owner_switches_the_warning_off(page: Page, live_server: LiveServer):
    seller = make_seller()
    sign_in(page, make_user(seller=seller), live_server.url)

    page.goto(live_server.url + reverse("notifications", args=[seller.slug]))
    expect(page.get_by_label("Warn me before credentials expire")).to_be_checked()
    assert_good(page)
    page.get_by_label("Warn me before credentials expire").uncheck()
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_label("Warn me before credentials expire")).not_to_be_checked()
    assert not WarningChoice.objects.get().of_expiry

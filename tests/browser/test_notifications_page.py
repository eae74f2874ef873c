"""A member chooses the daily e-mail in a real browser, and sees what it would say."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from inventory.models import DigestChoice
from tests.browser.conftest import assert_good, sign_in
from tests.factories import make_channel, make_job, make_seller, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("phone", [False, True], indirect=True, ids=["desktop", "phone"])
def test_the_hour_is_found_in_the_menu_chosen_and_kept(page: Page, live_server: LiveServer):
    seller = make_seller(name="Nordlicht Outdoor", time_zone="Europe/Berlin")
    sign_in(page, make_user(seller=seller), live_server.url)
    make_job(make_channel(seller, name="Sandbox Germany"), "orders", blocked=True)

    page.goto(live_server.url + reverse("home", args=[seller.slug]))
    page.locator("[data-menu] summary").click()
    page.get_by_role("link", name="Notifications").click()
    expect(page.get_by_text("Sandbox Germany: 1 job stopped and waits for you.")).to_be_visible()
    assert_good(page)
    page.get_by_label("Tell me at once when a channel stops").uncheck()
    page.get_by_label("Daily e-mail").select_option("After 08:00")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_label("Daily e-mail")).to_have_value("8")
    expect(page.get_by_label("Tell me at once when a channel stops")).not_to_be_checked()
    expect(page.get_by_label("Warn me before credentials expire")).to_be_checked()
    assert_good(page)
    assert DigestChoice.objects.get().hour == 8

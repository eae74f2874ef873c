"""The search of every page, by keyboard and on a phone."""

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.conftest import assert_good, sign_in
from tests.factories import make_item, make_seller, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def home(page: Page, live_server: LiveServer) -> None:
    seller = make_seller()
    make_item(seller, "MUG-1", title="Mug, white")
    make_item(seller, "MUG-2", title="Mug, blue")
    sign_in(page, make_user(seller=seller), live_server.url)
    page.goto(f"{live_server.url}/s/{seller.slug}/orders/")


def test_a_key_leads_to_the_search_and_a_sku_to_its_item(page: Page):
    page.keyboard.press("Control+k")
    page.keyboard.type("mug-2")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_contain_text("Mug, blue")


@pytest.mark.parametrize("phone", [True], indirect=True, ids=["phone"])
def test_on_a_phone_the_search_is_a_page_of_its_own(page: Page):
    page.get_by_role("link", name="Search", exact=True).click()
    page.get_by_role("searchbox").fill("mug")
    page.get_by_role("button", name="Search").click()

    expect(page.get_by_role("link", name="MUG-1")).to_be_visible()
    expect(page.get_by_role("link", name="MUG-2")).to_be_visible()
    assert_good(page)

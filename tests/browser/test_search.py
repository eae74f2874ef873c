"""The search of every page, by keyboard and on a phone."""

import pytest
from playwright.sync_api import Browser, Page, Route, expect
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
    page.get_by_role("combobox").fill("mug")
    page.get_by_role("button", name="Search").click()

    expect(page.get_by_role("link", name="MUG-1")).to_be_visible()
    expect(page.get_by_role("link", name="MUG-2")).to_be_visible()
    assert_good(page)


def test_what_fits_shows_while_one_types_and_arrows_and_enter_lead_there(page: Page):
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="SKU, title, barcode")
    page.keyboard.type("mug")

    options = page.get_by_role("option")
    expect(options).to_have_count(3)
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("status").filter(has_text="2 results")).to_be_attached()
    assert_good(page)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", options.nth(1).get_attribute("id") or "")
    expect(field).to_be_focused()
    assert_good(page)
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_contain_text("Mug, blue")


def test_arrows_go_round_by_the_field_and_escape_closes_but_keeps_the_words(page: Page):
    page.keyboard.press("Control+k")
    page.keyboard.type("mug")
    options = page.get_by_role("option")
    expect(options).to_have_count(3)

    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[aria-selected=true]")).to_have_count(0)
    page.keyboard.press("Escape")

    expect(options).to_have_count(0)
    field = page.get_by_role("combobox", name="SKU, title, barcode")
    expect(field).to_have_value("mug")
    expect(field).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Search: mug")


def test_a_click_leads_to_what_fits_and_a_click_elsewhere_closes(page: Page):
    page.keyboard.press("Control+k")
    page.keyboard.type("mug")
    options = page.get_by_role("option")
    expect(options).to_have_count(3)
    page.get_by_role("heading", level=1).click()
    expect(options).to_have_count(0)

    page.keyboard.press("Control+k")
    page.keyboard.type("white")
    expect(options).to_have_count(2)
    options.first.click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Mug, white")


def test_whoever_comes_back_finds_the_list_closed(page: Page):
    page.keyboard.press("Control+k")
    page.keyboard.type("mug")
    expect(page.get_by_role("option")).to_have_count(3)

    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")

    expect(page.locator("#search-found")).to_be_hidden()


def test_what_is_shown_stays_until_what_follows_is_there_and_late_answers_show_nothing(page: Page):
    page.keyboard.press("Control+k")
    page.keyboard.type("mug")
    options = page.get_by_role("option")
    expect(options).to_have_count(3)

    held: list[Route] = []
    page.route("**/search/typed/**", lambda route: held.append(route))
    with page.expect_request("**/search/typed/**"):
        page.keyboard.type(" ")
        page.keyboard.type("w")
    expect(options).to_have_count(3)
    page.keyboard.press("Escape")
    with page.expect_response("**/search/typed/**"):
        held[-1].continue_()
    page.wait_for_load_state("networkidle")

    expect(page.locator("#search-found")).to_be_hidden()


@pytest.mark.parametrize("phone", [True], indirect=True, ids=["phone"])
def test_on_a_phone_what_fits_shows_under_the_field_of_the_page(page: Page):
    page.get_by_role("link", name="Search", exact=True).click()
    page.get_by_role("combobox").press_sequentially("mug")

    expect(page.get_by_role("option")).to_have_count(3)
    assert_good(page)
    page.get_by_role("option").first.tap()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Mug, white")


def test_without_scripts_the_search_is_a_form(chromium: Browser, page: Page):
    without = chromium.new_context(java_script_enabled=False)
    without.add_cookies(page.context.cookies())  # type: ignore[arg-type]
    plain = without.new_page()
    plain.goto(page.url)
    field = plain.get_by_role("searchbox", name="SKU, title, barcode")
    field.fill("mug")
    field.press("Enter")

    expect(plain.get_by_role("link", name="MUG-2")).to_be_visible()
    without.close()

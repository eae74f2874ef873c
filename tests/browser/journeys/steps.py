"""What a seller does at the pages: one function a deed, by what stands on the page and nothing else."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from tests.browser.conftest import assert_good

both_sizes = pytest.mark.parametrize("phone", [False, True], indirect=True, ids=["desktop", "phone"])

PASSWORD = "a-test-password"


def sign_in_by_hand(page: Page, user: User, base: str) -> None:
    """The one address that a seller knows; from there on pages lead to pages."""
    page.goto(base)
    page.get_by_label("Username").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def go(page: Page, section: str) -> None:
    """Follow the main navigation, which hides behind the Menu button on a phone."""
    menu = page.get_by_role("button", name="Menu")
    if menu.is_visible():
        menu.click()
    page.get_by_role("navigation", name="Main").get_by_role("link", name=section).click()
    expect(page.locator("#nav [aria-current=page]")).to_contain_text(section)


def be_at(page: Page, heading: str) -> None:
    """The page with this heading is there, and good."""
    expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
    assert_good(page)


def says(page: Page, words: str) -> None:
    """The page's message says so."""
    expect(page.locator("#messages")).to_contain_text(words)


def agree(page: Page, words: str, button: str) -> None:
    """The dialog that asks says this, and is answered with yes."""
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(words)
    dialog.get_by_role("button", name=button, exact=True).click()


def record_parcel(page: Page, *, tracking: str, units: dict[str, int] | None = None) -> None:
    """A parcel of the order on the page is recorded: of all that is open, or of so many units of these SKUs."""
    page.get_by_role("button", name="Ship…").click()
    dialog = page.get_by_role("dialog", name="Ship a parcel")
    for sku, number in (units or {}).items():
        dialog.get_by_label(f"Units of {sku}").fill(str(number))
    dialog.get_by_label("Carrier").select_option(label="UPS")
    dialog.get_by_label("Tracking number").fill(tracking)
    dialog.get_by_role("button", name="Record the parcel").click()
    says(page, "The parcel is recorded.")

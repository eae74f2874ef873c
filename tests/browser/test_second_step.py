"""Two-step sign-in in a real browser: switched on from the page's key, signed in with a code, required of a team."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from inventory.models import Membership, Role, SecondStep, Seller
from tests.browser.conftest import assert_good, sign_in
from tests.browser.journeys.steps import agree, be_at, both_sizes, says, sign_in_by_hand
from tests.factories import make_seller, make_user
from tests.inventory.second_step_rig import code_of, with_second_step

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("memory_marketplace"),
    both_sizes,
]


@pytest.fixture
def seller() -> Seller:
    return make_seller(name="Nordlicht Outdoor", time_zone="Europe/Berlin")


@pytest.fixture
def owner(seller: Seller) -> User:
    return make_user(seller=seller)


def in_menu(page: Page, name: str) -> None:
    page.locator("[data-menu] summary").click()
    page.locator(".menu-body").get_by_text(name).click()


def enter(page: Page, code: str) -> None:
    page.get_by_label("Code", exact=True).fill(code)
    page.get_by_role("button", name="Sign in").click()


def test_it_is_switched_on_from_the_key_on_the_page_and_signing_in_asks_for_a_code(
    page: Page, live_server: LiveServer, owner: User
):
    sign_in_by_hand(page, owner, live_server.url)
    in_menu(page, "Sign-in and security")
    be_at(page, "Sign-in and security")
    page.get_by_role("button", name="Set up two-step sign-in").click()
    be_at(page, "Set up two-step sign-in")
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    key = page.locator("[data-key]").inner_text()
    page.get_by_label("Code", exact=True).fill("000")
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_text("This code is not right, or too old.")).to_be_visible()
    assert_good(page)
    SecondStep.objects.update(throttling_failure_timestamp=None)
    page.get_by_label("Code", exact=True).fill(code_of(key))
    page.get_by_role("button", name="Switch on").click()

    be_at(page, "Your backup codes")
    backup = page.get_by_role("list", name="Backup codes").get_by_role("listitem").all_inner_texts()
    with page.expect_download() as brought:
        page.get_by_role("link", name="Download").click()
    assert [code for code in backup if code not in brought.value.path().read_text()] == []
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").split("\n") == backup
    page.get_by_role("link", name="I have kept them, go on").click()
    expect(page.get_by_text("10 of your backup codes are left.")).to_be_visible()
    assert_good(page)

    in_menu(page, "Sign out")
    wanted = live_server.url + reverse("items", args=["acme"])
    page.goto(wanted)
    page.get_by_label("Username").fill(owner.email)
    page.get_by_label("Password").fill("a-test-password")
    page.get_by_role("button", name="Sign in").click()
    be_at(page, "Enter your code")
    expect(page.get_by_label("Code", exact=True)).to_be_focused()
    enter(page, "12")
    expect(page.get_by_text("This code is not right, or too old.")).to_be_visible()
    assert_good(page)
    SecondStep.objects.update(throttling_failure_timestamp=None)
    enter(page, code_of(key, steps=1))
    expect(page).to_have_url(wanted)

    in_menu(page, "Sign out")
    sign_in_by_hand(page, owner, live_server.url)
    enter(page, backup[0])
    says(page, "You signed in with a backup code. 9 of them are left.")

    in_menu(page, "Sign-in and security")
    page.get_by_text("Switch off, or change to another phone").click()
    assert_good(page)
    page.get_by_label("Your password, or a code").last.fill("a-test-password")
    page.get_by_role("button", name="Switch off").click()
    says(page, "Two-step sign-in is off.")


def test_an_owner_requires_it_and_resets_it_for_who_lost_the_phone(
    page: Page, live_server: LiveServer, seller: Seller, owner: User, elsewhere: Page
):
    ada = make_user("ada@example.com", seller=seller, role=Role.MANAGER)
    with_second_step(make_user("bob@example.com", seller=seller, role=Role.VIEWER))
    sign_in(page, owner, live_server.url)
    sign_in(elsewhere, ada, live_server.url)
    team = live_server.url + reverse("team", args=[seller.slug])
    page.goto(team)
    assert_good(page)
    page.get_by_role("button", name="Reset two-step sign-in of bob@example.com").click()
    agree(page, "Do it only if you know that it is them", "Reset")
    says(page, "bob@example.com signs in with the password alone now.")

    page.get_by_role("button", name="Require it of everybody").click()
    agree(page, "3 of them have not set it up, you among them", "Require it")
    be_at(page, "Sign-in and security")
    expect(page.get_by_text("Two-step sign-in is needed")).to_be_visible()

    elsewhere.goto(team)
    expect(elsewhere.get_by_text("Nordlicht Outdoor can only be opened with it.")).to_be_visible()
    elsewhere.get_by_role("button", name="Set up two-step sign-in").click()
    elsewhere.get_by_label("Code", exact=True).fill(code_of(elsewhere.locator("[data-key]").inner_text()))
    elsewhere.get_by_role("button", name="Switch on").click()
    elsewhere.get_by_role("link", name="I have kept them, go on").click()
    expect(elsewhere).to_have_url(team)
    expect(elsewhere.get_by_text("Everybody on this team needs it")).to_be_visible()
    assert_good(elsewhere)


def test_support_enters_a_code_for_the_desk_and_resets_it_for_an_owner(
    page: Page, live_server: LiveServer, seller: Seller, owner: User, support: User
):
    support.set_password("a-test-password")
    support.save()
    device, _ = with_second_step(support)
    with_second_step(owner)
    page.goto(live_server.url + reverse("admin:inventory_seller_change", args=[seller.pk]))
    page.get_by_label("Username").fill(support.get_username())
    page.get_by_label("Password").fill("a-test-password")
    page.get_by_role("button", name="Log in").click()
    enter(page, code_of(device.key))

    expect(page.get_by_role("heading", name="Nordlicht Outdoor", level=1)).to_be_visible()
    assert_good(page)
    page.get_by_role("link", name="Reset two-step sign-in of owner@example.com").click()
    expect(page.get_by_role("heading", name="Reset two-step sign-in of owner@example.com")).to_be_visible()
    assert_good(page)
    page.get_by_label("Reason").fill("Called back at the office.")
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_text("is reset: the password alone is enough now.")).to_be_visible()
    assert SecondStep.objects.get().user == support
    assert Membership.objects.get(user=owner).role == Role.OWNER

"""The journey of a colleague in a real browser: invited, joined, given another role, removed."""

import pytest
from django.core import mail as letters
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from inventory import mail
from inventory.models import Mail, Membership, Role, Seller
from marketplace_integration import clock
from tests.browser.conftest import assert_good, sign_in
from tests.factories import make_seller, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIZES = pytest.mark.parametrize("phone", [False, True], indirect=True, ids=["desktop", "phone"])
PASSWORD = "long-and-odd-7"


@pytest.fixture
def seller(page: Page, live_server: LiveServer) -> Seller:
    seller = make_seller(name="Nordlicht Outdoor", time_zone="Europe/Berlin")
    sign_in(page, make_user(seller=seller), live_server.url)
    return seller


@pytest.fixture
def team_url(live_server: LiveServer, seller: Seller) -> str:
    return live_server.url + reverse("team", args=[seller.slug])


def deliver() -> str:
    """Do what a worker does with the newest letter; return the link in it."""
    assert mail.send(Mail.objects.latest("pk").pk, now=clock.now())
    return next(line for line in str(letters.outbox[-1].body).splitlines() if "/invitation/" in line)


@SIZES
def test_a_colleague_is_invited_joins_gets_another_role_and_is_removed(
    page: Page, seller: Seller, team_url: str, elsewhere: Page
):
    page.goto(team_url)
    expect(page.get_by_text("A team needs an owner.")).to_be_visible()
    page.get_by_label("E-mail address").fill("ada@example.com")
    page.get_by_label("Viewer: looks").check()
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_text("ada@example.com is invited")).to_be_visible()
    link = deliver()
    page.reload()
    assert_good(page)

    theirs = elsewhere
    theirs.goto(link)
    expect(theirs.get_by_role("heading", name="Join Nordlicht Outdoor")).to_be_visible()
    assert_good(theirs)
    theirs.get_by_label("New password", exact=True).fill(PASSWORD)
    theirs.get_by_label("New password confirmation").fill(PASSWORD)
    theirs.get_by_role("button", name="Join the team").click()
    expect(theirs.get_by_text("Welcome to Nordlicht Outdoor. You are viewer.")).to_be_visible()

    page.reload()
    page.get_by_role("button", name="Change the role of ada@example.com").click()
    dialog = page.get_by_role("dialog", name="Role of ada@example.com")
    dialog.get_by_label("Manager: everything but team").check()
    assert_good(page)
    dialog.get_by_role("button", name="Change the role").click()
    expect(page.get_by_text("ada@example.com is manager now.")).to_be_visible()
    assert Membership.objects.get(user__username="ada@example.com").role == Role.MANAGER

    page.get_by_role("button", name="Remove ada@example.com").click()
    asked = page.get_by_role("dialog")
    expect(asked).to_contain_text("opens nothing of Nordlicht Outdoor")
    assert_good(page)
    asked.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("ada@example.com is no longer on the team.")).to_be_visible()
    assert_good(page)
    theirs.goto(team_url)
    expect(theirs.get_by_text("There is nothing here")).to_be_visible()


@SIZES
def test_a_colleague_with_an_account_signs_in_and_joins(page: Page, seller: Seller, team_url: str, elsewhere: Page):
    make_user("ada@example.com")
    page.goto(team_url)
    page.get_by_label("E-mail address").fill("ada@example.com")
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_text("ada@example.com is invited")).to_be_visible()

    theirs = elsewhere
    theirs.goto(deliver())
    assert_good(theirs)
    theirs.get_by_role("link", name="Sign in").click()
    theirs.get_by_label("Username").fill("ada@example.com")
    theirs.get_by_label("Password").fill("a-test-password")
    theirs.get_by_role("button", name="Sign in").click()
    theirs.get_by_role("button", name="Join the team").click()

    expect(theirs.get_by_text("Welcome to Nordlicht Outdoor. You are viewer.")).to_be_visible()


@SIZES
def test_an_invitation_that_could_not_be_sent_says_so_and_is_withdrawn(page: Page, seller: Seller, team_url: str):
    page.goto(team_url)
    page.get_by_label("E-mail address").fill("ada@example.com")
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_text("on its way", exact=True)).to_be_visible()
    Mail.objects.update(attempts=2, last_error="[Errno 111] Connection refused")
    page.reload()
    expect(page.get_by_text("The reason: [Errno 111]")).to_be_visible()
    assert_good(page)

    page.get_by_role("button", name="Withdraw ada@example.com").click()
    page.get_by_role("dialog").get_by_role("button", name="Withdraw").click()

    expect(page.get_by_text("The invitation of ada@example.com is withdrawn.")).to_be_visible()

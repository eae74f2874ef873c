"""Support looks at a seller's pages in a real browser, and the seller reads of it."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from inventory.models import Seller, SupportVisit
from tests.browser.conftest import assert_good, sign_in
from tests.factories import make_item, make_seller, make_user
from tests.flows.marketplace import make_ready_channel

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("memory_marketplace"),
    pytest.mark.parametrize("phone", [False, True], indirect=True, ids=["desktop", "phone"]),
]


@pytest.fixture
def seller(page: Page, live_server: LiveServer, support: User) -> Seller:
    seller = make_seller(name="Nordlicht Outdoor", time_zone="Europe/Berlin")
    make_item(seller, "MUG-1", on_hand=4)
    make_ready_channel(seller)
    sign_in(page, support, live_server.url)
    return seller


def test_support_looks_with_a_reason_and_ends_and_the_seller_reads_of_it(
    page: Page, live_server: LiveServer, seller: Seller
):
    page.goto(live_server.url + reverse("admin:inventory_seller_change", args=[seller.pk]))
    page.get_by_role("link", name="Look at this seller's pages").click()
    expect(page.get_by_role("heading", name="Look at Nordlicht Outdoor as support")).to_be_visible()
    assert_good(page)
    page.get_by_label("Reason").fill("The seller asked why orders are late.")
    page.get_by_label("30 minutes").check()
    page.get_by_role("button", name="Begin").click()

    banner = page.get_by_role("region", name="Support visit")
    expect(banner).to_contain_text("You are looking at Nordlicht Outdoor as support, read-only, until")
    assert_good(page)
    for name in ("items", "orders", "marketplaces", "team"):
        page.goto(live_server.url + reverse(name, args=[seller.slug]))
        expect(banner).to_be_visible()
        assert_good(page)
    expect(page.get_by_text("is looking, until")).to_be_visible()
    expect(page.get_by_role("button", name="Send the invitation")).to_have_count(0)

    banner.get_by_role("button", name="End visit").click()
    expect(page.get_by_text("You no longer look at Nordlicht Outdoor.")).to_be_visible()

    sign_in(page, make_user(seller=seller), live_server.url)
    page.goto(live_server.url + reverse("team", args=[seller.slug]))
    expect(page.get_by_text("The seller asked why orders are late.")).to_be_visible()
    expect(banner).to_have_count(0)


def test_a_visit_whose_time_is_over_leads_back_to_the_desk_and_on_again(
    page: Page, live_server: LiveServer, seller: Seller
):
    items = live_server.url + reverse("items", args=[seller.slug])
    page.goto(items)
    page.get_by_label("Reason").fill("Looking for a mug.")
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_text("MUG-1", exact=True).first).to_be_visible()

    visit = SupportVisit.objects.get()
    early = visit.started_at - timedelta(hours=1)
    SupportVisit.objects.update(started_at=early, ends_at=early + timedelta(minutes=15))
    page.reload()

    expect(page.get_by_role("heading", name="Look at Nordlicht Outdoor as support")).to_be_visible()

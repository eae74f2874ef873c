"""Edits of many items in a real browser: the bar moves by itself and rests at the end, also on a phone."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from inventory.bulk import edits
from inventory.bulk.doing import do_slice
from inventory.models import BulkEdit
from tests.browser.conftest import assert_good, sign_in
from tests.factories import NOW, make_item, make_label
from tests.inventory.bulk_rig import members, seller, small_slices

__all__ = ["seller", "small_slices"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("small_slices"),
]

SIZES = pytest.mark.parametrize("phone", [False, True], indirect=True, ids=["desktop", "phone"])


def test_with_nothing_ticked_the_seller_says_which_items(page, live_server, seller):
    for number in range(2):
        make_item(seller, f"LAMP-{number}")
    sign_in(page, seller.memberships.get().user, live_server.url)
    page.goto(live_server.url + reverse("items", args=[seller.slug]))
    dialog = page.get_by_role("dialog")

    page.get_by_role("button", name="More…").click()
    expect(dialog.get_by_label("The 0 ticked")).to_be_disabled()
    expect(dialog.get_by_role("radio", checked=True)).to_have_count(0)
    dialog.get_by_role("button", name="Block", exact=True).click()
    expect(dialog).to_be_visible()  # the browser asks to choose
    page.keyboard.press("Escape")

    page.get_by_label("Tick LAMP-1").check()
    page.get_by_role("button", name="More…").click()
    expect(dialog.get_by_label("The 1 ticked")).to_be_checked()
    page.keyboard.press("Escape")
    page.get_by_label("Tick LAMP-1").uncheck()
    page.get_by_role("button", name="More…").click()
    expect(dialog.get_by_role("radio", checked=True)).to_have_count(0)
    dialog.get_by_label("All 2 items").check()
    assert_good(page)
    dialog.get_by_role("button", name="Block", exact=True).click()
    expect(page.locator(".badge", has_text="Blocked")).to_have_count(2)


@SIZES
def test_many_items_are_archived_while_the_seller_looks_on_and_put_back_on_their_label(page, live_server, seller):
    label = make_label(seller, items=[make_item(seller, f"LAMP-{number}") for number in range(5)])
    sign_in(page, seller.memberships.get().user, live_server.url)
    page.goto(live_server.url + reverse("items", args=[seller.slug]))

    page.get_by_role("button", name="More…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("All 5 items").check()
    assert_good(page)
    dialog.get_by_role("button", name="Archive").click()
    expect(page.get_by_role("progressbar", name="Items archived")).to_be_visible()
    assert_good(page)

    made = BulkEdit.objects.get()
    do_slice(made.pk, now=NOW)
    expect(page.get_by_text("2 of 5")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    expect(page.get_by_text("2 items archived")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("dialog").get_by_role("button", name="Undo").click()
    expect(page.get_by_text("2 items are as before.")).to_be_visible()
    expect(page.get_by_role("link", name="Outlet")).to_have_count(5)
    assert set(members(label).values()) == {"hand"}
    assert_good(page)


@SIZES
def test_prices_of_many_items_change_while_the_seller_looks_on(page, live_server, seller):
    for number in range(5):
        make_item(seller, f"LAMP-{number}")
    sign_in(page, seller.memberships.get().user, live_server.url)
    page.goto(live_server.url + reverse("items", args=[seller.slug]))

    page.get_by_role("button", name="Price…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("All 5 items").check()
    dialog.get_by_label("By or to").fill("10")
    dialog.get_by_role("button", name="Change prices").click()
    expect(page.get_by_text("0 of 5")).to_be_visible()
    assert_good(page)

    made = BulkEdit.objects.get()
    do_slice(made.pk, now=NOW)
    expect(page.get_by_text("2 of 5")).to_be_visible()
    edits.run(made.pk, now=NOW)
    expect(page.get_by_text("5 items with +10 % on the price.")).to_be_visible()
    assert_good(page)
    page.get_by_role("link", name="Show the list as it is now").click()
    expect(page.get_by_text("11.00 USD")).to_have_count(5)

    page.get_by_role("button", name="Undo").click()
    page.get_by_role("dialog").get_by_role("button", name="Undo").click()
    expect(page.get_by_role("progressbar", name="Undo: items with +10 % on the price")).to_be_visible()
    assert_good(page)
    edits.run(made.pk, now=NOW)
    page.get_by_role("link", name="Show the list as it is now").click()
    expect(page.get_by_text("10.00 USD")).to_have_count(5)
    assert_good(page)

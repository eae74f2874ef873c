"""A label's rule and ticked items in a real browser: what would change is told before anything is changed."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from inventory import labels
from inventory.models import Item, Label
from tests.browser.conftest import assert_good, sign_in
from tests.factories import make_item, make_user
from tests.flows.feed_rig import Rig

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIZES = pytest.mark.parametrize("phone", [False, True], indirect=True, ids=["desktop", "phone"])


@pytest.fixture
def rig(page, live_server):
    """Of 130 mugs, all are on the label by their brand and listed; five of another brand are not."""
    made = Rig()
    for number in range(130):
        make_item(made.seller, f"MUG-{number:03}", brand="Acme", on_hand=2)
    for number in range(5):
        make_item(made.seller, f"LAMP-{number}", brand="Other", on_hand=2, price=None if number == 4 else "9.00")
    labels.save_rule(made.label, [{"field": "brand", "op": "is", "value": "Acme"}], now=made.now)
    labels.recalculate_label(made.label.pk, now=made.now)
    made.settle()
    made.make_channel(made.label, name="Second shop", state="setup")
    made.label.refresh_from_db()
    sign_in(page, make_user(seller=made.seller), live_server.url)
    return made


@pytest.fixture
def address(live_server, rig):
    return live_server.url + reverse("label", args=[rig.seller.slug, rig.label.public_id])


@SIZES
def test_a_rule_says_what_it_would_change_and_asks_before_it_takes_listings_away(page, rig, address):
    page.goto(address + "?show=rule")
    page.get_by_label("Value").first.fill("Other")

    page.get_by_role("button", name="What would change?").click()
    told = page.locator("#change")
    expect(told.get_by_role("row", name="Sandbox")).to_contain_text("130")
    expect(told.get_by_text("The endings would wait for a manager")).to_be_visible()
    assert_good(page)
    with page.expect_download() as download:
        told.get_by_role("button", name="Download the list").click()
    assert len(download.value.path().read_text().splitlines()) == 136

    page.locator("#rule").get_by_role("button", name="Save the rule").click()
    dialog = page.get_by_role("dialog", name="Save this rule?")
    expect(dialog.get_by_role("row", name="Sandbox")).to_contain_text("130")
    assert_good(page)
    dialog.get_by_role("button", name="Cancel").click()
    assert Label.objects.get(pk=rig.label.pk).rule[0]["value"] == "Acme"
    page.locator("#rule").get_by_role("button", name="Save the rule").click()
    page.get_by_role("dialog", name="Save this rule?").get_by_role("button", name="Save the rule").click()

    expect(page.get_by_text("The rule is saved")).to_be_visible()
    assert Label.objects.get(pk=rig.label.pk).rule[0]["value"] == "Other"


@SIZES
def test_one_condition_of_several_is_enough_if_so_chosen(page, rig, address):
    page.goto(address + "?show=rule")
    second = page.get_by_role("group", name="Condition 2")
    second.get_by_label("Look at").select_option("brand")
    second.get_by_label("Value").fill("Other")
    page.get_by_role("radio", name="any of these holds").check()

    page.get_by_role("button", name="What would change?").click()
    told = page.locator("#change")
    expect(told.get_by_role("row", name="Sandbox")).to_contain_text("4")
    expect(page.get_by_role("radio", name="any of these holds")).to_be_checked()
    assert_good(page)
    told.get_by_role("button", name="Save the rule").click()

    expect(page.get_by_text("The rule is saved")).to_be_visible()
    expect(page.get_by_text("Brand is Acme or Brand is Other")).to_be_visible()
    assert Label.objects.get(pk=rig.label.pk).match == "any"


@SIZES
def test_ticked_items_are_taken_off_by_a_dialog_that_says_how_many_listings_end(page, rig, address):
    page.goto(address)
    page.get_by_role("checkbox", name="Tick MUG-003").check()
    page.get_by_role("checkbox", name="Tick MUG-005").check()

    page.get_by_role("button", name="Keep the ticked off").click()
    dialog = page.get_by_role("dialog", name="Take 2 items off Outlet?")
    expect(dialog.get_by_role("row", name="Sandbox")).to_contain_text("2")
    assert_good(page)
    dialog.get_by_role("button", name="Keep off").click()

    expect(page.get_by_text("Done for 2 items.")).to_be_visible()
    gone = Item.objects.exclude(pk__in=labels.members(rig.label)).filter(brand="Acme")
    assert sorted(gone.values_list("sku", flat=True)) == ["MUG-003", "MUG-005"]


@SIZES
def test_a_label_in_use_says_what_keeps_it(page, rig, address):
    page.goto(address)
    page.get_by_role("button", name="Delete").click()

    expect(page.get_by_role("dialog", name="This label is in use").get_by_text("Second shop")).to_be_visible()
    assert_good(page)


@SIZES
def test_the_list_of_items_says_what_ends_while_its_dialog_is_open(page, rig, address, live_server):
    page.goto(live_server.url + reverse("items", args=[rig.seller.slug]) + "?q=MUG")
    page.get_by_role("checkbox", name="Tick MUG-003").check()

    page.get_by_role("button", name="Label…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("ends 1 listing on Sandbox")).to_be_visible()
    dialog.get_by_text("that fit the search").click()
    expect(dialog.get_by_text("so they stay until a manager decides")).to_be_visible()
    assert_good(page)
    page.keyboard.press("Escape")

    page.get_by_role("button", name="More…").click()
    expect(page.get_by_role("dialog").get_by_text("Blocking or archiving ends 1 listing on Sandbox")).to_be_visible()
    assert_good(page)

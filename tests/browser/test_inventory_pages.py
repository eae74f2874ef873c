"""Items, labels and imports in a real browser: nothing overflows, axe finds nothing, dialogs and boxes work."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from inventory import labels
from inventory.models import Role
from tests.browser.conftest import assert_good, sign_in
from tests.factories import NOW, make_item, make_label, make_seller, make_user
from tests.inventory.csv_files import bring

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIZES = pytest.mark.parametrize("phone", [False, True], indirect=True, ids=["desktop", "phone"])


@pytest.fixture
def seller(page, live_server):
    seller = make_seller()
    sign_in(page, make_user(seller=seller, role=Role.OWNER), live_server.url)
    return seller


@pytest.fixture
def address(live_server, seller):
    def build(name, *args):
        return live_server.url + reverse(name, args=[seller.slug, *args])

    return build


@SIZES
def test_every_page_is_good(page, seller, address):
    item = make_item(seller, "LAMP-1", title="A lamp with a rather long title that has to wrap somewhere", on_hand=4)
    make_item(seller, "LAMP-2", blocked=True)
    label = make_label(seller, items=[item])
    rule = labels.create_label(
        seller, "By rule", rule=[{"field": "attribute:Color", "op": "is", "value": "Red"}], now=NOW
    )
    rule.refresh_from_db()
    labels.recalculate_label(rule.pk, now=NOW)
    bad = "sku;title;price\nA;Apple;1,20\nB;Bread;dear\n"
    preview, done = bring(seller, bad, confirm=False), bring(seller, bad)
    failed = bring(seller, "sku,title\nA,Café\n".encode("latin-1"))

    for url in (
        address("home"),
        address("items"),
        address("items") + "?q=nothing",
        address("item", item.public_id),
        address("item_new"),
        address("labels"),
        address("label", label.public_id),
        address("label", rule.public_id) + "?show=rule",
        address("label", rule.public_id) + "?show=excluded",
        address("import_new"),
        address("import_detail", preview.public_id),
        address("import_detail", done.public_id),
        address("import_detail", failed.public_id),
    ):
        page.goto(url)
        page.wait_for_load_state("networkidle")
        assert_good(page)


@SIZES
def test_the_list_of_items_is_sorted_at_once_and_stays_so_on_its_other_pages(page, seller, address):
    for number in range(60):
        make_item(seller, f"LAMP-{number:02}", title=f"Lamp {99 - number}")
    page.goto(address("items"))

    with page.expect_navigation():
        page.get_by_label("Sort by").select_option("Title")
    expect(page.get_by_role("rowheader").first).to_have_text("LAMP-59")
    assert_good(page)
    page.get_by_role("link", name="Next").click()

    expect(page.get_by_role("rowheader").last).to_have_text("LAMP-00")
    expect(page.get_by_label("Sort by")).to_have_value("title")


@SIZES
def test_a_view_of_items_is_kept_as_a_tab_in_sight_and_removed(page, seller, address):
    make_item(seller, "LAMP-1")
    label = make_label(seller, "Outlet")
    page.goto(address("items") + f"?label={label.public_id}")

    page.get_by_role("main").get_by_role("searchbox").fill("LAMP")
    page.get_by_role("button", name="Search").click()
    page.get_by_label("Name of this view").fill("Lamps on Outlet")
    page.get_by_role("button", name="Keep as a tab").click()

    tab = page.get_by_role("link", name="Lamps on Outlet")
    expect(tab).to_have_attribute("aria-current", "page")
    expect(tab).to_be_in_viewport()
    assert_good(page)
    label.delete()
    page.reload()
    expect(page.get_by_text("shows the items of a label that was deleted")).to_be_visible()
    assert_good(page)
    page.get_by_role("button", name="Remove the tab").click()
    expect(tab).to_have_count(0)


@SIZES
def test_what_runs_low_is_chosen_and_kept_as_a_tab(page, seller, address):
    for sku, on_hand in {"LAMP-1": 5, "LAMP-2": 6}.items():
        make_item(seller, sku, on_hand=on_hand)
    page.goto(address("items"))

    page.get_by_label("Available").select_option("At most 5")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("1 item fits")).to_be_visible()
    page.get_by_label("Name of this view").fill("To order")
    page.get_by_role("button", name="Keep as a tab").click()

    expect(page.get_by_role("link", name="To order")).to_have_attribute("aria-current", "page")
    expect(page.get_by_label("Available")).to_have_value("5")
    expect(page.get_by_role("link", name="LAMP-2")).to_have_count(0)
    assert_good(page)


@SIZES
def test_ticked_items_are_put_on_a_label_by_the_dialog_that_says_how_many(page, seller, address):
    for number in range(3):
        make_item(seller, f"LAMP-{number}")
    label = make_label(seller, "Outlet")
    page.goto(address("items"))

    page.get_by_role("checkbox", name="Tick LAMP-0").check()
    page.get_by_role("checkbox", name="Tick LAMP-2").check()
    page.get_by_role("button", name="Label…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("The 2 ticked")).to_be_visible()
    assert_good(page)
    dialog.get_by_role("button", name="Put on the label").click()

    expect(page.get_by_text("2 items put on the label “Outlet”.")).to_be_visible()
    assert sorted(labels.members(label).values_list("sku", flat=True)) == ["LAMP-0", "LAMP-2"]


@SIZES
def test_a_count_is_recorded_by_its_dialog(page, seller, address):
    item = make_item(seller, "LAMP-1", on_hand=4)
    page.goto(address("item", item.public_id))

    page.get_by_role("button", name="Count or adjust").click()
    assert_good(page)
    page.get_by_label("Units").fill("9")
    page.get_by_role("button", name="Record").click()

    expect(page.get_by_text("On hand is 9 now.")).to_be_visible()
    assert item.stock.get().on_hand == 9


def test_the_name_of_an_attribute_is_asked_only_when_one_is_looked_at(page, seller, address):
    label = make_label(seller)
    page.goto(address("label", label.public_id) + "?show=rule")

    name = page.get_by_label("Name of the attribute").first
    expect(name).to_be_hidden()
    page.get_by_label("Look at").first.select_option("attribute")
    expect(name).to_be_visible()

"""The journey of a file in a real browser: brought, explained, previewed, imported, undone."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from inventory.csv_import import imports
from inventory.models import CsvImport, Item, Role
from marketplace_integration import clock
from tests.browser.conftest import assert_good, sign_in
from tests.factories import make_item, make_seller, make_user
from tests.inventory.csv_files import bring

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIZES = pytest.mark.parametrize("phone", [False, True], indirect=True, ids=["desktop", "phone"])

ODD = "Our code,Label text,Net price EUR,Lager\nLAMP-1,A brighter lamp,12.50,7\nLAMP-2,Desk lamp,20,3\nLAMP-3,,x,1\n"
SHOPIFY = """\
Handle,Title,Body (HTML),Vendor,Type,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price
shirt,Shirt,<p>Soft &amp; warm.</p>,Loom,Tops,Size,Small,,3,12.50
shirt,,,,,,Large,,5,12.50
mug,Mug,<b>Blue</b>,Kiln,Cups,Title,Default Title,MUG-1,2,4
"""


@pytest.fixture
def seller(page, live_server):
    seller = make_seller(currency="EUR")
    sign_in(page, make_user(seller=seller, role=Role.OWNER), live_server.url)
    return seller


@pytest.fixture
def address(live_server, seller):
    def build(name, *args):
        return live_server.url + reverse(name, args=[seller.slug, *args])

    return build


def work():
    """What a worker does with the only file there is."""
    imports.run(CsvImport.objects.get().pk, now=clock.now())


@SIZES
def test_a_file_is_explained_previewed_imported_and_undone(page, seller, address):
    make_item(seller, "LAMP-1", title="A lamp", on_hand=4)
    page.goto(address("import_new"))
    file = {"name": "lamps.csv", "mimeType": "text/csv", "buffer": ODD.encode()}
    page.locator("input[type=file]").set_input_files(files=[file])
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_text("The file is being read")).to_be_visible()

    work()
    page.get_by_role("link", name="Look at the columns").click()
    expect(page.get_by_label("Net price EUR")).to_have_value("price")
    assert_good(page)
    page.get_by_label("Our code").select_option("sku")
    page.get_by_label("Label text").select_option("title")
    page.get_by_label("Lager").select_option("quantity")
    page.get_by_role("button", name="Read the file this way").click()

    expect(page.get_by_text("The file is being read")).to_be_visible()
    work()
    row = page.get_by_role("row").filter(has_text="Title")
    expect(row.filter(has_text="A brighter lamp")).to_contain_text("LAMP-1")
    expect(page.get_by_text("“x” is no price")).to_be_visible()
    assert_good(page)
    page.get_by_role("link", name="New items").click()
    expect(page.get_by_text("Desk lamp")).to_be_visible()
    assert_good(page)

    page.get_by_role("button", name="Import 2 rows").click()
    expect(page.get_by_text("The rows are being imported")).to_be_visible()
    work()
    expect(page.get_by_text("2 rows of 3 are in")).to_be_visible()
    page.get_by_role("button", name="Undo this import…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 item goes back to what it was before.")
    expect(dialog).to_contain_text("1 item that the import made is archived")
    assert_good(page)
    dialog.get_by_role("button", name="Undo the import").click()
    expect(page.get_by_text("The import is being undone")).to_be_visible()
    work()

    expect(page.get_by_text("1 item is as it was before, 1 new one is archived.")).to_be_visible()
    assert_good(page)
    assert Item.objects.get(sku="LAMP-1").title == "A lamp"
    assert Item.objects.get(sku="LAMP-2").archived_at is not None


@SIZES
def test_an_export_of_shopify_needs_no_explanation(page, seller, address):
    csv_import = bring(seller, SHOPIFY, confirm=False)

    page.goto(address("import_detail", csv_import.public_id))

    expect(page.get_by_text("It is a product export of Shopify.")).to_be_visible()
    expect(page.get_by_text("2 items have no SKU in the file.")).to_be_visible()
    expect(page.get_by_role("rowheader", name="shirt_large")).to_be_visible()
    assert_good(page)


@SIZES
def test_a_preview_of_many_pages_is_good(page, seller, address):
    for number in range(30):
        make_item(seller, f"LAMP-{number:02}", description="Old words. " * 30, on_hand=number)
    rows = "".join(f"LAMP-{number:02},{'Old words. ' * 29}New words.,99\n" for number in range(30))
    csv_import = bring(seller, f"sku,description,quantity\n{rows}", confirm=False)
    page.goto(address("import_detail", csv_import.public_id))

    page.get_by_role("link", name="Next").click()

    expect(page.get_by_role("link", name="LAMP-29").first).to_be_visible()
    expect(page.get_by_text("Old words. New words.").first).to_be_visible()
    assert_good(page)

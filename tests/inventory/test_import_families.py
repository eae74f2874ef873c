"""A label that the row of a parent names: its variations come on it, as on the pages, named by the file or not."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from inventory import labels
from inventory.csv_import import imports
from inventory.csv_import.preview import Effect, find_rows
from inventory.models import CsvImport, Item, Label, Seller
from marketplace_integration import clock
from tests.factories import NOW, make_item, make_label, make_seller, make_user
from tests.inventory.csv_files import bring, reasons
from tests.inventory.test_import_labels import on_labels, undo

pytestmark = pytest.mark.django_db

FILE = """sku,title,parentage,parent sku,labels
SHIRT,Shirt,parent,,Summer; Sale
SHIRT-S,"Shirt, S",,SHIRT,
SHIRT-L,"Shirt, L",,SHIRT,Tall
MUG,Mug,,,Kitchen
"""


@pytest.fixture
def seller() -> Seller:
    return make_seller()


@pytest.fixture
def shirt(seller: Seller) -> Item:
    """A parent with two variations."""
    parent = make_item(seller, "SHIRT", title="Shirt", is_parent=True, price=None)
    for size in "SL":
        make_item(seller, f"SHIRT-{size}", title=f"Shirt, {size}", parent=parent)
    return parent


@pytest.mark.parametrize("size", [1, 5_000])
@pytest.mark.parametrize("is_known", [False, True])
def test_variations_come_on_their_parents_labels_beside_their_own(
    seller: Seller, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, is_known: bool, size: int
):
    monkeypatch.setattr("inventory.csv_import.slices.SLICE", size)
    if is_known:
        request.getfixturevalue("shirt")

    csv_import = bring(seller, FILE)
    assert on_labels(seller) == {
        "Kitchen": ["MUG"],
        "Sale": ["SHIRT", "SHIRT-L", "SHIRT-S"],
        "Summer": ["SHIRT", "SHIRT-L", "SHIRT-S"],
        "Tall": ["SHIRT-L"],
    }

    undo(csv_import)
    assert on_labels(seller) == {}


def test_variations_that_the_file_does_not_name_come_along_and_back_again(seller: Seller, shirt: Item):
    make_item(seller, "SHIRT-OLD", parent=shirt, archived_at=NOW)
    summer = make_label(seller, "Summer", items=[Item.objects.get(sku="SHIRT-S")])

    csv_import = bring(seller, "sku,labels,quantity\nSHIRT,Summer,\n", confirm=False)
    rows = find_rows(csv_import, Effect.CHANGED, after=None, before=None, limit=10)
    assert [(row.sku, [(cell.name, cell.old, cell.new) for cell in row.cells]) for row in rows] == [
        ("SHIRT", [("Labels", "", "Summer")]),
        ("SHIRT-L", [("Labels", "", "Summer")]),
    ]
    assert csv_import.summary["along"] == 1

    imports.confirm(csv_import)
    imports.run(csv_import.pk, now=NOW)
    assert on_labels(seller) == {"Summer": ["SHIRT", "SHIRT-L", "SHIRT-S"]}

    undo(CsvImport.objects.get(pk=csv_import.pk))
    assert on_labels(seller) == {"Summer": ["SHIRT-S"]}
    assert summer.label_items.count() == 1


def test_a_variation_that_moves_to_another_parent_comes_on_the_labels_of_that_one(seller: Seller, shirt: Item):
    make_item(seller, "COAT", is_parent=True, price=None)

    bring(seller, "sku,parentage,parent sku,labels\nSHIRT,parent,,Summer\nCOAT,parent,,Winter\nSHIRT-L,,COAT,\n")

    assert on_labels(seller) == {"Summer": ["SHIRT", "SHIRT-S"], "Winter": ["COAT", "SHIRT-L"]}


def test_a_variation_that_is_kept_off_comes_on_like_by_hand_on_the_pages(seller: Seller, shirt: Item):
    summer = make_label(seller, "Summer")
    labels.exclude_items(summer, [Item.objects.get(sku="SHIRT-S").pk], actor=None, now=NOW)

    csv_import = bring(seller, "sku,labels\nSHIRT,Summer\n")
    assert on_labels(seller) == {"Summer": ["SHIRT", "SHIRT-L", "SHIRT-S"]}

    undo(csv_import)
    assert summer.label_items.get().source == "excluded"


def test_a_parent_whose_row_is_to_be_mended_puts_nothing_on_labels(seller: Seller, shirt: Item):
    csv_import = bring(seller, "sku,price,labels\nSHIRT,dear,Summer\nSHIRT-S,5,\n")

    assert list(reasons(csv_import)) == [2]
    assert on_labels(seller) == {}
    assert csv_import.summary["along"] == 0


def test_without_labels_in_the_file_nothing_comes_along(seller: Seller, shirt: Item):
    make_label(seller, "Summer", items=[shirt])

    csv_import = bring(seller, "sku,title\nSHIRT,Shirts\n")

    assert csv_import.summary["along"] == 0
    assert on_labels(seller) == {"Summer": ["SHIRT"]}


def test_the_page_says_how_many_come_along(seller: Seller, shirt: Item, client: Client):
    owner: User = make_user(seller=seller)
    client.force_login(owner)
    csv_import = bring(seller, "sku,labels\nSHIRT,Summer\n", confirm=False)
    page = reverse("import_detail", args=[seller.slug, csv_import.public_id])

    preview = client.get(page).content.decode()
    assert "<strong>2</strong> variations that the file does not name" in preview
    assert "Import 3 rows" in preview

    imports.confirm(csv_import)
    imports.run(csv_import.pk, now=clock.now())
    assert "3 rows of 3 are in" in client.get(page).content.decode()
    assert Label.objects.get(name="Summer").label_items.count() == 3

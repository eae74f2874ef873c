"""Labels that a file names: its items come on them, those that do not exist are made, and an undo takes all back."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from inventory import labels
from inventory.csv_import import imports
from inventory.csv_import.preview import Effect, find_rows
from inventory.models import CsvImport, Item, Label, LabelItem, Seller
from marketplace_integration import clock
from tests.factories import NOW, make_channel, make_item, make_label, make_seller, make_user
from tests.inventory.csv_files import bring, reasons

pytestmark = pytest.mark.django_db

FILE = """sku,title,price,labels
MUG-1,Mug,9.50,Gifts; Kitchen
MUG-2,Cup,8.00,Kitchen
PAN-1,Pan,30.00,
"""


@pytest.fixture
def seller() -> Seller:
    return make_seller()


@pytest.fixture
def owner(seller: Seller, client: Client) -> User:
    owner = make_user(seller=seller)
    client.force_login(owner)
    return owner


def on_labels(seller: Seller) -> dict[str, list[str]]:
    """Return the name of each label -> the SKUs that are on it by hand."""
    rows = LabelItem.objects.filter(label__seller=seller, source="hand").order_by("item__sku")
    found: dict[str, list[str]] = {label.name: [] for label in seller.labels.order_by("name")}
    for row in rows.select_related("label", "item"):
        found[row.label.name].append(row.item.sku)
    return found


def undo(csv_import: CsvImport) -> CsvImport:
    assert imports.undo(csv_import, actor=None, now=NOW)
    imports.run(csv_import.pk, now=NOW)
    csv_import.refresh_from_db()
    return csv_import


# --- what it would do, and does --------------------------------------------------------------------------------------
def test_a_new_sellers_file_says_which_labels_would_be_made_makes_them_and_takes_them_back(
    seller: Seller, owner: User, client: Client
):
    csv_import = bring(seller, FILE, confirm=False)
    page = reverse("import_detail", args=[seller.slug, csv_import.public_id])

    assert "<strong>2</strong> labels would be made: Gifts, Kitchen." in client.get(page).content.decode()
    assert on_labels(seller) == {}

    imports.confirm(csv_import)
    imports.run(csv_import.pk, now=clock.now())
    done = client.get(page).content.decode()
    assert on_labels(seller) == {"Gifts": ["MUG-1"], "Kitchen": ["MUG-1", "MUG-2"]}
    assert "Made for it:" in done
    assert "2 labels that the import made go, too, unless something else uses them." in done

    undo(csv_import)
    assert on_labels(seller) == {}
    assert "Removed are the labels that it had made: Gifts, Kitchen." in client.get(page).content.decode()


def test_the_preview_shows_the_labels_that_an_item_comes_on_and_counts_only_these_as_changes(seller: Seller):
    for sku, title, price in (("MUG-1", "Mug", "9.50"), ("MUG-2", "Cup", "8.00"), ("PAN-1", "Pan", "30.00")):
        make_item(seller, sku, title=title, price=price)
    make_label(seller, "Kitchen", items=[Item.objects.get(sku="MUG-2")])
    make_label(seller, "Sale", items=[Item.objects.get(sku="MUG-1")])

    csv_import = bring(seller, FILE, confirm=False)
    rows = find_rows(csv_import, Effect.CHANGED, after=None, before=None, limit=10)

    assert csv_import.summary["new_labels"] == ["Gifts"]
    assert [(row.sku, [(cell.old, cell.new) for cell in row.cells]) for row in rows] == [
        ("MUG-1", [("Sale", "Gifts, Kitchen, Sale")])
    ]
    assert csv_import.summary["unchanged"] == 2


def test_an_item_stays_on_the_labels_that_the_file_does_not_name_and_one_kept_off_comes_back(seller: Seller):
    item = make_item(seller, "MUG-1")
    sale = make_label(seller, "Sale", items=[item])
    kitchen = make_label(seller, "Kitchen")
    labels.exclude_items(kitchen, [item.pk], actor=None, now=NOW)

    csv_import = bring(seller, "sku,labels\nMUG-1,Kitchen\n")
    assert on_labels(seller) == {"Kitchen": ["MUG-1"], "Sale": ["MUG-1"]}

    undo(csv_import)
    assert on_labels(seller) == {"Kitchen": [], "Sale": ["MUG-1"]}
    assert LabelItem.objects.get(label=kitchen).source == "excluded"
    assert sale.label_items.count() == 1


def test_names_are_parted_by_semicolons_and_lines_and_said_once(seller: Seller):
    bring(seller, 'sku,title,labels\nMUG-1,Mug,"Gifts, small;; Kitchen ;\nSale\nKitchen"\n')

    assert list(on_labels(seller)) == ["Gifts, small", "Kitchen", "Sale"]


def test_a_name_that_holds_a_semicolon_stands_in_quotation_marks(seller: Seller):
    cells = """ "Cups; mugs" ; Say "hi"; "5"" plates";"" ; "Sale" now"""
    bring(seller, f'sku,title,labels\nMUG-1,Mug,"{cells.replace(chr(34), chr(34) * 2)}"\n')

    assert list(on_labels(seller)) == ['"Sale" now', '5" plates', "Cups; mugs", 'Say "hi"']


@pytest.mark.parametrize("chosen", [False, True])
def test_an_item_that_a_rule_has_put_on_a_label_stays_there_by_rule(seller: Seller, chosen: bool):
    item = make_item(seller, "MUG-1", brand="Acme")
    label = labels.create_label(seller, "Acme", rule=[{"field": "brand", "op": "is", "value": "Acme"}], now=NOW)
    labels.recalculate_label(label.pk, now=NOW)

    csv_import = bring(seller, "sku,labels\nMUG-1,Acme\n", label=label if chosen else None)

    assert csv_import.summary["unchanged"] == 1
    assert [row.source for row in label.label_items.filter(item=item)] == ["rule"]
    assert csv_import.items.count() == 0


def test_the_files_own_label_and_those_of_its_rows_come_together(seller: Seller):
    every = make_label(seller, "Everything")

    csv_import = bring(seller, FILE, label=every)
    assert on_labels(seller) == {
        "Everything": ["MUG-1", "MUG-2", "PAN-1"],
        "Gifts": ["MUG-1"],
        "Kitchen": ["MUG-1", "MUG-2"],
    }

    undo(csv_import)
    assert on_labels(seller) == {"Everything": []}


def test_other_sellers_labels_are_others(seller: Seller):
    other = make_seller("other")
    kitchen = make_label(other, "Kitchen")

    bring(seller, FILE)

    assert on_labels(other) == {"Kitchen": []}
    assert not kitchen.label_items.exists()
    assert list(on_labels(seller)) == ["Gifts", "Kitchen"]


# --- what is refused -------------------------------------------------------------------------------------------------
def test_a_name_that_is_too_long_is_to_be_mended(seller: Seller):
    csv_import = bring(seller, f"sku,title,labels\nMUG-1,Mug,{'x' * 101}\nMUG-2,Cup,Kitchen\n")

    assert "at most 100 characters" in reasons(csv_import)[2]
    assert list(on_labels(seller)) == ["Kitchen"]


def test_a_column_that_would_make_very_many_labels_is_asked_about(seller: Seller):
    rows = "".join(f"R-{number},Record,Label {number}\n" for number in range(101))

    csv_import = bring(seller, f"sku,title,labels\n{rows}")

    assert csv_import.state == CsvImport.State.MAPPING
    assert "more than 100 that you do not have" in csv_import.error
    assert on_labels(seller) == {}


# --- what an undo leaves ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("use", ["items", "kept off", "rule", "channel", "another file"])
def test_a_label_that_something_else_uses_by_now_stays(seller: Seller, use: str):
    csv_import = bring(seller, FILE)
    gifts = Label.objects.get(name="Gifts")
    item = make_item(seller, "OTHER")
    match use:
        case "items":
            labels.add_items(gifts, [item.pk], actor=None, now=NOW)
        case "kept off":
            labels.exclude_items(gifts, [item.pk], actor=None, now=NOW)
        case "rule":
            labels.save_rule(gifts, [{"field": "brand", "op": "is", "value": "Acme"}], now=NOW)
        case "channel":
            make_channel(seller, label=gifts)
        case "another file":
            bring(seller, "sku,title\nNEW,New\n", label=gifts, confirm=False)

    undo(csv_import)

    assert Label.objects.filter(pk=gifts.pk).exists()
    assert csv_import.undone["labels"] == ["Kitchen"]


def test_a_label_that_was_there_before_stays(seller: Seller):
    make_label(seller, "Kitchen")

    undo(bring(seller, FILE))

    assert on_labels(seller) == {"Kitchen": []}


def test_in_slices_each_comes_on_its_own(seller: Seller, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("inventory.csv_import.slices.SLICE", 1)
    monkeypatch.setattr("inventory.csv_import.undo.SLICE", 1)

    csv_import = bring(seller, FILE)
    assert on_labels(seller) == {"Gifts": ["MUG-1"], "Kitchen": ["MUG-1", "MUG-2"]}

    undo(csv_import)
    assert on_labels(seller) == {}

"""What the columns mean is proposed from their names, corrected by the seller, and kept for the next such file."""

from decimal import Decimal

import pytest
from django.urls import reverse

from inventory.csv_import import applying, imports, slices, staging
from inventory.csv_import.header import Column, propose_columns
from inventory.csv_import.mapping import keep_columns
from inventory.models import CsvImport, ImportMapping, Item
from tests.factories import NOW, make_item, make_seller, make_user
from tests.inventory.csv_files import bring

pytestmark = pytest.mark.django_db

ODD = "Our code,Label text,Net price EUR,Lager\nA-1,Apple,1.20,7\nB-1,Bread,2.50,3\n"
MEANT = {"column_0": "sku", "column_1": "title", "column_2": "price", "column_3": "quantity"}


@pytest.fixture
def seller():
    return make_seller()


@pytest.fixture
def owner(client, seller):
    client.force_login(make_user(seller=seller))
    return client


def columns_url(csv_import):
    return reverse("import_columns", args=[csv_import.seller.slug, csv_import.public_id])


def say(owner, csv_import, **meant):
    """Send the form, and let the worker read the file again. Returns the answer and the import as it then stands."""
    answer = owner.post(columns_url(csv_import), MEANT | meant)
    imports.run(csv_import.pk, now=NOW)
    return answer, CsvImport.objects.get(pk=csv_import.pk)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (ODD, "No column for the SKU. Columns found: “Our code”, “Label text”"),
        ("title,price\nApple,1\n", "No column for the SKU"),
        ("sku,Unit price,Selling price\nA,1,2\n", "“Unit price” and “Selling price” both mean Price"),
        ("sku,title,Color,color\nA,Apple,1,2\n", "twice"),
    ],
)
def test_a_file_whose_columns_are_unclear_waits_for_the_seller(seller, content, words):
    csv_import = bring(seller, content)

    assert csv_import.state == "mapping"
    assert words in csv_import.error
    assert Item.objects.count() == 0


def test_a_column_with_the_fields_own_name_is_it_and_others_are_attributes(seller):
    csv_import = bring(seller, "sku,price,Unit price,Selling price\nA,1,2,3\n", confirm=False)

    assert csv_import.state == "preview"


@pytest.mark.parametrize(
    ("names", "fields"),
    [
        (
            ["Our SKU", "Product title (EN)", "Price net", "EAN code 13", "Qty in stock"],
            "sku title price gtin quantity",
        ),
        (["sku", "Unit price", "Selling price"], "sku price attribute"),
        (["sku", "Color", "color", ""], "sku attribute ignored ignored"),
        (["Supplier SKU", "SKU"], "attribute sku"),
        (["Lager", "Preis"], "attribute attribute"),
    ],
)
def test_each_column_is_proposed_to_be_what_its_name_says(names, fields):
    assert [column.field for column in propose_columns(names)] == fields.split()


def test_the_seller_corrects_the_proposal_and_the_file_is_read_that_way(owner, seller):
    csv_import = bring(seller, ODD)
    page = owner.get(columns_url(csv_import))
    assert page.context["form"]["column_2"].initial == "price"
    assert [cells for _, cells in page.context["rows"]][1] == ["Apple", "Bread"]

    answer, csv_import = say(owner, csv_import)

    assert answer.url == reverse("import_detail", args=[seller.slug, csv_import.public_id])
    assert (csv_import.state, csv_import.summary["new"]) == ("preview", 2)
    imports.confirm(csv_import)
    imports.run(csv_import.pk, now=NOW)
    apple = Item.objects.get(sku="A-1")
    assert (apple.title, apple.price, apple.stock.get().on_hand) == ("Apple", Decimal("1.20"), 7)


def test_the_next_file_with_the_same_header_is_read_without_a_question(owner, seller):
    say(owner, bring(seller, ODD))

    again = bring(seller, ODD.replace("Apple", "Pear"))
    other = bring(seller, ODD.replace("Lager", "Lagerbestand"))

    assert (again.state, again.summary["new"], again.summary["is_as_said"]) == ("done", 2, True)
    assert other.state == "mapping"
    assert Item.objects.get(sku="A-1").title == "Pear"


def test_an_import_that_goes_on_reads_the_file_as_it_was_confirmed_whatever_was_said_since(seller, monkeypatch):
    monkeypatch.setattr(slices, "SLICE", 1)
    meant = {"Code": "sku", "Name": "title", "Cost": "attribute", "Retail": "price"}
    keep_columns(seller, [Column(*pair) for pair in meant.items()], actor=None, now=NOW)
    csv_import = bring(seller, "Code,Name,Cost,Retail\nA,Apple,1,9\nB,Bread,1,9\n", confirm=False)
    imports.confirm(csv_import)
    CsvImport.objects.update(state="running")
    csv_import.refresh_from_db()
    applying.apply_slice(csv_import, seller.locations.get(), now=NOW)
    staging.drop_tables(csv_import)
    meant |= {"Cost": "price", "Retail": "attribute"}
    keep_columns(seller, [Column(*pair) for pair in meant.items()], actor=None, now=NOW)
    imports.run(csv_import.pk, now=NOW)

    assert dict(Item.objects.values_list("sku", "price")) == {"A": Decimal(9), "B": Decimal(9)}


def test_a_mapping_is_its_sellers_own(owner, seller):
    say(owner, bring(seller, ODD))

    assert bring(make_seller("else"), ODD).state == "mapping"


def test_a_preview_can_be_read_otherwise_too(owner, seller):
    csv_import = bring(seller, "sku,title,size\nA,Apple,6\n", confirm=False)

    _, csv_import = say(owner, csv_import, column_2="quantity")

    assert (csv_import.state, csv_import.summary["stock_up"]) == ("preview", 1)
    assert ImportMapping.objects.get().fields == ["sku", "title", "quantity"]


def test_what_was_said_can_be_said_otherwise_the_next_time(owner, seller):
    say(owner, bring(seller, ODD))
    csv_import = bring(seller, ODD, confirm=False)

    _, csv_import = say(owner, csv_import, column_3="attribute")

    assert ImportMapping.objects.get().fields == ["sku", "title", "price", "attribute"]
    assert csv_import.summary["stock_up"] == 0


@pytest.mark.parametrize(
    ("meant", "words"),
    [
        ({"column_0": "ignored"}, "No column for the SKU"),
        ({"column_1": "sku"}, "both mean SKU"),
        ({"column_1": "ignored", "column_2": "ignored", "column_3": "ignored"}, "nothing to import"),
        ({"column_1": "nonsense"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_shown_again_with_the_reason(owner, seller, meant, words):
    csv_import = bring(seller, ODD)

    answer, csv_import = say(owner, csv_import, **meant)

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert (csv_import.state, ImportMapping.objects.count()) == ("mapping", 0)


def test_a_file_that_is_no_longer_waiting_keeps_what_it_was_read_as(owner, seller):
    csv_import = bring(seller, "sku,title,price,quantity\nA,Apple,1,1\n")

    _, csv_import = say(owner, csv_import, column_1="brand")

    assert csv_import.state == "done"
    assert ImportMapping.objects.count() == 0


def test_a_column_without_a_name_can_be_the_sku(owner, seller):
    make_item(seller, "A")
    csv_import = bring(seller, ",Title,Cost\nA,New,1\n")

    say(owner, csv_import, column_2="attribute", column_3="")

    assert CsvImport.objects.get().summary["changed"] == 1


def test_a_file_that_nobody_explains_is_dropped_after_a_week(seller):
    csv_import = bring(seller, ODD)

    imports.forget_old(now=NOW + imports.KEPT * 2)

    csv_import.refresh_from_db()
    assert csv_import.state == "cancelled"

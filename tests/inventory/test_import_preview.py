"""Before anything changes the seller sees what would: counted, and cell by cell."""

import pytest
from django.urls import reverse

from inventory.csv_import.preview import Effect, around_difference, find_rows
from inventory.models import Stock
from tests.factories import make_item, make_seller, make_user
from tests.inventory.csv_files import bring

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller():
    return make_seller()


@pytest.fixture
def owner(client, seller):
    client.force_login(make_user(seller=seller))
    return client


def shown(csv_import, effect=Effect.CHANGED):
    """Return SKU -> the cells, each as (name, old, new)."""
    rows = find_rows(csv_import, effect, after=None, before=None, limit=100)
    return {row.sku: [(cell.name, cell.old, cell.new) for cell in row.cells] for row in rows}


def test_each_cell_that_changes_is_shown_with_what_it_was(seller):
    make_item(seller, "A", title="Old", brand="Kept", attributes={"Size": "S", "Color": "Red"}, on_hand=4)
    make_item(seller, "B", title="Same")

    csv_import = bring(seller, "sku,title,brand,price,Size,quantity\nA,New,,12.5,L,1200\nB,Same,,10,,\n", confirm=False)

    assert shown(csv_import) == {
        "A": [
            ("Title", "Old", "New"),
            ("Price", "10.00 USD", "12.50 USD"),
            ("Size", "S", "L"),
            ("On hand", "4", "1,200"),
        ]
    }
    assert [csv_import.summary[name] for name in ("new", "changed", "unchanged")] == [0, 1, 1]


def test_a_row_that_only_counts_stock_is_a_change(seller):
    make_item(seller, "A", on_hand=4)
    make_item(seller, "B", on_hand=4)

    csv_import = bring(seller, "sku,quantity\nA,3\nB,4\n", confirm=False)

    assert shown(csv_import) == {"A": [("On hand", "4", "3")]}


def test_currency_images_options_and_parents_are_shown_as_the_seller_knows_them(seller):
    make_item(seller, "P", is_parent=True)
    make_item(seller, "A", images=["https://cdn.test/1.jpg"])

    text = "sku,currency,images,parent sku,variation options\nA,JPY,https://cdn.test/2.jpg,P,Size: L\n"
    csv_import = bring(seller, text, confirm=False)

    assert shown(csv_import)["A"] == [
        ("SKU of the parent", "", "P"),
        ("Images", "https://cdn.test/1.jpg", "https://cdn.test/2.jpg"),
        ("Price", "10.00 USD", "10 JPY"),
        ("Size", "", "L"),
    ]


def test_new_items_are_listed_with_what_the_file_brings(seller):
    csv_import = bring(seller, "sku,title,price,quantity\nA,Apple,1.2,0\n", confirm=False)

    assert shown(csv_import, Effect.NEW) == {
        "A": [("Title", "", "Apple"), ("Price", "", "1.20 USD"), ("On hand", "", "0")]
    }


def test_of_long_texts_the_place_where_they_part_is_shown():
    old, new = around_difference("x" * 500 + "old" + "y" * 500, "x" * 500 + "new" + "y" * 500)

    assert old.startswith("…xxx")
    assert old.endswith("yyy…")
    assert ("old" in old, "new" in new, len(new) < 130) == (True, True, True)


def test_the_pages_of_a_preview_follow_each_other(owner, seller):
    for number in range(60):
        make_item(seller, f"S-{number:02}")
    rows = "".join(f"S-{number:02},Changed\n" for number in range(60))
    csv_import = bring(seller, f"sku,title\n{rows}", confirm=False)
    url = reverse("import_detail", args=[seller.slug, csv_import.public_id])

    first = owner.get(url).context["page"]
    second = owner.get(url + first.next_url).context["page"]
    third = owner.get(url + second.next_url).context["page"]
    back = owner.get(url + third.previous_url).context["page"]

    assert [len(page.rows) for page in (first, second, third)] == [25, 25, 10]
    assert (first.previous_url, third.next_url) == ("", "")
    assert back.rows == second.rows


def test_parents_stand_before_their_variations_on_the_pages_too(owner, seller):
    rows = "".join(f"V-{n},,P-{n},Variation\nP-{n},parent,,Parent\n" for n in range(20))
    csv_import = bring(seller, f"sku,parentage,parent sku,title\n{rows}", confirm=False)
    url = reverse("import_detail", args=[seller.slug, csv_import.public_id])

    first = owner.get(url).context["page"]
    second = owner.get(url + first.next_url).context["page"]

    assert [row.is_parent for row in first.rows] == [True] * 20 + [False] * 5
    assert [row.sku for row in second.rows] == [f"V-{n}" for n in range(5, 20)]


def test_a_preview_takes_few_queries_however_many_rows_it_shows(owner, seller, django_assert_max_num_queries):
    for number in range(30):
        make_item(seller, f"S-{number}", on_hand=1)
    rows = "".join(f"S-{number},Changed,2\n" for number in range(30))
    csv_import = bring(seller, f"sku,title,quantity\n{rows}", confirm=False)
    url = reverse("import_detail", args=[seller.slug, csv_import.public_id])

    with django_assert_max_num_queries(9):
        text = owner.get(url).content.decode()

    assert "<del>Title of S-0</del>" in text
    assert Stock.objects.filter(on_hand=1).count() == 30

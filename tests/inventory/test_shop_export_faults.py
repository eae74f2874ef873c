"""A shop's export with faults, or made to do harm: told row by row, and never too much for a worker."""

import time

import pytest

from inventory.csv_import import staging
from inventory.csv_import.layouts.markup import text_of
from inventory.csv_import.reading import Row
from inventory.models import Item
from tests.factories import make_item, make_seller, make_user
from tests.inventory.csv_files import bring, reasons
from tests.inventory.test_shop_exports import MUG, SHOPIFY, WOO

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller():
    return make_seller()


BROKEN = {
    "shopify": (SHOPIFY + "shirt,Shirt,one cell too many,,,,,,,,S-1,,,,,,,,,more\n", ["S-1", "", "", "Shirt"]),
    "shopify_stock": ("Handle,Title,SKU,Location,On hand\nshirt,Shirt,S-1,Main,3,more\n", ["S-1", ""]),
    "woocommerce": (WOO + "1,simple,S-1,,Shirt,1,,,1,2,,,5,,,,,,more\n", ["S-1", "", "", "Shirt"]),
}


@pytest.mark.parametrize("layout", BROKEN)
def test_a_broken_row_of_a_shop_is_offered_in_our_columns(seller, layout):
    text, cells = BROKEN[layout]

    csv_import = bring(seller, text)

    problem = csv_import.problems.get()
    assert (csv_import.layout, problem.cells[:4]) == (layout, cells)
    assert len(problem.cells) == len(csv_import.columns)
    assert "cells, but the file has" in reasons(csv_import)[2]


@pytest.mark.parametrize(
    "text",
    [
        f"Handle,Title,Variant SKU,Variant Price,Image Src,Image Position\nm,M,M1,2,https://a.test/1,{'9' * 5000}\n",
        f"Handle,Title,SKU,Location,On hand\nm,M,M1,Main,{'9' * 5000}\n",
    ],
)
def test_a_number_of_thousands_of_digits_is_read_as_any_other_text(seller, text):
    make_item(seller, "M1")

    assert bring(seller, text).state == "done"


def test_a_product_has_at_most_as_many_images_as_shopify_knows(seller):
    more = "".join(f"mug,,,,,,,,,,,,,,,https://cdn.test/{number}.jpg,{number + 2},,\n" for number in range(300))

    bring(seller, SHOPIFY + MUG + more)

    images = Item.objects.get().images
    assert (len(images), images[1]) == (250, "https://cdn.test/0.jpg")


def test_a_cell_that_became_too_long_is_told_too(seller):
    more = "".join(f"mug,,,,,,,,,,,,,,,https://cdn.test/{'x' * 500}{number}.jpg,2,,\n" for number in range(250))

    csv_import = bring(seller, SHOPIFY + MUG + more)

    assert "characters; at most 100,000 are possible" in reasons(csv_import)[2]


def test_long_rows_are_copied_in_smaller_batches():
    rows = [Row(number, ["x" * 3_000_000]) for number in range(7)]

    assert [len(batch) for batch in staging.batches(rows)] == [3, 3, 1]


def test_what_has_nothing_to_mend_in_it_is_not_offered_for_that(seller, client):
    client.force_login(make_user(seller=seller))
    csv_import = bring(seller, WOO + "1,grouped,SET,,Set,1,,,1,,,,,,,,,\n3,simple,CUP,,Cup,1,,,1,2,,,5,,,,,\n")
    here = f"/s/{seller.slug}/imports/{csv_import.public_id}/"

    page = client.get(here).content.decode()
    rows = b"".join(client.get(f"{here}bad-rows.csv").streaming_content).decode().splitlines()

    assert "shows other products" in page
    assert "There is nothing to mend in them" in page
    assert len(rows) == 1


@pytest.mark.parametrize("endless", ["<a ", "<!--", '<a x="', "<!--x>"])
def test_markup_that_never_ends_costs_no_more_than_its_length(endless):
    began = time.process_time()

    assert text_of("<p>Words</p>" + endless * 20_000).startswith("Words")

    assert time.process_time() - began < 5  # the parser alone takes minutes

"""The list of items by SKU, title or age: page after page and back, and however many are alike."""

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.item_order import ORDERS, page_of_items
from inventory.models import Item, SavedView, Seller
from inventory.paging import Page
from inventory.search import ItemFilter, find_items
from tests.examples import examples
from tests.factories import NOW, make_item, make_label, make_seller
from tests.inventory.pages_rig import address, owner, seller

__all__ = ["owner", "seller"]

pytestmark = pytest.mark.django_db


def skus(page: Page[Item]) -> list[str]:
    return [item.sku for item in page.rows]


@settings(max_examples=examples(30), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    titles=st.lists(st.sampled_from(["Mug", "mug", "Äpfel", "a" * 80, "a" * 70 + "b", "_", "1_2", "%"]), max_size=9),
    order=st.sampled_from([*ORDERS]),
    are_few=st.booleans(),
    size=st.integers(1, 4),
)
def test_pages_there_and_back_are_all_items_in_their_order(
    seller: Seller, titles: list[str], order: str, are_few: bool, size: int
):
    Item.objects.all().delete()
    other = Seller.objects.filter(slug="other").first() or make_seller("other")
    make_item(other, "THEIRS", title="Mug")
    items = [make_item(seller, f"S-{9 - number}", title=title) for number, title in enumerate(titles)]
    wanted = {
        "": sorted(items, key=lambda item: item.sku),
        "title": sorted(items, key=lambda item: (item.title.upper()[:60], item.pk)),
        "newest": items[::-1],
    }[order]

    def page(url: str) -> Page[Item]:
        asked = QueryDict(url.removeprefix("?"))
        return page_of_items(find_items(seller, ItemFilter()), asked, order, are_few=are_few, size=size)

    there = [page("")]
    while there[-1].next_url:
        there.append(page(there[-1].next_url))
    back = [there[-1]]
    while back[-1].previous_url:
        back.append(page(back[-1].previous_url))

    assert [sku for one in there for sku in skus(one)] == [item.sku for item in wanted]
    assert [skus(one) for one in back[::-1]] == [skus(one) for one in there]


@pytest.mark.parametrize(
    ("order", "expected"), [("", ["A", "B", "C"]), ("title", ["C", "A", "B"]), ("newest", ["B", "A", "C"])]
)
def test_the_list_stands_as_asked_and_says_so(owner: Client, seller: Seller, order: str, expected: list[str]):
    for sku, title in (("C", "apron"), ("A", "Bowl"), ("B", "cup")):
        make_item(seller, sku, title=title)

    for asked in ({}, {"q": "p"}, {"show": "out_of_stock"}, {"show": "unlabelled"}):
        answer = owner.get(address("items", seller), {"sort": order, **asked})
        shown = [row["item"].sku for row in answer.context["rows"]]
        assert shown == ([] if asked == {"q": "p"} else expected)

    page = owner.get(address("items", seller), {"sort": order}).content.decode()
    assert f'<option value="{order}" selected>' in page
    assert page.count('aria-sort="ascending"') == (order != "newest")


def test_an_order_that_is_none_is_that_of_skus(owner: Client, seller: Seller):
    for sku in ("B", "A"):
        make_item(seller, sku)

    answer = owner.get(address("items", seller), {"sort": "nonsense"})

    assert [row["item"].sku for row in answer.context["rows"]] == ["A", "B"]


@pytest.mark.parametrize("sort", ["title", "newest"])
@pytest.mark.parametrize("after", ["x", "_", "1", "_Mug", "9" * 30, "9" * 30 + "_x", "1_\x00", "S-1"])
def test_a_place_that_is_none_opens(owner: Client, seller: Seller, sort: str, after: str):
    make_item(seller, "S-1")

    for side in ("after", "before"):
        assert owner.get(address("items", seller), {"sort": sort, side: after}).status_code == 200


def test_a_kept_view_keeps_its_order(owner: Client, seller: Seller):
    make_item(seller, "A", title="Zebra")
    make_item(seller, "B", title="Apron")
    owner.post(address("items", seller) + "views/", {"name": "By title", "sort": "title", "q": "title"})

    view = SavedView.objects.get()
    assert view.query == {"sort": "title", "q": "title"}
    page = owner.get(address("items", seller), view.query)
    assert page.context["tabs"].kept == view


def test_what_is_done_to_all_that_fit_and_the_file_do_not_mind_the_order(owner: Client, seller: Seller):
    for sku in ("A", "B"):
        make_item(seller, sku)
    label = make_label(seller)

    owner.post(
        address("items_bulk", seller),
        {"scope-label": "all", "action": "label", "label": label.public_id, "filter": "sort=newest"},
    )

    assert label.label_items.count() == 2
    file = owner.get(address("items_csv", seller), {"sort": "newest"})
    assert [line[:2] for line in file.getvalue().decode().splitlines()[1:]] == ["A,", "B,"]


@pytest.mark.parametrize(("order", "index"), [("title", "item_by_title"), ("newest", "item_by_age")])
def test_pages_deep_in_a_long_list_are_read_from_an_index(seller: Seller, order: str, index: str):
    other = make_seller("other")
    Item.objects.bulk_create(
        Item(seller=whose, sku=f"S-{n}", title=f"Mug {n % 50}", currency="USD", created_at=NOW, updated_at=NOW)
        for whose, numbers in ((other, range(3_000)), (seller, range(1_000)), (other, range(3_000, 6_000)))
        for n in numbers
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE inventory_item")
    middle = seller.items.get(sku="S-500")
    place = {"title": f"{middle.pk}_MUG 0", "newest": str(middle.pk)}[order]

    for side in ("after", "before"):
        plans = explained(seller, order, {side: place})
        assert any(f"{index} on" in plan and "Sort" not in plan for plan in plans), plans


def explained(seller: Seller, order: str, asked: dict[str, str]) -> list[str]:
    """Return the plans of the queries of one page."""
    query = QueryDict(mutable=True)
    query.update(asked)
    with CaptureQueriesContext(connection) as captured:
        page_of_items(find_items(seller, ItemFilter()), query, order)
    plans = []
    for one in list(captured):
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {one['sql']}")
            plans.append("\n".join(row[0] for row in cursor.fetchall()))
    return plans

"""Who sees the pages of items, labels and imports, and which page comes first."""

import pytest
from django.core.exceptions import ValidationError

from inventory.models import Role
from tests.factories import make_item, make_label, make_seller, make_user
from tests.inventory.csv_files import bring
from tests.inventory.pages_rig import address, login, owner, seller

__all__ = ["owner", "seller"]

pytestmark = pytest.mark.django_db


def pages(seller, item, label, csv_import):
    return [
        address("home", seller),
        address("items", seller),
        address("item", seller, item.public_id),
        address("item_listings", seller, item.public_id),
        address("labels", seller),
        address("label", seller, label.public_id),
        address("label", seller, label.public_id) + "?show=excluded",
        address("label", seller, label.public_id) + "?show=rule",
        address("label_state", seller, label.public_id),
        address("import_new", seller),
        address("import_detail", seller, csv_import.public_id),
        address("import_problems", seller, csv_import.public_id),
    ]


@pytest.fixture
def everything(seller):
    item = make_item(seller, "A", on_hand=3)
    label = make_label(seller, items=[item])
    csv_import = bring(seller, "sku,title,price\nB,Bread,1\nC,Cheese,x\n", confirm=False)
    return pages(seller, item, label, csv_import)


def test_every_page_opens_for_a_viewer(client, seller, everything):
    login(client, seller, Role.VIEWER)

    assert {page: client.get(page).status_code for page in everything} == dict.fromkeys(everything, 200)


def test_every_page_is_unknown_to_another_seller(client, seller, everything):
    login(client, make_seller("else"), Role.OWNER)

    assert {page: client.get(page).status_code for page in everything} == dict.fromkeys(everything, 404)


def test_another_sellers_rows_are_unknown_under_ones_own_address(owner, seller, everything):
    other = make_seller("else")
    item, label = make_item(other, "X"), make_label(other)
    csv_import = bring(other, "sku,title\nB,Bread\n", confirm=False)

    foreign = pages(seller, item, label, csv_import)[2:]
    foreign = [page for page in foreign if page not in (address("labels", seller), address("import_new", seller))]
    assert {owner.get(page).status_code for page in foreign} == {404}


def test_a_viewer_changes_nothing(client, seller):
    item, label = make_item(seller, "A"), make_label(seller)
    login(client, seller, Role.VIEWER)
    posts = [
        address("items_bulk", seller),
        address("item", seller, item.public_id),
        address("item_new", seller),
        address("item_stock", seller, item.public_id),
        address("item_labels", seller, item.public_id),
        address("item_status", seller, item.public_id),
        address("labels", seller),
        address("label_rule", seller, label.public_id),
        address("label_items", seller, label.public_id),
        address("label_rename", seller, label.public_id),
        address("label_delete", seller, label.public_id),
        address("import_new", seller),
    ]

    assert {page: client.post(page, {"name": "x"}).status_code for page in posts} == dict.fromkeys(posts, 403)


def test_the_first_page_leads_to_the_only_seller(owner, seller):
    assert owner.get("/").url == address("home", seller)


def test_somebody_with_two_sellers_chooses_and_somebody_without_is_told(client, seller):
    user = make_user(seller=seller)
    other = make_seller("second")
    other.memberships.create(user=user, role=Role.VIEWER)
    client.force_login(user)
    assert b"Second" in client.get("/").content

    client.force_login(make_user("nobody@example.com"))
    assert b"belong to no seller" in client.get("/").content


@pytest.mark.parametrize("zone", ["Mars/X", "", "../etc/passwd", "Europe"])
def test_a_seller_in_a_zone_that_nobody_knows_is_refused(seller, zone):
    seller.time_zone = zone

    with pytest.raises(ValidationError, match="Write it like"):
        seller.clean()

"""An item's own page as a seller's browser sees it."""

import uuid
from decimal import Decimal

import pytest

from inventory import labels
from inventory.models import Item, Location, Stock, StockMovement
from tests.factories import make_item, make_label
from tests.inventory.pages_rig import address, owner, seller

__all__ = ["owner", "seller"]

pytestmark = pytest.mark.django_db

GOOD = {
    "title": "Lamp",
    "brand": "Acme",
    "gtin": "4006381333931",
    "price": "12.50",
    "currency": "USD",
    "images": "https://example.com/a.jpg\nhttps://example.com/b.jpg",
    "attributes": "Color: Red\nSize: 12: wide",
}


def test_an_item_is_made_and_changed(owner, seller):
    owner.post(address("item_new", seller), GOOD | {"sku": "L-1"})
    item = Item.objects.get(sku="L-1")
    assert (item.price, item.attributes, len(item.images)) == (
        Decimal("12.50"),
        {"Color": "Red", "Size": "12: wide"},
        2,
    )

    owner.post(address("item", seller, item.public_id), GOOD | {"price": "", "sku": "OTHER"})
    item.refresh_from_db()
    assert (item.sku, item.price) == ("L-1", None)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("title", "", "required"),
        ("price", "-1", "greater than or equal to 0"),
        ("price", "1.23456", "4 decimal places"),
        ("gtin", "4006381333932", "no barcode"),
        ("currency", "dollar", "Write it like USD"),
        ("images", "ftp://x", "no web address"),
        ("attributes", "Color", "needs a name, a colon"),
    ],
)
def test_what_is_wrong_with_an_item_stands_beside_its_field(owner, seller, field, value, words):
    item = make_item(seller, "A")

    response = owner.post(address("item", seller, item.public_id), GOOD | {field: value})

    assert response.status_code == 422
    assert words in response.content.decode()


def test_a_second_item_of_the_same_sku_is_refused(owner, seller):
    make_item(seller, "A")

    response = owner.post(address("item_new", seller), GOOD | {"sku": "A"})

    assert response.status_code == 422
    assert "You have an item with this SKU" in response.content.decode()


def test_a_count_and_an_adjustment_sent_twice_move_stock_once(owner, seller):
    item, location = make_item(seller, "A", on_hand=5), Location.objects.get()
    count = {"location": location.pk, "how": "counted", "number": 9, "key": uuid.uuid4()}
    change = {"location": location.pk, "how": "changed", "number": -2, "note": "broken", "key": uuid.uuid4()}

    for data in (count, count, change, change):
        owner.post(address("item_stock", seller, item.public_id), data)

    assert Stock.objects.get(item=item).on_hand == 7
    assert StockMovement.objects.filter(item=item).count() == 3
    assert b"broken" in owner.get(address("item", seller, item.public_id)).content


def test_the_first_location_is_made_when_it_is_first_needed(owner, seller):
    item = make_item(seller, "A")
    seller.locations.all().delete()

    assert b"Count or adjust" in owner.get(address("item", seller, item.public_id)).content
    assert seller.locations.get().is_default


def test_more_units_than_can_be_kept_are_refused_beside_the_field(owner, seller):
    item = make_item(seller, "A", on_hand=2_000_000_000)
    sent = {"location": seller.locations.get().pk, "how": "changed", "number": "999999999", "key": str(uuid.uuid4())}

    response = owner.post(address("item_stock", seller, item.public_id), sent)

    assert response.status_code == 422
    assert b"more units than can be kept" in response.content
    assert Stock.objects.get(item=item).on_hand == 2_000_000_000


def test_a_count_below_0_is_refused(owner, seller):
    item = make_item(seller, "A")
    data = {"location": Location.objects.get().pk, "how": "counted", "number": -1, "key": uuid.uuid4()}

    response = owner.post(address("item_stock", seller, item.public_id), data)

    assert response.status_code == 422
    assert "cannot be below 0" in response.content.decode()


def test_an_item_is_put_on_a_label_taken_off_blocked_and_archived(owner, seller):
    item, label = make_item(seller, "A"), make_label(seller)

    owner.post(address("item_labels", seller, item.public_id), {"action": "add", "label": label.pk})
    assert labels.member_count(label) == 1
    owner.post(address("item_labels", seller, item.public_id), {"action": "remove", "label": label.pk})
    assert labels.member_count(label) == 0
    for action, holds in [("block", (True, False)), ("unblock", (False, False)), ("archive", (False, True))]:
        owner.post(address("item_status", seller, item.public_id), {"action": action})
        item.refresh_from_db()
        assert (item.blocked, bool(item.archived_at)) == holds


def test_before_it_is_archived_or_blocked_the_page_says_what_becomes_of_its_units(owner, seller):
    item = make_item(seller, "L-1", on_hand=1_200)
    Stock.objects.update(reserved=3)
    page = " ".join(owner.get(address("item", seller, item.public_id)).content.decode().split())

    for title in ("Archive L-1?", "Block L-1?"):
        assert f">{title}</h2>" in page
    assert page.count("<strong>1,200</strong> units on hand stay counted, but no channel offers them.") == 2
    assert page.count("<strong>3</strong> are reserved for orders, which are shipped as before.") == 2

    owner.post(address("item_status", seller, item.public_id), {"action": "archive"})
    assert "Archive L-1?" not in owner.get(address("item", seller, item.public_id)).content.decode()


def test_an_item_without_stock_names_no_units(owner, seller):
    page = owner.get(address("item", seller, make_item(seller, "L-1").public_id)).content.decode()

    assert "Archive L-1?" in page
    assert "stay counted" not in page

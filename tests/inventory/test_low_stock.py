"""The list of items shows what runs low; test_lacks.py says that it is exactly that, whatever was written."""

import pytest
from django.db import connection
from django.urls import reverse

from inventory import labels
from inventory.models import Lack, Location, Stock
from inventory.search import AT_MOST
from tests.factories import NOW, make_item, make_label, make_seller, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller():
    return make_seller()


@pytest.fixture
def owner(client, seller):
    client.force_login(make_user(seller=seller))
    return client


def address(name, seller):
    return reverse(name, args=[seller.slug])


def skus(response):
    return [row["item"].sku for row in response.context["rows"]]


def test_what_runs_low_is_found_over_all_locations_before_it_is_out(owner, seller):
    for sku, on_hand in {"NONE": 0, "FEW": 5, "SOME": 20, "MANY": 21}.items():
        make_item(seller, sku, on_hand=on_hand)
    make_item(seller, "NEVER")
    make_item(seller, "SET", is_parent=True)
    make_item(seller, "GONE", on_hand=3, archived_at=NOW)
    split = make_item(seller, "SPLIT", on_hand=4)
    north = Location.objects.create(seller=seller, code="north", name="North")
    Stock.objects.create(item=split, location=north, on_hand=9, reserved=7)
    oversold = make_item(seller, "OVERSOLD", on_hand=6)
    Stock.objects.create(item=oversold, location=north, on_hand=0, reserved=3)
    label = make_label(seller, items=[split])

    def found(**query):
        return skus(owner.get(address("items", seller), query))

    assert found(at_most="5") == ["FEW", "NEVER", "NONE"]
    assert found(at_most="20") == ["FEW", "NEVER", "NONE", "OVERSOLD", "SOME", "SPLIT"]
    assert found(at_most="20", label=label.public_id) == ["SPLIT"]
    assert found(at_most="20", q="som") == ["SOME"]
    assert found(at_most="20", show="archived") == ["GONE"]
    assert found(at_most="7") == found()


def test_all_that_runs_low_is_taken_off_a_label_and_nothing_else(owner, seller):
    items = [make_item(seller, sku, on_hand=on_hand) for sku, on_hand in {"FEW": 5, "MANY": 50}.items()]
    label = make_label(seller, items=items)
    sent = {"action": "unlabel", "label": label.public_id, "scope-label": "all"}

    owner.post(address("items_bulk", seller), sent | {"filter": "at_most=7"})
    assert labels.member_count(label) == 2
    owner.post(address("items_bulk", seller), sent | {"filter": "at_most=5"})

    assert [item.sku for item in labels.members(label)] == ["MANY"]


def test_the_numbers_that_are_offered_are_those_that_triggers_mark():
    with connection.cursor() as cursor:
        cursor.execute("SELECT at_most, lack FROM inventory_lack_levels()")
        assert dict(cursor.fetchall()) == {0: Lack.What.STOCK, **AT_MOST}
    assert sum(Lack.What) == 15  # as lacks.sql says

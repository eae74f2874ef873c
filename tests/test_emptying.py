"""After a test that commits no row is left, and the database checks again what it checked before."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, connection, transaction

from inventory.models import Item, ItemChange, LabelItem, Seller
from tests.emptying import can_empty, empty_tables
from tests.factories import make_channel, make_item, make_label, make_seller, make_user
from tests.locks import wait_until_somebody_waits

pytestmark = pytest.mark.django_db(transaction=True)


def filled() -> set[str]:
    return {model.__name__ for model in apps.get_models() if model._base_manager.exists()}


def test_nothing_is_left_but_what_migrate_fills():
    seller = make_seller()
    make_user(seller=seller)
    make_channel(seller, label=make_label(seller, items=[make_item(seller, on_hand=3)]))
    assert {"Seller", "User", "Channel", "Stock", "ItemChange"} <= filled()
    kept = Permission.objects.count(), ContentType.objects.count()

    empty_tables()

    assert filled() == {"Permission", "ContentType"}
    assert (Permission.objects.count(), ContentType.objects.count()) == kept


def test_triggers_and_foreign_keys_hold_again_afterwards():
    make_seller()
    empty_tables()
    make_item(make_seller("again"), "MUG")

    assert can_empty()
    assert ItemChange.objects.exists()
    with pytest.raises(IntegrityError):
        LabelItem.objects.create(label_id=1_000_000, item_id=1_000_000, source="hand")
    with connection.cursor() as cursor:
        cursor.execute("SHOW session_replication_role")
        assert cursor.fetchone() == ("origin",)


def test_a_page_still_being_made_is_finished_first_though_it_locks_in_the_other_order():
    make_item(make_seller(), "MUG")
    has_begun = Event()

    def make_a_page() -> list[str]:
        """Holds what is emptied last, and wants what is emptied first once somebody waits for it."""
        try:
            with transaction.atomic():
                Seller.objects.get()
                has_begun.set()
                wait_until_somebody_waits()
                return list(Item.objects.values_list("sku", flat=True))
        finally:
            connection.close()

    with ThreadPoolExecutor() as pool:
        page = pool.submit(make_a_page)
        assert has_begun.wait(10)
        empty_tables()
        assert page.result(10) == ["MUG"]

    assert filled() == {"Permission", "ContentType"}

"""Items as the seller's pages change them. Nothing here sends anything: capture.sql notices what changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from inventory import labels
from inventory.models import Item, LabelItem, Seller
from inventory.signals import send_changed

#: What a page may change; the SKU is fixed once the item exists.
EDITABLE = ("title", "description", "brand", "gtin", "price", "currency", "images", "attributes")


def create_item(seller: Seller, values: Mapping[str, Any], *, now: datetime) -> Item:
    """A new item exists. Raises IntegrityError if the seller has this SKU."""
    with transaction.atomic():
        item = Item.objects.create(
            **{"currency": seller.currency} | dict(values), seller=seller, created_at=now, updated_at=now
        )
        item.refresh_from_db()
        send_changed()
    return item


def save_item(item: Item, values: Mapping[str, Any], *, now: datetime) -> None:
    """The item has these values; only those that differ are written."""
    different = {name: value for name, value in values.items() if name in EDITABLE and getattr(item, name) != value}
    if not different:
        return
    with transaction.atomic():
        Item.objects.filter(pk=item.pk).update(**different, updated_at=now)
        send_changed()
    item.refresh_from_db()


def set_blocked(item: Item, blocked: bool, *, now: datetime) -> None:
    """The item is offered nowhere, or wherever its labels say again."""
    with transaction.atomic():
        Item.objects.filter(pk=item.pk).exclude(blocked=blocked).update(blocked=blocked, updated_at=now)
        send_changed()


def archive(item: Item, *, now: datetime) -> None:
    """The item is archived, which takes it off all labels; one that is archived stays as it is."""
    with transaction.atomic():
        # Items before labels: an import that is undone meanwhile locks them that way too.
        held = Item.objects.select_for_update(no_key=True).filter(pk=item.pk, archived_at=None)
        if held.first():
            labels.lock_all(item.seller_id)
            archive_exactly([item.pk], at=now, now=now)
            send_changed()


def archive_exactly(item_ids: Sequence[int], *, at: datetime, now: datetime) -> None:
    """These items are archived since `at` and on no label. For who holds them, and all labels after them."""
    LabelItem.objects.filter(item__in=item_ids).delete()
    Item.objects.filter(pk__in=item_ids).update(archived_at=at, updated_at=now)


def bring_back(item: Item, *, now: datetime) -> None:
    """The item is in the inventory again, on no label but those whose rules want it."""
    with transaction.atomic():
        Item.objects.filter(pk=item.pk).exclude(archived_at=None).update(archived_at=None, updated_at=now)
        send_changed()

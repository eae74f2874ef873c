"""Items as the seller's pages change them. Nothing here sends anything: capture.sql notices what changed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

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


def set_blocked(items: QuerySet[Item], blocked: bool, *, now: datetime) -> int:
    """The items are offered nowhere, or wherever their labels say again. Returns how many were not so before."""
    with transaction.atomic():
        changed = _still(items.exclude(blocked=blocked)).update(blocked=blocked, updated_at=now)
        send_changed()
    return changed


def archive(items: QuerySet[Item], *, now: datetime) -> int:
    """The items are archived, which takes them off all labels. Returns how many were not archived before."""
    with transaction.atomic():
        # Items before labels, and in order: an import that is undone meanwhile locks them that way too.
        chosen = _still(items).filter(archived_at=None).order_by("pk").select_for_update(no_key=True)
        ids = list(chosen.values_list("pk", flat=True))
        LabelItem.objects.filter(item__in=ids).delete()
        Item.objects.filter(pk__in=ids).update(archived_at=now, updated_at=now)
        send_changed()
    return len(ids)


def bring_back(items: QuerySet[Item], *, now: datetime) -> int:
    """Archived items are in the inventory again, on no label but those whose rules want them."""
    with transaction.atomic():
        changed = _still(items.exclude(archived_at=None)).update(archived_at=None, updated_at=now)
        send_changed()
    return changed


def _still(items: QuerySet[Item]) -> QuerySet[Item]:
    """Return the same items by id: an UPDATE takes no joins and no order."""
    return Item.objects.filter(pk__in=items.order_by().values("pk"))

"""Edits of many items in slices of two, so that few items are many slices."""

from datetime import datetime
from typing import Any

import pytest

from inventory.bulk import edits
from inventory.models import BulkEdit, Item, Label, LabelItem, Seller
from tests.factories import NOW, make_seller, make_user

Action = BulkEdit.Action
State = BulkEdit.State


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("choosing", "edits", "undoing"):
        monkeypatch.setattr(f"inventory.bulk.{module}.SLICE", 2)


@pytest.fixture
def seller() -> Seller:
    made = make_seller()
    make_user(seller=made)
    return made


def do(seller: Seller, action: str, *, chosen: Any = None, **more: Any) -> BulkEdit:
    chosen = Item.objects.filter(seller=seller) if chosen is None else chosen
    actor = seller.memberships.get().user
    return edits.edit(seller, chosen, action, words="done", actor=actor, now=NOW, **more)


def undo(seller: Seller, made: BulkEdit) -> BulkEdit:
    return edits.undo(made, actor=seller.memberships.get().user, now=NOW)


def work(made: BulkEdit, now: datetime = NOW) -> BulkEdit:
    """Return the edit as a worker leaves it."""
    edits.run(made.pk, now=now)
    made.refresh_from_db()
    return made


def prices(seller: Seller) -> dict[str, Any]:
    return dict(Item.objects.filter(seller=seller).values_list("sku", "price"))


def members(label: Label) -> dict[str, str]:
    return dict(LabelItem.objects.filter(label=label).values_list("item__sku", "source"))

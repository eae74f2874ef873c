"""One slice of an edit's undo: what is still as the edit left it, and no later edit is about, is as it was."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from inventory import labels
from inventory.bulk.choosing import SLICE
from inventory.bulk.holding import hold, kin_of
from inventory.models import BulkEdit, Label, LabelItem
from inventory.signals import send_changed

Action = BulkEdit.Action

# ruff: noqa: S608 - statements are put together from constants
_LOCK_ITEMS = "SELECT FROM inventory_item WHERE id = ANY(%(items)s) ORDER BY id FOR NO KEY UPDATE"
#: What a later edit, still in force, is about too: whatever it looks like, it is as that edit wants it.
_NOT_LATER = """ AND NOT EXISTS (
    SELECT FROM inventory_bulkedit AS after JOIN inventory_bulkedititem AS later ON later.edit_id = after.id
    WHERE after.seller_id = %(seller)s AND after.id > %(edit)s
      AND (after.undone_at IS NULL OR later.item_id > after.last_item)
      AND after.action = ANY(%(kin)s) AND after.label_id IS NOT DISTINCT FROM %(label)s::bigint
      AND later.item_id = one.item_id
)"""
_OF_THE_SLICE = "one.edit_id = %(edit)s AND one.item_id = ANY(%(items)s)"
_PUT_BACK = f"""
UPDATE inventory_item AS item SET {{change}}, updated_at = %(now)s FROM inventory_bulkedititem AS one
WHERE {_OF_THE_SLICE} AND item.id = one.item_id AND {{unchanged}}{_NOT_LATER}
"""
_UNDO: Mapping[str, str] = {
    Action.BLOCK: _PUT_BACK.format(change="blocked = false", unchanged="item.blocked"),
    Action.UNBLOCK: _PUT_BACK.format(change="blocked = true", unchanged="NOT item.blocked"),
    Action.PRICE: _PUT_BACK.format(change="price = one.price_before", unchanged="item.price = one.price_after"),
}
#: On a label: what the edit made of them, and has not been touched since.
_STILL_ON = f"""
SELECT one.item_id, one.source_before FROM inventory_bulkedititem AS one
CROSS JOIN LATERAL (
    SELECT source FROM inventory_labelitem WHERE label_id = %(label)s AND item_id = one.item_id LIMIT 1
) AS member
WHERE {_OF_THE_SLICE} AND member.source = %(made)s{_NOT_LATER}"""
_STILL_OFF = f"""
SELECT one.item_id, one.source_before FROM inventory_bulkedititem AS one
JOIN inventory_item AS item ON item.id = one.item_id AND item.archived_at IS NULL
WHERE {_OF_THE_SLICE}{_NOT_LATER} AND NOT EXISTS (
    SELECT FROM inventory_labelitem AS member WHERE member.label_id = %(label)s AND member.item_id = one.item_id
)"""


def undo_slice(edit_id: int, *, now: datetime) -> bool:
    """The next items are as they were, in one commit with the record of it. Returns whether more are left to do.

    With the last of them the undo has ended; one that put nothing back was none. Safe to repeat after any interruption.
    Raises LabelGone.
    """
    with transaction.atomic():
        made = hold(edit_id)
        if made is None or made.state != BulkEdit.State.UNDOING:
            return False
        following = made.items.filter(item_id__gt=made.last_item).order_by("item_id")
        items = list(following.values_list("item_id", flat=True)[: SLICE + 1])
        is_more, items = len(items) > SLICE, items[:SLICE]
        if items:
            made.undone_count += _undo(made, items, now=now)
            made.done_count += len(items)
            made.last_item, made.attempts = items[-1], 0
        if not is_more:
            _end(made)
        made.save()
        send_changed()
    return is_more


def _end(made: BulkEdit) -> None:
    if made.undone_count:
        made.state = BulkEdit.State.UNDONE
        return
    made.state, made.undone_at, made.undone_by = BulkEdit.State.DONE, None, None
    made.error = "Nothing went back: all of it was changed since."


def _undo(made: BulkEdit, items: list[int], *, now: datetime) -> int:
    """Returns how many of the items are as they were."""
    given: dict[str, Any] = {"edit": made.pk, "seller": made.seller_id, "label": made.label_id, "items": items}
    given |= {"kin": kin_of(made.action), "now": now}
    if made.label is not None:
        return _undo_label(made.action, made.label, given)
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_ITEMS, given)
        cursor.execute(_UNDO[made.action], given)
        return int(cursor.rowcount)


def _undo_label(action: str, label: Label, given: dict[str, Any]) -> int:
    """The items stand on the label as before; where a rule decided, it decides again, as it is today."""
    left = LabelItem.Source.HAND if action == Action.LABEL else LabelItem.Source.EXCLUDED
    still = _STILL_OFF if action == Action.UNLABEL and label.kind == Label.Kind.MANUAL else _STILL_ON
    with connection.cursor() as cursor:
        cursor.execute(still, {**given, "made": left.value})
        before: dict[str, list[int]] = {}
        for item_id, source in cursor.fetchall():
            before.setdefault(source, []).append(item_id)
    for source, item_ids in before.items():
        labels.restore_exactly(label, item_ids, source)
    return sum(map(len, before.values()))

"""One slice of an edit's undo: what is still as the edit left it, and no later edit is about, is as it was."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from inventory import labels
from inventory.bulk.choosing import SLICE
from inventory.bulk.holding import hold, hold_items, kin_of
from inventory.models import BulkEdit, Label, LabelItem
from inventory.signals import send_changed

Action = BulkEdit.Action

# ruff: noqa: S608 - statements are put together from constants
_OF_THE_SLICE = "one.edit_id = %(edit)s AND one.item_id = ANY(%(items)s)"
#: What a later edit, still in force, is about too is left out: whatever it looks like, it is as that edit wants it.
_STILL = f"""
SELECT one.item_id FROM inventory_bulkedititem AS one
JOIN inventory_item AS item ON item.id = one.item_id
WHERE {_OF_THE_SLICE} AND {{unchanged}} AND NOT EXISTS (
    SELECT FROM inventory_bulkedit AS after JOIN inventory_bulkedititem AS later ON later.edit_id = after.id
    WHERE after.seller_id = %(seller)s AND after.id > %(edit)s
      AND (after.undone_at IS NULL OR later.item_id > after.last_item)
      AND after.action = ANY(%(kin)s) AND after.label_id IS NOT DISTINCT FROM %(label)s::bigint
      AND later.item_id = one.item_id
)"""
# Plan: each item's row on the label is looked up by itself; a join may be planned as a walk over the whole label.
_SOURCE = "(SELECT source FROM inventory_labelitem WHERE label_id = %(label)s AND item_id = one.item_id)"
_ON_A_LABEL = "SELECT FROM inventory_labelitem AS member WHERE member.item_id = one.item_id"
#: As the edit left it, and touched by nobody since. Rules put on labels what is brought back.
_UNCHANGED: Mapping[str, str] = {
    Action.BLOCK: "item.blocked",
    Action.UNBLOCK: "NOT item.blocked",
    Action.PRICE: "item.price = one.price_after",
    Action.ARCHIVE: f"item.archived_at = %(made_at)s AND NOT EXISTS ({_ON_A_LABEL})",
    Action.BRING_BACK: f"item.archived_at IS NULL AND NOT EXISTS ({_ON_A_LABEL} AND member.source = 'hand')",
    Action.LABEL: f"{_SOURCE} = 'hand'",
    Action.UNLABEL: f"coalesce({_SOURCE}, '') = %(off)s AND item.archived_at IS NULL",
}
_SET_BACK = f"""
UPDATE inventory_item AS item SET {{change}}, updated_at = %(now)s FROM inventory_bulkedititem AS one
WHERE {_OF_THE_SLICE} AND item.id = one.item_id
"""
_BACK: Mapping[str, str] = {
    Action.BLOCK: _SET_BACK.format(change="blocked = false"),
    Action.UNBLOCK: _SET_BACK.format(change="blocked = true"),
    Action.PRICE: _SET_BACK.format(change="price = one.price_before"),
    Action.ARCHIVE: _SET_BACK.format(change="archived_at = NULL"),
    Action.BRING_BACK: _SET_BACK.format(change="archived_at = one.archived_before"),
}
_BY_LABEL = f"""
SELECT was.label::bigint, was.source, array_agg(one.item_id)
FROM inventory_bulkedititem AS one, jsonb_each_text(one.labels_before) AS was (label, source)
WHERE {_OF_THE_SLICE}
GROUP BY 1, 2 ORDER BY 1, 2
"""


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
    held = hold_items(made, items)
    off = LabelItem.Source.EXCLUDED if made.label and made.label.kind == Label.Kind.RULE else ""
    given: dict[str, Any] = {"edit": made.pk, "seller": made.seller_id, "label": made.label_id, "items": items}
    given |= {"kin": kin_of(made.action), "made_at": made.made_at, "off": str(off), "now": now}
    with connection.cursor() as cursor:
        cursor.execute(_STILL.format(unchanged=_UNCHANGED[made.action]), given)
        given["items"] = [row[0] for row in cursor.fetchall()]
        if made.action in _BACK:
            cursor.execute(_BACK[made.action], given)
        cursor.execute(_BY_LABEL, given)
        before = cursor.fetchall()
    if made.action == Action.BRING_BACK:
        LabelItem.objects.filter(item__in=given["items"]).exclude(source=LabelItem.Source.EXCLUDED).delete()
    for label_id, source, item_ids in before:
        if label_id in held:
            labels.restore_exactly(held[label_id], item_ids, source)
    return len(given["items"])

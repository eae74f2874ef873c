"""One slice of an edit is done: what is still as it was when the edit was asked for changes; the rest is left alone."""

from collections.abc import Mapping
from datetime import datetime

from django.db import connection, transaction

from inventory import labels
from inventory.bulk.holding import hold
from inventory.models import BulkEdit, BulkEditSlice
from inventory.signals import send_changed

Action = BulkEdit.Action

# ruff: noqa: S608 - statements are put together from constants
_PART = """
    SELECT part.id, part.before, part.after
    FROM inventory_bulkeditslice AS slice,
        unnest(slice.item_ids, slice.befores, slice.afters) AS part(id, before, after)
    WHERE slice.id = %(slice)s"""
#: In order, so that two writers never wait for each other in a circle.
_LOCK_ITEMS = f"""
SELECT FROM inventory_item WHERE id IN (SELECT id FROM ({_PART}) AS part) ORDER BY id FOR NO KEY UPDATE
"""
_RECORD = f"""
    INSERT INTO inventory_bulkedititem (edit_id, item_id, price_before, price_after, source_before)
    SELECT %(edit)s, part.id, {{before}}, part.after::numeric, {{source}}
    FROM ({_PART}) AS part"""
_RECORD_ITEMS = _RECORD.format(before="part.before::numeric", source="''") + (
    " JOIN inventory_item AS item ON item.id = part.id WHERE {unchanged} RETURNING item_id, price_after"
)
_CHANGE_ITEMS = f"""
WITH changed AS ({_RECORD_ITEMS})
UPDATE inventory_item AS item SET {{change}}, updated_at = %(now)s FROM changed WHERE item.id = changed.item_id
"""
_CHANGE: Mapping[str, str] = {
    Action.BLOCK: _CHANGE_ITEMS.format(unchanged="NOT item.blocked", change="blocked = true"),
    Action.UNBLOCK: _CHANGE_ITEMS.format(unchanged="item.blocked", change="blocked = false"),
    Action.PRICE: _CHANGE_ITEMS.format(
        unchanged="item.price IS NOT DISTINCT FROM part.before::numeric", change="price = changed.price_after"
    ),
}
# Plan: each item's row on the label is looked up by itself; a join may be planned as a walk over the whole label.
_RECORD_MEMBERS = (
    _RECORD.format(before="NULL::numeric", source="part.before")
    + """
    JOIN inventory_item AS item ON item.id = part.id
    LEFT JOIN LATERAL (
        SELECT source FROM inventory_labelitem WHERE label_id = %(label)s AND item_id = part.id LIMIT 1
    ) AS member ON true
    WHERE coalesce(member.source, '') = part.before AND (item.archived_at IS NULL OR member.source IS NOT NULL)
    RETURNING item_id
"""
)


def do_slice(edit_id: int, *, now: datetime) -> bool:
    """The next items are changed, in one commit with the record of it. Returns whether more are left to do.

    With the last of them the edit has ended. Safe to repeat after any interruption. Raises LabelGone.
    """
    with transaction.atomic():
        made = hold(edit_id)
        if made is None or made.state != BulkEdit.State.RUNNING:
            return False
        part = made.slices.order_by("number").only("pk", "item_ids").first()
        if part is not None:
            made.changed_count += _change(made, part, now=now)
            made.done_count += len(part.item_ids)
            made.attempts = 0
            part.delete()
        is_more = made.slices.exists()
        made.state = BulkEdit.State.RUNNING if is_more else BulkEdit.State.DONE
        made.save(update_fields=["state", "changed_count", "done_count", "attempts"])
        send_changed()
    return is_more


def _change(made: BulkEdit, part: BulkEditSlice, *, now: datetime) -> int:
    """Returns how many items were changed; they are on record."""
    given = {"edit": made.pk, "slice": part.pk, "label": made.label_id, "now": now}
    with connection.cursor() as cursor:
        if made.label is None:
            cursor.execute(_LOCK_ITEMS, given)
            cursor.execute(_CHANGE[made.action], given)
            return int(cursor.rowcount)
        cursor.execute(_RECORD_MEMBERS, given)
        item_ids = [row[0] for row in cursor.fetchall()]
    if made.action == Action.LABEL:
        labels.put_exactly(made.label, item_ids, labels.Source.HAND)
    else:
        labels.take_off_exactly(made.label, item_ids)
    return len(item_ids)

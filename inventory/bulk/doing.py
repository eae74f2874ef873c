"""One slice of an edit is done: what is still as it was when the edit was asked for changes; the rest is left alone."""

from collections.abc import Mapping
from datetime import datetime

from django.db import connection, transaction

from inventory import catalogue, labels
from inventory.bulk.holding import hold, hold_items
from inventory.models import BulkEdit, BulkEditSlice, Item, Label
from inventory.signals import send_changed

Action = BulkEdit.Action

# ruff: noqa: S608 - statements are put together from constants
#: Those that are still as before are on record, with what of them is about to change.
_RECORD = """
INSERT INTO inventory_bulkedititem (edit_id, item_id{columns})
SELECT %(edit)s, part.id{befores}
FROM (
    SELECT part.id, part.before, part.after
    FROM inventory_bulkeditslice AS slice,
        unnest(slice.item_ids, slice.befores, slice.afters) AS part(id, before, after)
    WHERE slice.id = %(slice)s
) AS part
JOIN inventory_item AS item ON item.id = part.id
WHERE {unchanged}
RETURNING item_id
"""
# Plan: each item's row on the label is looked up by itself; a join may be planned as a walk over the whole label.
_SOURCE = "(SELECT source FROM inventory_labelitem WHERE label_id = %(label)s AND item_id = part.id)"
_LABELS = "(SELECT jsonb_object_agg(label_id, source) FROM inventory_labelitem WHERE item_id = part.id)"


def _recording(*, unchanged: str, **befores: str) -> str:
    """Return the statement; `befores` are columns of the record and what stands in them."""
    columns, values = ("".join(f", {text}" for text in texts) for texts in (befores, befores.values()))
    return _RECORD.format(columns=columns, befores=values, unchanged=unchanged)


_MEMBERS = _recording(
    unchanged=f"coalesce({_SOURCE}, '') = part.before AND (item.archived_at IS NULL OR part.before <> '')",
    labels_before="jsonb_build_object(%(label)s::bigint, part.before)",
)
_RECORDING: Mapping[str, str] = {
    Action.BLOCK: _recording(unchanged="NOT item.blocked"),
    Action.UNBLOCK: _recording(unchanged="item.blocked"),
    Action.PRICE: _recording(
        unchanged="item.price IS NOT DISTINCT FROM part.before::numeric",
        price_before="part.before::numeric",
        price_after="part.after::numeric",
    ),
    Action.ARCHIVE: _recording(unchanged="item.archived_at IS NULL", labels_before=_LABELS),
    Action.BRING_BACK: _recording(
        unchanged="item.archived_at = part.before::timestamptz", archived_before="item.archived_at"
    ),
    Action.LABEL: _MEMBERS,
    Action.UNLABEL: _MEMBERS,
}
_SET_PRICES = """
UPDATE inventory_item AS item SET price = one.price_after, updated_at = %(now)s
FROM inventory_bulkedititem AS one
WHERE one.edit_id = %(edit)s AND one.item_id = ANY(%(items)s) AND item.id = one.item_id
"""


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
    held = hold_items(made, part.item_ids)
    with connection.cursor() as cursor:
        cursor.execute(_RECORDING[made.action], {"edit": made.pk, "slice": part.pk, "label": made.label_id})
        items = [row[0] for row in cursor.fetchall()]
    _do(made, items, held, now=now)
    return len(items)


def _do(made: BulkEdit, items: list[int], held: Mapping[int, Label], *, now: datetime) -> None:
    """It is done to these items, all on record. Of an edit about one label only that is held."""
    those = Item.objects.filter(pk__in=items)
    match made.action:
        case Action.BLOCK | Action.UNBLOCK:
            those.update(blocked=made.action == Action.BLOCK, updated_at=now)
        case Action.PRICE:
            with connection.cursor() as cursor:
                cursor.execute(_SET_PRICES, {"edit": made.pk, "items": items, "now": now})
        case Action.ARCHIVE:  # since when it is archived says which edit did it
            catalogue.archive_exactly(items, at=made.made_at, now=now)
        case Action.BRING_BACK:
            those.update(archived_at=None, updated_at=now)
        case Action.LABEL:
            for label in held.values():
                labels.put_exactly(label, items, labels.Source.HAND)
        case Action.UNLABEL:
            for label in held.values():
                labels.take_off_exactly(label, items)

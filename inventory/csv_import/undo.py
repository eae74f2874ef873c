"""The undo of a whole import: its items go back to what they were, those it made are archived. Set-based, in slices.

Labels that it made go last, if nothing else uses them.

An item that somebody changed since, or whose stock was counted, or that was sold although the import made it, is
left alone and counted. What was sold of the others stays sold: a count is taken back by its difference, not by what
was there before. Variations come before their parents, which stay as long as one of their variations does.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from inventory import labels, stock
from inventory.csv_import.differences import FIELDS, STATE
from inventory.models import CsvImport, ImportedItem, LabelItem, Reason
from inventory.signals import send_changed
from inventory.stock import Movement

SLICE = 5_000
#: So many items are looked at before the seller says yes.
FORESEEN = 1_000

Outcome = ImportedItem.Outcome

# The movement by which this import counted the item's stock, if it did.
_COUNTED = """
    LEFT JOIN LATERAL (
        SELECT id, location_id, on_hand_delta
        FROM inventory_stockmovement
        WHERE key = md5('csv import ' || %(import)s || ' row ' || was.number)::uuid
        LIMIT 1
    ) AS counted ON true
"""
# Movements since that the undo would clash with; those of another import that was undone itself do not count.
_MOVED_SINCE = """EXISTS (
    SELECT FROM inventory_stockmovement AS later
    WHERE later.item_id = was.item_id AND later.id > coalesce(counted.id, 0) AND later.reason <> 'undone'
        AND (was.is_new OR later.location_id = counted.location_id AND later.reason IN ('counted', 'imported'))
        AND NOT EXISTS (
            SELECT FROM inventory_stockmovement AS twin WHERE twin.key = md5('undo ' || later.key)::uuid
        )
)"""
_HAS_VARIATIONS = """EXISTS (
    SELECT FROM inventory_item AS variation WHERE variation.parent_id = item.id AND variation.archived_at IS NULL
)"""
_OUTCOME = f"""CASE
    WHEN item.id IS NULL OR {STATE.format("item")} <> was.state OR {_MOVED_SINCE} THEN '{Outcome.LEFT}'
    WHEN NOT was.is_new THEN '{Outcome.BACK}'
    WHEN was.is_parent AND {{has_variations}} THEN '{Outcome.LEFT}'
    ELSE '{Outcome.ARCHIVED}'
END"""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What an undo would come to now. Of a large import `left` is None, and the others are what the preview counted."""

    back: int
    archived: int
    left: int | None
    #: The labels that it made.
    labels: int


def foresee(csv_import: CsvImport) -> Foreseen:
    """Return what undoing would do, as things stand."""
    made = csv_import.made_labels.count()
    if csv_import.items.order_by()[: FORESEEN + 1].count() > FORESEEN:
        back, archived = (min(csv_import.summary.get(name, 0), csv_import.rows_done) for name in ("changed", "new"))
        return Foreseen(back=back, archived=archived, left=None, labels=made)
    with connection.cursor() as cursor:
        outcome = _OUTCOME.format(has_variations="false")  # its variations would be archived before it
        cursor.execute(
            f"""
            SELECT {outcome}, count(*)
            FROM inventory_importeditem AS was
            LEFT JOIN inventory_item AS item ON item.id = was.item_id
            {_COUNTED}
            WHERE was.csv_import_id = %(id)s
            GROUP BY 1
            """,  # noqa: S608 - names of our own
            {"id": csv_import.pk, "import": str(csv_import.public_id)},
        )
        found = dict(cursor.fetchall())
    return Foreseen(**{name: found.get(name, 0) for name in ("back", "archived", "left")}, labels=made)


def undo_slice(csv_import: CsvImport, *, now: datetime) -> bool:
    """The next items are as they were, in one commit with the record of it. Returns whether any were left to do."""
    with transaction.atomic():
        held = CsvImport.objects.select_for_update(no_key=True).get(pk=csv_import.pk)
        items = _next_items(held)
        if not items or held.state != CsvImport.State.UNDOING:
            return False
        outcomes = _judge(held, [item for _, item in items])
        back = [item for item, outcome in outcomes.items() if outcome == Outcome.BACK]
        archived = [item for item, outcome in outcomes.items() if outcome == Outcome.ARCHIVED]
        _take_back_stock(held, [*back, *archived], now=now)
        _restore(held, back, now=now)
        _restore_labels(held, back)
        _archive(held, archived, now=now)
        _record(held, outcomes, after=items[-1])
        send_changed()
    return True


def _next_items(csv_import: CsvImport) -> list[tuple[bool, int]]:
    """Return the next items as (is parent, id), in that order; parents come apart, after all others."""
    after = csv_import.undone.get("after", [False, 0])
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT is_parent, item_id FROM inventory_importeditem
            WHERE csv_import_id = %s AND (is_parent, item_id) > (%s, %s)
            ORDER BY is_parent, item_id LIMIT %s
            """,
            [csv_import.pk, *after, SLICE],
        )
        items = list(cursor.fetchall())
    return [item for item in items if item[0] == items[0][0]]


def _judge(csv_import: CsvImport, ids: list[int]) -> dict[int, str]:
    """Return item id -> outcome. The items and their stock are locked until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM inventory_item WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", [ids])
        stock.lock_stock(ids)
        cursor.execute(
            f"""
            SELECT was.item_id, {_OUTCOME.format(has_variations=_HAS_VARIATIONS)}
            FROM inventory_importeditem AS was
            LEFT JOIN inventory_item AS item ON item.id = was.item_id
            {_COUNTED}
            WHERE was.csv_import_id = %(id)s AND was.item_id = ANY(%(items)s)
            """,  # noqa: S608
            {"id": csv_import.pk, "import": str(csv_import.public_id), "items": ids},
        )
        return dict(cursor.fetchall())


def _take_back_stock(csv_import: CsvImport, items: list[int], *, now: datetime) -> None:
    """What the import counted is taken back by movements of their own; nothing falls below none on hand."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT
                was.item_id, counted.location_id, greatest(-counted.on_hand_delta, least(-stock.on_hand, 0)),
                md5('undo ' || md5('csv import ' || %(import)s || ' row ' || was.number)::uuid)::uuid
            FROM inventory_importeditem AS was
            {_COUNTED}
            JOIN inventory_stock AS stock ON stock.item_id = was.item_id AND stock.location_id = counted.location_id
            WHERE was.csv_import_id = %(id)s AND was.item_id = ANY(%(items)s)
            """,  # noqa: S608
            {"id": csv_import.pk, "import": str(csv_import.public_id), "items": items},
        )
        movements = [_movement(csv_import, *row) for row in cursor.fetchall() if row[2]]
    stock.record_movements(movements, now=now)


def _movement(csv_import: CsvImport, item_id: int, location_id: int, delta: int, key: UUID) -> Movement:
    return Movement(
        item_id=item_id,
        location_id=location_id,
        on_hand_delta=delta,
        reason=Reason.UNDONE,
        key=key,
        actor_id=csv_import.undone_by_id,
        note=csv_import.file_name[:200],
    )


def _restore(csv_import: CsvImport, items: list[int], *, now: datetime) -> None:
    """The items' columns are what they were before; a parent that is gone since is none any more."""
    before = ", ".join(f"before.{field}" for field in FIELDS.split(", "))
    parent = "(SELECT parent.id FROM inventory_item AS parent WHERE parent.id = before.parent_id)"
    record = "jsonb_populate_record(NULL::inventory_item, was.before) AS before"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE inventory_item AS item
            SET ({FIELDS}, parent_id) = (SELECT {before}, {parent} FROM {record}), updated_at = %s
            FROM inventory_importeditem AS was
            WHERE was.csv_import_id = %s AND was.is_parent = item.is_parent AND was.item_id = item.id
                AND item.id = ANY(%s) AND was.before IS NOT NULL
            """,  # noqa: S608
            [now, csv_import.pk, items],
        )


def _restore_labels(csv_import: CsvImport, items: list[int]) -> None:
    """The items are on the labels as they were, those left out that somebody put there otherwise since."""
    member = "member.label_id = %s AND member.item_id = was.item_id AND member.source = %s"
    known = "was.csv_import_id = %s AND was.item_id = ANY(%s)"
    was_not = "was.labels_before ->> %s = ''"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT label.id FROM inventory_label AS label
            WHERE label.id IN (
                SELECT jsonb_object_keys(was.labels_before)::bigint FROM inventory_importeditem AS was WHERE {known}
            )
            ORDER BY label.id FOR NO KEY UPDATE
            """,  # noqa: S608
            [csv_import.pk, items],
        )
        for (label_id,) in cursor.fetchall():
            params: list[Any] = [label_id, LabelItem.Source.HAND, csv_import.pk, items, str(label_id)]
            cursor.execute(
                f"""
                DELETE FROM inventory_labelitem AS member USING inventory_importeditem AS was
                WHERE {member} AND {known} AND {was_not}
                """,  # noqa: S608
                params,
            )
            cursor.execute(
                f"""
                UPDATE inventory_labelitem AS member SET source = was.labels_before ->> %s
                FROM inventory_importeditem AS was
                WHERE {member} AND {known} AND NOT {was_not}
                """,  # noqa: S608
                [str(label_id), *params],
            )


@transaction.atomic
def remove_labels(csv_import: CsvImport) -> None:
    """Labels that the import made are gone, but for those that something else uses by now. Safe to repeat."""
    names = [label.name for label in csv_import.made_labels.order_by("pk") if labels.remove_unused(label)]
    if names:
        csv_import.refresh_from_db(fields=["undone"])
        csv_import.undone["labels"] = [*csv_import.undone.get("labels", []), *names]
        csv_import.save(update_fields=["undone"])


def _archive(csv_import: CsvImport, items: list[int], *, now: datetime) -> None:
    """The items are archived at the time of the undo, by which a later import knows that it may bring them back."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM inventory_labelitem WHERE item_id = ANY(%s)", [items])
        cursor.execute(
            "UPDATE inventory_item SET archived_at = %s, updated_at = %s WHERE id = ANY(%s)",
            [csv_import.undone_at, now, items],
        )


def _record(csv_import: CsvImport, outcomes: dict[int, str], *, after: tuple[bool, int]) -> None:
    """The items' outcomes are on record, and so is how far the undo is."""
    for outcome in Outcome:
        items = [item for item, found in outcomes.items() if found == outcome]
        if items:
            csv_import.items.filter(item_id__in=items).update(outcome=outcome)
    counts = Counter(outcomes.values()) + Counter({name: csv_import.undone.get(name, 0) for name in Outcome.values})
    csv_import.undone = {**csv_import.undone, **counts, "after": list(after)}
    csv_import.attempts = 0
    csv_import.save(update_fields=["undone", "attempts"])

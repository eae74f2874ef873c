"""The staged rows go into the inventory, in bounded slices. Set-based.

What each item was before is kept beside it (ImportedItem), in the same statement where there is one, so that the import
can be undone.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F

from inventory import labels, stock
from inventory.csv_import.differences import CAN_COME_BACK, DIFFERS, FIELDS, IS_HIDDEN, NEW_VALUES, STATE
from inventory.csv_import.slices import Slice, next_slice
from inventory.models import CsvImport, Label, LabelItem, Location, Reason
from inventory.signals import send_changed

_PARENT = "(SELECT id FROM inventory_item AS parent WHERE parent.seller_id = %s AND parent.sku = given.parent)"


class Stopped(Exception):
    """The import is no longer running: somebody stopped it."""


def apply_slice(csv_import: CsvImport, location: Location, *, now: datetime) -> bool:
    """The next rows are in the inventory and the import's progress says so, in one commit. Returns whether any were.

    Safe to repeat after any interruption. Raises Stopped when the import no longer runs.
    """
    with transaction.atomic():
        part = next_slice(csv_import)
        if part is None:
            return False
        brought_back = _bring_back(part, now=now)
        if _insert_new(part, now=now) < part.count:
            _update_changed(part, brought_back, now=now)
            _record_counted(part, location)
        _count_stock(part, location, now=now)
        if wanted := _labels(part, now=now):
            _record_labelled(part, wanted)
            _put_on_labels(part, wanted)
        moved = CsvImport.objects.filter(pk=csv_import.pk, state=CsvImport.State.RUNNING).update(
            last_place=part.last, rows_done=F("rows_done") + part.count, attempts=0
        )
        if not moved:
            raise Stopped
        send_changed()
    csv_import.refresh_from_db(fields=["last_place", "rows_done", "attempts"])
    return True


_RECORD = """
    INSERT INTO inventory_importeditem
        (csv_import_id, item_id, is_parent, is_new, before, state, number, labels_before, outcome)
"""
_NUMBER = "CASE WHEN given.quantity IS NOT NULL THEN given.number END"


def _bring_back(part: Slice, *, now: datetime) -> list[int]:
    """Items of the slice that an earlier undo archived are in the inventory again. Returns their ids."""
    if not CsvImport.objects.filter(seller=part.csv_import.seller_id, undone_at__isnull=False).exists():
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH found AS MATERIALIZED (
                SELECT item.id, given.as_parent, {_NUMBER} AS number
                FROM {part.items}
                WHERE item.archived_at IS NOT NULL AND {CAN_COME_BACK.format("given")}
            ), back AS (
                UPDATE inventory_item AS item
                SET archived_at = NULL, is_parent = coalesce(found.as_parent, item.is_parent), updated_at = %s
                FROM found
                WHERE item.id = found.id
                RETURNING item.*, found.number
            )
            {_RECORD}
            SELECT %s, back.id, back.is_parent, true, NULL, {STATE.format("back")}, back.number, NULL, ''
            FROM back
            RETURNING item_id
            """,  # noqa: S608
            [*part.item_params, now, part.csv_import.pk],
        )
        return [row[0] for row in cursor.fetchall()]


def _insert_new(part: Slice, *, now: datetime) -> int:
    """The slice's new items exist and are on record. Returns how many there were."""
    seller = part.csv_import.seller
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH made AS (
                INSERT INTO inventory_item (
                    seller_id, sku, title, description, brand, gtin, price, currency, images, attributes,
                    variation, is_parent, parent_id, blocked, created_at, updated_at
                )
                SELECT
                    %s, given.sku, given.title, coalesce(given.description, ''), coalesce(given.brand, ''),
                    coalesce(given.gtin, ''), given.price, coalesce(given.currency, %s), coalesce(given.images, '[]'),
                    given.attributes, coalesce(given.variation, '{{}}'), coalesce(given.as_parent, false),
                    CASE WHEN given.parent IS NOT NULL THEN {_PARENT} END, false, %s, %s
                FROM {part.rows}
                LEFT JOIN LATERAL (
                    SELECT id FROM inventory_item WHERE seller_id = %s AND sku = given.sku LIMIT 1
                ) AS item ON true
                WHERE given.title IS NOT NULL AND item.id IS NULL
                ORDER BY given.sku
                ON CONFLICT (seller_id, sku) DO NOTHING
                RETURNING id, sku, content_hash, price, currency, is_parent, blocked, archived_at
            )
            {_RECORD}
            SELECT %s, made.id, made.is_parent, true, NULL, {STATE.format("made")}, {_NUMBER}, NULL, ''
            FROM made
            JOIN {part.rows} USING (sku)
            """,  # noqa: S608
            [
                *[seller.pk, seller.currency, seller.pk, now, now, *part.params, seller.pk],
                *[part.csv_import.pk, *part.params],
            ],
        )
        return int(cursor.rowcount)


def _update_changed(part: Slice, brought_back: list[int], *, now: datetime) -> None:
    """The slice's items have the given values; what they were is on record, unless they came back just now."""
    ids = _lock_changed(part)
    if not ids:
        return
    before = ", ".join(f"'{field}', old.{field}" for field in [*FIELDS.split(", "), "parent_id"])
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH changed AS (
                UPDATE inventory_item AS item
                SET ({FIELDS}) = ROW({NEW_VALUES}), updated_at = %s,
                    parent_id = CASE WHEN given.parent IS NULL THEN item.parent_id ELSE {_PARENT} END
                FROM {part.rows}
                WHERE item.id = ANY(%s) AND item.sku = given.sku
                RETURNING new.*, jsonb_build_object({before}) AS before, {_NUMBER} AS number
            )
            {_RECORD}
            SELECT
                %s, changed.id, changed.is_parent, false, before, {STATE.format("changed")}, changed.number, NULL, ''
            FROM changed
            ON CONFLICT (csv_import_id, is_parent, item_id) DO UPDATE SET state = excluded.state
            """,  # noqa: S608
            [now, part.csv_import.seller_id, *part.params, ids, part.csv_import.pk],
        )


def _lock_changed(part: Slice) -> list[int]:
    """Return the ids of the items that the slice changes; they are locked."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT item.id FROM {part.items} WHERE item.archived_at IS NULL AND {DIFFERS}",  # noqa: S608
            part.item_params,
        )
        ids = [row[0] for row in cursor.fetchall()]
        # Locked in order, so that two writers never wait for each other in a circle.
        cursor.execute("SELECT id FROM inventory_item WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", [ids])
        return ids


def _record_counted(part: Slice, location: Location) -> None:
    """Items whose stock is about to be counted otherwise are on record."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            {_RECORD}
            SELECT %s, item.id, item.is_parent, false, NULL, {STATE.format("item")}, given.number, NULL, ''
            FROM {part.items}
            LEFT JOIN LATERAL (
                SELECT on_hand FROM inventory_stock WHERE item_id = item.id AND location_id = %s LIMIT 1
            ) AS stock ON true
            WHERE given.quantity <> coalesce(stock.on_hand, 0) AND NOT item.is_parent AND item.archived_at IS NULL
            ON CONFLICT (csv_import_id, is_parent, item_id) DO NOTHING
            """,  # noqa: S608
            [part.csv_import.pk, *part.item_params, location.pk],
        )


def _labels(part: Slice, *, now: datetime) -> list[Label]:
    """Return the labels on which the slice puts items: the import's own, and those its rows name, which exist now."""
    chosen = part.csv_import.label
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT unnest(given.labels) FROM {part.rows} WHERE NOT {IS_HIDDEN}",  # noqa: S608
            part.params,
        )
        names = [name for (name,) in cursor.fetchall()]
    named = labels.make_missing(part.csv_import, names, now=now) if names else []
    return sorted({*named, *([chosen] if chosen else [])}, key=lambda label: label.pk)


#: The row puts its item on the label; takes the id of the import's own label.
_IS_WANTED = "(label.id = %s OR label.name = ANY(given.labels))"
#: The item's row on the label, looked up by itself: a join may be planned as a walk over all rows of the label.
_MEMBER = """LEFT JOIN LATERAL (
    SELECT source FROM inventory_labelitem WHERE label_id = label.id AND item_id = item.id LIMIT 1
) AS member ON true"""
#: The item is not on the label, or kept off; one that a rule has put on it stays there by rule.
_IS_OFF = f"coalesce(member.source, '{LabelItem.Source.EXCLUDED}') = '{LabelItem.Source.EXCLUDED}'"


def _record_labelled(part: Slice, wanted: Sequence[Label]) -> None:
    """Items that are about to come on labels are on record, with how they were on them before."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            {_RECORD}
            SELECT %s, item.id, item.is_parent, false, NULL, {STATE.format("item")}, NULL, labelled.before, ''
            FROM {part.items}
            CROSS JOIN LATERAL (
                SELECT jsonb_object_agg(label.id, coalesce(member.source, '')) AS before
                FROM inventory_label AS label
                {_MEMBER}
                WHERE label.id = ANY(%s) AND {_IS_WANTED} AND {_IS_OFF}
            ) AS labelled
            WHERE item.archived_at IS NULL AND NOT {IS_HIDDEN} AND labelled.before IS NOT NULL
            ON CONFLICT (csv_import_id, is_parent, item_id) DO UPDATE SET labels_before = excluded.labels_before
            """,  # noqa: S608
            [part.csv_import.pk, *part.item_params, [label.pk for label in wanted], part.csv_import.label_id],
        )


def _put_on_labels(part: Slice, wanted: Sequence[Label]) -> None:
    source = f"""
        SELECT item.id FROM {part.items} JOIN inventory_label AS label ON label.id = %s
        {_MEMBER}
        WHERE item.archived_at IS NULL AND NOT {IS_HIDDEN} AND {_IS_WANTED} AND {_IS_OFF} ORDER BY item.id
    """  # noqa: S608
    for label in wanted:
        labels.add_items_from(label, source, [*part.item_params, label.pk, part.csv_import.label_id])


def _count_stock(part: Slice, location: Location, *, now: datetime) -> None:
    # The key names file and row: the same row of the same file counts once, whatever happens in between.
    source = stock.CountSource(
        sql=f"""
            SELECT item.id, given.quantity, md5('csv import ' || %s || ' row ' || given.number)::uuid
            FROM {part.items}
            WHERE given.quantity IS NOT NULL AND NOT item.is_parent AND item.archived_at IS NULL
        """,  # noqa: S608
        params=[str(part.csv_import.public_id), *part.item_params],
    )
    stock.record_counts(
        source,
        location=location,
        reason=Reason.IMPORTED,
        actor_id=part.csv_import.created_by_id,
        now=now,
        note=part.csv_import.file_name[:200],
    )

"""The staged rows go into the inventory, in bounded slices. Set-based."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from inventory import labels, stock
from inventory.csv_import.differences import DIFFERS, FIELDS, NEW_VALUES
from inventory.csv_import.staging import PARENTS_FIRST, tables_of
from inventory.models import CsvImport, Label, Location, Reason
from inventory.signals import send_changed

SLICE = 5_000

_PARENT = "(SELECT id FROM inventory_item AS parent WHERE parent.seller_id = %s AND parent.sku = given.parent)"


class Stopped(Exception):
    """The import is no longer running: somebody stopped it."""


@dataclass(frozen=True, slots=True)
class _Slice:
    """The good rows of one transaction, by their places."""

    csv_import: CsvImport
    first: int
    last: int
    count: int

    @property
    def rows(self) -> str:
        """The slice's rows, to select from; takes `params`."""
        return f"(SELECT * FROM {tables_of(self.csv_import).rows} WHERE place BETWEEN %s AND %s) AS given"  # noqa: S608

    @property
    def params(self) -> list[Any]:
        return [self.first, self.last]

    @property
    def items(self) -> str:
        """The slice's rows, each with its item, to select from; takes `item_params`.

        Each item is looked up by itself: a join may be planned as a walk over all the seller's items, and is so planned
        while the statistics have not met this seller yet.
        """
        return f"""{self.rows} CROSS JOIN LATERAL (
            SELECT * FROM inventory_item WHERE seller_id = %s AND sku = given.sku LIMIT 1
        ) AS item"""  # noqa: S608

    @property
    def item_params(self) -> list[Any]:
        return [*self.params, self.csv_import.seller_id]


def apply_slice(csv_import: CsvImport, location: Location, *, now: datetime) -> bool:
    """The next rows are in the inventory and the import's progress says so, in one commit. Returns whether any were.

    Safe to repeat after any interruption. Raises Stopped when the import no longer runs.
    """
    with transaction.atomic():
        part = _next_slice(csv_import)
        if part is None:
            return False
        if _insert_new(part, now=now) < part.count:
            _update_changed(part, now=now)
        _count_stock(part, location, now=now)
        if csv_import.label:
            _put_on_label(part, csv_import.label)
        moved = CsvImport.objects.filter(pk=csv_import.pk, state=CsvImport.State.RUNNING).update(
            last_place=part.last, rows_done=F("rows_done") + part.count, attempts=0
        )
        if not moved:
            raise Stopped
        send_changed()
    csv_import.refresh_from_db(fields=["last_place", "rows_done", "attempts"])
    return True


def _next_slice(csv_import: CsvImport) -> _Slice | None:
    """Return the rows to come, parents apart from others: a statement does not see the rows it inserts itself."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH following AS (
                SELECT place FROM {tables_of(csv_import).rows} WHERE place > coalesce(%s, {-PARENTS_FIRST})
                ORDER BY place LIMIT %s
            )
            SELECT min(place), max(place), count(*)
            FROM following
            WHERE (place < 0) = (SELECT min(place) < 0 FROM following)
            """,  # noqa: S608
            [csv_import.last_place, SLICE],
        )
        first, last, count = cursor.fetchone()
    return _Slice(csv_import, first, last, count) if count else None


def _insert_new(part: _Slice, *, now: datetime) -> int:
    """The slice's new items exist. Returns how many there were."""
    seller = part.csv_import.seller
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
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
            """,  # noqa: S608
            [seller.pk, seller.currency, seller.pk, now, now, *part.params, seller.pk],
        )
        return int(cursor.rowcount)


def _update_changed(part: _Slice, *, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT item.id FROM {part.items} WHERE item.archived_at IS NULL AND {DIFFERS}",  # noqa: S608
            part.item_params,
        )
        ids = [row[0] for row in cursor.fetchall()]
        if not ids:
            return
        # Locked in order first, so that two writers never wait for each other in a circle.
        cursor.execute("SELECT id FROM inventory_item WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", [ids])
        cursor.execute(
            f"""
            UPDATE inventory_item AS item
            SET ({FIELDS}) = ROW({NEW_VALUES}), updated_at = %s,
                parent_id = CASE WHEN given.parent IS NULL THEN item.parent_id ELSE {_PARENT} END
            FROM {part.rows}
            WHERE item.id = ANY(%s) AND item.sku = given.sku
            """,  # noqa: S608
            [now, part.csv_import.seller_id, *part.params, ids],
        )


def _put_on_label(part: _Slice, label: Label) -> None:
    source = f"SELECT item.id FROM {part.items} WHERE item.archived_at IS NULL ORDER BY item.id"  # noqa: S608
    labels.add_items_from(label, source, part.item_params)


def _count_stock(part: _Slice, location: Location, *, now: datetime) -> None:
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

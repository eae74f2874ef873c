"""A parent's labels are its variations': those in the file, and those that the inventory has of it."""

from collections.abc import Sequence

from django.db import connection

from inventory.csv_import.differences import IS_HIDDEN, LABELS
from inventory.csv_import.header import Column
from inventory.csv_import.staging import tables_of
from inventory.models import CsvImport


def label_variations(csv_import: CsvImport, columns: Sequence[Column]) -> int:
    """The good rows of variations name their parents' labels, too; variations without a row get one that names these.

    Returns how many rows that made. For a transaction.
    """
    if not any(column.field == "labels" for column in columns):
        return 0
    _find_families(csv_import)
    _extend_rows(csv_import)
    return _add_rows(csv_import)


def _find_families(csv_import: CsvImport) -> None:
    """A temporary table holds the parents whose rows name labels."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS csv_family")
        cursor.execute(
            f"""
            CREATE TEMPORARY TABLE csv_family ON COMMIT DROP AS
            SELECT given.sku, given.line, given.labels, item.id AS parent_id
            FROM {tables_of(csv_import).rows} AS given
            LEFT JOIN inventory_item AS item ON item.seller_id = %s AND item.sku = given.sku AND item.is_parent
            WHERE given.labels IS NOT NULL AND NOT {IS_HIDDEN} AND coalesce(given.as_parent, item.id IS NOT NULL)
            """,  # noqa: S608 - names of our own
            [csv_import.seller_id],
        )
        cursor.execute("ANALYZE csv_family")


def _extend_rows(csv_import: CsvImport) -> None:
    rows = tables_of(csv_import).rows
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH variation AS (
                SELECT given.place, family.labels
                FROM csv_family AS family JOIN {rows} AS given ON given.parent = family.sku
                UNION ALL
                SELECT given.place, family.labels
                FROM csv_family AS family
                JOIN inventory_item AS item USING (parent_id)
                JOIN {rows} AS given ON given.sku = item.sku AND given.parent IS NULL
            )
            UPDATE {rows} AS given
            SET labels = ARRAY(SELECT DISTINCT unnest(coalesce(given.labels, '{{}}') || variation.labels))
            FROM variation
            WHERE given.place = variation.place
            """  # noqa: S608
        )


def _add_rows(csv_import: CsvImport) -> int:
    """Their places come after all others, so that the rows before them keep theirs."""
    tables = tables_of(csv_import)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO {tables.rows} (place, number, line, sku, labels, attributes, is_odd)
            SELECT last.number + along.rank, last.number + along.rank, line, sku, labels, '{{}}', false
            FROM (SELECT max(number) AS number FROM {tables.cells}) AS last
            CROSS JOIN (
                SELECT
                    row_number() OVER (ORDER BY family.line, item.sku) AS rank, family.line, item.sku, family.labels
                FROM csv_family AS family
                JOIN inventory_item AS item USING (parent_id)
                WHERE item.archived_at IS NULL AND NOT family.labels <@ {LABELS}
                    AND NOT EXISTS (SELECT FROM {tables.rows} AS given WHERE given.sku = item.sku)
            ) AS along
            """  # noqa: S608
        )
        return int(cursor.rowcount)

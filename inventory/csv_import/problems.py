"""The bad rows: taken out of the staged ones and kept with all that is wrong with them, in the seller's words."""

from collections.abc import Sequence

from django.db import connection
from django.db.models import QuerySet

from inventory.csv_import.checks import ORPHANED, checks_for
from inventory.csv_import.differences import CAN_COME_BACK
from inventory.csv_import.header import Column
from inventory.csv_import.staging import TEXT_FIELDS, tables_of
from inventory.csv_import.values import text_value
from inventory.models import CsvImport, CsvImportProblem


def record_problems(csv_import: CsvImport, columns: Sequence[Column]) -> int:
    """Each bad row stands in CsvImportProblem with all its reasons, and no longer in `rows`. Returns how many."""
    CsvImportProblem.objects.filter(csv_import=csv_import).delete()
    _record_untrusted(csv_import)
    _find_suspects(csv_import)
    _record_suspects(csv_import, columns)
    _leave_out_bad(csv_import)
    if any(column.field == "parent" for column in columns):
        _record_orphans(csv_import, columns)
        _leave_out_bad(csv_import)
    return CsvImportProblem.objects.filter(csv_import=csv_import).count()


def mendable(csv_import: CsvImport) -> QuerySet[CsvImportProblem]:
    """Return the bad rows that the seller can mend and bring again."""
    return csv_import.problems.exclude(cells=[])


def _record_untrusted(csv_import: CsvImport) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO inventory_csvimportproblem (csv_import_id, number, line, reasons, cells)
            SELECT %s, number, line, jsonb_build_array(jsonb_build_object('column', '', 'reason', problem)), as_read
            FROM {tables_of(csv_import).cells}
            WHERE problem IS NOT NULL
            """,  # noqa: S608
            [csv_import.pk],
        )


def _find_suspects(csv_import: CsvImport) -> None:
    """A temporary table holds the rows that some check objects to, with what those checks look at.

    Doubled SKUs are found by their hashes first: numbers group in memory, a million texts do not. The good rows, nearly
    all, leave after two hash joins by SKU; the reasons are worked out for the rest alone.
    """
    rows, comes_back = tables_of(csv_import).rows, CAN_COME_BACK.format("meant")
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            CREATE TEMPORARY TABLE csv_suspect ON COMMIT DROP AS
            WITH doubled AS MATERIALIZED (
                SELECT sku, (array_agg(line ORDER BY number))[:5] AS lines
                FROM {rows}
                WHERE hashtextextended(sku, 0) IN (
                    SELECT hashtextextended(sku, 0) FROM {rows} GROUP BY 1 HAVING count(*) > 1
                )
                GROUP BY sku
                HAVING count(*) > 1
            )
            SELECT
                meant.*, item.id AS item_id,
                CASE WHEN item.archived_at IS NOT NULL AND NOT ({comes_back}) THEN item.archived_at END AS archived_at,
                CASE WHEN item.archived_at IS NULL OR NOT ({comes_back}) THEN item.is_parent END AS is_parent,
                item.currency AS item_currency,
                doubled.sku AS doubled_sku, doubled.lines AS doubled_lines
            FROM {rows} AS meant
            LEFT JOIN doubled ON doubled.sku = meant.sku
            LEFT JOIN inventory_item AS item ON item.seller_id = %s AND item.sku = meant.sku
            WHERE meant.is_odd OR doubled.sku IS NOT NULL OR item.archived_at IS NOT NULL
                OR (item.is_parent OR meant.as_parent) AND (meant.quantity IS NOT NULL OR meant.parent IS NOT NULL)
                OR meant.said <> item.currency
                OR item.is_parent <> meant.as_parent OR item.id IS NULL AND meant.title IS NULL
            """,  # noqa: S608
            [csv_import.seller_id],
        )
        # In two steps: how few these are is nothing that could be planned for before they are counted.
        cursor.execute("ANALYZE csv_suspect")


def _record_suspects(csv_import: CsvImport, columns: Sequence[Column]) -> None:
    named = {column.field: column.name for column in columns}
    given = ", ".join(f"{text_value(columns, field)} AS {field}" for field in TEXT_FIELDS)
    checks = checks_for(columns)
    reasons = ", ".join(f"(%s, {check.sql})" for check in checks)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO inventory_csvimportproblem (csv_import_id, number, line, reasons, cells)
            SELECT %s, number, meant.line,
                jsonb_agg(jsonb_build_object('column', found.name, 'reason', found.reason)),
                any_value(to_jsonb(ARRAY[{_as_read(columns)}]))
            FROM csv_suspect AS meant
            JOIN {tables_of(csv_import).cells} AS cell USING (number)
            CROSS JOIN LATERAL (SELECT {given}) AS given
            CROSS JOIN LATERAL (
                SELECT item_id AS id, meant.archived_at, meant.is_parent, item_currency AS currency
            ) AS item
            CROSS JOIN LATERAL (SELECT doubled_sku AS sku, doubled_lines AS lines) AS doubled
            CROSS JOIN LATERAL (VALUES {reasons}) AS found (name, reason)
            WHERE found.reason IS NOT NULL
            GROUP BY number, meant.line
            """,  # noqa: S608
            [csv_import.pk, *(named[check.field] for check in checks)],
        )
        cursor.execute("DROP TABLE csv_suspect")


def _record_orphans(csv_import: CsvImport, columns: Sequence[Column]) -> None:
    """Variations whose parent is none, or was left out itself, are bad rows too."""
    tables = tables_of(csv_import)
    named = next(column.name for column in columns if column.field == "parent")
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO inventory_csvimportproblem (csv_import_id, number, line, reasons, cells)
            SELECT %s, number, given.line,
                jsonb_build_array(jsonb_build_object('column', %s::text, 'reason', {ORPHANED})),
                to_jsonb(ARRAY[{_as_read(columns)}])
            FROM {tables.rows} AS given
            JOIN {tables.cells} AS cell USING (number)
            LEFT JOIN inventory_item AS item ON item.seller_id = %s AND item.sku = given.parent
            WHERE given.parent IS NOT NULL AND {ORPHANED} IS NOT NULL
                AND NOT EXISTS (SELECT FROM {tables.rows} AS beside WHERE beside.sku = given.parent AND as_parent)
            """,  # noqa: S608
            [csv_import.pk, named, csv_import.seller_id],
        )


def _as_read(columns: Sequence[Column]) -> str:
    return ", ".join(f"coalesce(c{index}, '')" for index in range(len(columns)))


def _leave_out_bad(csv_import: CsvImport) -> None:
    bad = "SELECT number FROM inventory_csvimportproblem WHERE csv_import_id = %s"
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {tables_of(csv_import).rows} WHERE number IN ({bad})",  # noqa: S608
            [csv_import.pk],
        )

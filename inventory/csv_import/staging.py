"""A seller's rows on their way into the inventory: two tables per import, made by COPY and compared by SQL.

`cells` holds the text of the file, `rows` what it means, good rows only. Both are unlogged: a crash of the database
empties them, and the file is read again (`is_staged` tells).
"""

import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from inventory.csv_import.checks import CHECKS, Check
from inventory.csv_import.header import Column
from inventory.csv_import.reading import Row
from inventory.csv_import.values import attributes_value, images_value, number_value, plain_number, text_value
from inventory.models import CsvImport, CsvImportProblem, Location

BATCH = 5_000

TEXT_FIELDS = ("sku", "title", "description", "brand", "gtin", "price", "currency", "quantity", "images")


@dataclass(frozen=True, slots=True)
class Tables:
    """The names of the two tables of one import: made of its number, so they need no quoting."""

    cells: str
    rows: str


def tables_of(csv_import: CsvImport) -> Tables:
    return Tables(f"inventory_csv_{csv_import.pk}_cells", f"inventory_csv_{csv_import.pk}_rows")


def drop_tables(csv_import: CsvImport) -> None:
    """Nothing of the import is staged."""
    tables = tables_of(csv_import)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {tables.cells}, {tables.rows}")


def create_cells(csv_import: CsvImport, columns: Sequence[Column]) -> None:
    """An empty table for the text of the file stands ready."""
    drop_tables(csv_import)
    cells = ", ".join(f"c{index} text" for index in range(len(columns)))
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE UNLOGGED TABLE {tables_of(csv_import).cells} (line int, problem text, as_read jsonb, {cells})"
        )


def copy_cells(csv_import: CsvImport, rows: Iterable[Row], width: int) -> None:
    """The rows' text is in the table; of a row that cannot be trusted only its line, its cells and what is wrong."""
    blank = [""] * width
    text = "".join(
        _copy_line([str(row.line), row.problem, json.dumps(row.cells), *blank])
        if row.problem
        else _copy_line([str(row.line), "", "", *row.cells])
        for row in rows
    )
    # PostgreSQL's text knows no zero character.
    data = io.BytesIO(text.replace("\x00", "").encode())
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {tables_of(csv_import).cells} FROM STDIN WITH (FORMAT text, NULL '')", data)


_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def _copy_line(values: Sequence[str]) -> str:
    """Return the values as COPY's text format has them. Few rows hold anything to escape: those are found at once."""
    line = "\t".join(values)
    if "\\" in line or "\n" in line or "\r" in line or line.count("\t") >= len(values):
        line = "\t".join(value.translate(_ESCAPES) for value in values)
    return line + "\n"


def decimal_mark(csv_import: CsvImport, columns: Sequence[Column], *, otherwise: str) -> str:
    """Return which mark, point or comma, the file's prices put before their decimals, as most of them show."""
    place = next((index for index, column in enumerate(columns) if column.field == "price"), None)
    if place is None:
        return otherwise
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT
                count(*) FILTER (WHERE c{place} ~ ',[0-9]{{1,2}}[^0-9.,]*$'),
                count(*) FILTER (WHERE c{place} ~ '[.][0-9]{{1,2}}[^0-9.,]*$')
            FROM {tables_of(csv_import).cells}
            """  # noqa: S608 - names of our own
        )
        commas, points = cursor.fetchone()
    if commas == points:
        return otherwise
    return "," if commas > points else "."


def build_rows(csv_import: CsvImport, columns: Sequence[Column], *, mark: str) -> None:
    """`rows` says what the cells mean: NULL where nothing is given or nothing could be made of it.

    `is_odd` marks the rows that a check of the row alone objects to.
    """
    cells, rows = tables_of(csv_import).cells, tables_of(csv_import).rows
    text = {field: text_value(columns, field) for field in TEXT_FIELDS}
    attributes, names = attributes_value(columns)
    alone = ", ".join(check.sql for check in _checks_for(columns) if not check.looks_beyond)
    with connection.cursor() as cursor:
        # OFFSET 0: each step is worked out once a row, not wherever its outcome is named.
        cursor.execute(
            f"""
            CREATE UNLOGGED TABLE {rows} AS
            SELECT
                line, meant.*, {images_value("given.images")} AS images, attributes,
                coalesce({alone}) IS NOT NULL AS is_odd
            FROM {cells}
            CROSS JOIN LATERAL (
                SELECT {", ".join(f"{value} AS {field}" for field, value in text.items())}, {attributes} AS attributes
                OFFSET 0
            ) AS given
            CROSS JOIN LATERAL (
                SELECT {plain_number("given.price", mark)} AS price, {plain_number("given.quantity", mark)} AS quantity
                OFFSET 0
            ) AS plain
            CROSS JOIN LATERAL (
                SELECT
                    sku, title, description, brand, ltrim(gtin, '''') AS gtin,
                    {number_value("plain.price", decimals=4)}::numeric(14, 4) AS price,
                    upper(currency) AS currency,
                    {number_value("plain.quantity", decimals=0)}::int AS quantity
                OFFSET 0
            ) AS meant
            WHERE problem IS NULL AND line >= %s
            """,  # noqa: S608 - names of our own, those of columns as parameters
            [*names, 1],  # never none: only then is %% a plain %
        )
        cursor.execute(f"CREATE UNIQUE INDEX ON {rows} (line)")
        cursor.execute(f"ANALYZE {rows}")


def _checks_for(columns: Sequence[Column]) -> list[Check]:
    """Return the checks of the columns that the file has."""
    fields = {column.field for column in columns}
    return [check for check in CHECKS if check.field in fields]


def record_problems(csv_import: CsvImport, columns: Sequence[Column], location: Location, *, mark: str) -> int:
    """Each bad row stands in CsvImportProblem with all its reasons, and no longer in `rows`. Returns how many."""
    cells, rows = tables_of(csv_import).cells, tables_of(csv_import).rows
    named = {column.field: column.name for column in columns}
    given = ", ".join(f"{text_value(columns, field)} AS {field}" for field in TEXT_FIELDS)
    as_read = ", ".join(f"coalesce(c{index}, '')" for index in range(len(columns)))
    checks = _checks_for(columns)
    reasons = ", ".join(f"(%s, {check.sql})" for check in checks)
    with connection.cursor() as cursor:
        CsvImportProblem.objects.filter(csv_import=csv_import).delete()
        cursor.execute(
            f"""
            INSERT INTO inventory_csvimportproblem (csv_import_id, line, reasons, cells)
            SELECT %s, line, jsonb_build_array(jsonb_build_object('column', '', 'reason', problem)), as_read
            FROM {cells}
            WHERE problem IS NOT NULL
            """,  # noqa: S608
            [csv_import.pk],
        )
        # Doubled SKUs are found by their hashes first: numbers group in memory, a million texts do not.
        # The good rows, nearly all, leave after two hash joins by SKU; the reasons are worked out for the rest alone.
        cursor.execute(
            f"""
            CREATE TEMPORARY TABLE csv_suspect ON COMMIT DROP AS
            WITH doubled AS MATERIALIZED (
                SELECT sku, (array_agg(line ORDER BY line))[:5] AS lines
                FROM {rows}
                WHERE hashtextextended(sku, 0) IN (
                    SELECT hashtextextended(sku, 0) FROM {rows} GROUP BY 1 HAVING count(*) > 1
                )
                GROUP BY sku
                HAVING count(*) > 1
            )
            SELECT
                meant.*, item.id AS item_id, item.archived_at, item.is_parent,
                doubled.sku AS doubled_sku, doubled.lines AS doubled_lines
            FROM {rows} AS meant
            LEFT JOIN doubled ON doubled.sku = meant.sku
            LEFT JOIN inventory_item AS item ON item.seller_id = %s AND item.sku = meant.sku
            WHERE meant.is_odd OR doubled.sku IS NOT NULL OR item.archived_at IS NOT NULL
                OR item.is_parent AND meant.quantity IS NOT NULL OR item.id IS NULL AND meant.title IS NULL
            """,  # noqa: S608
            [csv_import.seller_id],
        )
        # In two steps: how few these are is nothing that could be planned for before they are counted.
        cursor.execute("ANALYZE csv_suspect")
        cursor.execute(
            f"""
            INSERT INTO inventory_csvimportproblem (csv_import_id, line, reasons, cells)
            SELECT %s, line,
                jsonb_agg(jsonb_build_object('column', found.name, 'reason', found.reason)),
                any_value(to_jsonb(ARRAY[{as_read}]))
            FROM csv_suspect AS meant
            JOIN {cells} AS cell USING (line)
            CROSS JOIN LATERAL (SELECT {given}) AS given
            CROSS JOIN LATERAL (SELECT item_id AS id, meant.archived_at, meant.is_parent) AS item
            CROSS JOIN LATERAL (SELECT doubled_sku AS sku, doubled_lines AS lines) AS doubled
            CROSS JOIN LATERAL (VALUES {reasons}) AS found (name, reason)
            WHERE found.reason IS NOT NULL
            GROUP BY line
            """,  # noqa: S608
            [csv_import.pk, *(named[check.field] for check in checks)],
        )
        cursor.execute("DROP TABLE csv_suspect")
        cursor.execute(
            f"DELETE FROM {rows} WHERE line IN (SELECT line FROM inventory_csvimportproblem WHERE csv_import_id = %s)",  # noqa: S608
            [csv_import.pk],
        )
    return CsvImportProblem.objects.filter(csv_import=csv_import).count()


def is_staged(csv_import: CsvImport) -> bool:
    """Say whether the good rows still stand in their table: a crash of the database empties it."""
    rows = tables_of(csv_import).rows
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [rows])
        if not cursor.fetchone()[0]:
            return False
        cursor.execute(f"SELECT EXISTS (SELECT FROM {rows})")  # noqa: S608
        return bool(cursor.fetchone()[0]) or csv_import.summary.get("good", 0) == 0


def sample(csv_import: CsvImport, count: int = 5) -> list[dict[str, Any]]:
    """Return the first good rows as they were understood; none if they are not staged just now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [tables_of(csv_import).rows])
        if not cursor.fetchone()[0]:
            return []
        cursor.execute(
            f"SELECT sku, title, brand, gtin, price, quantity FROM {tables_of(csv_import).rows} ORDER BY line LIMIT %s",  # noqa: S608
            [count],
        )
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@transaction.atomic
def interpret(csv_import: CsvImport, columns: Sequence[Column], location: Location, *, mark: str) -> int:
    """The cells are interpreted and checked: good rows in `rows`, bad ones recorded. Returns the number of bad ones."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")  # a million SKUs are joined in memory instead of in files
    build_rows(csv_import, columns, mark=mark)
    return record_problems(csv_import, columns, location, mark=mark)

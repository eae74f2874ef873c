"""A seller's rows on their way into the inventory: tables of their own per import, made by COPY and compared by SQL.

`cells` holds the text of the file, `rows` what it means, good rows only, and `effects` what each of these would change,
for the preview. All are unlogged: a crash of the database empties them, and the file is read again (`is_staged` tells).

Rows are numbered as they were read: a foreign file may give two on one line, a parent and its first variation. They are
applied by their `place`, which is their number, but parents stand before all others.
"""

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db import connection

from inventory.csv_import.checks import checks_for
from inventory.csv_import.header import Column
from inventory.csv_import.reading import Row
from inventory.csv_import.values import (
    attributes_value,
    images_value,
    labels_value,
    number_value,
    pairs_value,
    plain_number,
    said_currency,
    text_value,
)
from inventory.models import CsvImport

#: What is copied at once: so many rows, or fewer long ones. A shop's product repeats its words for each variation.
BATCH = 5_000
BATCH_CHARACTERS = 8_000_000
#: Above any number of rows: what parents' places lie below their numbers.
PARENTS_FIRST = 1_000_000_000
_IS_PARENT = "lower(given.parentage) IN ('parent', 'variable')"

TEXT_FIELDS = (
    *("sku", "title", "description", "brand", "gtin", "price", "currency", "quantity", "images"),
    *("parentage", "parent", "options", "several", "labels"),
)


@dataclass(frozen=True, slots=True)
class Tables:
    """The names of the tables of one import: made of its number, so they need no quoting."""

    cells: str
    rows: str
    effects: str


def tables_of(csv_import: CsvImport) -> Tables:
    return Tables(*(f"inventory_csv_{csv_import.pk}_{name}" for name in ("cells", "rows", "effects")))


def drop_tables(csv_import: CsvImport) -> None:
    """Nothing of the import is staged."""
    tables = tables_of(csv_import)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {tables.cells}, {tables.rows}, {tables.effects}")


def create_cells(csv_import: CsvImport, columns: Sequence[Column]) -> None:
    """An empty table for the text of the file stands ready."""
    drop_tables(csv_import)
    cells = ", ".join(f"c{index} text" for index in range(len(columns)))
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE UNLOGGED TABLE {tables_of(csv_import).cells}"
            f" (number int, line int, problem text, as_read jsonb, {cells})"
        )


def batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield the rows in batches that fit into memory."""
    batch, size = list[Row](), 0
    for row in rows:
        batch.append(row)
        size += sum(map(len, row.cells))
        if len(batch) >= BATCH or size >= BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def copy_cells(csv_import: CsvImport, rows: Iterable[Row], width: int, *, first: int) -> None:
    """The rows' text is in the table, numbered from `first` on.

    Of a row that cannot be trusted only its line, its cells and what is wrong.
    """
    blank = [""] * width
    text = "".join(
        _copy_line([str(number), str(row.line), row.problem, json.dumps(row.cells), *blank])
        if row.problem
        else _copy_line([str(number), str(row.line), "", "", *row.cells])
        for number, row in enumerate(rows, first)
    )
    with connection.cursor() as cursor:
        cursor.copy_expert(
            f"COPY {tables_of(csv_import).cells} FROM STDIN WITH (FORMAT text, NULL '')", io.BytesIO(text.encode())
        )


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
    says_parents = any(column.field == "parentage" for column in columns)
    as_parent = f"coalesce({_IS_PARENT}, false)" if says_parents else "NULL::boolean"
    attributes, names = attributes_value(columns)
    alone = ", ".join(check.sql for check in checks_for(columns) if not check.looks_beyond)
    with connection.cursor() as cursor:
        # OFFSET 0: each step is worked out once a row, not wherever its outcome is named.
        cursor.execute(
            f"""
            CREATE UNLOGGED TABLE {rows} AS
            SELECT
                number - CASE WHEN as_parent THEN {PARENTS_FIRST} ELSE 0 END AS place, number, line,
                meant.*, {images_value("given.images")} AS images, attributes, {labels_value("given.labels")} AS labels,
                coalesce({alone}) IS NOT NULL AS is_odd
            FROM {cells}
            CROSS JOIN LATERAL (
                SELECT {", ".join(f"{value} AS {field}" for field, value in text.items())}, {attributes} AS attributes
                OFFSET 0
            ) AS given
            CROSS JOIN LATERAL (
                SELECT
                    {plain_number("given.price", mark)} AS price, {plain_number("given.quantity", mark)} AS quantity,
                    {said_currency("given.price", columns, at_home=csv_import.seller.currency)} AS said
                OFFSET 0
            ) AS plain
            CROSS JOIN LATERAL (
                SELECT
                    sku, title, description, brand, ltrim(gtin, '''') AS gtin,
                    {number_value("plain.price", decimals=4)}::numeric(14, 4) AS price,
                    coalesce(upper(currency), said) AS currency, said,
                    {number_value("plain.quantity", decimals=0)}::int AS quantity,
                    {as_parent} AS as_parent, parent, {pairs_value("given.options")} AS variation
                OFFSET 0
            ) AS meant
            WHERE problem IS NULL AND number >= %s
            """,  # noqa: S608 - names of our own, those of columns as parameters
            [*names, 1],  # never none: only then is %% a plain %
        )
        cursor.execute(f"CREATE UNIQUE INDEX ON {rows} (place)")
        cursor.execute(f"ANALYZE {rows}")


def is_staged(csv_import: CsvImport) -> bool:
    """Say whether the good rows still stand in their table: a crash of the database empties it."""
    rows = tables_of(csv_import).rows
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [rows])
        if not cursor.fetchone()[0]:
            return False
        cursor.execute(f"SELECT EXISTS (SELECT FROM {rows})")  # noqa: S608
        return bool(cursor.fetchone()[0]) or csv_import.summary.get("good") == 0

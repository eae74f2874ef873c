"""One file from its stored bytes to staged rows, whichever layout it has."""

import itertools
from collections.abc import Iterator

from django.db import connection, transaction
from django.db.models import F

from inventory.csv_import import applying, families, problems, staging
from inventory.csv_import.header import Column, FileProblem, build_columns, clean_names, propose_columns
from inventory.csv_import.layouts import Layout, Translation, layout_of, translate
from inventory.csv_import.mapping import find_columns
from inventory.csv_import.reading import DELIMITERS, Sheet, open_sheet
from inventory.models import CsvImport, CsvImportChunk

State = CsvImport.State

#: Rows that are shown to whoever says what the columns mean, and how much of a cell.
EXAMPLES = 3
MAX_EXAMPLE = 40


def stage(csv_import: CsvImport) -> dict[str, object]:
    """The file is read and its rows are staged. Returns what was found out about it. Raises FileProblem, Stopped."""
    sheet = open_sheet(lambda: _parts(csv_import), csv_import.encoding)
    csv_import.layout = layout_of(sheet)
    only_at = _names_of_location(csv_import)
    if csv_import.layout == Layout.COLUMNS:
        file = _read(csv_import, sheet)
    else:
        file = translate(csv_import.layout, sheet, only_at=only_at)
    csv_import.columns = [{"name": column.name, "field": column.field} for column in file.columns]
    csv_import.save(update_fields=["layout", "columns"])
    copied = _copy(csv_import, file)
    if copied["rows"] == 0:
        raise FileProblem("The file has a header but no rows.")
    mark = staging.decimal_mark(csv_import, file.columns, otherwise="," if sheet.delimiter == ";" else ".")
    return (
        copied
        | _interpret(csv_import, file.columns, mark=mark)
        | {
            "only_at": only_at,
            "mendable": problems.mendable(csv_import).count(),
            "encoding": sheet.encoding,
            "delimiter": DELIMITERS.get(sheet.delimiter, sheet.delimiter),
            "mark": mark,
        }
    )


def _names_of_location(csv_import: CsvImport) -> list[str]:
    """Return what the location that counts is called, nothing where the seller has only one, or had at the preview."""
    if csv_import.state != State.UPLOADED and "only_at" in csv_import.summary:
        return list(csv_import.summary["only_at"])
    chosen = csv_import.location
    is_one_of_many = chosen and csv_import.seller.locations.exclude(pk=chosen.pk).exists()
    return [chosen.name, chosen.code] if chosen and is_one_of_many else []


def _read(csv_import: CsvImport, sheet: Sheet) -> Translation:
    """Return the file as its columns say, some of its first cells kept to be shown. Raises UnclearColumns.

    Once it was previewed, its columns mean what they meant then, whatever was said of their names since.
    """
    if csv_import.state != State.UPLOADED:
        return Translation([Column(**column) for column in csv_import.columns], sheet.rows)
    names = clean_names(sheet.header)
    first = list(itertools.islice(sheet.rows, EXAMPLES))
    cells = [row.cells for row in first if not row.problem]
    csv_import.columns = [{"name": column.name, "field": column.field} for column in propose_columns(names)]
    said = find_columns(csv_import.seller, names)
    csv_import.summary = {
        "examples": [[row[place][:MAX_EXAMPLE] for row in cells] for place in range(len(names))],
        "is_as_said": said is not None,
    }
    csv_import.save(update_fields=["layout", "columns", "summary"])
    return Translation(said or build_columns(names), itertools.chain(first, sheet.rows))


@transaction.atomic
def _interpret(csv_import: CsvImport, columns: list[Column], *, mark: str) -> dict[str, object]:
    """The cells are interpreted and checked: good rows in `rows`, bad ones recorded. Returns how many are what."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")  # a million SKUs are joined in memory instead of in files
    staging.build_rows(csv_import, columns, mark=mark)
    errors = problems.record_problems(csv_import, columns)
    return {"errors": errors, "along": families.label_variations(csv_import, columns)}


def _copy(csv_import: CsvImport, file: Translation) -> dict[str, object]:
    """Copy all rows, a batch a commit, so that the page sees them come and a stop is heard. Returns what is in them."""
    staging.create_cells(csv_import, file.columns)
    total, proposed, example = 0, 0, ""
    reading = csv_import.state == State.UPLOADED
    for batch in staging.batches(file.rows):
        staging.copy_cells(csv_import, batch, len(file.columns), first=total + 1)
        total += len(batch)
        without_sku = [row.cells[0] for row in batch if row.is_sku_proposed]
        proposed, example = proposed + len(without_sku), example or next(iter(without_sku), "")
        going = CsvImport.objects.filter(pk=csv_import.pk, state=csv_import.state)
        if not going.update(**({"rows_done": total} if reading else {"attempts": F("attempts")})):
            raise applying.Stopped
    return {"rows": total, "proposed_skus": proposed, "proposed_example": example}


def _parts(csv_import: CsvImport) -> Iterator[bytes]:
    for number in itertools.count():
        part = CsvImportChunk.objects.filter(csv_import=csv_import, number=number).values_list("content").first()
        if part is None:
            return
        yield bytes(part[0])

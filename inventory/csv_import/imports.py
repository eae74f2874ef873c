"""The journey of one file: received, read, previewed, confirmed, applied. The row is the truth; tasks only nudge.

One at a time per seller, held by an advisory lock that ends with the worker's connection: a worker that is killed lets
go at once, and whoever comes next goes on from what was committed. Every step is safe to run again.
"""

import itertools
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import F

from inventory.alone import working_alone
from inventory.csv_import import applying, preview, problems, staging
from inventory.csv_import.header import Column, FileProblem, build_columns
from inventory.csv_import.layouts import Layout, Translation, layout_of, translate
from inventory.csv_import.reading import DELIMITERS, open_sheet
from inventory.csv_import.undo import undo_slice
from inventory.models import CsvImport, CsvImportChunk, Label, Location, Seller
from inventory.stock import default_location

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

State = CsvImport.State

#: A million items with their descriptions have some 400 MB; nothing of it is in memory at once.
MAX_BYTES = 1_000_000_000
PART_BYTES = 1_000_000
#: Starts without any progress before an import gives up.
MAX_ATTEMPTS = 5
#: A preview that nobody confirmed is dropped, with the file, after this.
KEPT = timedelta(days=7)


@transaction.atomic
def receive(
    seller: Seller,
    parts: Iterable[bytes],
    *,
    file_name: str,
    location: Location | None,
    label: Label | None,
    actor: "AbstractBaseUser | None",
    now: datetime,
) -> CsvImport:
    """The file is stored, to be read by `run`. Only one part of it is in memory at a time."""
    csv_import = CsvImport.objects.create(
        seller=seller,
        file_name=file_name[-255:],
        location=location,
        label=label,
        created_by_id=actor.pk if actor else None,
        created_at=now,
    )
    for number, part in enumerate(parts):
        CsvImportChunk.objects.create(csv_import=csv_import, number=number, content=part)
    csv_import.refresh_from_db()
    return csv_import


def confirm(csv_import: CsvImport) -> bool:
    """The previewed rows are to be applied. Returns False if it was not waiting for this: a second click."""
    waiting = CsvImport.objects.filter(pk=csv_import.pk, state=State.PREVIEW)
    return bool(waiting.update(state=State.CONFIRMED, rows_done=0, last_place=None, attempts=0))


def cancel(csv_import: CsvImport, *, now: datetime) -> bool:
    """Nothing more of the file is imported; what was applied stays. Returns False if it had ended already."""
    ended = [State.DONE, State.CANCELLED, State.UNDOING, State.UNDONE]
    going = CsvImport.objects.filter(pk=csv_import.pk).exclude(state__in=ended)
    if not going.update(state=State.CANCELLED, finished_at=now):
        return False
    with _working_alone(csv_import.seller_id) as alone:
        if alone:  # else the worker that has it tidies up when it finds it stopped
            _tidy(csv_import)
    return True


def read_again(csv_import: CsvImport, *, encoding: str) -> bool:
    """A file that could not be read is read again, as `encoding`. Returns False if it is not waiting for that."""
    failed = CsvImport.objects.filter(pk=csv_import.pk, state=State.FAILED, offered_encoding=encoding)
    return bool(
        failed.update(
            state=State.UPLOADED,
            encoding=encoding,
            error="",
            offered_encoding="",
            rows_done=0,
            attempts=0,
            finished_at=None,
        )
    )


def go_on(csv_import: CsvImport) -> bool:
    """An import, or its undo, that gave up half-way goes on from there. Returns False if it is not waiting for that."""
    failed = CsvImport.objects.filter(pk=csv_import.pk, state=State.FAILED, last_place__isnull=False)
    state = State.RUNNING if csv_import.undone_at is None else State.UNDOING
    return bool(failed.update(state=state, error="", attempts=0, finished_at=None))


def undo(csv_import: CsvImport, *, actor: "AbstractBaseUser | None", now: datetime) -> bool:
    """What the import did is to be undone. Returns False if there is nothing to undo, or it was asked for before."""
    ended = CsvImport.objects.filter(
        pk=csv_import.pk,
        state__in=[State.DONE, State.CANCELLED, State.FAILED],
        last_place__isnull=False,
        undone_at=None,
    )
    return bool(
        ended.update(
            state=State.UNDOING,
            undone_by=actor.pk if actor else None,
            undone_at=now,
            error="",
            attempts=0,
            finished_at=None,
        )
    )


def waiting_imports() -> Iterator[int]:
    """Yield the ids of the imports that a worker should look at, the oldest of each seller first."""
    rows = CsvImport.objects.filter(state__in=[State.UPLOADED, State.CONFIRMED, State.RUNNING, State.UNDOING])
    yield from rows.order_by("seller_id", "pk").distinct("seller_id").values_list("pk", flat=True)


def run(import_id: int, *, now: datetime) -> None:
    """The import is as far as it can get without the seller, unless another worker is busy for the same seller."""
    csv_import = CsvImport.objects.select_related("seller", "label").filter(pk=import_id).first()
    if csv_import is None:
        return
    with _working_alone(csv_import.seller_id) as alone:
        if alone and _start(csv_import, now=now):
            _advance(csv_import, now=now)


def _start(csv_import: CsvImport, *, now: datetime) -> bool:
    """Count this start; one that always ends the worker must not end all workers for ever."""
    csv_import.refresh_from_db()
    if not csv_import.is_working:
        return False
    CsvImport.objects.filter(pk=csv_import.pk).update(attempts=F("attempts") + 1)
    if csv_import.attempts < MAX_ATTEMPTS:
        return True
    _fail(csv_import, f"It was interrupted {MAX_ATTEMPTS} times at the same place. Rows that are in stay in.", now=now)
    return False


def _advance(csv_import: CsvImport, *, now: datetime) -> None:
    try:
        if csv_import.state == State.UPLOADED:
            _prepare_preview(csv_import)
        elif csv_import.state == State.UNDOING:
            _undo(csv_import, now=now)
        else:
            _apply(csv_import, now=now)
    except FileProblem as problem:
        _fail(csv_import, str(problem), offered_encoding=problem.offered_encoding, now=now)
    except applying.Stopped:
        _tidy(csv_import)


def _prepare_preview(csv_import: CsvImport) -> None:
    location = _location(csv_import)
    facts = _stage(csv_import)
    with transaction.atomic():
        summary = facts | preview.build_summary(csv_import, location)
        ready = CsvImport.objects.filter(pk=csv_import.pk, state=State.UPLOADED).update(
            state=State.PREVIEW, location=location, summary=summary, attempts=0
        )
        if not ready:
            raise applying.Stopped


def _apply(csv_import: CsvImport, *, now: datetime) -> None:
    location = _location(csv_import)
    if not staging.is_staged(csv_import):
        _stage(csv_import)
    CsvImport.objects.filter(pk=csv_import.pk, state=State.CONFIRMED).update(state=State.RUNNING)
    while applying.apply_slice(csv_import, location, now=now):
        pass
    CsvImport.objects.filter(pk=csv_import.pk, state=State.RUNNING).update(state=State.DONE, finished_at=now)
    _tidy(csv_import)


def _undo(csv_import: CsvImport, *, now: datetime) -> None:
    while undo_slice(csv_import, now=now):
        pass
    CsvImport.objects.filter(pk=csv_import.pk, state=State.UNDOING).update(state=State.UNDONE, finished_at=now)
    _tidy(csv_import)


def _stage(csv_import: CsvImport) -> dict[str, object]:
    """The file is read and its rows are staged. Returns what was found out about it. Raises FileProblem, Stopped."""
    sheet = open_sheet(lambda: _parts(csv_import), csv_import.encoding)
    csv_import.layout = layout_of(sheet)
    if csv_import.layout == Layout.COLUMNS:
        file = Translation(build_columns(sheet.header), sheet.rows)
    else:
        file = translate(Layout(csv_import.layout), sheet)
    csv_import.columns = [{"name": column.name, "field": column.field} for column in file.columns]
    csv_import.save(update_fields=["layout", "columns"])
    copied = _copy(csv_import, file)
    if copied["rows"] == 0:
        raise FileProblem("The file has a header but no rows.")
    mark = staging.decimal_mark(csv_import, file.columns, otherwise="," if sheet.delimiter == ";" else ".")
    errors = _interpret(csv_import, file.columns, mark=mark)
    return copied | {
        "errors": errors,
        "encoding": sheet.encoding,
        "delimiter": DELIMITERS.get(sheet.delimiter, sheet.delimiter),
        "mark": mark,
    }


@transaction.atomic
def _interpret(csv_import: CsvImport, columns: list[Column], *, mark: str) -> int:
    """The cells are interpreted and checked: good rows in `rows`, bad ones recorded. Returns the number of bad ones."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")  # a million SKUs are joined in memory instead of in files
    staging.build_rows(csv_import, columns, mark=mark)
    return problems.record_problems(csv_import, columns)


def _copy(csv_import: CsvImport, file: Translation) -> dict[str, object]:
    """Copy all rows, a batch a commit, so that the page sees them come and a stop is heard. Returns what is in them."""
    staging.create_cells(csv_import, file.columns)
    total, proposed, example = 0, 0, ""
    reading = csv_import.state == State.UPLOADED
    while batch := list(itertools.islice(file.rows, staging.BATCH)):
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


def _location(csv_import: CsvImport) -> Location:
    return csv_import.location or default_location(csv_import.seller)


def _fail(csv_import: CsvImport, error: str, *, offered_encoding: str = "", now: datetime) -> None:
    CsvImport.objects.filter(pk=csv_import.pk).exclude(state=State.CANCELLED).update(
        state=State.FAILED, error=error, offered_encoding=offered_encoding, finished_at=now
    )
    staging.drop_tables(csv_import)


def _tidy(csv_import: CsvImport) -> None:
    """The file and its staged rows are gone; the import, its summary and its bad rows stay."""
    staging.drop_tables(csv_import)
    CsvImportChunk.objects.filter(csv_import=csv_import).delete()


def forget_old(*, now: datetime) -> None:
    """Files that wait for the seller for too long are dropped."""
    old = CsvImport.objects.filter(created_at__lt=now - KEPT, state__in=[State.PREVIEW, State.FAILED])
    for csv_import in old.filter(chunks__isnull=False).distinct()[:20]:
        if csv_import.state == State.PREVIEW:
            cancel(csv_import, now=now)
        else:
            _tidy(csv_import)


def _working_alone(seller_id: int) -> AbstractContextManager[bool]:
    """Give True if nobody else works on this seller's imports until the end of the block."""
    return working_alone(f"inventory csv import {seller_id}")

"""The journey of one file: received, read, previewed, confirmed, applied. The row is the truth; tasks only nudge.

One at a time per seller, held by an advisory lock that ends with the worker's connection: a worker that is killed lets
go at once, and whoever comes next goes on from what was committed. Every step is safe to run again.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import DataError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from inventory.alone import MAX_ATTEMPTS, count_start, working_alone
from inventory.csv_import import applying, preview, staging
from inventory.csv_import.header import Column, FileProblem, UnclearColumns
from inventory.csv_import.intake import stage
from inventory.csv_import.layouts import Layout
from inventory.csv_import.mapping import keep_columns
from inventory.csv_import.undo import remove_labels, undo_slice
from inventory.models import CsvImport, CsvImportChunk, Label, Location, Seller
from inventory.stock import default_location

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

log = logging.getLogger(__name__)

State = CsvImport.State

#: A million items with their descriptions have some 400 MB; nothing of it is in memory at once.
MAX_BYTES = 1_000_000_000
PART_BYTES = 1_000_000
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
    ended = Q(state__in=[State.DONE, State.CANCELLED, State.UNDOING, State.UNDONE])
    half_way = Q(state=State.FAILED, last_place__isnull=False)  # it can go on, and so can its undo
    going = CsvImport.objects.filter(pk=csv_import.pk).exclude(ended | half_way)
    if not going.update(state=State.CANCELLED, finished_at=now):
        return False
    with _working_alone(csv_import.seller_id) as alone:
        if alone:  # else the worker that has it tidies up when it finds it stopped
            _tidy(csv_import)
    return True


def read_again(csv_import: CsvImport, *, encoding: str) -> bool:
    """A file that could not be read is read again, as `encoding`. Returns False if it is not waiting for that."""
    failed = CsvImport.objects.filter(pk=csv_import.pk, state=State.FAILED, offered_encoding=encoding)
    return bool(encoding) and bool(failed.update(encoding=encoding, **_FROM_THE_START))


def read_anew(csv_import: CsvImport) -> bool:
    """A file of which nothing was imported, since it was interrupted time and again, is read from its start.

    Returns False if it is not waiting for that.
    """
    return bool(interrupted().filter(pk=csv_import.pk).update(**_FROM_THE_START))


def interrupted() -> QuerySet[CsvImport]:
    """Return the imports that can be read anew: nothing is in, the file is still here, and nothing is wrong with it."""
    file = CsvImportChunk.objects.filter(csv_import=OuterRef("pk"))
    return CsvImport.objects.filter(
        Exists(file), state=State.FAILED, last_place=None, undone_at=None, attempts__gt=MAX_ATTEMPTS
    )


_FROM_THE_START: dict[str, Any] = {
    "state": State.UPLOADED,
    "error": "",
    "offered_encoding": "",
    "rows_done": 0,
    "attempts": 0,
    "finished_at": None,
}


@transaction.atomic
def set_columns(
    csv_import: CsvImport, columns: list[Column], *, actor: "AbstractBaseUser | None", now: datetime
) -> bool:
    """The file is read again with its columns meaning this, and so is every later one with the same header.

    Returns False if it is not waiting for that.
    """
    waiting = CsvImport.objects.filter(
        pk=csv_import.pk, state__in=[State.MAPPING, State.PREVIEW], layout=Layout.COLUMNS
    )
    if not waiting.update(state=State.UPLOADED, error="", rows_done=0, attempts=0):
        return False
    keep_columns(csv_import.seller, columns, actor=actor, now=now)
    return True


def go_on(csv_import: CsvImport, *, now: datetime) -> bool:
    """An import, or its undo, that gave up half-way goes on from there. Returns False if it is not waiting for that."""
    csv_import.refresh_from_db()
    if not csv_import.can_go_on(now=now):
        return False
    state = State.RUNNING if csv_import.undone_at is None else State.UNDOING
    failed = CsvImport.objects.filter(pk=csv_import.pk, state=State.FAILED)
    return bool(failed.update(state=state, error="", attempts=0, finished_at=None))


def undo(csv_import: CsvImport, *, actor: "AbstractBaseUser | None", now: datetime) -> bool:
    """What the import did is to be undone. Returns False if that is nothing or forgotten, or was asked for before."""
    ended = CsvImport.objects.filter(
        pk=csv_import.pk,
        state__in=[State.DONE, State.CANCELLED, State.FAILED],
        last_place__isnull=False,
        undone_at=None,
        finished_at__gte=CsvImport.known_since(now),
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
    csv_import.refresh_from_db()
    if not csv_import.is_working:
        return False
    if count_start(csv_import):
        return True
    _fail(csv_import, f"It was interrupted {MAX_ATTEMPTS} times at the same place. {_what_stays(csv_import)}", now=now)
    return False


def _what_stays(csv_import: CsvImport) -> str:
    return "Rows that are in stay in." if csv_import.undone_at is None else "What is undone stays undone."


def _advance(csv_import: CsvImport, *, now: datetime) -> None:
    try:
        if csv_import.state == State.UPLOADED:
            _prepare_preview(csv_import)
        elif csv_import.state == State.UNDOING:
            _undo(csv_import, now=now)
        else:
            _apply(csv_import, now=now)
    except UnclearColumns as problem:
        _ask(csv_import, str(problem))
    except FileProblem as problem:
        _fail(csv_import, str(problem), offered_encoding=problem.offered_encoding, now=now)
    except applying.Stopped:
        _tidy(csv_import)
    except (DataError, ValueError):  # another start would meet the same value
        log.exception("CSV import %s stopped at a value", csv_import.pk)
        _fail(csv_import, f"Something in the file cannot be stored. {_what_stays(csv_import)}", now=now)


def _ask(csv_import: CsvImport, why: str) -> None:
    """The seller is to say what the columns mean."""
    CsvImport.objects.filter(pk=csv_import.pk, state=State.UPLOADED).update(state=State.MAPPING, error=why, attempts=0)


def _prepare_preview(csv_import: CsvImport) -> None:
    location = _location(csv_import)
    facts = stage(csv_import)
    with transaction.atomic():
        summary = csv_import.summary | facts | preview.build_summary(csv_import, location)
        summary["new_labels"] = preview.new_labels(csv_import)
        ready = CsvImport.objects.filter(pk=csv_import.pk, state=State.UPLOADED).update(
            state=State.PREVIEW, location=location, summary=summary, attempts=0
        )
        if not ready:
            raise applying.Stopped


def _apply(csv_import: CsvImport, *, now: datetime) -> None:
    location = _location(csv_import)
    if not staging.is_staged(csv_import):
        stage(csv_import)
    CsvImport.objects.filter(pk=csv_import.pk, state=State.CONFIRMED).update(state=State.RUNNING)
    while applying.apply_slice(csv_import, location, now=now):
        pass
    CsvImport.objects.filter(pk=csv_import.pk, state=State.RUNNING).update(state=State.DONE, finished_at=now)
    _tidy(csv_import)


def _undo(csv_import: CsvImport, *, now: datetime) -> None:
    while undo_slice(csv_import, now=now):
        pass
    remove_labels(csv_import)
    CsvImport.objects.filter(pk=csv_import.pk, state=State.UNDOING).update(state=State.UNDONE, finished_at=now)
    _tidy(csv_import)


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
    waiting = [State.PREVIEW, State.MAPPING, State.FAILED]
    old = CsvImport.objects.filter(created_at__lt=now - KEPT, state__in=waiting)
    for csv_import in old.filter(chunks__isnull=False).distinct()[:20]:
        if csv_import.state == State.FAILED:
            _tidy(csv_import)
        else:
            cancel(csv_import, now=now)


def _working_alone(seller_id: int) -> AbstractContextManager[bool]:
    """Give True if nobody else works on this seller's imports until the end of the block."""
    return working_alone(f"inventory csv import {seller_id}")

"""Bringing a CSV: upload, preview, progress, result, and the bad rows to mend."""

import csv
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db import transaction
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from inventory.csv_import import imports
from inventory.csv_import.header import TO_MEND, Column
from inventory.csv_import.preview import Effect, PreviewRow, find_rows
from inventory.csv_import.problems import mendable
from inventory.csv_import.undo import foresee
from inventory.forms import ColumnsForm, ImportForm
from inventory.models import CsvImport, ImportedItem, Item, Label, Role
from inventory.paging import Page, number_in, page_of
from inventory.tasks import run_import
from inventory.tenancy import MemberRequest, SellerRequest, member_page, seller_page
from inventory.views.back import back_to_activity
from inventory.views.find import find_import
from marketplace_integration import clock

PROBLEMS_SHOWN = 50
ROWS_SHOWN = 25
LEFT_SHOWN = 50

#: Part of the preview, counted in the summary under the same name -> what the seller reads.
PARTS = {"changed": "Changed items", "new": "New items"}


@seller_page()
def import_new(request: SellerRequest) -> HttpResponse:
    """Show the upload form and the latest imports; store an uploaded file, to be read in the background."""
    form = ImportForm(request.seller)
    if request.method == "POST":
        if not request.membership.can_manage:
            return HttpResponse(status=403)
        form = ImportForm(request.seller, request.POST, request.FILES)
        if form.is_valid():
            return _receive(request, form)
    context = {
        "form": form,
        "imports": request.seller.csv_imports.select_related("created_by").order_by("-id")[:20],
        "can_manage": request.membership.can_manage,
    }
    return render(request, "inventory/import_new.html", context, status=422 if form.errors else 200)


def _receive(request: SellerRequest, form: ImportForm) -> HttpResponse:
    file = form.cleaned_data["file"]
    with transaction.atomic():
        csv_import = imports.receive(
            request.seller,
            file.chunks(imports.PART_BYTES),
            file_name=file.name or "items.csv",
            location=form.cleaned_data.get("location"),
            label=form.cleaned_data["label"],
            actor=request.membership.user,
            now=clock.now(),
        )
        run_import.delay_on_commit(csv_import.pk)  # type: ignore[attr-defined]
    return redirect("import_detail", request.seller.slug, csv_import.public_id)


@seller_page()
def import_detail(request: SellerRequest, public_id: UUID) -> HttpResponse:
    """Show how far the import is; asked again by the page while a worker has it."""
    csv_import = find_import(request, public_id)
    template = "inventory/import_state.html" if request.headers.get("HX-Request") else "inventory/import_detail.html"
    return render(request, template, _context(request, csv_import))


def _context(request: SellerRequest, csv_import: CsvImport) -> dict[str, Any]:
    columns = _columns(csv_import)
    is_preview = csv_import.state == CsvImport.State.PREVIEW
    part = _part(request, csv_import)
    return {
        "csv_import": csv_import,
        "summary": csv_import.summary,
        "columns": columns,
        "attributes": [column.name for column in columns if column.field == "attribute"],
        "has_quantity": any(column.field == "quantity" for column in columns),
        "made_labels": _made_labels(csv_import),
        "left_alone": _left_alone(csv_import),
        "foreseen": foresee(csv_import)
        if csv_import.can_undo(now=clock.now()) and request.membership.can_manage
        else None,
        "can_go_on": csv_import.can_go_on(now=clock.now()),
        "can_read_anew": imports.interrupted().filter(pk=csv_import.pk).exists(),
        "part": part,
        "tabs": _tabs(csv_import, part),
        "page": _rows(request, csv_import, part) if is_preview else None,
        "problems": list(csv_import.problems.order_by("line", "number")[:PROBLEMS_SHOWN]),
        "mendable": csv_import.summary.get("mendable", csv_import.summary.get("errors", 0)),
        "can_manage": request.membership.can_manage,
    }


def _made_labels(csv_import: CsvImport) -> list[Label]:
    """Return the labels that a finished import made."""
    return list(csv_import.made_labels.order_by("name")) if csv_import.state == CsvImport.State.DONE else []


def _left_alone(csv_import: CsvImport) -> list[Item]:
    """Return the first items that an undo left alone."""
    if not csv_import.undone.get(ImportedItem.Outcome.LEFT):
        return []
    left = csv_import.items.filter(outcome=ImportedItem.Outcome.LEFT).order_by("item_id").values("item_id")
    return list(Item.objects.filter(pk__in=left[:LEFT_SHOWN]).order_by("sku"))


def _part(request: SellerRequest, csv_import: CsvImport) -> str:
    """Return the part of the preview that is asked for; else the first that has rows."""
    asked = request.GET.get("show", "")
    filled = (part for part in PARTS if csv_import.summary.get(part))
    return asked if asked in PARTS else next(filled, "changed")


def _tabs(csv_import: CsvImport, current: str) -> list[dict[str, Any]]:
    return [
        {
            "text": words,
            "url": f"?show={part}#rows",
            "is_current": part == current,
            "count": intcomma(csv_import.summary.get(part, 0)),
        }
        for part, words in PARTS.items()
    ]


def _rows(request: SellerRequest, csv_import: CsvImport, part: str) -> Page[PreviewRow]:
    effect = Effect.NEW if part == "new" else Effect.CHANGED

    def fetch(after: int | None, before: int | None, limit: int) -> list[PreviewRow]:
        return find_rows(csv_import, effect, after=after, before=before, limit=limit)

    after, before = (_place(request.GET.get(side, "")) for side in ("after", "before"))
    page = page_of(fetch, request.GET, after=after, before=before, place_of=lambda row: str(row.place), size=ROWS_SHOWN)
    return Page(page.rows, *(url and f"{url}#rows" for url in (page.previous_url, page.next_url)))


def _place(text: str) -> int | None:
    """Return the place that stands in an address; those of parents are below 0."""
    place = number_in(text.removeprefix("-"))
    return -place if place is not None and text.startswith("-") else place


@seller_page(Role.MANAGER)
@require_POST
def import_act(request: SellerRequest, public_id: UUID) -> HttpResponse:
    """Confirm, cancel, read again, go on, or undo; a second click finds nothing to do."""
    csv_import = find_import(request, public_id)
    with transaction.atomic():
        match request.POST.get("action"):
            case "confirm":
                is_done = imports.confirm(csv_import)
            case "cancel":
                is_done = imports.cancel(csv_import, now=clock.now())
            case "read_again":
                is_done = imports.read_again(csv_import, encoding=csv_import.offered_encoding)
            case "read_anew":
                is_done = imports.read_anew(csv_import)
            case "undo":
                is_done = imports.undo(csv_import, actor=request.membership.user, now=clock.now())
            case "go_on":
                is_done = imports.go_on(csv_import, now=clock.now())
            case _:
                is_done = False
        run_import.delay_on_commit(csv_import.pk)  # type: ignore[attr-defined]
    if not is_done:
        messages.info(request, "That was done already.")
    return back_to_activity(request) or redirect("import_detail", request.seller.slug, csv_import.public_id)


@seller_page(Role.MANAGER)
def import_columns(request: SellerRequest, public_id: UUID) -> HttpResponse:
    """Ask what the columns of a file mean; kept for files with the same header, and the file is read again."""
    csv_import = find_import(request, public_id)
    form = ColumnsForm(_columns(csv_import), request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            is_done = imports.set_columns(csv_import, form.columns(), actor=request.membership.user, now=clock.now())
            run_import.delay_on_commit(csv_import.pk)  # type: ignore[attr-defined]
        if not is_done:
            messages.info(request, "This file is not waiting for its columns any more.")
        return redirect("import_detail", request.seller.slug, csv_import.public_id)
    examples = csv_import.summary.get("examples", [])
    rows = [(bound, examples[place] if place < len(examples) else []) for place, bound in enumerate(form)]
    context = {"csv_import": csv_import, "form": form, "rows": rows}
    return render(request, "inventory/import_columns.html", context, status=422 if form.errors else 200)


def _columns(csv_import: CsvImport) -> list[Column]:
    return [Column(**column) for column in csv_import.columns]


@member_page()
def import_problems(request: MemberRequest, public_id: UUID) -> HttpResponseBase:
    """Download the bad rows as the file had them, with a last column that says what to mend."""
    csv_import = find_import(request, public_id)
    response = StreamingHttpResponse(_lines(csv_import), content_type="text/csv; charset=utf-8")
    name = csv_import.file_name.rsplit(".", 1)[0].replace('"', "")
    response.headers["Content-Disposition"] = f'attachment; filename="{name} to mend.csv"'.encode(
        "ascii", "replace"
    ).decode()
    return response


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _lines(csv_import: CsvImport) -> Iterator[str]:
    writer = csv.writer(_Echo())
    names = [column["name"] for column in csv_import.columns]
    yield "\ufeff" + str(writer.writerow([*names, TO_MEND]))
    for problem in mendable(csv_import).order_by("line", "number").iterator(chunk_size=1_000):
        cells = [*problem.cells, *[""] * (len(names) - len(problem.cells))]
        reasons = " ".join(
            f"{reason['column']}: {reason['reason']}" if reason["column"] else reason["reason"]
            for reason in problem.reasons
        )
        yield str(writer.writerow([*cells, reasons]))

"""Shipping by CSV: what went out to be filled in (`to_ship_csv.py`) comes back with how it was sent."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from channels_app.flows import shipping_files as flow
from channels_app.flows.shipping_sheet import COLUMNS, MAX_ROWS
from channels_app.flows.to_ship import REQUESTS
from channels_app.models import Channel, ShippingFile, ShippingRow
from channels_app.order_forms import ShippingFileForm
from channels_app.tasks import record_parcels
from channels_app.views.to_ship_csv import HEADER
from inventory.csv_import.header import TO_MEND, FileProblem
from inventory.csv_writing import csv_answer, csv_head, csv_line
from inventory.models import Role
from inventory.paging import page_by_key
from inventory.tenancy import MemberRequest, SellerRequest, member_page, seller_page
from marketplace_integration import clock

State = ShippingRow.State

#: Part of a file, first what asks for somebody -> what the seller reads.
PARTS = {
    State.WRONG: "To mend",
    State.READY: "To be shipped",
    State.SHIPPED: "Recorded",
    State.KNOWN: "Recorded before",
    State.EMPTY: "Left out",
}
_EARLIER = 20


@seller_page()
def shipping_files(request: SellerRequest) -> HttpResponse:
    """Show both steps and the latest files; store a file that is brought: nothing is shipped yet."""
    form = ShippingFileForm()
    if request.method == "POST":
        if not request.membership.can_manage:
            return HttpResponse(status=403)
        form = ShippingFileForm(request.POST, request.FILES)
        if form.is_valid() and (file := _receive(request, form)):
            return redirect("shipping_file", request.seller.slug, file.public_id)
    context = {
        "form": form,
        "channels": list(Channel.objects.filter(seller=request.seller, archived_at=None).order_by("name", "pk")),
        "files": _of(request).select_related("created_by").order_by("-pk")[:_EARLIER],
        "can_manage": request.membership.can_manage,
        "most": intcomma(MAX_ROWS),
    }
    return render(request, "channels_app/shipping_files.html", context, status=422 if form.errors else 200)


def _receive(request: SellerRequest, form: ShippingFileForm) -> ShippingFile | None:
    file = form.cleaned_data["file"]
    try:
        return flow.receive(
            request.seller,
            file.read(),
            file_name=file.name or "parcels.csv",
            actor=request.membership.user,
            now=clock.now(),
        )
    except FileProblem as problem:
        form.add_error("file", str(problem))
        return None


@seller_page()
def shipping_file(request: SellerRequest, public_id: UUID) -> HttpResponse:
    """Show what the file would do, how far it is, or what came of it; asked again by the page while it is recorded."""
    file = _find(request, public_id)
    counted = file.rows.values("state").annotate(rows=Count("pk"), parcels=Count("parcel", distinct=True))
    rows = {one["state"]: one["rows"] for one in counted}
    part = _part(request, rows)
    page = page_by_key(_rows_of(file, part), request.GET, key="pk")
    context = {
        "file": file,
        "rows": rows,
        "parcels": {one["state"]: one["parcels"] for one in counted},
        "all_rows": rows.get(State.READY, 0) + rows.get(State.SHIPPED, 0),
        "tabs": _tabs(rows, part),
        "part": part,
        "page": page,
        "can_manage": request.membership.can_manage,
    }
    is_part = bool(request.headers.get("HX-Request"))
    return render(request, f"channels_app/shipping_file{'_state' if is_part else ''}.html", context)


def _rows_of(file: ShippingFile, part: str) -> QuerySet[ShippingRow]:
    asked = [f"order__{name}" for name in ("lines", *REQUESTS)]
    return file.rows.filter(state=part).select_related("order__channel").prefetch_related(*asked)


def _find(request: SellerRequest, public_id: UUID) -> ShippingFile:
    return get_object_or_404(_of(request).select_related("confirmed_by"), public_id=public_id)


def _of(request: SellerRequest) -> QuerySet[ShippingFile]:
    return ShippingFile.objects.filter(seller=request.seller)


def _part(request: SellerRequest, rows: dict[str, int]) -> str:
    """Return the part that is asked for; else the first that has rows."""
    asked = request.GET.get("show", "")
    return asked if asked in PARTS else next((part for part in PARTS if rows.get(part)), State.READY)


def _tabs(rows: dict[str, int], current: str) -> list[dict[str, Any]]:
    return [
        {"text": words, "url": f"?show={part.value}", "is_current": part == current, "count": intcomma(rows[part])}
        for part, words in PARTS.items()
        if rows.get(part)
    ]


@require_POST
@seller_page(Role.MANAGER)
def shipping_file_act(request: SellerRequest, public_id: UUID) -> HttpResponse:
    """Record the parcels of the file, or drop it; a second click finds nothing to do."""
    file = _find(request, public_id)
    action = request.POST.get("action")
    is_done = False
    with transaction.atomic():
        if action == "confirm":
            is_done = flow.confirm(file, actor=request.membership.user, now=clock.now())
            record_parcels.delay_on_commit(file.pk)  # type: ignore[attr-defined]
        elif action == "cancel":
            is_done = flow.cancel(file, now=clock.now())
    if not is_done:
        messages.info(request, "That was done already.")
    return redirect("shipping_file", request.seller.slug, file.public_id)


@member_page()
def shipping_file_problems(request: MemberRequest, public_id: UUID) -> StreamingHttpResponse:
    """Download the rows to mend, with a last column that says what to mend; mended, they are brought again."""
    return csv_answer(_problems(_find(request, public_id)), "to-mend.csv")


def _problems(file: ShippingFile) -> Iterator[str]:
    yield csv_head([*HEADER, TO_MEND])
    for row in file.rows.filter(state=State.WRONG).order_by("line").iterator(chunk_size=1_000):
        yield csv_line([*(row.cells[column] for column in COLUMNS), row.problem])

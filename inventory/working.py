"""What the inventory works on: files, edits of many items, rules of labels, changes for the channels, letters."""

from datetime import datetime
from typing import Any

from django.db.models import BooleanField, Case, Exists, ExpressionWrapper, F, OuterRef, Q, When
from django.urls import reverse

from inventory.bulk import edits
from inventory.csv_import import imports
from inventory.letters import given_up_lately
from inventory.models import BulkEdit, CsvImport, CsvImportChunk, ItemChange, Label, Mail
from inventory.paging import COUNT_LIMIT, count_of, count_up_to
from inventory.work import (
    TOLD,
    TOLD_FOR,
    Asked,
    Found,
    Retry,
    Source,
    State,
    Work,
    behind,
    beyond,
    beyond_each,
    first_of_each,
)

_Import = CsvImport.State
_WORKING = [_Import.UPLOADED, _Import.CONFIRMED, _Import.RUNNING, _Import.UNDOING]
#: Fewer changes have been passed on before anybody has read of them.
WORTH_TELLING = 1_000


def of_inventory(asked: Asked) -> Found:
    """Return all that the inventory works on."""
    return Found.all_of(source(asked) for source in SOURCES)


def _imports(asked: Asked) -> Found:
    """One file of a seller is worked on at a time, the oldest first."""
    rows = _all_imports(asked)
    working = [row for row in rows if row.is_at_work]
    told = [
        *(_working_import(asked, row, ahead=ahead) for ahead, row in enumerate(working)),
        *(_resting_import(asked, row) for row in rows if not row.is_at_work),
    ]
    url = reverse("import_new", args=[asked.seller.slug])
    states = {True: State.QUEUED, False: State.YOURS}
    return Found(rows=told, more=beyond_each(rows, states, "files of items", url))


def failed_lately(now: datetime) -> Q:
    """Return the condition for imports that failed and were left alone, but not for long yet."""
    return Q(state=_Import.FAILED, finished_at__gte=now - TOLD_FOR)


def _all_imports(asked: Asked) -> list[Any]:
    open_ones = Q(state__in=[*_WORKING, _Import.MAPPING, _Import.PREVIEW]) | failed_lately(asked.now)
    rows = CsvImport.objects.filter(open_ones, seller=asked.seller).annotate(
        is_at_work=ExpressionWrapper(Q(state__in=_WORKING), output_field=BooleanField()),
        has_file=Exists(CsvImportChunk.objects.filter(csv_import=OuterRef("pk"))),
        was_interrupted=Exists(imports.interrupted().filter(pk=OuterRef("pk"))),
    )
    # Those at work in the order of their turns, the others newest first.
    turn = Case(When(is_at_work=True, then=F("pk")), default=-F("pk"))
    return first_of_each(rows.defer("columns"), F("is_at_work"), order_by=[turn.asc()])


def _working_import(asked: Asked, row: CsvImport, *, ahead: int) -> Work:
    has_begun = ahead == 0 and row.attempts > 0
    is_applied = row.state in (_Import.CONFIRMED, _Import.RUNNING)
    what = "read" if row.state == _Import.UPLOADED else "imported" if is_applied else "undone"
    rows = row.rows_done if row.state != _Import.UNDOING else sum(_undone(row))
    so_far = f"{rows:,} {'items' if row.state == _Import.UNDOING else 'rows'} so far." if rows else ""
    return Work(
        key=f"import-{row.pk}",
        state=State.RUNNING if has_begun else State.QUEUED,
        what=f"{row.file_name} is {'being' if has_begun else 'to be'} {what}",
        url=reverse("import_detail", args=[asked.seller.slug, row.public_id]),
        link="Follow it",
        done=row.rows_done if is_applied and has_begun else None,
        of=row.summary.get("good") if is_applied and has_begun else None,
        since=row.undone_at or row.created_at,
        starts=None if has_begun or ahead else asked.now,
        reason=(so_far if not is_applied else "") if has_begun else behind(ahead, "file") if ahead else _FREE_WORKER,
    )


_FREE_WORKER = "It waits for a free worker, which takes seconds."


def _undone(row: CsvImport) -> list[int]:
    return [number for number in row.undone.values() if isinstance(number, int)]


def _resting_import(asked: Asked, row: Any) -> Work:
    has_failed = row.state == _Import.FAILED
    words, link = {
        _Import.MAPPING: ("needs to know what its columns mean", "Name its columns"),
        _Import.PREVIEW: ("was read and waits for your confirmation", "Look at the preview"),
        _Import.FAILED: ("stopped half-way" if row.last_place is not None else "was not imported", "See what to do"),
    }[_Import(row.state)]
    return Work(
        key=f"import-{row.pk}",
        state=State.FAILED if has_failed else State.YOURS,
        what=f"{row.file_name} {words}",
        url=reverse("import_detail", args=[asked.seller.slug, row.public_id]),
        link=link,
        since=row.finished_at if has_failed else row.created_at,
        reason=row.error,
        retry=_again(asked, row) if has_failed and asked.can_manage else None,
    )


def _again(asked: Asked, row: Any) -> Retry | None:
    """Return what may help: going on where it stopped, reading it in another encoding, or reading it anew."""
    url = reverse("import_act", args=[asked.seller.slug, row.public_id])
    if row.gave_up(now=asked.now) and (row.has_file or row.undone_at):
        text = "Go on undoing" if row.undone_at else "Go on"
        return Retry(url=url, text=text, fields=(("action", "go_on"),))
    if row.offered_encoding and row.has_file:
        return Retry(url=url, text="Read it as Windows-1252", fields=(("action", "read_again"),))
    return Retry(url=url, text="Read it again", fields=(("action", "read_anew"),)) if row.was_interrupted else None


def _edits(asked: Asked) -> Found:
    """Edits of many items, and their undos: one of a seller is worked on at a time, the oldest first."""
    shown = Q(state__in=BulkEdit.WORKING) | Q(made_at__gte=asked.now - TOLD_FOR)
    under_way = edits.under_way(asked.seller).filter(shown)
    at_work = ExpressionWrapper(Q(state__in=BulkEdit.WORKING), output_field=BooleanField())
    rows = first_of_each(under_way.annotate(is_at_work=at_work), F("is_at_work"), order_by=[F("pk").asc()])
    working, failed = ([row for row in rows if row.is_working is is_working] for is_working in (True, False))
    told = [
        *(_working_edit(asked, row, ahead=ahead) for ahead, row in enumerate(working)),
        *(_failed_edit(asked, row) for row in failed),
    ]
    states, url = {True: State.QUEUED, False: State.FAILED}, reverse("items", args=[asked.seller.slug])
    return Found(rows=told, more=beyond_each(rows, states, "edits of many items", url))


def _working_edit(asked: Asked, row: BulkEdit, *, ahead: int) -> Work:
    has_begun = ahead == 0 and bool(row.attempts or row.done_count)
    return Work(
        key=f"edit-{row.pk}",
        state=State.RUNNING if has_begun else State.QUEUED,
        what=row.title,
        url=reverse("items_edit", args=[asked.seller.slug, row.public_id]),
        link="Follow it",
        done=row.done_count if has_begun else None,
        of=row.count if has_begun else None,
        since=row.undone_at or row.made_at,
        starts=None if has_begun or ahead else asked.now,
        reason="" if has_begun else behind(ahead, "edit") if ahead else _FREE_WORKER,
    )


def _failed_edit(asked: Asked, row: BulkEdit) -> Work:
    url = reverse("items_edit_act", args=[asked.seller.slug, row.public_id])
    return Work(
        key=f"edit-{row.pk}",
        state=State.FAILED,
        what=row.title,
        url=reverse("items_edit", args=[asked.seller.slug, row.public_id]),
        link="See what to do",
        since=row.undone_at or row.made_at,
        reason=f"{row.error} {row.done_count:,} of {row.count:,} are done and stay so.",
        retry=Retry(url=url, fields=(("action", "go_on"),)) if asked.can_manage and row.can_go_on else None,
    )


def _labels(asked: Asked) -> Found:
    """Every item is held against a rule that was changed."""
    stale = Label.objects.filter(seller=asked.seller, kind=Label.Kind.RULE, recalculated_at=None).exclude(rule=[])
    rows = list(stale.annotate(total=count_of(stale)).order_by("rule_changed_at", "pk")[:TOLD])
    told = [
        Work(
            key=f"label-{row.pk}",
            state=State.RUNNING,
            what=f"Items for the label {row.name} are being found",
            url=reverse("label", args=[asked.seller.slug, row.public_id]),
            link="Look at the label",
            since=row.rule_changed_at,
            reason="All items are held against its rule; its channels follow by themselves.",
        )
        for row in rows
    ]
    url = reverse("labels", args=[asked.seller.slug])
    total = rows[0].total if rows else 0
    return Found(rows=told, more=beyond(total, len(told), State.RUNNING, "labels", url))


def _changes(asked: Asked) -> Found:
    """Many items changed at once, and the channels have not been told which of them concern them."""
    count = count_up_to(ItemChange.objects.filter(seller_id=asked.seller.pk))
    if count < WORTH_TELLING:
        return Found()
    shown = f"{count:,}" if count < COUNT_LIMIT else f"{COUNT_LIMIT - 1:,}+"
    work = Work(
        key="changes",
        state=State.RUNNING,
        what="Changes of items are being passed on to your channels",
        url=reverse("items", args=[asked.seller.slug]),
        link="Look at the items",
        reason=f"{shown} to go.",
    )
    return Found(rows=[work])


def _letters(asked: Asked) -> Found:
    """Letters that did not leave: those that are tried again, and those that were given up not long ago."""
    is_tried = Q(sent_at=None, expires_at__gt=asked.now) & ~Q(last_error="")
    unsent = Mail.objects.filter(is_tried | given_up_lately(asked.now), seller=asked.seller)
    rows = list(unsent.defer("text").annotate(total=count_of(unsent)).order_by("-pk")[:TOLD])
    told = [_letter(asked, row, is_given_up=row.expires_at <= asked.now) for row in rows]
    team = reverse("team", args=[asked.seller.slug])
    return Found(rows=told, more=beyond(rows[0].total if rows else 0, len(told), State.FAILED, "letters", team))


def _letter(asked: Asked, row: Mail, *, is_given_up: bool) -> Work:
    seller, about = asked.seller.slug, f"A letter to {row.to}"
    can_retry = asked.can_manage and not is_given_up
    return Work(
        key=f"letter-{row.pk}",
        state=State.FAILED,
        what=f"{about} was given up" if is_given_up else f"{about} could not be sent",
        url=reverse("team" if row.invitation_id else "notifications", args=[seller]),
        link="Look at the invitation" if row.invitation_id else "Look at the notifications",
        since=row.created_at,
        starts=None if is_given_up else row.next_try_at,
        reason=row.last_error if is_given_up else f"{row.last_error.rstrip('.')}. It is tried again by itself.",
        retry=Retry(url=reverse("mail_again", args=[seller, row.pk]), text="Send now") if can_retry else None,
    )


#: One entry for each kind of work.
SOURCES: tuple[Source, ...] = (_imports, _edits, _changes, _labels, _letters)

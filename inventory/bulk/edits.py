"""The journey of one edit: asked for, done in slices, stopped, undone. The row is the truth; tasks only nudge.

What fits into one slice is done at once. The rest is a worker's, one edit at a time for each seller. Two that change
the same thing are never under way together: the second is refused until the first has ended.
"""

import logging
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import DataError, IntegrityError, transaction
from django.db.models import QuerySet

from inventory import labels
from inventory.alone import MAX_ATTEMPTS, count_start, working_alone
from inventory.bulk.choosing import SLICE, PriceChange, write_down
from inventory.bulk.doing import do_slice
from inventory.bulk.holding import LabelGone, kin_of
from inventory.bulk.undoing import undo_slice
from inventory.models import BulkEdit, Item, Label, Seller

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.contrib.auth.models import AbstractBaseUser

log = logging.getLogger(__name__)

State = BulkEdit.State


class Busy(Exception):
    """An edit of the same thing is under way for this seller."""

    def __init__(self, made: BulkEdit) -> None:
        super().__init__(f"edit {made.pk} is under way")
        self.made = made


@transaction.atomic
def edit(
    seller: Seller,
    chosen: QuerySet[Item],
    action: str,
    *,
    words: str,
    actor: "AbstractBaseUser",
    now: datetime,
    label: Label | None = None,
    price: PriceChange | None = None,
    key: UUID | None = None,
) -> BulkEdit:
    """It is done to those of the chosen items that differ, or on record for `run`; `count` says how many they are.

    The same key a second time does nothing: what it did is returned. Raises Busy.
    """
    _be_alone(seller.pk, label.pk if label else None)
    known = BulkEdit.objects.filter(seller=seller, public_id=key).first() if key else None
    if known is not None:
        return known
    _check_busy(seller.pk, action, label.pk if label else None)
    named = {"public_id": key} if key else {}
    made = BulkEdit.objects.create(
        seller=seller, action=action, label=label, words=words, made_by_id=actor.pk, made_at=now, **named
    )
    made.count = write_down(made, chosen, price or PriceChange())
    if made.count == 0:
        made.delete()
        return made
    made.save(update_fields=["count"])
    return _do_at_once(made, now=now)


@transaction.atomic
def undo(made: BulkEdit, *, actor: "AbstractBaseUser", now: datetime) -> BulkEdit:
    """What the edit changed, and nobody and no later edit changed since, is as it was, or will be by `run`.

    What it had not come to stays undone for good. A second undo changes nothing. One that finds nothing to put back is
    not counted: it may be tried again. Raises Busy.
    """
    held = _hold(made)
    if not held.can_undo:
        return held
    _check_busy(held.seller_id, held.action, held.label_id)
    held.slices.all().delete()
    held.state, held.error, held.attempts = State.UNDOING, "", 0
    held.count, held.done_count, held.last_item = held.changed_count, 0, 0
    held.undone_at, held.undone_by_id = now, actor.pk
    held.save()
    return _do_at_once(held, now=now)


@transaction.atomic
def go_on(made: BulkEdit, *, now: datetime) -> BulkEdit:
    """An edit, or its undo, that ended half-way goes on from there. Does nothing if it did not. Raises Busy."""
    held = _hold(made)
    if not held.can_go_on:
        return held
    _check_busy(held.seller_id, held.action, held.label_id)
    held.state = State.RUNNING if held.undone_at is None else State.UNDOING
    held.error, held.attempts = "", 0
    held.save(update_fields=["state", "error", "attempts"])
    return held


def stop(made: BulkEdit) -> bool:
    """Nothing more is changed; what was changed stays, and may be undone. Returns False if it was not under way."""
    return bool(BulkEdit.objects.filter(pk=made.pk, state=State.RUNNING).update(state=State.STOPPED))


def under_way(seller: Seller) -> QuerySet[BulkEdit]:
    """Return the edits and undos of the seller that run, wait for a worker, or failed; newest first."""
    states = (*BulkEdit.WORKING, State.FAILED)
    rows = BulkEdit.objects.filter(seller=seller, state__in=states)
    return rows.select_related("made_by", "undone_by").order_by("-pk")


def waiting_edits() -> "Iterator[int]":
    """Yield the ids of the edits that a worker should look at, the oldest of each seller."""
    rows = BulkEdit.objects.filter(state__in=BulkEdit.WORKING)
    yield from rows.order_by("seller_id", "pk").distinct("seller_id").values_list("pk", flat=True)


def run(edit_id: int, *, now: datetime) -> None:
    """The edit is done, or undone, to its end, unless another worker is busy for the same seller."""
    made = BulkEdit.objects.filter(pk=edit_id).first()
    if made is None:
        return
    with working_alone(f"inventory bulk edit {made.seller_id}") as alone:
        if not alone:
            return
        made.refresh_from_db()
        if made.is_working:
            _advance(made, now=now)


def _advance(made: BulkEdit, *, now: datetime) -> None:
    if not count_start(made):
        _fail(made, f"It was interrupted {MAX_ATTEMPTS} times at the same place.")
        return
    try:
        while _step(made, now=now):
            pass
    except LabelGone:
        _fail(made, "The label was deleted.")
    except (DataError, IntegrityError):  # another start would meet the same value
        log.exception("bulk edit %s stopped at a value", made.pk)
        _fail(made, "Something about an item cannot be stored.")


def _step(made: BulkEdit, *, now: datetime) -> bool:
    """The next slice is done or undone. Returns whether more are left."""
    return undo_slice(made.pk, now=now) if made.state == State.UNDOING else do_slice(made.pk, now=now)


def _do_at_once(made: BulkEdit, *, now: datetime) -> BulkEdit:
    """If one transaction takes it, it is done; else it is left to a worker."""
    if made.count <= SLICE:
        while _step(made, now=now):
            pass
        made.refresh_from_db()
    return made


def _fail(made: BulkEdit, error: str) -> None:
    BulkEdit.objects.filter(pk=made.pk, state__in=BulkEdit.WORKING).update(state=State.FAILED, error=error)


def _hold(made: BulkEdit) -> BulkEdit:
    """Return the edit as it is now. Nobody else begins, undoes or continues one until the transaction ends."""
    _be_alone(made.seller_id, made.label_id)
    return BulkEdit.objects.select_for_update(no_key=True).get(pk=made.pk)


def _be_alone(seller_id: int, label_id: int | None) -> None:
    """One at a time asks for something of a seller: the same key twice, two edits. Labels are locked after that."""
    Seller.objects.select_for_update(no_key=True).get(pk=seller_id)
    if label_id is not None:
        labels.lock(label_id)


def _check_busy(seller_id: int, action: str, label_id: int | None) -> None:
    busy = BulkEdit.objects.filter(seller=seller_id, state__in=BulkEdit.WORKING, action__in=kin_of(action))
    if other := busy.filter(label=label_id).first():
        raise Busy(other)

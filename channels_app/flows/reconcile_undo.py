"""Endings of the reconciler are taken back as far as that can be; of the rest it is told what helps."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction

from channels_app.flows.fan_out import enqueue
from channels_app.flows.reconcile_plan import ENQUEUED_AS, wake_feed
from channels_app.models import Channel, Difference, FeedLine, Listing, PendingChange, ReconcileRun
from inventory.bulk import edits
from inventory.labels import members
from inventory.models import BulkEdit, Item
from inventory.paging import COUNT_LIMIT

_Kind, _State = Difference.Kind, Difference.State

#: So many SKUs are named as examples.
NAMED = 10

#: What stands in the way of those that the undo left. Plan: each one's item, and its row on the label, by itself.
_LEFT = """
WITH ended AS MATERIALIZED (
    SELECT sku FROM channels_app_difference
    WHERE run_id = %(run)s AND kind = 'to_end' AND state = 'left'
    ORDER BY sku LIMIT %(limit)s
), judged AS (
    SELECT ended.sku, item.public_id, CASE
        WHEN item.id IS NULL THEN 'strays'
        WHEN item.archived_at IS NOT NULL OR item.blocked OR item.is_parent THEN 'not_for_sale'
        WHEN coalesce(
            (SELECT source FROM inventory_labelitem WHERE label_id = %(label)s AND item_id = item.id), 'excluded'
        ) = 'excluded' THEN 'off_label'
    END AS why
    FROM ended LEFT JOIN LATERAL (
        SELECT * FROM inventory_item WHERE seller_id = %(seller)s AND sku = ended.sku LIMIT 1
    ) AS item ON true
)
"""
_TOLD = f"""{_LEFT}
SELECT why, count(*), (array_agg(sku ORDER BY sku))[:%(named)s], (array_agg(public_id::text ORDER BY sku))[:%(named)s]
FROM judged WHERE why IS NOT NULL GROUP BY why
"""  # noqa: S608 - a constant
_OFF_LABEL = f"{_LEFT} SELECT sku FROM judged WHERE why = 'off_label' ORDER BY sku"  # noqa: S608


@dataclass(slots=True)
class Undone:
    """What became of endings that were to be taken back, by SKU."""

    #: Not sent yet, so nothing happened.
    stopped: list[str] = field(default_factory=list)
    #: On the label again: the feed lists them anew.
    put_back: list[str] = field(default_factory=list)
    #: Off the label, not for sale, or none of our items: `what_is_left` says which.
    left: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        said = {
            "were not sent yet and stay as they are, until the next run.": self.stopped,
            "are being listed again.": self.put_back,
            "cannot be listed again as they are: below is what helps.": self.left,
        }
        told = [f"{len(skus):,} {words}" for words, skus in said.items() if skus]
        return " ".join(told) or "There was nothing to put back."


class NothingLeft(Exception):
    """Nothing that an undo left can be put on the label: somebody did, or it is not for sale."""


@dataclass(frozen=True, slots=True)
class Group:
    """Those of what is left that the same helps."""

    count: int
    #: The first by SKU, with the public id of the item if it is one of ours.
    some: list[tuple[str, UUID | None]]

    @property
    def beyond(self) -> int:
        """How many are not named."""
        return self.count - len(self.some)


def undo(run: ReconcileRun, skus: Sequence[str] | None, *, actor: AbstractBaseUser | None, now: datetime) -> Undone:
    """Endings of this run are taken back as far as that can be: all of them, or those of `skus`."""
    with transaction.atomic():
        rows = run.differences.select_for_update().filter(kind=_Kind.TO_END, state__in=[_State.APPLIED, _State.LEFT])
        if skus is not None:
            rows = rows.filter(sku__in=list(skus))
        undone = _sort_out(run.channel, sorted(rows.values_list("sku", flat=True)))
        rows.filter(sku__in=undone.left).update(state=_State.LEFT)
        rows.filter(sku__in=undone.stopped + undone.put_back).update(state=_State.UNDONE)
        if undone.put_back:
            changes, urgency = ENQUEUED_AS[_Kind.MISSING]
            enqueue(run.channel_id, undone.put_back, kinds=changes, urgency=urgency, now=now)
            transaction.on_commit(lambda: wake_feed(run.channel_id, now))
    return undone


def _sort_out(channel: Channel, skus: Sequence[str]) -> Undone:
    """Say for each ending what can be done about it, and stop those that were not sent yet."""
    undone = Undone()
    on_label = (
        set(members(channel.label).filter(sku__in=skus).values_list("sku", flat=True)) if channel.label else set()
    )
    waiting = PendingChange.objects.select_for_update().filter(channel=channel, sku__in=skus).order_by("sku")
    unsent = set(waiting.values_list("sku", flat=True))
    unsent -= set(FeedLine.objects.filter(channel=channel, sku__in=unsent).values_list("sku", flat=True))
    for sku in skus:
        if sku in on_label:
            undone.put_back.append(sku)
        elif sku in unsent:
            undone.stopped.append(sku)
        else:
            undone.left.append(sku)
    # Nothing was ever sent for these: without our row the listing is again what it was, one made elsewhere.
    PendingChange.objects.filter(channel=channel, sku__in=undone.stopped).delete()
    Listing.objects.filter(channel=channel, sku__in=undone.stopped).delete()
    return undone


def what_is_left(run: ReconcileRun) -> dict[str, Group]:
    """Return what an undo could not take back, as things stand, by what stands in its way; none if nothing is left.

    `off_label` is for sale but not on the channel's label; `not_for_sale` is archived, blocked or a parent; `strays`
    are none of our items: we do not know what their listings said. Counted up to COUNT_LIMIT.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TOLD, {**_asked(run), "limit": COUNT_LIMIT, "named": NAMED})
        return {
            why: Group(count, [(sku, UUID(item) if item else None) for sku, item in zip(skus, items, strict=True)])
            for why, count, skus, items in cursor.fetchall()
        }


def put_on_label(run: ReconcileRun, *, actor: AbstractBaseUser, now: datetime) -> BulkEdit:
    """What is left and for sale comes on the channel's label by hand, so the feed lists it again: an edit like others.

    What is on the label is left no longer, as `what_is_left` finds: an edit that stops half-way leaves the others here.
    Raises NothingLeft or Busy.
    """
    label = run.channel.label
    if label is None:
        raise NothingLeft
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_OFF_LABEL, {**_asked(run), "limit": None})
            skus = [row[0] for row in cursor.fetchall()]
        made = edits.edit(
            run.channel.seller,
            Item.objects.filter(seller=run.channel.seller_id, sku__in=skus),
            BulkEdit.Action.LABEL,
            words=f"{BulkEdit.Action.LABEL.label} “{label}”",
            actor=actor,
            now=now,
            label=label,
        )
        if made.count == 0:
            raise NothingLeft
        run.label_edit = made
        run.save(update_fields=["label_edit"])
    return made


def _asked(run: ReconcileRun) -> dict[str, Any]:
    return {"run": run.pk, "seller": run.channel.seller_id, "label": run.channel.label_id}

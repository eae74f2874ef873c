"""One thing is done to many items, on record, and undone as far as nobody changed them since. Set-based throughout.

The items that differ are written down first, each with what it was; then it is done to exactly these.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from inventory import labels
from inventory.models import BulkEdit, Item, Label, LabelItem, Seller
from inventory.money import EXPONENTS
from inventory.signals import send_changed

Action = BulkEdit.Action


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChange:
    """What becomes of prices: the percentage, then the amount is added; never below 0, with its currency's digits."""

    percent: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)
    #: All have this price instead; None: each is worked out from what it was.
    fixed: Decimal | None = None


# ruff: noqa: S608 - statements are put together from constants
# Plan: the chosen items by primary key, each label item by (label, item).
_BLOCKED = """
        SELECT item.id, NULL, NULL, '' FROM chosen JOIN inventory_item AS item USING (id)
        WHERE item.blocked = {} ORDER BY item.id FOR UPDATE OF item"""
_DIFFERING: Mapping[str, str] = {
    Action.BLOCK: _BLOCKED.format("false"),
    Action.UNBLOCK: _BLOCKED.format("true"),
    Action.PRICE: """
        SELECT id, price, priced, '' FROM (
            SELECT item.id, item.price, coalesce(
                %(fixed)s::numeric,
                CASE WHEN item.price IS NOT NULL THEN round(
                    greatest(item.price * (100 + %(percent)s::numeric) / 100 + %(amount)s::numeric, 0),
                    CASE WHEN item.currency = ANY(%(whole)s::text[]) THEN 0
                         WHEN item.currency = ANY(%(finer)s::text[]) THEN 3 ELSE 2 END
                ) END
            ) AS priced
            FROM chosen JOIN inventory_item AS item USING (id) WHERE NOT item.is_parent
            ORDER BY item.id FOR UPDATE OF item
        ) AS worked_out
        WHERE priced IS DISTINCT FROM price AND priced <= 9999999999.9999""",
    Action.LABEL: """
        SELECT item.id, NULL, NULL, coalesce(member.source, '')
        FROM chosen JOIN inventory_item AS item USING (id)
        LEFT JOIN inventory_labelitem AS member ON member.label_id = %(label)s AND member.item_id = item.id
        WHERE item.archived_at IS NULL AND member.source IS DISTINCT FROM 'hand'""",
    Action.UNLABEL: """
        SELECT member.item_id, NULL, NULL, member.source
        FROM chosen JOIN inventory_labelitem AS member ON member.label_id = %(label)s AND member.item_id = chosen.id
        WHERE member.source <> 'excluded'""",
}
_WRITE_DOWN = """
WITH chosen (id) AS ({chosen})
INSERT INTO inventory_bulkedititem (edit_id, item_id, price_before, price_after, source_before)
SELECT %(edit)s, id, price_before::numeric, price_after::numeric, source_before
FROM ({differing}) AS differing (id, price_before, price_after, source_before)
ORDER BY id
"""
_DO: Mapping[str, str] = {
    Action.BLOCK: "UPDATE inventory_item AS item SET blocked = true, updated_at = %(now)s",
    Action.UNBLOCK: "UPDATE inventory_item AS item SET blocked = false, updated_at = %(now)s",
    Action.PRICE: "UPDATE inventory_item AS item SET price = one.price_after, updated_at = %(now)s",
}
_OF_THE_EDIT = " FROM inventory_bulkedititem AS one WHERE one.edit_id = %(edit)s AND item.id = one.item_id"
_LOCK_ITEMS = """
SELECT FROM inventory_item WHERE id IN (SELECT item_id FROM inventory_bulkedititem WHERE edit_id = %(edit)s)
ORDER BY id FOR UPDATE
"""
#: What a later edit, still in force, is about too: whatever it looks like, it is as that edit wants it.
_NOT_LATER = """ AND NOT EXISTS (
    SELECT FROM inventory_bulkedit AS after JOIN inventory_bulkedititem AS later ON later.edit_id = after.id
    WHERE after.seller_id = %(seller)s AND after.id > %(edit)s AND after.undone_at IS NULL
      AND after.action = ANY(%(kin)s) AND after.label_id IS NOT DISTINCT FROM %(label)s::bigint
      AND later.item_id = one.item_id
)"""
_KIN = ((Action.BLOCK, Action.UNBLOCK), (Action.LABEL, Action.UNLABEL), (Action.PRICE,))
# What is still as the edit left it goes back.
_UNDO: Mapping[str, str] = {
    Action.BLOCK: f"UPDATE inventory_item AS item SET blocked = false, updated_at = %(now)s{_OF_THE_EDIT} AND blocked",
    Action.UNBLOCK: "UPDATE inventory_item AS item SET blocked = true, updated_at = %(now)s"
    f"{_OF_THE_EDIT} AND NOT blocked",
    Action.PRICE: "UPDATE inventory_item AS item SET price = one.price_before, updated_at = %(now)s"
    f"{_OF_THE_EDIT} AND item.price = one.price_after",
}
#: On a label: what the edit made of them, and has not been touched since.
_STILL_ON = """
SELECT one.item_id, one.source_before FROM inventory_bulkedititem AS one
JOIN inventory_labelitem AS member ON member.label_id = %(label)s AND member.item_id = one.item_id
WHERE one.edit_id = %(edit)s AND member.source = %(made)s"""
_STILL_OFF = """
SELECT one.item_id, one.source_before FROM inventory_bulkedititem AS one
JOIN inventory_item AS item ON item.id = one.item_id AND item.archived_at IS NULL
LEFT JOIN inventory_labelitem AS member ON member.label_id = %(label)s AND member.item_id = one.item_id
WHERE one.edit_id = %(edit)s AND member.item_id IS NULL"""


@transaction.atomic
def edit(
    seller: Seller,
    chosen: QuerySet[Item],
    action: str,
    *,
    words: str,
    actor: AbstractBaseUser,
    now: datetime,
    label: Label | None = None,
    price: PriceChange | None = None,
    key: UUID | None = None,
) -> BulkEdit:
    """It is done to those of the chosen items that differ, and on record; `count` says how many they were.

    The same key a second time does nothing: what it did is returned.
    """
    if label is not None:
        labels.lock(label.pk)
    Seller.objects.select_for_update(no_key=True).get(pk=seller.pk)  # the same key twice in one instant
    known = BulkEdit.objects.filter(seller=seller, public_id=key).first() if key else None
    if known is not None:
        return known
    named = {"public_id": key} if key else {}
    made = BulkEdit.objects.create(
        seller=seller, action=action, label=label, words=words, made_by_id=actor.pk, made_at=now, **named
    )
    made.count = _write_down(made, chosen, price or PriceChange())
    if made.count == 0:
        made.delete()
        return made
    _do(made, actor=actor, now=now)
    made.save(update_fields=["count"])
    send_changed()
    return made


def _write_down(made: BulkEdit, chosen: QuerySet[Item], price: PriceChange) -> int:
    """The items that differ stand in the edit. Returns how many. Those of other sellers are left out."""
    own = chosen.filter(seller=made.seller_id)
    if made.label_id:  # the variations of a parent go with it
        own = Item.objects.filter(Q(pk__in=own.order_by().values("pk")) | Q(parent__in=own.order_by().values("pk")))
    try:
        sql, params = own.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return 0
    with connection.cursor() as cursor:
        # The query that was given has its parameters in their order, ours are named: they are filled in first.
        chosen_sql = cursor.mogrify(sql, params).decode().replace("%", "%%")
        statement = _WRITE_DOWN.format(chosen=chosen_sql, differing=_DIFFERING[made.action])
        given: dict[str, Any] = {"edit": made.pk, "label": made.label_id, "whole": _digits(0), "finer": _digits(3)}
        given |= {"fixed": price.fixed, "percent": price.percent, "amount": price.amount}
        cursor.execute(statement, given)
        return int(cursor.rowcount)


def _do(made: BulkEdit, *, actor: AbstractBaseUser, now: datetime) -> None:
    if made.label is not None:
        items = Item.objects.filter(pk__in=made.items.values("item_id"))
        move = labels.add_items if made.action == Action.LABEL else labels.remove_items
        move(made.label, items, actor=actor, now=now)
        return
    with connection.cursor() as cursor:
        cursor.execute(_DO[made.action] + _OF_THE_EDIT, {"edit": made.pk, "now": now})


def _digits(count: int) -> list[str]:
    """Return the currencies with so many digits after the point."""
    return [currency for currency, digits in EXPONENTS.items() if digits == count]


@transaction.atomic
def undo(made: BulkEdit, *, actor: AbstractBaseUser, now: datetime) -> BulkEdit:
    """What the edit changed, and nobody and no later edit changed since, is as it was.

    A second undo changes nothing. One that finds nothing to put back is not counted: it may be tried again.
    """
    if made.label_id is not None:
        labels.lock(made.label_id)
    row = BulkEdit.objects.select_for_update(no_key=True, of=("self",)).select_related("label").get(pk=made.pk)
    if row.undone_at is not None:
        return row
    if row.action in (Action.LABEL, Action.UNLABEL):
        count = _undo_label(row, now=now) if row.label is not None else 0
    else:
        count = _undo_items(row, now=now)
    if count:
        row.undone_at, row.undone_by_id, row.undone_count = now, actor.pk, count
        row.save(update_fields=["undone_at", "undone_by", "undone_count"])
        send_changed()
    return row


def _params(row: BulkEdit) -> dict[str, Any]:
    kin = next(list(actions) for actions in _KIN if row.action in actions)
    return {"edit": row.pk, "seller": row.seller_id, "label": row.label_id, "kin": kin}


def _undo_items(row: BulkEdit, *, now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_ITEMS, {"edit": row.pk})
        cursor.execute(_UNDO[row.action] + _NOT_LATER, {**_params(row), "now": now})
        return int(cursor.rowcount)


def _undo_label(row: BulkEdit, *, now: datetime) -> int:
    """The items stand on the label as before; where a rule decided, it decides again, as it is today."""
    label = row.label
    assert label is not None
    by_rule = label.kind == Label.Kind.RULE
    left = {Action.LABEL: LabelItem.Source.HAND, Action.UNLABEL: LabelItem.Source.EXCLUDED}[Action(row.action)]
    still = _STILL_OFF if row.action == Action.UNLABEL and not by_rule else _STILL_ON
    with connection.cursor() as cursor:
        cursor.execute(still + _NOT_LATER, {**_params(row), "made": left.value})
        before: dict[str, list[int]] = {}
        for item_id, source in cursor.fetchall():
            before.setdefault(source, []).append(item_id)
    for source, item_ids in before.items():
        _put_back(label, source, item_ids, by_rule=by_rule, now=now)
    return sum(map(len, before.values()))


def _put_back(label: Label, source: str, item_ids: list[int], *, by_rule: bool, now: datetime) -> None:
    if by_rule and source in ("", LabelItem.Source.RULE):
        labels.return_to_rule(label, item_ids, now=now)
    elif source == LabelItem.Source.HAND:
        labels.add_items(label, item_ids, actor=None, now=now)
    elif source == LabelItem.Source.EXCLUDED:
        LabelItem.objects.filter(label=label, item__in=item_ids).update(source=source)
    else:
        LabelItem.objects.filter(label=label, item__in=item_ids).delete()

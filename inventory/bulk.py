"""One thing is done to many items, on record, and undone as far as nobody changed them since. Set-based throughout.

The items that differ are written down first, each with what it was; then it is done to exactly these.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from inventory import labels
from inventory.models import BulkEdit, Item, Label, Seller
from inventory.signals import send_changed

Action = BulkEdit.Action


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChange:
    """What becomes of prices: the percentage, then the amount is added; never below 0, rounded to cents."""

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
                    greatest(item.price * (100 + %(percent)s::numeric) / 100 + %(amount)s::numeric, 0), 2
                ) END
            ) AS priced
            FROM chosen JOIN inventory_item AS item USING (id) WHERE NOT item.is_parent
            ORDER BY item.id FOR UPDATE OF item
        ) AS worked_out
        WHERE priced IS DISTINCT FROM price AND priced IS NOT NULL""",
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
# What is still as the edit left it goes back.
_UNDO: Mapping[str, str] = {
    Action.BLOCK: f"UPDATE inventory_item AS item SET blocked = false, updated_at = %(now)s{_OF_THE_EDIT} AND blocked",
    Action.UNBLOCK: "UPDATE inventory_item AS item SET blocked = true, updated_at = %(now)s"
    f"{_OF_THE_EDIT} AND NOT blocked",
    Action.PRICE: "UPDATE inventory_item AS item SET price = one.price_before, updated_at = %(now)s"
    f"{_OF_THE_EDIT} AND item.price = one.price_after",
    Action.LABEL: """
        WITH gone AS (
            DELETE FROM inventory_labelitem AS member USING inventory_bulkedititem AS one
            WHERE one.edit_id = %(edit)s AND one.source_before = '' AND member.label_id = %(label)s
              AND member.item_id = one.item_id AND member.source = 'hand'
            RETURNING member.item_id
        ), back AS (
            UPDATE inventory_labelitem AS member SET source = one.source_before FROM inventory_bulkedititem AS one
            WHERE one.edit_id = %(edit)s AND one.source_before <> '' AND member.label_id = %(label)s
              AND member.item_id = one.item_id AND member.source = 'hand'
            RETURNING member.item_id
        )
        SELECT item_id FROM gone UNION ALL SELECT item_id FROM back""",
    Action.UNLABEL: """
        INSERT INTO inventory_labelitem AS member (label_id, item_id, source)
        SELECT %(label)s, one.item_id, one.source_before FROM inventory_bulkedititem AS one
        JOIN inventory_item AS item ON item.id = one.item_id AND item.archived_at IS NULL
        WHERE one.edit_id = %(edit)s ORDER BY one.item_id
        ON CONFLICT (label_id, item_id) DO UPDATE SET source = excluded.source WHERE member.source = 'excluded'""",
}


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
) -> BulkEdit:
    """It is done to those of the chosen items that differ, and on record; `count` says how many they were."""
    made = BulkEdit.objects.create(
        seller=seller, action=action, label=label, words=words, made_by_id=actor.pk, made_at=now
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
        given: dict[str, Any] = {"edit": made.pk, "label": made.label_id}
        cursor.execute(statement, {**given, "fixed": price.fixed, "percent": price.percent, "amount": price.amount})
        return int(cursor.rowcount)


def _do(made: BulkEdit, *, actor: AbstractBaseUser, now: datetime) -> None:
    if made.label is not None:
        items = Item.objects.filter(pk__in=made.items.values("item_id"))
        move = labels.add_items if made.action == Action.LABEL else labels.remove_items
        move(made.label, items, actor=actor, now=now)
        return
    with connection.cursor() as cursor:
        cursor.execute(_DO[made.action] + _OF_THE_EDIT, {"edit": made.pk, "now": now})


@transaction.atomic
def undo(made: BulkEdit, *, actor: AbstractBaseUser, now: datetime) -> BulkEdit:
    """What the edit changed and nobody changed since is as it was. A second undo changes nothing."""
    row = BulkEdit.objects.select_for_update(no_key=True).get(pk=made.pk)
    if row.undone_at is not None:
        return row
    if row.action in (Action.LABEL, Action.UNLABEL) and row.label_id is None:
        row.undone_count = 0  # the label is gone, and with it whatever stood on it
    else:
        with connection.cursor() as cursor:
            cursor.execute(_UNDO[row.action], {"edit": row.pk, "label": row.label_id, "now": now})
            row.undone_count = cursor.rowcount
    row.undone_at, row.undone_by_id = now, actor.pk
    row.save(update_fields=["undone_at", "undone_by", "undone_count"])
    send_changed()
    return row

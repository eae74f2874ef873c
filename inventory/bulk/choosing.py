"""Which of the chosen items differ from what is wanted, written down at once with what each is now. Set-based.

From then on the edit is about exactly these: what comes to fit the search later is not touched.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q, QuerySet

from inventory.models import BulkEdit, Item
from inventory.money import EXPONENTS

Action = BulkEdit.Action

#: So many items are changed in one transaction.
SLICE = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChange:
    """What becomes of prices: the percentage, then the amount is added; never below 0, with its currency's digits."""

    percent: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)
    #: All have this price instead; None: each is worked out from what it was.
    fixed: Decimal | None = None


# ruff: noqa: S608 - statements are put together from constants
#: What of a chosen item says whether it differs.
_COLUMNS = ("id", "price", "currency", "is_parent", "blocked", "archived_at")
_SO = "SELECT id, NULL, NULL FROM chosen WHERE {}"
# OFFSET 0 has each price worked out once, not wherever it is named.
_DIFFERING: Mapping[str, str] = {
    Action.BLOCK: _SO.format("NOT blocked"),
    Action.UNBLOCK: _SO.format("blocked"),
    Action.ARCHIVE: _SO.format("archived_at IS NULL"),
    Action.BRING_BACK: "SELECT id, archived_at, NULL FROM chosen WHERE archived_at IS NOT NULL",
    Action.PRICE: """
    SELECT id, price, priced FROM (
        SELECT id, price, coalesce(
            %(fixed)s::numeric,
            CASE WHEN price IS NOT NULL THEN round(
                greatest(price * (100 + %(percent)s::numeric) / 100 + %(amount)s::numeric, 0),
                CASE WHEN currency = ANY(%(whole)s::text[]) THEN 0
                     WHEN currency = ANY(%(finer)s::text[]) THEN 3 ELSE 2 END
            ) END
        ) AS priced
        FROM chosen WHERE NOT is_parent OFFSET 0
    ) AS worked_out
    WHERE priced IS DISTINCT FROM price AND priced <= 9999999999.9999""",
    Action.LABEL: """
    SELECT chosen.id, coalesce(member.source, ''), NULL FROM chosen
    LEFT JOIN inventory_labelitem AS member ON member.label_id = %(label)s AND member.item_id = chosen.id
    WHERE chosen.archived_at IS NULL AND member.source IS DISTINCT FROM 'hand'""",
    Action.UNLABEL: """
    SELECT member.item_id, member.source, NULL
    FROM chosen JOIN inventory_labelitem AS member ON member.label_id = %(label)s AND member.item_id = chosen.id
    WHERE member.source <> 'excluded'""",
}
_WRITE_DOWN = """
WITH chosen ({columns}) AS ({chosen}), differing (id, before, after) AS ({differing}), numbered AS (
    SELECT id, before::text, after::text, (row_number() OVER (ORDER BY id) - 1) / %(slice)s AS number FROM differing
)
INSERT INTO inventory_bulkeditslice (edit_id, number, item_ids, befores, afters)
SELECT %(edit)s, number, array_agg(id), array_agg(before), array_agg(after) FROM numbered GROUP BY number
RETURNING cardinality(item_ids)
"""


def write_down(made: BulkEdit, chosen: QuerySet[Item], price: PriceChange) -> int:
    """The items that differ stand in slices of the edit. Returns how many. Those of other sellers are left out."""
    own = chosen.filter(seller=made.seller_id)
    if made.label_id:  # the variations of a parent go with it
        own = Item.objects.filter(Q(pk__in=own.order_by().values("pk")) | Q(parent__in=own.order_by().values("pk")))
    try:
        sql, params = own.order_by().values_list(*_COLUMNS).query.sql_with_params()
    except EmptyResultSet:
        return 0
    with connection.cursor() as cursor:
        # The query that was given has its parameters in their order, ours are named: they are filled in first.
        chosen_sql = cursor.mogrify(sql, params).decode().replace("%", "%%")
        statement = _WRITE_DOWN.format(
            columns=", ".join(_COLUMNS), chosen=chosen_sql, differing=_DIFFERING[made.action]
        )
        given: dict[str, Any] = {"edit": made.pk, "label": made.label_id, "whole": _digits(0), "finer": _digits(3)}
        given |= {"fixed": price.fixed, "percent": price.percent, "amount": price.amount, "slice": SLICE}
        cursor.execute(statement, given)
        return sum(size for (size,) in cursor.fetchall())


def _digits(count: int) -> list[str]:
    """Return the currencies with so many digits after the point."""
    return [currency for currency, digits in EXPONENTS.items() if digits == count]

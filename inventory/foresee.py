"""What a change would bring onto a label and take off it, before it is made: in slices, so that no request is long.

What counts are items that are for sale: nobody lists the others, whichever labels they are on.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from django.db.models import Exists, OuterRef, QuerySet

from inventory import labels
from inventory.models import Item, Label, LabelItem
from inventory.paging import COUNT_LIMIT
from inventory.rules import Match, Rule, items_matching

#: Items that are looked at in one go, whether they move or not.
SLICE = 2_000
#: So many SKUs are named as examples.
NAMED = 8


class Moves(NamedTuple):
    """SKUs of one slice that would come onto the label or leave it; `after` is where to look on, None at the end."""

    coming: list[str]
    leaving: list[str]
    after: str | None


#: Asked for the slice after a SKU, it gives what moves there.
Change = Callable[[str], Moves]


def by_rule(label: Label, rule: Rule, match: Match = Match.ALL) -> Change:
    """Return what moves if `label` followed `rule`: by hand and kept off stay. Raises RuleError when asked."""

    def look(after: str) -> Moves:
        items, last = labels.slice_of(label.seller_id, after, SLICE)
        for_sale = items.filter(archived_at=None, blocked=False, is_parent=False)
        wanted = items_matching(rule, for_sale, match)
        # Plan: both read one slice by (seller, SKU), and each item's row on the label by (label, item).
        rows = LabelItem.objects.filter(label=label, item=OuterRef("pk"))
        coming = wanted.filter(~Exists(rows))
        by_rule_now = for_sale.filter(Exists(rows.filter(source=LabelItem.Source.RULE)))
        leaving = by_rule_now.exclude(pk__in=wanted.values("pk"))
        return Moves(_skus(coming), _skus(leaving), last)

    return look


def by_hand(label: Label, chosen: labels.Chosen) -> Change:
    """Return what leaves if these items, and the variations of parents among them, were taken off `label`."""
    return _leaving(labels.members(label).filter(pk__in=labels.own_items(label, chosen).values("pk")))


def out_of_sale(chosen: QuerySet[Item]) -> Change:
    """Return what leaves whichever labels it is on if just these items were for sale no more."""
    for_sale = Item.objects.filter(archived_at=None, blocked=False, is_parent=False)
    return _leaving(for_sale.filter(pk__in=chosen.order_by().values("pk")))


def _leaving(items: QuerySet[Item]) -> Change:
    def look(after: str) -> Moves:
        skus = list(items.filter(sku__gt=after).order_by("sku").values_list("sku", flat=True)[:SLICE])
        return Moves([], skus, skus[-1] if len(skus) == SLICE else None)

    return look


def _skus(items: QuerySet[Item]) -> list[str]:
    return list(items.order_by("sku").values_list("sku", flat=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many items move, as far as they were looked at; `after` is where to go on, None once all were."""

    coming: int = 0
    leaving: int = 0
    some_coming: tuple[str, ...] = ()
    some_leaving: tuple[str, ...] = ()
    #: Items that were looked at before `after`.
    looked_at: int = 0
    after: str | None = ""

    def plus(self, moves: Moves) -> "Count":
        return replace(
            self,
            coming=self.coming + len(moves.coming),
            leaving=self.leaving + len(moves.leaving),
            some_coming=(*self.some_coming, *moves.coming)[:NAMED],
            some_leaving=(*self.some_leaving, *moves.leaving)[:NAMED],
            looked_at=self.looked_at + SLICE,
            after=moves.after,
        )


def count(
    change: Change, so_far: Count | None = None, *, seconds: float, also: Callable[[Moves], None] | None = None
) -> Count:
    """Return how many items move, as far as one gets in that time, one slice at least; `also` is told every slice."""
    until, found = time.monotonic() + seconds, so_far or Count()
    while found.after is not None:
        moves = change(found.after)
        found = found.plus(moves)
        if also:
            also(moves)
        if time.monotonic() > until:
            break
    return found


def then_on(label: Label, count: Count) -> int | None:
    """Return how many items would be on `label`; None if that is not known, or more than anybody counts."""
    now = labels.member_count(label)
    if count.after is not None or now >= COUNT_LIMIT:
        return None
    return now + count.coming - count.leaving

"""Labels: which items they hold, and why. By hand beats rule; kept off beats both.

Membership is rows of LabelItem; capture.sql notices every change of them. A parent is not sellable: labelling it
labels its variations. Items that are archived leave all labels.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import OuterRef, ProtectedError, Q, QuerySet

from inventory.alone import working_alone
from inventory.models import BulkEdit, CsvImport, Item, Label, LabelItem, Seller
from inventory.paging import count_of
from inventory.rules import Match, Rule, RuleError, check_rule, items_matching
from inventory.signals import send_changed

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

Source = LabelItem.Source
INCLUDED = (Source.HAND, Source.RULE)
#: So many items are held against a rule in one transaction.
SLICE = 10_000
#: Items by id, or those of a query.
Chosen = Collection[int] | QuerySet[Item]


def members(label: Label | OuterRef) -> QuerySet[Item]:
    """Return the items that `label` sends to its channels: on it, not kept off, and sellable."""
    return Item.objects.filter(
        label_items__label=label,
        label_items__source__in=INCLUDED,
        archived_at=None,
        blocked=False,
        is_parent=False,
    )


def member_count(label: Label, limit: int = 10_001) -> int:
    """Return how many items `members` holds, counted no further than `limit`."""
    return members(label).order_by()[:limit].count()


def member_counts(labels: Sequence[Label], limit: int) -> list[int]:
    """Return the same of each of these labels, in one query."""
    those = count_of(members(OuterRef("pk")), limit)
    counted = Label.objects.filter(pk__in=[label.pk for label in labels]).annotate(count=those)
    found = dict(counted.values_list("pk", "count"))
    return [found[label.pk] for label in labels]


@transaction.atomic
def create_label(
    seller: Seller, name: str, *, rule: Rule | None = None, match: Match = Match.ALL, now: datetime
) -> Label:
    """A label of this name exists; one with a rule holds nothing until `recalculate_label` has run.

    Raises RuleError if the rule cannot be understood, IntegrityError if the seller has a label of that name.
    """
    if rule is not None:
        check_rule(rule)
    return Label.objects.create(
        seller=seller,
        name=name,
        kind=Label.Kind.MANUAL if rule is None else Label.Kind.RULE,
        rule=rule or [],
        match=match,
        rule_changed_at=None if rule is None else now,
        created_at=now,
    )


def make_missing(csv_import: CsvImport, names: Collection[str], *, now: datetime) -> list[Label]:
    """Return the seller's labels of these names; those that do not exist yet are made, and the import remembers it."""
    seller = csv_import.seller
    known = set(seller.labels.filter(name__in=names).values_list("name", flat=True))
    Label.objects.bulk_create(
        [
            Label(seller=seller, name=name, created_at=now, made_by=csv_import)
            for name in sorted(names)
            if name not in known
        ],
        ignore_conflicts=True,
    )
    return list(seller.labels.filter(name__in=names))


@transaction.atomic
def remove_unused(label: Label) -> bool:
    """The label is gone, unless it holds items or has a rule, or a channel or something under way names it.

    Returns whether it is.
    """
    held = lock(label.pk)
    if held is None or held.kind == Label.Kind.RULE or held.label_items.exists() or _is_awaited(held):
        return False
    try:
        with transaction.atomic():
            held.delete()
    except ProtectedError:
        return False
    return True


def _is_awaited(label: Label) -> bool:
    """Whether a file or an edit that has not ended will put items on it."""
    ended = [CsvImport.State.DONE, CsvImport.State.CANCELLED, CsvImport.State.UNDOING, CsvImport.State.UNDONE]
    files = CsvImport.objects.filter(label=label).exclude(state__in=ended)
    return files.exists() or BulkEdit.objects.filter(label=label, state__in=BulkEdit.WORKING).exists()


@transaction.atomic
def save_rule(label: Label, rule: Rule, match: Match = Match.ALL, *, now: datetime) -> None:
    """`label` follows this rule; who is on it is found by `recalculate_label`, soon after. Raises RuleError."""
    check_rule(rule)
    label.kind, label.rule, label.match = Label.Kind.RULE, rule, match
    label.rule_changed_at, label.recalculated_at = now, None
    label.save(update_fields=["kind", "rule", "match", "rule_changed_at", "recalculated_at"])
    send_changed()


def add_items(label: Label, chosen: Chosen, *, actor: "AbstractBaseUser | None", now: datetime) -> int:
    """The items, and the variations of parents among them, are on `label` by hand. Returns how many were not before."""
    return _put(label, own_items(label, chosen), Source.HAND)


def exclude_items(label: Label, chosen: Chosen, *, actor: "AbstractBaseUser | None", now: datetime) -> int:
    """The items are kept off `label`, whatever its rule says. Returns how many were not before."""
    return _put(label, own_items(label, chosen), Source.EXCLUDED)


@transaction.atomic
def remove_items(label: Label, chosen: Chosen, *, actor: "AbstractBaseUser | None", now: datetime) -> int:
    """The items are not on `label`; on a rule label they are kept off, since the rule would put them back.

    Returns how many left.
    """
    if label.kind == Label.Kind.RULE:
        return exclude_items(label, chosen, actor=actor, now=now)
    rows = LabelItem.objects.filter(label=label, item__in=own_items(label, chosen))
    removed, _ = rows.exclude(source=Source.EXCLUDED).delete()
    send_changed()
    return removed


@transaction.atomic
def return_to_rule(label: Label, chosen: Chosen, *, now: datetime) -> None:
    """What was done by hand to these items is forgotten: the rule alone decides."""
    own = own_items(label, chosen)
    lock(label.pk)
    LabelItem.objects.filter(label=label, item__in=own).exclude(source=Source.RULE).delete()
    if label.kind == Label.Kind.RULE:
        _apply_rule(label, own)
    send_changed()


def put_exactly(label: Label, item_ids: Sequence[int], source: Source) -> None:
    """These items, as far as they are not archived, are on `label` this way; no variations go along."""
    sql = "SELECT id FROM inventory_item WHERE id = ANY(%s) AND archived_at IS NULL ORDER BY id"
    _put_from(label, sql, [list(item_ids)], source)


def take_off_exactly(label: Label, item_ids: Sequence[int]) -> None:
    """These items are not on `label`, and kept off it if it has a rule; no variations go along."""
    if label.kind == Label.Kind.RULE:
        put_exactly(label, item_ids, Source.EXCLUDED)
    else:
        LabelItem.objects.filter(label=label, item__in=item_ids).delete()


@transaction.atomic
def restore_exactly(label: Label, item_ids: Sequence[int], source: str) -> None:
    """These items are on `label` as they were: "" not at all. Where the rule decided, it decides, as it is today."""
    lock(label.pk)
    if source in (Source.HAND, Source.EXCLUDED):
        put_exactly(label, item_ids, Source(source))
        return
    LabelItem.objects.filter(label=label, item__in=item_ids).delete()
    if label.kind == Label.Kind.RULE:
        _apply_rule(label, Item.objects.filter(pk__in=item_ids))


def add_items_from(label: Label, source: str, params: Sequence[Any]) -> int:
    """The items that the SELECT `source` gives, by id, are on `label` by hand. Returns how many were not before."""
    return _put_from(label, source, params, Source.HAND)


def own_items(label: Label, chosen: Chosen) -> QuerySet[Item]:
    """Return these items and their variations, other sellers' left out."""
    ids = chosen.order_by().values("pk") if isinstance(chosen, QuerySet) else list(chosen)
    return Item.objects.filter(Q(pk__in=ids) | Q(parent_id__in=ids), seller_id=label.seller_id)


def _put(label: Label, items: QuerySet[Item], source: LabelItem.Source) -> int:
    if source == Source.HAND:
        items = items.filter(archived_at=None)
    try:
        sql, params = items.order_by("pk").values("pk").query.sql_with_params()
    except EmptyResultSet:  # nothing was chosen
        return 0
    return _put_from(label, sql, params, source)


def _put_from(label: Label, sql: str, params: Sequence[Any], source: LabelItem.Source) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        lock(label.pk)
        cursor.execute(
            f"""
            INSERT INTO inventory_labelitem (label_id, item_id, source)
            SELECT %s, chosen.id, %s FROM ({sql}) AS chosen (id)
            ON CONFLICT (label_id, item_id) DO UPDATE SET source = excluded.source
                WHERE inventory_labelitem.source <> excluded.source
            """,  # noqa: S608 - our own SELECT
            [label.pk, source.value, *params],
        )
        send_changed()
        return int(cursor.rowcount)


def recalculate_label(label_id: int, *, now: datetime) -> None:
    """Every item has been held against the label's rule; those put on or kept off by hand stay as they are.

    In slices, a commit each: whoever wants the label, a seller's hand or the fan-out, waits for one of them at most.
    What came on or off is announced once, at the end. Leaves it to others if somebody is at it, or the rule changes
    meanwhile: then another call is under way. Safe to repeat after any interruption.
    """
    with working_alone(f"inventory label {label_id}") as alone:
        label = Label.objects.filter(pk=label_id, kind=Label.Kind.RULE, recalculated_at=None).first()
        if not alone or label is None:
            return
        after: str | None = ""
        while after is not None:
            after = _recalculate_slice(label, after, now=now)


@transaction.atomic
def _recalculate_slice(label: Label, after: str, *, now: datetime) -> str | None:
    """The next items by SKU have been held against the rule. Returns the last one's SKU, or None after the end."""
    held = lock(label.pk)
    if held is None or held.rule_changed_at != label.rule_changed_at or held.kind != Label.Kind.RULE:
        return None
    items, last = slice_of(label.seller_id, after, SLICE)
    _apply_rule(held, items)
    if last is not None:
        return last
    held.recalculated_at = now
    held.save(update_fields=["recalculated_at"])
    send_changed()
    return None


def slice_of(seller_id: int, after: str, size: int) -> tuple[QuerySet[Item], str | None]:
    """Return the seller's next items by SKU, and the last one's SKU; None and all that are left at the end."""
    # Plan: both by the unique index on (seller, SKU).
    items = Item.objects.filter(seller_id=seller_id, sku__gt=after)
    last = items.order_by("sku").values_list("sku", flat=True)[size - 1 : size].first()
    return (items, None) if last is None else (items.filter(sku__lte=last), str(last))


def recalculate_items(item_ids: Collection[int], *, now: datetime) -> None:
    """These items have been held against all rules of their sellers, and nothing else was looked at."""
    if not item_ids:
        return
    with transaction.atomic():
        sellers = Item.objects.filter(pk__in=item_ids).order_by().values("seller_id").distinct()
        labels = Label.objects.filter(seller__in=sellers, kind=Label.Kind.RULE)
        # Waits for a slice of `recalculate_label` that runs: it may have looked at these items before they changed.
        for label in labels.select_for_update(no_key=True).order_by("pk"):
            _apply_rule(label, Item.objects.filter(pk__in=item_ids, seller_id=label.seller_id))


def stale_labels() -> QuerySet[Label]:
    """Return the rule labels whose rule is newer than their members."""
    return Label.objects.filter(kind=Label.Kind.RULE, recalculated_at=None)


def lock(label_id: int) -> Label | None:
    """One at a time writes the members of a label; rows that merely refer to it do not wait."""
    return Label.objects.select_for_update(no_key=True).filter(pk=label_id).first()


def lock_all(seller_id: int) -> dict[int, Label]:
    """Return all labels of the seller by id, locked like by `lock`. Items are locked before them, never after."""
    held = Label.objects.select_for_update(no_key=True).filter(seller=seller_id).order_by("pk")
    return {label.pk: label for label in held}


def _apply_rule(label: Label, among: QuerySet[Item]) -> None:
    """Of the items `among`, those and only those that the rule wants are on the label by rule."""
    try:
        items, item_params = among.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return
    matching, matching_params = _select_matching(label, among)
    with connection.cursor() as cursor:
        # Plan: each item's row on the label is looked up by itself. A join may be planned as a walk over all rows of
        # the label, once for every slice.
        cursor.execute(
            f"""
            WITH matching (id) AS MATERIALIZED ({matching}), unwanted AS (
                SELECT member.id
                FROM ({items}) AS chosen (id)
                CROSS JOIN LATERAL (
                    SELECT id FROM inventory_labelitem
                    WHERE label_id = %s AND item_id = chosen.id AND source = %s
                    LIMIT 1
                ) AS member
                WHERE chosen.id NOT IN (SELECT id FROM matching)
            ), taken_off AS (
                DELETE FROM inventory_labelitem WHERE id = ANY(ARRAY(SELECT id FROM unwanted))
            )
            INSERT INTO inventory_labelitem (label_id, item_id, source)
            SELECT %s, id, %s FROM matching ORDER BY id
            ON CONFLICT (label_id, item_id) DO NOTHING
            """,  # noqa: S608 - built by the ORM
            [*matching_params, *item_params, label.pk, Source.RULE.value, label.pk, Source.RULE.value],
        )


def _select_matching(label: Label, among: QuerySet[Item]) -> tuple[str, Sequence[Any]]:
    """Return the SELECT of the ids of those `among` that the label's rule wants, and its parameters."""
    try:
        wanted = items_matching(label.rule, among.filter(archived_at=None, is_parent=False), label.match)
        return wanted.order_by().values("pk").query.sql_with_params()
    except (RuleError, EmptyResultSet):  # a rule written past `check_rule` matches nothing, which the label's page says
        return "SELECT NULL::bigint WHERE false", ()

"""What the good rows would change, as things stand: summed up, and cell by cell a page at a time.

What each row does is worked out once and kept in `effects`, by place: a page among a million rows costs what the first
costs. The values are read when they are shown.
"""

import json
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from typing import Any
from uuid import UUID

from django.db import connection

from inventory.csv_import.differences import DIFFERS, IS_HIDDEN, IS_LABELLED, LABELS
from inventory.csv_import.header import WORDS, UnclearColumns
from inventory.csv_import.staging import tables_of
from inventory.models import CsvImport, Location
from inventory.money import exponent_of

#: Of a longer text, only what surrounds the first difference is shown.
SHOWN = 120
#: A file that would make more labels means something else by that column.
MAX_NEW_LABELS = 100


class Effect(IntEnum):
    """What a row does to its item."""

    NOTHING = 0
    CHANGED = 1
    NEW = 2


@dataclass(frozen=True, slots=True)
class Cell:
    """One value that would change."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One row of the file and the cells it would change."""

    place: int
    sku: str
    title: str
    is_parent: bool
    #: The item's page, None while there is no such item.
    public_id: UUID | None
    cells: list[Cell]


def build_summary(csv_import: CsvImport, location: Location) -> dict[str, int]:
    """What each good row does stands in `effects`. Returns how many do what."""
    effects = tables_of(csv_import).effects
    _work_out(csv_import, location)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT
                count(*) AS good,
                count(*) FILTER (WHERE effect = {Effect.NEW}) AS new,
                count(*) FILTER (WHERE effect = {Effect.CHANGED}) AS changed,
                count(*) FILTER (WHERE effect = {Effect.NOTHING}) AS unchanged,
                count(*) FILTER (WHERE units > 0) AS stock_up,
                count(*) FILTER (WHERE units < 0) AS stock_down,
                coalesce(sum(units) FILTER (WHERE units > 0), 0) AS units_up,
                coalesce(-sum(units) FILTER (WHERE units < 0), 0) AS units_down,
                count(*) FILTER (WHERE is_sold_out) AS stock_to_zero,
                count(*) FILTER (WHERE lacks_price) AS without_price,
                count(*) FILTER (WHERE is_hidden) AS hidden
            FROM {effects}
            """  # noqa: S608 - names of our own
        )
        names = [column[0] for column in cursor.description]
        return {name: int(value) for name, value in zip(names, cursor.fetchone(), strict=True)}


def _work_out(csv_import: CsvImport, location: Location) -> None:
    tables = tables_of(csv_import)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {tables.effects}")
        cursor.execute(
            f"""
            CREATE UNLOGGED TABLE {tables.effects} AS
            SELECT
                place,
                CASE
                    WHEN item.id IS NULL OR item.archived_at IS NOT NULL THEN {Effect.NEW}
                    WHEN {DIFFERS} OR counted.units <> 0 OR {IS_LABELLED} THEN {Effect.CHANGED}
                    ELSE {Effect.NOTHING}
                END AS effect,
                counted.units,
                given.quantity = 0 AND stock.on_hand > 0 AS is_sold_out,
                coalesce(given.price, item.price) IS NULL
                    AND NOT coalesce(given.as_parent, item.is_parent, false) AS lacks_price,
                {IS_HIDDEN} AS is_hidden
            FROM {tables.rows} AS given
            LEFT JOIN inventory_item AS item ON item.seller_id = %s AND item.sku = given.sku
            LEFT JOIN inventory_stock AS stock ON stock.item_id = item.id AND stock.location_id = %s
            CROSS JOIN LATERAL (SELECT given.quantity - coalesce(stock.on_hand, 0) AS units) AS counted
            """,  # noqa: S608
            [csv_import.seller_id, location.pk],
        )
        cursor.execute(f"CREATE INDEX ON {tables.effects} (effect, place) WHERE effect > {Effect.NOTHING}")
        cursor.execute(f"ANALYZE {tables.effects}")


def new_labels(csv_import: CsvImport) -> list[str]:
    """Return the names of the labels that the good rows name and the seller has not. Raises UnclearColumns."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT DISTINCT named.name
            FROM {tables_of(csv_import).rows} AS given CROSS JOIN LATERAL unnest(given.labels) AS named (name)
            WHERE NOT {IS_HIDDEN} AND NOT EXISTS (
                SELECT FROM inventory_label AS label WHERE label.seller_id = %s AND label.name = named.name
            )
            ORDER BY named.name LIMIT {MAX_NEW_LABELS + 1}
            """,  # noqa: S608 - names of our own
            [csv_import.seller_id],
        )
        names = [name for (name,) in cursor.fetchall()]
    if len(names) > MAX_NEW_LABELS:
        raise UnclearColumns(
            f"The column for labels names more than {MAX_NEW_LABELS} that you do not have, such as “{names[0]}”."
            " Does it mean something else?"
        )
    return names


def find_rows(
    csv_import: CsvImport, effect: Effect, *, after: int | None, before: int | None, limit: int
) -> list[PreviewRow]:
    """Return the rows of this effect next to a place, in the order away from it; none while they are not staged."""
    tables = tables_of(csv_import)
    beyond, order = (f"place < {before}", "DESC") if before is not None else (f"place > {after}", "ASC")
    if before is None and after is None:
        beyond = "true"
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [tables.effects])
        if not cursor.fetchone()[0]:
            return []
        cursor.execute(
            f"""
            SELECT
                given.place, given.as_parent, item.public_id, to_jsonb(given), to_jsonb(item), {LABELS}, {IS_LABELLED},
                coalesce(stock.on_hand, 0), parent.sku
            FROM (
                SELECT place FROM {tables.effects} WHERE effect = {effect} AND {beyond} ORDER BY place {order} LIMIT %s
            ) AS shown
            JOIN {tables.rows} AS given USING (place)
            LEFT JOIN LATERAL (
                SELECT * FROM inventory_item WHERE seller_id = %s AND sku = given.sku LIMIT 1
            ) AS item ON true
            LEFT JOIN inventory_item AS parent ON parent.id = item.parent_id
            LEFT JOIN inventory_stock AS stock ON stock.item_id = item.id AND stock.location_id = %s
            ORDER BY place {order}
            """,  # noqa: S608
            [limit, csv_import.seller_id, csv_import.location_id],
        )
        return [_preview_row(*row, currency=csv_import.seller.currency) for row in cursor.fetchall()]


def _preview_row(
    place: int, as_parent: bool | None, public_id: UUID | None, given: str, item: str | None, *more: Any, currency: str
) -> PreviewRow:
    new, old = json.loads(given, parse_float=Decimal), json.loads(item, parse_float=Decimal) if item else {}
    labels, is_labelled, on_hand, parent_sku = more
    cells = [
        *_text_cells(new, old | {"parent": parent_sku}),
        *_price_cell(new, old, currency),
        *_pair_cells(new["attributes"], old.get("attributes") or {}),
        *_pair_cells(new["variation"] or {}, old.get("variation") or {}),
    ]
    if new["quantity"] is not None and (new["quantity"] != on_hand or not item):
        cells.append(Cell(WORDS["quantity"], f"{on_hand:,}" if item else "", f"{new['quantity']:,}"))
    if is_labelled:
        cells.append(Cell(WORDS["labels"], ", ".join(labels), ", ".join(sorted({*labels, *new["labels"]}))))
    return PreviewRow(
        place,
        new["sku"],
        new["title"] or old.get("title", ""),
        bool(as_parent or old.get("is_parent")),
        public_id,
        cells,
    )


def _text_cells(new: dict[str, Any], old: dict[str, Any]) -> list[Cell]:
    cells = []
    for field in ("title", "description", "brand", "gtin", "parent", "images"):
        if new[field] is not None and new[field] != (old.get(field) or ""):
            before, after = (_as_text(values.get(field)) for values in (old, new))
            cells.append(Cell(WORDS[field], *around_difference(before, after)))
    return cells


def _as_text(value: Any) -> str:
    return " ".join(value) if isinstance(value, list) else str(value or "")


def _price_cell(new: dict[str, Any], old: dict[str, Any], currency: str) -> list[Cell]:
    """Return the price with its currency, if either would change."""
    old_currency = old.get("currency") or currency
    price = old.get("price") if new["price"] is None else new["price"]
    wanted = _money(price, new["currency"] or old_currency)
    current = _money(old.get("price"), old_currency) if old else ""
    return [] if wanted == current else [Cell(WORDS["price"], current, wanted)]


def _money(amount: Any, currency: str) -> str:
    if amount is None:
        return ""
    plain = Decimal(amount).normalize()
    places = max(exponent_of(currency), -int(plain.as_tuple().exponent))
    return f"{plain:,.{places}f} {currency}"


def _pair_cells(new: dict[str, str], old: dict[str, str]) -> list[Cell]:
    return [
        Cell(name, *around_difference(str(old.get(name, "")), value))
        for name, value in new.items()
        if value != old.get(name)
    ]


def around_difference(old: str, new: str) -> tuple[str, str]:
    """Return both texts; of long ones, what surrounds the place where they part."""
    same = next((place for place, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), len(old))
    start = max(0, same - SHOWN // 3) if max(len(old), len(new)) > SHOWN else 0
    return _excerpt(old, start), _excerpt(new, start)


def _excerpt(text: str, start: int) -> str:
    return ("…" if start else "") + text[start : start + SHOWN] + ("…" if len(text) > start + SHOWN else "")

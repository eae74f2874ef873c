"""Which program a seller's file comes from, and its rows as ours. One file a layout, which reads rows only."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from inventory.csv_import.header import Column
from inventory.csv_import.layouts import goods, shopify, shopify_stock, woocommerce
from inventory.csv_import.reading import Row, Sheet, within_limits
from inventory.models import CsvImport

Layout = CsvImport.Layout


@dataclass(frozen=True, slots=True)
class Translation:
    """A foreign file as one of ours: what its columns mean, and its rows to come."""

    columns: list[Column]
    rows: Iterator[Row]


def layout_of(sheet: Sheet) -> Layout:
    """Return the layout that the file's header shows."""
    known = {
        Layout.SHOPIFY: shopify.recognises,
        Layout.SHOPIFY_STOCK: shopify_stock.recognises,
        Layout.WOOCOMMERCE: woocommerce.recognises,
    }
    return next((layout for layout, recognises in known.items() if recognises(sheet.header)), Layout.COLUMNS)


def translate(layout: str, sheet: Sheet, *, only_at: Collection[str]) -> Translation:
    """Return the file in our columns; `layout` is a foreign one.

    `only_at` are the names of the one location that counts, of a file that has several; none: all do.
    """
    columns: Sequence[Column]
    match layout:
        case Layout.SHOPIFY:
            columns, rows = goods.COLUMNS, shopify.read_rows(sheet.header, sheet.rows)
        case Layout.WOOCOMMERCE:
            columns, rows = goods.COLUMNS, woocommerce.read_rows(sheet.header, sheet.rows)
        case _:
            columns = shopify_stock.COLUMNS
            rows = shopify_stock.read_rows(sheet.header, sheet.rows, only_at=only_at)
    return Translation(list(columns), map(within_limits, rows))

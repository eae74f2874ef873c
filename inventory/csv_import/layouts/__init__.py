"""Which program a seller's file comes from, and its rows as ours. One file a program, which reads rows only."""

from collections.abc import Iterator
from dataclasses import dataclass

from inventory.csv_import.header import Column
from inventory.csv_import.layouts import shopify, woocommerce
from inventory.csv_import.layouts.goods import COLUMNS
from inventory.csv_import.reading import Row, Sheet
from inventory.models import CsvImport

Layout = CsvImport.Layout

_FOREIGN = {Layout.SHOPIFY: shopify, Layout.WOOCOMMERCE: woocommerce}


@dataclass(frozen=True, slots=True)
class Translation:
    """A foreign file as one of ours: what its columns mean, and its rows to come."""

    columns: list[Column]
    rows: Iterator[Row]


def layout_of(sheet: Sheet) -> Layout:
    """Return the layout that the file's header shows."""
    return next((key for key, layout in _FOREIGN.items() if layout.recognises(sheet.header)), Layout.COLUMNS)


def translate(layout: str, sheet: Sheet) -> Translation:
    """Return the file in our columns; `layout` is a foreign one."""
    return Translation(list(COLUMNS), _FOREIGN[Layout(layout)].read_rows(sheet.header, sheet.rows))

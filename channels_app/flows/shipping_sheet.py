"""A CSV of parcels as text: what its columns are called, and what stands in its rows. Knows no tables."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from inventory.csv_import.header import FileProblem
from inventory.csv_import.reading import Sheet, open_sheet

#: Column -> what we call it, and other names it is known by.
COLUMNS: dict[str, tuple[str, ...]] = {
    "order": ("Order number", "order", "order no", "order id", "order nr", "purchase order id"),
    "marketplace": ("Marketplace", "channel"),
    "sku": ("SKU", "item sku", "seller sku", "merchant sku", "offer sku"),
    "units": ("Units", "quantity", "qty", "units to ship"),
    "carrier": ("Carrier", "shipping carrier", "carrier name", "carrier code"),
    "tracking": ("Tracking number", "tracking", "tracking no", "tracking code", "tracking id", "track trace"),
}
MAX_ROWS = 10_000
#: Room for addresses and titles beside what is read.
MAX_BYTES = 10_000_000
#: So much is kept of a cell; nothing that fits a parcel is longer.
_KEPT_OF_CELL = 200
#: What a program for tables makes of a long number: the last digits are gone.
_SHORTENED = re.compile(r"\d([.,]\d+)?E\+\d+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row: its place in the file and its cells, all columns named; `problem` says why they cannot be trusted."""

    line: int
    cells: dict[str, str]
    problem: str = ""

    @property
    def is_unfilled(self) -> bool:
        """Whether nobody has entered how it was sent."""
        return not (self.problem or self.cells["carrier"] or self.cells["tracking"])


def read_sheet(content: bytes) -> list[SheetRow]:
    """Return the rows of a file. Raises FileProblem if it is none that can be understood."""
    try:
        return _read(open_sheet(lambda: [content]))
    except FileProblem as problem:
        if not problem.offered_encoding:
            raise
        # Numbers and codes read the same in any encoding, so nobody need be asked.
        return _read(open_sheet(lambda: [content], problem.offered_encoding))


def _read(sheet: Sheet) -> list[SheetRow]:
    places = _places(sheet.header)
    rows: list[SheetRow] = []
    for row in sheet.rows:
        if len(rows) == MAX_ROWS:
            raise FileProblem(f"The file has more than {MAX_ROWS:,} rows. Split it and bring the parts one by one.")
        cells = dict.fromkeys(COLUMNS, "") | {
            name: _plain(row.cells[place]) for name, place in places.items() if place < len(row.cells)
        }
        rows.append(SheetRow(row.line, cells, row.problem or _shortened(cells)))
    if not rows:
        raise FileProblem("The file has a header but no rows.")
    return rows


def _places(header: Sequence[str]) -> dict[str, int]:
    """Return where each column stands. Raises FileProblem if one is missing that no parcel can do without."""
    names = [_simple(name) for name in header]
    places = {}
    for column, words in COLUMNS.items():
        found = [names.index(word) for word in map(_simple, words) if word in names]
        if found:
            places[column] = found[0]
    if "order" not in places:
        raise FileProblem(f"No column for the order number. Columns found: {_quoted(header)}.")
    if not {"carrier", "tracking"} & places.keys():
        raise FileProblem(f"No column for the carrier or the tracking number. Columns found: {_quoted(header)}.")
    return places


def _quoted(header: Sequence[str]) -> str:
    return ", ".join(f"“{name.strip()[:40]}”" for name in header[:12] if name.strip()) or "none"


def _simple(name: str) -> str:
    return re.sub(r"[\W_]+", " ", name.casefold()).strip()


def _plain(cell: str) -> str:
    """Return the cell without the apostrophe that kept a program for tables from reading it as a formula."""
    text = cell.replace("\x00", "").strip()
    if text.startswith("'"):
        text = text[1:].strip()
    return text[:_KEPT_OF_CELL]


def _shortened(cells: dict[str, str]) -> str:
    for name in ("order", "tracking"):
        if _SHORTENED.fullmatch(cells[name]):
            words = COLUMNS[name][0].lower()
            return (
                f"Your program for tables shortened the {words} to {cells[name]}. Format the column as text,"
                " and enter the number in full."
            )
    return ""

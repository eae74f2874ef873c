"""A stock export of Shopify: one row for each variant and location. Only its counts are read. Pure.

Where the seller has one location here, the counts of all locations there come together; where there are several, those
of the location of the same name are taken. "On hand" is what stands on the shelf, as it is here; a variant that is "not
stocked" at a location has no count there.

Source: "Exporting or importing inventory with a CSV file",
https://help.shopify.com/en/manual/products/inventory/getting-started-with-inventory/inventory-csv, read in
November 2026. Of the two sets of names, today's says "(not editable)", "(current)" and "(new)" behind the counts.
"""

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence

from inventory.csv_import.header import Column, FileProblem
from inventory.csv_import.layouts import goods
from inventory.csv_import.reading import Row

COLUMNS = (Column("sku", "sku"), Column("quantity", "quantity"))

#: Names of the count, the first that is filled is it: whoever changed a count in the file wrote it under "new".
_COUNTS = ("on hand (new)", "on hand (current)", "on hand", "available (not editable)", "available")
_NOT_STOCKED = "not stocked"
LOCATIONS_TOLD = 10

Cells = Mapping[str, str]


def recognises(header: Sequence[str]) -> bool:
    """Say whether this is the header of such an export."""
    names = {name.strip().casefold() for name in header}
    return {"handle", "location", "sku"} <= names and bool(names & set(_COUNTS))


def read_rows(header: Sequence[str], rows: Iterator[Row], *, only_at: Collection[str]) -> Iterator[Row]:
    """Yield a count for each variant; `only_at` are names of the one location that counts, none: all do.

    Raises FileProblem if that location is not in the file.
    """
    names = [name.strip().casefold() for name in header]
    place = _Place(only_at)
    for (broken, _), group in itertools.groupby(rows, key=lambda row: _variant(names, row)):
        if broken:
            yield from (Row(row.line, [_cells(names, row).get("sku", ""), ""], row.problem) for row in group)
            continue
        first = next(group)
        members = (_cells(names, row) for row in itertools.chain([first], group))
        counts = [_count(cells) for cells in members if place.counts(cells["location"])]
        if counts:
            yield _row(first.line, _cells(names, first), [count for count in counts if count != _NOT_STOCKED])
    place.check()


class _Place:
    """The one location whose counts are taken, or all of them."""

    def __init__(self, only_at: Collection[str]) -> None:
        self._name = next(iter(only_at), "")
        self._wanted = {name.casefold() for name in only_at}
        self._is_found = False
        self._others: dict[str, None] = {}

    def counts(self, location: str) -> bool:
        """Say whether counts at this location are taken."""
        is_it = not self._wanted or location.casefold() in self._wanted
        self._is_found = self._is_found or is_it
        if not is_it and len(self._others) < LOCATIONS_TOLD:
            self._others[location] = None
        return is_it

    def check(self) -> None:
        """Raises FileProblem if the file counts at other locations only."""
        if self._others and not self._is_found:
            there = ", ".join(f"“{name}”" for name in self._others)
            raise FileProblem(f"The file counts at {there}, not at “{self._name}”. Choose a location of that name.")


def _cells(names: Sequence[str], row: Row) -> dict[str, str]:
    return {name: cell.strip() for name, cell in zip(names, row.cells, strict=False)}


def _variant(names: Sequence[str], row: Row) -> tuple[bool, tuple[str, ...]]:
    """Return whether the row is broken, and what all rows of its variant have in common."""
    cells = _cells(names, row) if not row.problem else {}
    options = (cells.get(f"option{n} value", "") for n in (1, 2, 3))
    return bool(row.problem), (cells.get("handle", ""), cells.get("sku", ""), *options)


def _count(cells: Cells) -> str:
    return next((cells[name] for name in _COUNTS if cells.get(name)), "").casefold()


def _row(line: int, cells: Cells, counts: Sequence[str]) -> Row:
    """Return the variant's row, its SKU proposed as for the product export if it has none."""
    options = [cells.get(f"option{n} value", "") for n in (1, 2, 3)]
    is_only_form = cells.get("option1 name", "").casefold() == "title" and options[0].casefold() == "default title"
    sku = goods.without_quote(cells["sku"])
    proposed = goods.propose_sku(cells["handle"], [] if is_only_form else options)
    return Row(line, [sku or proposed, _total(counts)], is_sku_proposed=not sku)


def _total(counts: Sequence[str]) -> str:
    """Return the sum; what is no number is told as it is."""
    numbers = [(count, goods.number_in(count)) for count in counts if count]
    odd = next((count for count, number in numbers if number is None), "")
    return odd or (goods.counted(str(sum(number or 0 for _, number in numbers))) if numbers else "")

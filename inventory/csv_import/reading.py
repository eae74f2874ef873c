"""From the bytes of a seller's file to rows, a piece at a time. Knows no tables."""

import csv
import io
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from inventory.csv_import.header import FileProblem, known_columns

#: A cell above this is refused with its row; descriptions are far shorter.
MAX_CELL = 100_000
#: A cell or line above this cannot be told from a quotation mark that is never closed.
MAX_RECORD = 16_000_000
#: So many characters are split into lines at a time.
PIECE = 1_000_000
#: What is kept of a cell that is too long.
KEPT_OF_LONG_CELL = 200

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}

_EXCEL = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
#: What most files that are not UTF-8 are: Windows' own.
WINDOWS = "cp1252"

# Process-wide, and meant so: nothing else here reads CSV.
csv.field_size_limit(MAX_RECORD)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the file; `problem` says why its cells cannot be trusted."""

    line: int
    cells: list[str]
    problem: str = ""
    #: The file had no SKU in it: a layout made one.
    is_sku_proposed: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file opened for reading: what stands in its header, and its rows, read as they are asked for."""

    encoding: str
    delimiter: str
    header: list[str]
    rows: Iterator[Row]


class _Parts(io.RawIOBase):
    """The parts of a file as one stream."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._rest = bytes(part)
        taken, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)


def open_sheet(parts: Callable[[], Iterable[bytes]], encoding: str = "") -> Sheet:
    """Return the header and the rows to come of a file; `parts` gives its bytes from the start each time it is called.

    Raises FileProblem, here or while the rows are read, when the file as a whole cannot be understood.
    """
    start = next(iter(parts()), b"")
    encoding = encoding or _detect_encoding(start)
    text = io.TextIOWrapper(io.BufferedReader(_Parts(_bounded(parts())), 1 << 16), encoding=encoding, newline="")
    lines = _Lines(text)
    source = iter(lines)
    try:
        numbered = enumerate(source, 1)
        number, first = next((pair for pair in numbered if pair[1].strip(" \t\r\n,;|\ufeff")), (1, ""))
        delimiter = ""
        if first.lower().startswith("sep=") and len(first.strip("\r\n")) == 5:  # Excel's own hint
            delimiter = first[4].strip('"')
            number, first = next(numbered, (number + 1, ""))
        delimiter = delimiter or _detect_delimiter(first)
        if not first.strip():
            raise FileProblem("The file is empty. Its first line must name the columns, one of them “sku”.")
        if "\x00" in first:
            raise FileProblem("This is no CSV file. Save the sheet as “CSV UTF-8” and bring that file.")
        rows = _iter_rows(itertools.chain([first], _without_zeros(source)), lines, delimiter, first_line=number)
        header = next(rows).cells
    except UnicodeDecodeError as error:
        raise _undecodable(parts, encoding) from error
    return Sheet(encoding, delimiter, header, _explained(rows, len(header), parts, encoding))


def _detect_encoding(start: bytes) -> str:
    if start.startswith(_EXCEL):
        raise FileProblem("This is an Excel workbook. Save the sheet as “CSV UTF-8” and bring that file.")
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if start.startswith(mark):
            return encoding
    sample = start[:2_000]
    if sample and sample.count(0) > len(sample) // 4:  # UTF-16 of Latin letters: every second byte is zero
        return "utf-16-le" if sample[1::2].count(0) > sample[::2].count(0) else "utf-16-be"
    return "utf-8"


def _detect_delimiter(first: str) -> str:
    def knows(delimiter: str) -> tuple[int, int]:
        names = next(csv.reader([first], delimiter=delimiter), [])
        return known_columns(names), len(names)

    return max(DELIMITERS, key=knows)


def _bounded(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the parts; a line without end must not fill the memory."""
    unended = 0
    for part in parts:
        end = max(part.rfind(b"\n"), part.rfind(b"\r"))
        unended = unended + len(part) if end < 0 else len(part) - end
        if unended > MAX_RECORD:
            raise FileProblem("A line of the file is longer than 16 million characters. Is this a CSV file?")
        yield part


class _Lines:
    """The lines of a file, split many at a time; those since `row_start` can be had again."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._kept: list[str] = []
        #: The numbers of the first line that is kept, and of the one at which the row that is being read begins.
        self._first = self.row_start = 1

    def __iter__(self) -> Iterator[str]:
        while piece := self._text.readlines(PIECE):
            self._kept = self.row() + piece
            self._first = self.row_start
            yield from piece

    def row(self) -> list[str]:
        """Return the lines from `row_start` on, as far as they are read, and some that follow."""
        return self._kept[self.row_start - self._first :]


def _without_zeros(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines without the zero character, which no text of the database can hold."""
    return (line.replace("\x00", "") for line in lines)


def _iter_rows(source: Iterator[str], lines: _Lines, delimiter: str, *, first_line: int) -> Iterator[Row]:
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    while True:
        line = lines.row_start = first_line + reader.line_num
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _broken_row(error, line, lines.row()[: first_line + reader.line_num - line], delimiter)
        else:
            yield Row(line, cells)


def _broken_row(error: csv.Error, line: int, lines: Sequence[str], delimiter: str) -> Row:
    words = str(error)
    if "unexpected end of data" in words or "field larger" in words:
        raise FileProblem(
            f'A quotation mark (") that opens on line {line} is never closed, so the rest of the file cannot be told'
            " apart. Close it, or remove it."
        )
    cells = next(csv.reader(_without_zeros(lines), delimiter=delimiter), [])
    return Row(line, cells, 'A quotation mark (") stands inside a cell. Double it ("") or remove it.')


def _explained(rows: Iterator[Row], width: int, parts: Callable[[], Iterable[bytes]], encoding: str) -> Iterator[Row]:
    """Yield the rows that are not blank, those of another shape marked."""
    try:
        for row in rows:
            if len(row.cells) != width or row.problem:
                if not any(cell.strip() for cell in row.cells):
                    continue
                row = _other_width(row, width)
            elif not any(row.cells):
                continue
            yield within_limits(row)
    except UnicodeDecodeError as error:
        raise _undecodable(parts, encoding) from error


def _other_width(row: Row, width: int) -> Row:
    if row.problem:
        return row
    extra = row.cells[width:]
    if len(row.cells) > width and not any(cell.strip() for cell in extra):
        return Row(row.line, row.cells[:width])
    return Row(
        row.line,
        row.cells,
        f"The row has {len(row.cells)} cells, but the file has {width} columns. A cell that holds the separator needs"
        " quotation marks around it.",
    )


def within_limits(row: Row) -> Row:
    """Return the row; one with a cell that is too long is marked, and the cell cut."""
    longest = max(map(len, row.cells), default=0)
    if longest <= MAX_CELL:
        return row
    cells = [cell if len(cell) <= MAX_CELL else f"{cell[:KEPT_OF_LONG_CELL]}…" for cell in row.cells]
    return Row(row.line, cells, f"A cell holds {longest:,} characters; at most {MAX_CELL:,} are possible.")


def _undecodable(parts: Callable[[], Iterable[bytes]], encoding: str) -> FileProblem:
    """Find the line that cannot be read, and say what the file probably is."""
    if encoding not in ("utf-8", "utf-8-sig"):
        return FileProblem(f"The file cannot be read as {encoding.upper()}. Save it as “CSV UTF-8” and bring it again.")
    for number, line in enumerate(io.BufferedReader(_Parts(parts()), 1 << 16), 1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            text = line.decode(WINDOWS, errors="replace")
            around = text[max(error.start - 15, 0) : error.start + 15].strip()
            return FileProblem(
                f"Line {number} is not UTF-8 text; the file was probably saved as Windows-1252 (Latin-1)."
                f" Read that way, the place reads “{around}”.",
                offered_encoding=WINDOWS,
            )
    return FileProblem("The file ends in the middle of a character. Save it as “CSV UTF-8” and bring it again.")

"""CSV files as programs for tables read them: the mark of UTF-8 first, no cell that would run as a formula."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo

from django.http import StreamingHttpResponse

#: A program for tables would run a cell that begins like this.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

#: A phone number is at worst added up, and programs that print labels take it only as it is.
_PHONE = re.compile(r"\+\d[\d ()./-]{4,}")


def csv_answer(lines: Iterable[str], name: str) -> StreamingHttpResponse:
    """Return the file of this name, sent line by line while it is made: memory stays flat."""
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def csv_head(names: Sequence[str]) -> str:
    """Return the first line of a CSV file; by its mark a program for tables knows that the file is UTF-8."""
    return "\ufeff" + csv_line(names)


def csv_line(values: Sequence[str]) -> str:
    """Return one line of a CSV file; a program for tables takes no value of it for a formula."""
    line = io.StringIO()
    csv.writer(line).writerow(f"'{value}" if _is_formula(value) else value for value in values)
    return line.getvalue()


def csv_moment(at: datetime | None, zone: tzinfo) -> str:
    """Return the time there as a program for tables takes it; empty if there is none."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if at else ""


def _is_formula(value: str) -> bool:
    return value.startswith(_FORMULA) and not _PHONE.fullmatch(value)

"""What Mirakl says of the files it imports: their state, and the lines it refused. Pure.

Source: developer.mirakl.com, OF02/OF03/OF04, PRI02/PRI03, STO02/STO03 of the seller API (read 2026-08). COMPLETE does
not mean success: the error report lists the lines that failed, and whatever it leaves out was done.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from channels_app.adapters.errors import TemporaryError
from channels_app.adapters.mirakl.values import read_moment
from channels_app.adapters.types import Kind, LineResult, LostSubmission, Outcome, Phase

#: A state that we do not know, or that is not final, is taken as not finished.
_PHASES = {"COMPLETE": Phase.DONE, "FAILED": Phase.FAILED}
_SKU_COLUMNS = ("sku", "offer-sku", "shop-sku", "shop_sku")
#: A lost file was received between these two moments, counted from when it was sent. That is less than a minute: within
#: one, our own limits let no other file of its kind go out.
_EARLIEST, _LATEST = timedelta(seconds=-3), timedelta(seconds=40)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """The operations that one kind of file goes by; `{}` is the import's number."""

    name: str
    path: str
    status: str
    report: str

    @property
    def status_operation(self) -> str:
        return f"{self.name}_status"

    @property
    def report_operation(self) -> str:
        return f"{self.name}_report"


OFFERS = Feed(
    name="offers",
    path="/api/offers/imports",
    status="/api/offers/imports/{}",
    report="/api/offers/imports/{}/error_report",
)
STOCK = Feed(
    name="stock",
    path="/api/offers/stock/imports",
    status="/api/offers/stock/imports/{}/status",
    report="/api/offers/stock/imports/{}/error_report",
)
PRICES = Feed(
    name="prices",
    path="/api/offers/pricing/imports",
    status="/api/offers/pricing/imports",  # the number is a filter: what comes is a list
    report="/api/offers/pricing/imports/{}/error_report",
)
FEEDS = {Kind.CONTENT: OFFERS, Kind.WITHDRAW: OFFERS, Kind.QUANTITY: STOCK, Kind.PRICE: PRICES}


def read_phase(status: Mapping[str, Any]) -> Phase:
    return _PHASES.get(str(status.get("status")), Phase.OPEN)


def read_reason(status: Mapping[str, Any]) -> str:
    """Return why the file as a whole was not processed."""
    return str(status.get("reason_status") or "") or "The marketplace could not process the file."


def has_failures(status: Mapping[str, Any]) -> bool:
    return bool(status.get("has_error_report")) or failure_count(status) > 0


def failure_count(status: Mapping[str, Any]) -> int:
    return int(status.get("lines_in_error") or 0)


def read_failures(report: bytes, *, at_least: int) -> list[LineResult]:
    """Return the refused lines, each SKU once with all that is said of it.

    Raises TemporaryError for a report that names no SKUs, or fewer lines than the marketplace counted.
    """
    rows = _rows(report)
    column = next((rows[0].index(name) for name in _SKU_COLUMNS if rows and name in rows[0]), None)
    if column is None or len(rows) - 1 < at_least:
        raise TemporaryError("The marketplace's error report is not complete.", code="incomplete_report")
    place = _reason_place(rows[0])
    reasons: dict[str, list[str]] = {}
    for row in rows[1:]:
        if len(row) != len(rows[0]):
            raise TemporaryError("The marketplace's error report breaks off.", code="incomplete_report")
        reasons.setdefault(row[column], []).append(row[place])
    return [
        LineResult(sku=sku, outcome=Outcome.REJECTED, reason=" ".join(dict.fromkeys(said)))
        for sku, said in reasons.items()
    ]


def _rows(report: bytes) -> list[list[str]]:
    text = report.decode("utf-8-sig", errors="replace")
    header = text.partition("\n")[0]
    return [row for row in csv.reader(io.StringIO(text), delimiter=";" if ";" in header else ",") if row]


def _reason_place(header: Sequence[str]) -> int:
    """Return the column of the reasons: the last one of offers, by name; the second of prices and stock, whose names
    are to be confirmed live."""
    return header.index("error-message") if "error-message" in header else 1


def find_import(
    rows: Iterable[Mapping[str, Any]], lost: LostSubmission, *, sent_at: datetime
) -> Mapping[str, Any] | None:
    """Return the import that the lost file became: the only one of its moment (by the operator's clock) and its kind,
    and of its number of lines once they are counted."""
    found = [
        row
        for row in rows
        if row.get("date_created")
        and _EARLIEST <= read_moment(str(row["date_created"])) - sent_at <= _LATEST
        and _may_be(row, lost)
    ]
    return found[0] if len(found) == 1 else None


def _may_be(row: Mapping[str, Any], lost: LostSubmission) -> bool:
    counted = _line_count(row)
    if counted > lost.line_count or (read_phase(row) is Phase.DONE and counted < lost.line_count):
        return False
    ended, made = row.get("offer_deleted") or 0, (row.get("offer_inserted") or 0) + (row.get("offer_updated") or 0)
    return not (made if lost.kind is Kind.WITHDRAW else ended)


def _line_count(row: Mapping[str, Any]) -> int:
    """Return how many lines were counted so far. Of prices only those are told that succeeded or failed."""
    return int(row.get("lines_read") or 0) or failure_count(row) + int(row.get("lines_in_success") or 0)

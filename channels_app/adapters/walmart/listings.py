"""Items and their quantities as Walmart shows them: rows of two lists, or of two reports. Pure."""

import csv
import gzip
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from channels_app.adapters.errors import TemporaryError
from channels_app.adapters.types import RemoteListing

#: Walmart does not show these to buyers, and will not by itself. Whatever else a status says, the item is on its way.
_HIDDEN = frozenset(("UNPUBLISHED", "SYSTEM_PROBLEM"))
_GONE = frozenset(("ARCHIVED", "RETIRED"))


def read_listing(item: Mapping[str, Any], quantity: int) -> RemoteListing:
    """Return one row of the list of items, which knows no quantities."""
    price = item.get("price") or {}
    return RemoteListing(
        sku=str(item["sku"]),
        title=str(item.get("productName") or ""),
        price=_money(price.get("amount")),
        currency=str(price.get("currency") or "USD"),
        quantity=quantity,
        active=is_active(item.get("publishedStatus"), item.get("lifecycleStatus")),
    )


def is_active(published: Any, lifecycle: Any) -> bool:
    return _word(published) not in _HIDDEN and _word(lifecycle) not in _GONE


def _word(status: Any) -> str:
    return str(status or "").strip().upper().replace(" ", "_")


def _money(amount: Any) -> Decimal | None:
    try:
        return None if amount in (None, "") else Decimal(str(amount))
    except InvalidOperation:
        return None


def quantity_at(nodes: Iterable[Mapping[str, Any]], ship_node: str) -> int:
    """Return the units at our ship node, or at all nodes where the account names none.

    UNVERIFIED: what seller accounts with several nodes get without naming one.
    """
    ours = [node for node in nodes if not ship_node or str(node.get("shipNode")) == ship_node]
    return sum(int(Decimal(str((node.get("inputQty") or {}).get("amount") or 0))) for node in ours)


# Reports: the same in CSV, for catalogues that are too large to be listed.


def iter_report_rows(file: bytes) -> Iterator[dict[str, str]]:
    """Yield the rows of a report by column, named in small letters without spaces. Raises TemporaryError if it is cut.

    UNVERIFIED: whether reports come zipped. Zip, gzip and plain text are all read, a piece at a time.
    """
    try:
        with _opened(file) as text:
            rows = csv.reader(text)
            names = [_column(name) for name in next(rows, [])]
            if "sku" not in names:
                raise TemporaryError("Walmart's report has no column of SKUs.", code="unreadable_report")
            for row in rows:
                if row:
                    yield dict(zip(names, row, strict=False))
    except (OSError, EOFError, zipfile.BadZipFile, csv.Error, UnicodeDecodeError, ValueError) as error:
        raise TemporaryError("Walmart's report cannot be read to its end.", code="unreadable_report") from error


def _opened(file: bytes) -> io.TextIOWrapper:
    raw: Any = io.BytesIO(file)
    if file[:2] == b"PK":
        archive = zipfile.ZipFile(raw)
        names = [name for name in archive.namelist() if not name.endswith("/")]
        if not names:
            raise zipfile.BadZipFile("the archive is empty")
        raw = archive.open(names[0])
    elif file[:2] == b"\x1f\x8b":
        raw = gzip.GzipFile(fileobj=raw)
    return io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")


def _column(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def read_report_quantities(rows: Iterable[Mapping[str, str]], ship_node: str) -> dict[str, int]:
    """Return by SKU what the seller set; the report has one row for each SKU and ship node.

    Source: https://developer.walmart.com/us-marketplace/docs/request-an-inventory-report ("Request an inventory
    report"), read 2026-11-27.
    """
    found: dict[str, int] = {}
    for row in rows:
        if ship_node and row.get("shipnodeid", "") != ship_node:
            continue
        sku = row["sku"]
        found[sku] = found.get(sku, 0) + int(Decimal(row.get("inputquantity", "").strip() or 0))
    return found


def read_report_listing(row: Mapping[str, str], quantities: Mapping[str, int]) -> RemoteListing:
    """Return one row of the item report.

    Source: https://developer.walmart.com/us-marketplace/docs/request-an-item-report ("Request an item report"),
    version 4, read 2026-11-27.
    """
    sku = row["sku"]
    return RemoteListing(
        sku=sku,
        title=row.get("productname", ""),
        price=_money(row.get("price", "").strip()),
        currency=row.get("currency", "") or "USD",
        quantity=quantities.get(sku, 0),
        active=is_active(row.get("publishstatus") or row.get("publishedstatus"), row.get("lifecyclestatus")),
    )

"""Every listing of the account: from the lists of items and inventories, or from reports where there are too many.

In memory are the listed items, at most so many as Walmart lists; of reports, the quantities by SKU (some 120 bytes
each) and the zipped files. Rows go through one by one.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from channels_app.adapters.errors import RejectedByChannel, TemporaryError
from channels_app.adapters.types import Export, RemoteListing
from channels_app.adapters.walmart import listings
from channels_app.adapters.walmart.client import WalmartClient, quoted
from channels_app.adapters.walmart.times import read_moment

#: Walmart lists no more items than this.
LISTED_AT_MOST = 10_000
_ITEMS_PAGE = 1_000
_INVENTORIES_PAGE = 50
#: Pages without anything new, one after the other, lead nowhere.
_IDLE_PAGES = 3
#: Report -> its version that is read here.
_REPORTS = {"ITEM": "v4", "INVENTORY": "v1"}
_LISTS = "lists"


class Exports:
    """The exports of one account.

    A handle says what was asked for and when: `lists|<moment>`, or `<item report>|<inventory report>|<moment>`.
    """

    def __init__(self, client: WalmartClient, *, ship_node: str = "") -> None:
        self._client = client
        self._ship_node = ship_node

    def begin(self) -> Export:
        """Return the listings, or the handle of the reports that are being made."""
        first = self._items_page({"limit": 1})
        if int(first.body.get("totalItems") or 0) <= LISTED_AT_MOST:
            return self._from_lists(f"{_LISTS}|{first.at.isoformat()}")
        asked = [self._ask_for(report) for report in _REPORTS]
        return Export(handle="|".join([*asked, first.at.isoformat()]))

    def look(self, handle: str) -> Export:
        """Return the listings of an export that was asked for, if it is ready."""
        *parts, moment = handle.split("|")
        if parts == [_LISTS]:
            return self._from_lists(handle)
        if not all(self._is_ready(request) for request in parts):
            return Export(handle=handle)
        item_report, inventory_report = parts
        rows = self._iter_reports(item_report, inventory_report)
        return Export(handle=handle, as_of=read_moment(moment), complete=True, rows=rows)

    # Lists

    def _from_lists(self, handle: str) -> Export:
        """Return what the lists show from now on: at the moment of the handle, or later."""
        moment = read_moment(handle.partition("|")[2])
        return Export(handle=handle, as_of=moment, complete=True, rows=self._iter_lists())

    def _iter_lists(self) -> Iterator[RemoteListing]:
        """Yield every active item once. Items are read first, and fast: their cursor lives for two minutes only."""
        with _broken_off():
            items = {str(item["sku"]): item for item in self._iter_items()}
            for row in self._iter_inventories():
                if item := items.pop(str(row.get("sku")), None):
                    yield listings.read_listing(item, listings.quantity_at(row.get("nodes") or (), self._ship_node))
            for item in items.values():
                yield listings.read_listing(item, 0)

    def _items_page(self, params: Mapping[str, Any]) -> Any:
        return self._client.get_list("items", "/v3/items", {**params, "lifecycleStatus": "ACTIVE"})

    def _iter_items(self) -> Iterator[Mapping[str, Any]]:
        """Yield every item once. The cursor is the same for all pages: the end is where nothing new comes."""
        seen: set[str] = set()
        cursor, idle, total = "*", 0, 0
        while cursor and idle < _IDLE_PAGES:
            page = self._items_page({"nextCursor": cursor, "limit": _ITEMS_PAGE}).body
            rows = page.get("ItemResponse") or []
            fresh = {str(row["sku"]): row for row in rows if row.get("sku") and str(row["sku"]) not in seen}
            yield from fresh.values()
            seen |= fresh.keys()
            total = max(total, int(page.get("totalItems") or 0))
            if not rows or len(seen) >= total > 0:
                break
            idle = 0 if fresh else idle + 1
            cursor = str(page.get("nextCursor") or "")
        if len(seen) < total:
            raise TemporaryError(f"Walmart listed {len(seen)} items instead of {total}.", code="incomplete_export")

    def _iter_inventories(self) -> Iterator[Mapping[str, Any]]:
        """Yield the rows page by page, each cursor once. One that Walmart no longer knows has the list broken off."""
        cursor, given, idle, total = "", "", 0, 0
        seen: set[str] = set()
        while True:
            params = {"limit": _INVENTORIES_PAGE, **({"nextCursor": cursor} if cursor else {})}
            page = self._client.get_list("inventories", "/v3/inventories", params).body
            rows = (page.get("elements") or {}).get("inventories") or []
            yield from rows
            seen |= {str(row.get("sku")) for row in rows}
            meta = page.get("meta") or {}
            total = max(total, int(meta.get("totalCount") or 0))
            cursor, given = str(meta.get("nextCursor") or ""), cursor
            idle = idle + 1 if cursor == given else 0
            if not cursor or not rows:
                if len(seen) < total:
                    raise TemporaryError("Walmart's list of inventories broke off.", code="incomplete_export")
                return
            if idle >= _IDLE_PAGES:
                raise TemporaryError("Walmart sends the same page again and again.", code="pages_in_a_circle")

    # Reports

    def _ask_for(self, report: str) -> str:
        params = {"reportType": report, "reportVersion": _REPORTS[report]}
        asked = self._client.ask(f"report_{report.lower()}", "/v3/reports/reportRequests", params, {})
        if not asked.get("requestId"):
            raise TemporaryError("Walmart gave the report no number.", code="no_report")
        return str(asked["requestId"])

    def _is_ready(self, request: str) -> bool:
        """Say whether the report can be fetched. Asked too often, it is as good as not ready."""
        try:
            asked = self._client.get("report_status", f"/v3/reports/reportRequests/{quoted(request)}").body
        except TemporaryError as error:
            if error.code == "rate_limited" or error.http_status == 429:
                return False
            raise
        if asked.get("requestStatus") == "ERROR":
            raise TemporaryError("Walmart could not make the report of the listings.", code="report_failed")
        return asked.get("requestStatus") == "READY"

    def _iter_reports(self, item_report: str, inventory_report: str) -> Iterator[RemoteListing]:
        with _broken_off():
            inventory = listings.iter_report_rows(self._fetch(inventory_report))
            quantities = listings.read_report_quantities(inventory, self._ship_node)
            for row in listings.iter_report_rows(self._fetch(item_report)):
                if row.get("sku"):
                    yield listings.read_report_listing(row, quantities)

    def _fetch(self, request: str) -> bytes:
        told = self._client.get("report_download", "/v3/reports/downloadReport", {"requestId": request}).body
        if not told.get("downloadURL"):
            raise TemporaryError("Walmart gave no address for the report.", code="no_file")
        return self._client.download("report_file", str(told["downloadURL"]))


@contextmanager
def _broken_off() -> Iterator[None]:
    """A list that breaks off in the middle (a cursor that died) is nobody's fault: it is read another time."""
    try:
        yield
    except RejectedByChannel as error:
        message = f"Walmart's list broke off: {error}"
        raise TemporaryError(message, code=error.code, http_status=error.http_status) from error

"""Every listing of an account: from lists, or from reports where there are too many."""

from decimal import Decimal
from typing import Any

import httpx
import pytest

from channels_app.adapters.errors import TemporaryError
from channels_app.adapters.types import RemoteListing
from tests.adapters.walmart.script import NOW, refusal
from tests.adapters.walmart.test_reports import INVENTORY_REPORT, ITEM_REPORT, zipped

REQUESTS = "/v3/reports/reportRequests"


def listed(sku: str, **more: Any) -> dict[str, Any]:
    price = {"currency": "USD", "amount": 14.99}
    usual = {"publishedStatus": "PUBLISHED", "lifecycleStatus": "ACTIVE"}
    return {"sku": sku, "productName": f"Title {sku}", "price": price, **usual, **more}


def inventory(sku: str, quantity: int) -> dict[str, Any]:
    node = {"shipNode": "N1", "inputQty": {"unit": "EACH", "amount": quantity}}
    return {"sku": sku, "nodes": [node]}


def inventories(*rows: dict[str, Any], next_cursor: str = "", total: int = 0) -> dict[str, Any]:
    return {"meta": {"totalCount": total, "nextCursor": next_cursor}, "elements": {"inventories": list(rows)}}


def items(*rows: dict[str, Any], total: int, next_cursor: str = "same") -> dict[str, Any]:
    return {"ItemResponse": list(rows), "totalItems": total, "nextCursor": next_cursor}


def test_items_and_inventories_are_put_together(walmart, adapter):
    first, second = [listed("A"), listed("B")], [listed("C", publishedStatus="UNPUBLISHED", price=None)]
    pages = [items(total=3), items(*first, total=3), items(*first, total=3), items(*second, total=3)]
    walmart.on("GET", "/v3/items", *pages)
    walmart.on(
        "GET",
        "/v3/inventories",
        inventories(inventory("A", 5), next_cursor="page-2", total=2),
        inventories(inventory("C", 0), total=2),
    )

    export = adapter.export_listings()
    rows = list(export.rows)

    assert (export.as_of, export.complete) == (NOW, True)
    assert rows[0] == RemoteListing(
        sku="A", title="Title A", price=Decimal("14.99"), currency="USD", quantity=5, active=True
    )
    assert [(row.sku, row.quantity, row.active) for row in rows] == [("A", 5, True), ("C", 0, False), ("B", 0, True)]
    listing_calls = [call for call in walmart.calls if call.url.path == "/v3/items"]
    assert [call.url.params.get("nextCursor") for call in listing_calls] == [None, "*", "same", "same"]
    assert {call.url.params["lifecycleStatus"] for call in listing_calls} == {"ACTIVE"}


def test_a_list_that_was_put_off_has_the_moment_it_was_asked_for(walmart, adapter):
    walmart.on("GET", "/v3/items", items(listed("A"), total=1))
    walmart.on("GET", "/v3/inventories", refusal(404, "CONTENT_NOT_FOUND"))

    again = adapter.export_listings(adapter.export_listings().handle)

    assert again.as_of == NOW
    assert [row.sku for row in again.rows] == ["A"]


def test_an_account_without_items_has_an_empty_list(walmart, adapter):
    walmart.on("GET", "/v3/items", refusal(404, "CONTENT_NOT_FOUND"))
    walmart.on("GET", "/v3/inventories", refusal(404, "CONTENT_NOT_FOUND"))

    export = adapter.export_listings()

    assert (list(export.rows), export.complete) == ([], True)


@pytest.mark.parametrize(
    "pages",
    [
        [items(listed("A"), total=2), items(total=2)],
        [items(listed("A"), total=2)],
        [items(listed("A"), total=2), refusal(400, "INVALID_CURSOR", "Invalid Cursor")],
    ],
    ids=["ends early", "the same page for ever", "the cursor died"],
)
def test_a_list_that_lacks_items_is_not_taken_for_complete(walmart, adapter, pages):
    walmart.on("GET", "/v3/items", items(total=2), *pages)
    walmart.on("GET", "/v3/inventories", inventories())
    export = adapter.export_listings()

    with pytest.raises(TemporaryError):
        list(export.rows)


def test_inventories_that_break_off_are_read_another_time(walmart, adapter):
    walmart.on("GET", "/v3/items", items(listed("A"), listed("B"), total=2))
    walmart.on("GET", "/v3/inventories", inventories(inventory("A", 1), total=2))

    with pytest.raises(TemporaryError):
        list(adapter.export_listings().rows)


def test_inventories_whose_cursor_is_gone_are_not_taken_for_all_there_are(walmart, adapter):
    walmart.on("GET", "/v3/items", items(listed("A"), listed("B"), total=2))
    first = inventories(inventory("A", 1), next_cursor="used", total=2)
    walmart.on("GET", "/v3/inventories", first, refusal(404, "CONTENT_NOT_FOUND"))

    with pytest.raises(TemporaryError) as caught:
        list(adapter.export_listings().rows)

    assert caught.value.code == "incomplete_export"


def test_inventories_that_go_round_in_a_circle_are_given_up(walmart, adapter):
    walmart.on("GET", "/v3/items", items(listed("A"), total=1))
    walmart.on("GET", "/v3/inventories", inventories(inventory("A", 1), next_cursor="here"))

    with pytest.raises(TemporaryError):
        list(adapter.export_listings().rows)


@pytest.fixture
def large(walmart):
    """A catalogue too large to be listed, whose reports are asked for."""
    walmart.on("GET", "/v3/items", items(listed("A"), total=10_001))
    walmart.on("POST", REQUESTS, {"requestId": "item-1"}, {"requestId": "inventory-1"})
    return walmart


def test_a_large_catalogue_is_read_from_reports(large, adapter):
    begun = adapter.export_listings()
    for number, url, file in (("item-1", "/item", ITEM_REPORT), ("inventory-1", "/inventory", INVENTORY_REPORT)):
        large.on("GET", f"{REQUESTS}/{number}", {"requestStatus": "INPROGRESS"}, {"requestStatus": "READY"})
        large.on("GET", url, httpx.Response(200, content=zipped(file)))
    told = [{"downloadURL": "https://files.test/inventory?key=1"}, {"downloadURL": "https://files.test/item?key=2"}]
    large.on("GET", "/v3/reports/downloadReport", *told)

    assert begun.rows is None
    assert adapter.export_listings(begun.handle).rows is None
    ready = adapter.export_listings(begun.handle)
    while ready.rows is None:
        ready = adapter.export_listings(begun.handle)

    assert ready.as_of == NOW
    assert [(row.sku, row.quantity, row.active) for row in ready.rows] == [("A", 7, True), ("B", 0, False)]
    asked = [call for call in large.calls if call.method == "POST"]
    assert [call.url.params["reportType"] for call in asked] == ["ITEM", "INVENTORY"]
    fetched = [call for call in large.calls if call.url.host == "files.test"]
    assert len(fetched) == 2
    assert not any(name.lower().startswith("wm_") for call in fetched for name in call.headers)


def test_a_report_that_failed_is_asked_for_another_time(large, adapter):
    begun = adapter.export_listings()
    large.on("GET", f"{REQUESTS}/item-1", {"requestStatus": "ERROR"})

    with pytest.raises(TemporaryError):
        adapter.export_listings(begun.handle)


def test_a_report_that_may_not_be_asked_about_yet_is_not_ready(large, adapter):
    begun = adapter.export_listings()
    large.on("GET", f"{REQUESTS}/item-1", refusal(429, "REQUEST_THRESHOLD_VIOLATED"))

    assert adapter.export_listings(begun.handle).rows is None

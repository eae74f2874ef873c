"""Orders and returns, page after page, round after round."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from channels_app.adapters.errors import RejectedByChannel
from marketplace_integration import clock
from tests.adapters.walmart.bodies import order, order_list, return_order
from tests.adapters.walmart.script import NOW, refusal

ORDERS, RETURNS = "/v3/orders", "/v3/returns"
NEXT = "?limit=200&hasMoreElements=true&soIndex=200&poIndex=17&createdStartDate=2026-05-25T00%3A00%3A00Z"


@pytest.fixture(autouse=True)
def our_clock(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


def start(adapter: Any) -> str:
    return str(adapter.first_cursor(NOW - timedelta(hours=1)))


def test_the_window_is_by_change_and_reaches_back_as_far_as_walmart_goes(walmart, adapter):
    walmart.on("GET", ORDERS, order_list(order()))

    page = adapter.fetch_orders(start(adapter))

    assert dict(walmart.calls[0].url.params) == {
        "createdStartDate": "2026-05-25T09:00:00Z",
        "lastModifiedStartDate": "2026-11-20T08:00:00Z",
        "shipNodeType": "SellerFulfilled",
        "limit": "200",
    }
    assert [raw.remote_id for raw in page.raws] == ["1796277083022"]
    assert (page.has_more, page.known_until) == (False, NOW)


def test_the_next_page_is_walmarts_own_query_to_the_letter(walmart, adapter):
    walmart.on("GET", ORDERS, order_list(order(), next_cursor=NEXT), order_list())

    page = adapter.fetch_orders(start(adapter))
    last = adapter.fetch_orders(page.next_cursor)

    assert (page.has_more, page.known_until) == (True, None)
    assert walmart.calls[1].url.raw_path == f"{ORDERS}{NEXT}".encode()
    assert (last.has_more, last.known_until) == (False, NOW)


def test_what_is_known_is_what_had_changed_when_the_round_began(walmart, adapter):
    later = httpx.Response(200, json=order_list(), headers={"date": "Fri, 20 Nov 2026 09:05:00 GMT"})
    walmart.on("GET", ORDERS, order_list(next_cursor=NEXT), later)

    last = adapter.fetch_orders(adapter.fetch_orders(start(adapter)).next_cursor)

    assert last.known_until == NOW
    adapter.fetch_orders(last.next_cursor)
    assert walmart.calls[-1].url.params["lastModifiedStartDate"] == "2026-11-20T08:50:00Z"


def test_a_page_that_leads_to_itself_is_the_last(walmart, adapter):
    walmart.on("GET", ORDERS, order_list(next_cursor=NEXT))

    page = adapter.fetch_orders(adapter.fetch_orders(start(adapter)).next_cursor)

    assert page.has_more is False


def test_a_page_whose_cursor_has_died_begins_the_round_anew(walmart, adapter):
    walmart.on("GET", ORDERS, order_list(next_cursor=NEXT), refusal(400, "INVALID_CURSOR"), order_list(order()))

    died = adapter.fetch_orders(adapter.fetch_orders(start(adapter)).next_cursor)
    anew = adapter.fetch_orders(died.next_cursor)

    assert (died.raws, died.has_more, died.known_until) == ((), False, None)
    assert walmart.calls[-1].url.params["lastModifiedStartDate"] == "2026-11-20T08:00:00Z"
    assert len(anew.raws) == 1


def test_a_refused_first_page_is_told(walmart, adapter):
    walmart.on("GET", ORDERS, refusal(400, "INVALID_REQUEST_PARAM"))

    with pytest.raises(RejectedByChannel):
        adapter.fetch_orders(start(adapter))


def test_a_long_time_is_read_in_parts(walmart, adapter):
    walmart.on("GET", ORDERS, order_list())
    cursor, rounds = adapter.first_cursor(NOW - timedelta(days=20)), 0
    while True:
        page = adapter.fetch_orders(cursor)
        cursor, rounds = page.next_cursor, rounds + 1
        if not page.has_more:
            break

    ends = [call.url.params.get("lastModifiedEndDate") for call in walmart.calls]
    assert ends == ["2026-11-07T09:00:00Z", "2026-11-14T09:00:00Z", None]
    assert page.known_until == NOW


def test_a_time_with_too_many_orders_is_halved(walmart, adapter):
    walmart.on("GET", ORDERS, order_list(order(), total=9_500), order_list(order(), total=4_000))

    page = adapter.fetch_orders(start(adapter))
    half = adapter.fetch_orders(page.next_cursor)

    assert (page.raws, page.has_more) == ((), True)
    assert walmart.calls[1].url.params["lastModifiedEndDate"] == "2026-11-20T08:30:00Z"
    assert (len(half.raws), half.has_more, half.known_until) == (1, True, None)
    assert json.loads(half.next_cursor)["since"] == "2026-11-20T08:30:00+00:00"


def test_returns_are_asked_for_with_both_ends_and_paged_alike(walmart, adapter):
    body = {
        "meta": {"totalCount": 1, "limit": 200, "nextCursor": "?limit=200&next=1"},
        "returnOrders": [return_order()],
    }
    last = {"meta": {"totalCount": 1, "limit": 200, "nextCursor": ""}, "returnOrders": []}
    walmart.on("GET", RETURNS, body, last)

    page = adapter.fetch_returns(adapter.first_returns_cursor(NOW - timedelta(hours=1)))
    end = adapter.fetch_returns(page.next_cursor)

    first, second = walmart.calls
    assert first.url.params["returnLastModifiedStartDate"] == "2026-11-20T08:00:00Z"
    assert first.url.params["returnLastModifiedEndDate"] == "2026-11-20T09:10:00Z"
    assert first.url.params["isWFSEnabled"] == "N"
    assert second.url.raw_path == b"/v3/returns?limit=200&next=1"
    assert ([one.remote_id for one in page.returns], page.has_more) == (["R-1@1796277083022"], True)
    assert (end.returns, end.has_more) == ((), False)

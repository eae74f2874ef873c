"""What buyers send back."""

from datetime import UTC, datetime
from typing import Any

import pytest

from channels_app.adapters.bol.returns import read_returns
from channels_app.adapters.errors import TemporaryError
from tests.adapters.bol.bodies import EAN, return_item, return_of
from tests.adapters.bol.script import Script

RETURNS = "GET /retailer/returns"
SINCE = datetime(2026, 11, 20, 8, tzinfo=UTC)


def page(*found: dict[str, Any]) -> dict[str, Any]:
    return {"returns": list(found)}


def read_all(bol: Script, cursor: str) -> tuple[list[str], str]:
    """Return the numbers of all returns of a round, and where the next one begins."""
    seen: list[str] = []
    while True:
        told = bol.adapter().fetch_returns(cursor)
        seen += [one.remote_id for one in told.returns]
        cursor = told.next_cursor
        if not told.has_more:
            return seen, cursor


def test_a_return_names_its_order_and_what_comes_back_and_why():
    (one,) = read_returns(return_of())

    assert (one.remote_id, one.order_remote_id) == ("65921", "A2K8290LP8")
    assert one.requested_at == datetime(2026, 11, 20, 9, tzinfo=UTC)
    (line,) = one.lines
    assert (line.remote_id, line.quantity, line.gtin) == ("86121", 1, EAN)
    assert (line.reason, line.comment, line.decision) == ("Defect", "The handle is off.", "")


def test_a_return_of_goods_from_two_orders_is_two():
    found = read_returns(return_of(return_item(1, order_id="A"), return_item(2, order_id="B")))

    assert [(one.remote_id, one.order_remote_id) for one in found] == [("65921/A", "A"), ("65921/B", "B")]
    assert [line.remote_id for one in found for line in one.lines] == ["86121", "86122"]


def test_what_was_decided_is_the_last_word():
    decided = return_item(decided="RETURN_RECEIVED")
    later = {"handlingResult": "REPAIR_PRODUCT", "processingDateTime": "2026-11-22T10:00:00+01:00"}
    decided["processingResults"].insert(0, later)

    (one,) = read_returns(return_of(decided))

    assert one.lines[0].decision == "REPAIR_PRODUCT"


def test_a_round_reads_all_that_wait_and_the_newest_that_were_decided(bol):
    bol.says(
        RETURNS,
        page(return_of(), return_of(return_id="OLD", registered="2026-11-01T10:00:00+01:00")),
        page(return_of(return_id="65922")),
        {},
        page(return_of(return_item(decided="RETURN_RECEIVED"), return_id="65923")),
    )
    first = bol.adapter().first_returns_cursor(SINCE)

    seen, cursor = read_all(bol, first)

    assert seen == ["65921", "65922", "65923"]
    assert cursor == first
    asked = [(request.url.params["handled"], request.url.params["page"]) for request in bol.calls()]
    assert asked == [("false", "1"), ("false", "2"), ("false", "3"), ("true", "1")]


def test_a_page_that_comes_again_stops_the_round(bol):
    bol.says(RETURNS, page(return_of()))

    with pytest.raises(TemporaryError):
        read_all(bol, bol.adapter().first_returns_cursor(SINCE))


@pytest.mark.parametrize("row", [{}, {"returnId": "1", "returnItems": None}, return_of({"rmaId": "1"})])
def test_a_page_that_makes_no_sense_is_read_again(bol, row):
    bol.says(RETURNS, page(row))

    with pytest.raises(TemporaryError):
        read_all(bol, bol.adapter().first_returns_cursor(SINCE))

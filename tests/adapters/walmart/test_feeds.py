"""What Walmart says of feeds."""

from datetime import timedelta
from typing import Any

import pytest

from channels_app.adapters.types import (
    Kind,
    LostSubmission,
    Outcome,
)
from channels_app.adapters.walmart import (
    feeds,
    times,
)
from tests.adapters.walmart.bodies import feed_item
from tests.adapters.walmart.script import NOW


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("SUCCESS", Outcome.ACCEPTED),
        ("DATA_ERROR", Outcome.REJECTED),
        ("SYSTEM_ERROR", Outcome.TRY_AGAIN),
        ("TIMEOUT_ERROR", Outcome.TRY_AGAIN),
        ("INPROGRESS", Outcome.PENDING),
        ("UNDER_REVIEW_BY_SOMEBODY_NEW", Outcome.PENDING),
    ],
)
def test_each_item_of_a_feed_has_an_outcome(status, outcome):
    page = {"itemDetails": {"itemIngestionStatus": [feed_item("A", status)]}}

    (result,) = feeds.read_results(Kind.CONTENT, page)

    assert (result.sku, result.outcome) == ("A", outcome)
    assert bool(result.reason) == (outcome is Outcome.REJECTED)


def test_an_item_that_is_not_there_is_too_new_for_a_price_and_has_ended():
    page = {
        "itemDetails": {"itemIngestionStatus": [feed_item("A", "DATA_ERROR", "ERR_1", "SKU A does not exist yet.")]}
    }

    (price,) = feeds.read_results(Kind.PRICE, page)
    (whole,) = feeds.read_results(Kind.CONTENT, page)
    (ended,) = feeds.read_results(Kind.WITHDRAW, page)

    assert (price.outcome, price.retry_after) == (Outcome.TRY_AGAIN, 4 * 3600)
    assert whole.outcome is Outcome.REJECTED
    assert ended.outcome is Outcome.ACCEPTED


def test_a_lost_feed_is_the_newest_of_its_type_time_and_size():
    lost = LostSubmission(kind=Kind.PRICE, key="k", since=NOW, line_count=2)
    at = times.in_milliseconds(NOW)

    def told(feed_id: str, **more: Any) -> dict[str, Any]:
        usual = {
            "feedType": "PRICE_AND_PROMOTION",
            "feedDate": at + 1000,
            "itemsReceived": 2,
            "feedStatus": "PROCESSED",
        }
        return {"feedId": feed_id, **usual, **more}

    others = [
        told("old", feedDate=at - 1),
        told("other-type", feedType="inventory"),
        told("other-size", itemsReceived=3),
        told("empty", itemsReceived=0),
    ]
    assert feeds.find_feed(lost, others) == ""
    assert feeds.find_feed(lost, [*others, told("first"), told("second", feedDate=at + 2000)]) == "second"
    assert feeds.find_feed(lost, [told("uncounted", itemsReceived=0, feedStatus="RECEIVED")]) == "uncounted"


def test_a_feed_that_was_there_before_is_not_taken_for_the_lost_one():
    lost = LostSubmission(kind=Kind.QUANTITY, key="k", since=NOW - timedelta(minutes=10), line_count=30, sent_at=NOW)

    def received(seconds: int) -> dict[str, Any]:
        at = times.in_milliseconds(NOW + timedelta(seconds=seconds))
        return {"feedId": f"F{seconds}", "feedType": "inventory", "feedDate": at, "itemsReceived": 30}

    assert feeds.find_feed(lost, [received(-300), received(-61)]) == ""
    assert feeds.find_feed(lost, [received(-300), received(-30)]) == "F-30"

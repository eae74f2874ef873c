"""Which lines travel together, which go by themselves, and what becomes of each."""

from decimal import Decimal

import httpx
import pytest

from channels_app.adapters.errors import NotSupported, OutcomeUnknown, SettingsError, TemporaryError
from channels_app.adapters.types import (
    Kind,
    LostSubmission,
    Mode,
    OfferLine,
    Outcome,
    Phase,
    WithdrawLine,
)
from channels_app.adapters.walmart.submissions import FEW
from tests.adapters.walmart.bodies import feed, feed_item
from tests.adapters.walmart.script import NOW, outcomes, refusal, uploaded

TAKEN = {"feedId": "14066B66@AVMBAgA", "additionalAttributes": None, "errors": None}
FEED = "/v3/feeds/14066B66@AVMBAgA"


@pytest.fixture(autouse=True)
def takes_everything(walmart):
    walmart.on("POST", "/v3/feeds", TAKEN)
    walmart.on("PUT", "/v3/inventory", {"sku": "A", "quantity": {"unit": "EACH", "amount": 1}})


def offers(*quantities: int) -> list[OfferLine]:
    return [
        OfferLine(sku=f"S{number}", price=Decimal("10.00"), currency="USD", quantity=quantity)
        for number, quantity in enumerate(quantities)
    ]


def withdrawals(count: int) -> list[WithdrawLine]:
    return [WithdrawLine(sku=f"S{number}") for number in range(count)]


# Prices and quantities


def test_prices_go_as_a_feed(walmart, adapter):
    adapter.submit(Kind.PRICE, offers(1), key="k")

    (sent,) = walmart.calls
    assert sent.url.params["feedType"] == "PRICE_AND_PROMOTION"
    assert uploaded(sent)["MPItem"] == [{"Promo&Discount": {"sku": "S0", "price": 10.0}}]


def test_prices_beyond_the_quota_wait_for_themselves_and_block_nothing(walmart, adapter):
    for _ in range(10):
        adapter.submit(Kind.PRICE, offers(1), key="k")

    receipt = adapter.submit(Kind.PRICE, offers(1, 2), key="k")

    assert receipt.report.phase is Phase.DONE
    assert outcomes(receipt.report.results) == {"S0": Outcome.TRY_AGAIN, "S1": Outcome.TRY_AGAIN}
    assert all(300 < result.retry_after <= 360 for result in receipt.report.results)
    assert len(walmart.calls) == 10


def test_few_quantities_go_one_by_one_and_are_done_at_once(walmart, adapter):
    receipt = adapter.submit(Kind.QUANTITY, offers(0, 5), key="k")

    assert walmart.paths() == ["PUT /v3/inventory"] * 2
    assert walmart.calls[1].url.params["sku"] == "S1"
    assert walmart.calls[1].read() == b'{"sku":"S1","quantity":{"unit":"EACH","amount":5}}'
    assert receipt.report.phase is Phase.DONE
    assert outcomes(receipt.report.results) == {"S0": Outcome.ACCEPTED, "S1": Outcome.ACCEPTED}


def test_of_many_quantities_what_is_sold_out_does_not_wait_for_the_feed(walmart, adapter):
    receipt = adapter.submit(Kind.QUANTITY, offers(*range(5, 30), 0), key="k")

    put, sent = walmart.calls
    assert put.url.params["sku"] == "S25"
    assert sent.url.params["feedType"] == "inventory"
    assert len(uploaded(sent)["Inventory"]) == 25
    assert outcomes(receipt.report.results) == {"S25": Outcome.ACCEPTED}
    assert receipt.report.phase is Phase.OPEN


def test_without_a_feed_to_send_the_lowest_quantities_go_and_the_rest_waits(walmart, adapter):
    walmart.on("POST", "/v3/feeds", refusal(429, "REQUEST_THRESHOLD_VIOLATED", **{"Retry-After": "90"}))

    receipt = adapter.submit(Kind.QUANTITY, offers(*range(100, 100 - FEW - 5, -1)), key="k")

    results = list(receipt.report.results)
    assert receipt.report.phase is Phase.DONE
    assert [result.outcome for result in results] == [Outcome.ACCEPTED] * FEW + [Outcome.TRY_AGAIN] * 5
    assert [result.sku for result in results[-5:]] == ["S4", "S3", "S2", "S1", "S0"]
    assert results[-1].retry_after == 90


def test_an_account_with_a_ship_node_names_it_in_both_ways(walmart):
    adapter = walmart.open(ship_node="N1")

    adapter.submit(Kind.QUANTITY, offers(5), key="k")
    adapter.submit(Kind.QUANTITY, offers(*range(1, FEW + 2)), key="k")

    put, sent = walmart.calls
    assert put.url.params["shipNode"] == "N1"
    assert sent.url.params["feedType"] == "MP_INVENTORY"
    assert uploaded(sent)["inventory"][0] == {
        "sku": "S0",
        "shipNodes": [{"shipNode": "N1", "quantity": {"unit": "EACH", "amount": 1}}],
    }


def test_one_refused_quantity_takes_the_blame_and_one_that_is_too_early_waits(walmart, adapter):
    fine = {"sku": "A", "quantity": {"unit": "EACH", "amount": 1}}
    bad, early = refusal(400, "BAD", "Amount is odd."), refusal(404, "CONTENT_NOT_FOUND", "SKU not found.")
    walmart.on("PUT", "/v3/inventory", bad, early, fine)

    receipt = adapter.submit(Kind.QUANTITY, offers(1, 2, 3), key="k")

    first, second, third = receipt.report.results
    assert (first.outcome, first.reason) == (Outcome.REJECTED, "Amount is odd.")
    assert (second.outcome, second.retry_after) == (Outcome.TRY_AGAIN, 3600)
    assert third.outcome is Outcome.ACCEPTED


@pytest.mark.parametrize("trouble", [httpx.ReadTimeout("silence"), httpx.ConnectError("refused"), refusal(403, "NO")])
def test_trouble_in_the_middle_leaves_the_rest_to_be_tried_again_and_trouble_at_the_start_is_told(
    walmart, adapter, trouble
):
    walmart.on("PUT", "/v3/inventory", {"sku": "A"}, trouble)
    receipt = adapter.submit(Kind.QUANTITY, offers(1, 2, 3), key="k")
    assert outcomes(receipt.report.results) == {
        "S0": Outcome.ACCEPTED,
        "S1": Outcome.TRY_AGAIN,
        "S2": Outcome.TRY_AGAIN,
    }

    with pytest.raises((OutcomeUnknown, TemporaryError, SettingsError)):
        adapter.submit(Kind.QUANTITY, offers(1, 2, 3), key="k")


def test_price_and_quantity_together_are_not_taken(adapter):
    with pytest.raises(NotSupported):
        adapter.submit(Kind.OFFER, offers(1), key="k")


# Withdrawals


def test_few_items_are_retired_one_by_one_and_one_that_is_gone_is_gone(walmart, adapter):
    walmart.on("DELETE", "/v3/items/S0", {"sku": "S0", "message": "Thank you."})
    walmart.on("DELETE", "/v3/items/S1", refusal(404, "CONTENT_NOT_FOUND"))
    walmart.on("DELETE", "/v3/items/S2", refusal(400, "BAD", "No."))

    receipt = adapter.submit(Kind.WITHDRAW, withdrawals(3), key="k")

    assert outcomes(receipt.report.results) == {
        "S0": Outcome.ACCEPTED,
        "S1": Outcome.ACCEPTED,
        "S2": Outcome.REJECTED,
    }


def test_many_items_are_retired_by_a_feed(walmart, adapter):
    receipt = adapter.submit(Kind.WITHDRAW, withdrawals(FEW + 1), key="k")

    (sent,) = walmart.calls
    assert sent.url.params["feedType"] == "RETIRE_ITEM"
    assert len(uploaded(sent)["RetireItem"]) == FEW + 1
    assert receipt.handle


# Feeds


def test_a_feed_that_is_not_final_is_not_read_item_by_item(walmart, adapter):
    walmart.on("GET", FEED, feed("INPROGRESS", received=5000))

    assert adapter.poll(Kind.PRICE, TAKEN["feedId"]).phase is Phase.OPEN
    assert [call.url.params["includeDetails"] for call in walmart.calls] == ["false"]


def test_a_final_feed_is_read_fifty_items_a_page(walmart, adapter):
    def page(request: httpx.Request) -> httpx.Response:
        if request.url.params["includeDetails"] == "false":
            return httpx.Response(200, json={**feed("PROCESSED", received=120), "itemsSucceeded": 120})
        start = int(request.url.params["offset"])
        rows = [feed_item(f"S{number}") for number in range(start, min(start + 50, 120))]
        return httpx.Response(200, json=feed("PROCESSED", *rows, received=120))

    walmart.on("GET", FEED, page)

    report = adapter.poll(Kind.PRICE, TAKEN["feedId"])

    assert report.phase is Phase.DONE
    assert list(outcomes(report.results)) == [f"S{number}" for number in range(120)]
    assert len(walmart.calls) == 4


def test_an_item_under_review_keeps_a_processed_feed_open(walmart, adapter):
    walmart.on("GET", FEED, feed("PROCESSED", feed_item("A"), feed_item("B", "INPROGRESS")))

    report = adapter.poll(Kind.CONTENT, TAKEN["feedId"])

    assert report.phase is Phase.OPEN
    assert outcomes(report.results) == {"A": Outcome.ACCEPTED, "B": Outcome.PENDING}


def test_only_a_feed_whose_items_all_succeeded_or_failed_is_done(walmart, adapter):
    walmart.on("GET", FEED, {**feed("PROCESSED", feed_item("A")), "itemsReceived": 2, "itemsProcessing": 1})
    assert adapter.poll(Kind.CONTENT, TAKEN["feedId"]).phase is Phase.OPEN

    walmart.on("GET", FEED, feed("PROCESSED", feed_item("A"), feed_item("B", "SYSTEM_ERROR")))
    report = adapter.poll(Kind.CONTENT, TAKEN["feedId"])
    assert report.phase is Phase.DONE
    assert outcomes(report.results) == {"A": Outcome.ACCEPTED, "B": Outcome.TRY_AGAIN}


def test_a_feed_in_error_was_refused_as_a_whole(walmart, adapter):
    body = feed("ERROR")
    body["ingestionErrors"] = {"ingestionError": [{"type": "DATA_ERROR", "code": "E1", "description": "No JSON."}]}
    walmart.on("GET", FEED, body)

    report = adapter.poll(Kind.CONTENT, TAKEN["feedId"])

    assert (report.phase, report.reason, list(report.results)) == (Phase.FAILED, "No JSON.", [])


def test_a_lost_feed_is_looked_for_in_the_list_of_feeds(walmart, adapter):
    walmart.on("POST", "/v3/feeds", httpx.ReadTimeout("silence"))
    with pytest.raises(OutcomeUnknown):
        adapter.submit(Kind.PRICE, offers(1), key="k")
    lost = LostSubmission(kind=Kind.PRICE, key="k", since=NOW, line_count=1)
    row = {
        "feedId": "F1",
        "feedType": "PRICE_AND_PROMOTION",
        "feedDate": 1795165260000,
        "itemsReceived": 1,
        "feedStatus": "PROCESSED",
    }

    walmart.on("GET", "/v3/feeds", {"results": {"feed": [row]}}, {"results": {"feed": []}})
    found = adapter.find_submission(lost)

    assert found is not None
    assert found.handle == "F1"
    assert adapter.find_submission(lost) is None


def test_a_file_for_walmarts_own_sandbox_is_small(walmart):
    many = offers(*range(1, 4001))

    sandbox = walmart.open(mode=Mode.TEST).submit(Kind.PRICE, many, key="k")
    simulator = walmart.open(mode=Mode.TEST, base_url="http://127.0.0.1:9100").submit(Kind.PRICE, many, key="k")

    assert len(walmart.calls[0].content) < 101_000
    assert {result.outcome for result in sandbox.report.results} == {Outcome.TRY_AGAIN}
    assert list(simulator.report.results) == []

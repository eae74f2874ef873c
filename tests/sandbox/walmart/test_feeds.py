import json

import pytest

from tests.sandbox.walmart.seller import match, price, stock


def outcomes(feed):
    rows = feed["itemDetails"]["itemIngestionStatus"]
    return {row["sku"]: row["ingestionStatus"] for row in rows}


def error_of(row):
    (error,) = row["ingestionErrors"]["ingestionError"]
    return error


def listing(seller, sku):
    (found,) = [one for one in seller.state()["listings"] if one["sku"] == sku]
    return found


def test_a_feed_is_taken_in_and_worked_on_later(seller):
    feed_id = seller.sends("MP_ITEM_MATCH", match("A"), match("B"))
    assert feed_id.endswith("@AVMBAgA")
    before = seller.feed(feed_id)

    seller.box.settle()

    after = seller.feed(feed_id)
    assert [(one["feedStatus"], one["itemsReceived"]) for one in (before, after)] == [("RECEIVED", 2), ("PROCESSED", 2)]
    assert (before["itemsProcessing"], after["itemsProcessing"], after["itemsSucceeded"]) == (2, 0, 2)
    assert outcomes(before) == {"A": "INPROGRESS", "B": "INPROGRESS"}
    assert outcomes(after) == {"A": "SUCCESS", "B": "SUCCESS"}


def test_processed_does_not_mean_success(seller):
    feed = seller.fed("MP_ITEM_MATCH", match("A"), match("B-REJECT"))

    assert (feed["feedStatus"], feed["itemsSucceeded"], feed["itemsFailed"]) == ("PROCESSED", 1, 1)
    assert outcomes(feed) == {"A": "SUCCESS", "B-REJECT": "DATA_ERROR"}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (match("B", price=-1), "price"),
        (match("B", ShippingWeight=None), "ShippingWeight"),
        (match("B", productIdentifiers={"productIdType": "GTIN"}), "productIdentifiers.productId"),
        (
            match("B", productIdentifiers={"productIdType": "ASIN", "productId": "B000000000"}),
            "productIdentifiers.productIdType",
        ),
    ],
)
def test_an_entry_that_is_wrong_takes_no_other_with_it(seller, wrong, field):
    feed = seller.fed("MP_ITEM_MATCH", match("A"), wrong, match("C"))

    assert outcomes(feed) == {"A": "SUCCESS", "B": "DATA_ERROR", "C": "SUCCESS"}
    row = feed["itemDetails"]["itemIngestionStatus"][1]
    assert (row["index"], error_of(row)["type"], error_of(row)["field"]) == (1, "DATA_ERROR", field)
    assert (feed["itemsReceived"], feed["itemsSucceeded"], feed["itemsFailed"]) == (3, 2, 1)


def test_an_entry_without_a_sku_is_found_by_its_place(seller):
    feed = seller.fed("inventory", {"quantity": {"unit": "EACH", "amount": 1}}, "what is this", stock("A", 1))

    rows = feed["itemDetails"]["itemIngestionStatus"]
    assert [(row["index"], row["sku"], row["ingestionStatus"]) for row in rows] == [
        (0, "", "DATA_ERROR"),
        (1, "", "DATA_ERROR"),
        (2, "A", "DATA_ERROR"),
    ]
    assert error_of(rows[2])["code"] == "UNKNOWN_SKU"


def test_a_feed_of_wrong_entries_alone_takes_as_long_as_others(seller):
    feed_id = seller.sends("MP_ITEM_MATCH", match("A", price=0))
    assert (seller.feed(feed_id)["feedStatus"], seller.feed(feed_id)["itemsFailed"]) == ("RECEIVED", 0)
    assert outcomes(seller.feed(feed_id)) == {"A": "INPROGRESS"}

    seller.box.settle()

    assert (seller.feed(feed_id)["feedStatus"], seller.feed(feed_id)["itemsFailed"]) == ("PROCESSED", 1)


def test_details_come_in_pages_of_fifty_with_right_and_wrong_in_their_places(seller):
    entries = [match(f"S{place:03}", **({"price": 0} if place % 7 == 0 else {})) for place in range(120)]
    feed_id = seller.sends("MP_ITEM_MATCH", *entries)
    seller.box.settle()

    pages = [seller.feed(feed_id, offset=offset)["itemDetails"]["itemIngestionStatus"] for offset in (0, 50, 100, 150)]

    assert [len(page) for page in pages] == [50, 50, 20, 0]
    rows = [row for page in pages for row in page]
    assert [(row["index"], row["sku"]) for row in rows] == [(place, f"S{place:03}") for place in range(120)]
    assert {row["index"] for row in rows if row["ingestionStatus"] == "DATA_ERROR"} == set(range(0, 120, 7))
    assert seller.call("GET", f"/feeds/{feed_id.replace('@', '%40')}?limit=51").status_code == 400


@pytest.mark.parametrize(
    "file",
    [
        b"not json",
        b"[]",
        b'{"MPItem": []}',
        b'{"MPItemFeedHeader": {}, "MPItem": []}',
        b'{"MPItemFeedHeader": {}, "MPItem": {}}',
        b'{"MPItemFeedHeader": null, "MPItem": [{}]}',
        b'{"InventoryHeader": {"version": "1.4"}, "Inventory": [{}]}',
    ],
)
def test_what_is_no_file_of_its_type_is_refused_at_once(seller, file):
    refused = seller.uploads("MP_ITEM_MATCH", file)

    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "INVALID_FILE.GMP_FEEDS_API")
    assert seller.get("/feeds")["totalResults"] == 0


def test_a_file_whose_header_is_wrong_fails_as_a_whole(seller):
    feed_id = seller.sends("MP_ITEM_MATCH", match("A"), version="3.2")
    assert seller.feed(feed_id)["feedStatus"] == "RECEIVED"
    seller.box.settle()

    feed = seller.feed(feed_id)

    assert (feed["feedStatus"], feed["itemsReceived"], feed["itemsSucceeded"]) == ("ERROR", 1, 0)
    assert error_of(feed)["field"] == "version"
    assert seller.state()["listings"] == []


def test_a_file_may_fail_for_reasons_of_walmarts(seller):
    seller.box.switch_on("failed_submission")

    feed = seller.fed("MP_ITEM_MATCH", match("A"))

    assert (feed["feedStatus"], error_of(feed)["code"]) == ("ERROR", "file_failed")


def test_a_file_may_be_too_large(seller):
    entries = [{"sku": f"S{place}", "why": "x" * 1000} for place in range(400)]
    file = json.dumps({"RetireItemHeader": {"version": "1.0"}, "RetireItem": entries}).encode()

    assert seller.uploads("RETIRE_ITEM", file).status_code == 413


def test_a_file_has_ten_thousand_items_at_most(seller):
    entries = [{"sku": f"S{place}"} for place in range(10_001)]
    file = json.dumps({"RetireItemHeader": {"version": "1.0"}, "RetireItem": entries}).encode()

    assert seller.uploads("RETIRE_ITEM", file).status_code == 413


def test_a_file_must_be_there_and_its_type_known(seller):
    assert seller.uploads("SHOES", b"{}").status_code == 400
    assert seller.call("POST", "/feeds?feedType=inventory", files={"other": b"{}"}).status_code == 400


def test_prices_may_come_as_the_body_itself_and_in_the_layout_of_old(seller):
    seller.lists("A", "B")
    header = {"businessUnit": "WALMART_US", "locale": "en", "version": "2.0.20240126-12_25_52-api"}
    body = {"MPItemFeedHeader": header, "MPItem": [price("A", 13.49)]}
    feed_id = seller.call("POST", "/feeds?feedType=PRICE_AND_PROMOTION", body).json()["feedId"]
    amount = {"currentPriceType": "BASE", "currentPrice": {"currency": "USD", "amount": 9.5}}
    old = {"PriceHeader": {"version": "1.7"}, "Price": [{"sku": "B", "pricing": [amount]}]}
    seller.uploads("price", json.dumps(old).encode())
    seller.box.settle()

    assert seller.feed(feed_id)["itemsSucceeded"] == 1
    assert [listing(seller, sku)["price"] for sku in ("A", "B")] == ["13.49", "9.50"]


def test_quantities_of_all_nodes_add_up(seller):
    seller.lists("A")
    nodes = [{"shipNode": node, "quantity": {"unit": "EACH", "amount": 4}} for node in ("N1", "N2")]

    seller.fed("MP_INVENTORY", {"sku": "A", "shipNodes": nodes})

    assert listing(seller, "A")["quantity"] == 8


def test_a_retired_item_takes_no_price_any_more(seller):
    seller.lists("A")

    assert outcomes(seller.fed("RETIRE_ITEM", {"sku": "A"}, {"sku": "NEVER-THERE"})) == {
        "A": "SUCCESS",
        "NEVER-THERE": "SUCCESS",
    }
    assert outcomes(seller.fed("PRICE_AND_PROMOTION", price("A", 5.0))) == {"A": "DATA_ERROR"}


def test_an_item_may_be_under_review_after_the_feed_is_processed(seller):
    feed_id = seller.sends("MP_ITEM_MATCH", match("A"), match("B-SLOW"))
    seller.box.settle()

    seen = []
    for _ in range(4):
        seen.append(outcomes(seller.feed(feed_id))["B-SLOW"])
        seller.box.settle()

    assert seen[0] == "INPROGRESS"
    assert seen[-1] == "SUCCESS"


def test_feeds_are_listed_newest_first_and_that_is_no_question_for_any_of_them(seller):
    first = seller.sends("MP_ITEM_MATCH", match("A-SLOW"))
    seller.box.settle()
    second = seller.sends("inventory", stock("A", 1))

    for _ in range(5):
        listed = seller.get("/feeds", limit=50)
        seller.box.settle()

    assert [one["feedId"] for one in listed["results"]["feed"]] == [second, first]
    assert [one["feedType"] for one in listed["results"]["feed"]] == ["inventory", "MP_ITEM_MATCH"]
    assert outcomes(seller.feed(first)) == {"A-SLOW": "INPROGRESS"}
    assert seller.get("/feeds", feedId=first)["totalResults"] == 1
    assert seller.get("/feeds", offset=1, limit=1)["results"]["feed"][0]["feedId"] == first


def test_an_answer_that_was_lost_has_made_its_feed(seller):
    seller.box.switch_on("timeout_after_work", operation="feed", next_n=1)

    with pytest.raises(Exception, match="disconnected"):
        seller.sends("MP_ITEM_MATCH", match("A"))

    (found,) = seller.get("/feeds")["results"]["feed"]
    assert (found["feedType"], found["itemsReceived"]) == ("MP_ITEM_MATCH", 1)

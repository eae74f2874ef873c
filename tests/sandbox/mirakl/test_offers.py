import pytest

from tests.sandbox.mirakl.shop import lines_of, offer


def counts(status):
    return {name: status[f"offer_{name}"] for name in ("inserted", "updated", "deleted")}


def test_offers_are_taken_in_and_worked_on_later(shop):
    number = shop.sends(offer("MUG"))
    assert shop.get(f"/offers/imports/{number}")["status"] == "WAITING"

    shop.box.settle()

    status = shop.get(f"/offers/imports/{number}")
    assert (status["status"], status["has_error_report"], status["lines_in_success"]) == ("COMPLETE", False, 1)
    assert (shop.offer("MUG")["price"], shop.offer("MUG")["quantity"]) == (12.9, 25)


def test_complete_does_not_mean_success(shop):
    status = shop.imported(offer("A"), offer("B", product_id="123"), offer("C", state="99"), offer("D-REJECT"))

    assert (status["status"], status["has_error_report"]) == ("COMPLETE", True)
    assert (status["lines_read"], status["lines_in_success"], status["lines_in_error"]) == (4, 1, 3)
    report = shop.offers_report(status["import_id"])
    assert list(report[0])[-2:] == ["error-line", "error-message"]
    assert {row["sku"]: row["error-line"] for row in report} == {"B": "3", "C": "4", "D-REJECT": "5"}
    assert report[0]["error-message"] == "The product does not exist"


def test_without_failures_there_is_no_report(shop):
    status = shop.imported(offer("A"))

    assert shop.call("GET", f"/offers/imports/{status['import_id']}/error_report").status_code == 404


def test_what_was_made_changed_and_ended_is_counted(shop):
    assert counts(shop.imported(offer("A"), offer("B"))) == {"inserted": 2, "updated": 0, "deleted": 0}

    mixed = shop.imported(offer("A", price="9.99"), offer("B", update_delete="delete"), offer("C"))

    assert counts(mixed) == {"inserted": 1, "updated": 1, "deleted": 1}
    assert shop.get("/offers")["total_count"] == 2


def test_an_offer_that_is_not_there_cannot_be_ended(shop):
    status = shop.imported(offer("GONE", update_delete="delete"))

    assert shop.offers_report(status["import_id"])[0]["error-message"] == "The offer does not exist"


def test_what_a_column_leaves_empty_is_reset(shop):
    shop.imported(offer("MUG", discount_price="9.90"))
    assert (shop.offer("MUG")["price"], shop.offer("MUG")["origin_price"]) == (9.9, 12.9)

    shop.imported(offer("MUG", quantity=""))

    now = shop.offer("MUG")
    assert (now["price"], now["quantity"], now["active"]) == (12.9, 0, False)
    assert now["inactivity_reasons"] == ["ZERO_QUANTITY"]


def test_the_same_file_again_is_the_same_import_until_it_is_done(shop):
    first = shop.sends(offer("A"))
    assert shop.sends(offer("A")) == first
    assert shop.sends(offer("B")) != first

    shop.box.settle()

    assert shop.sends(offer("A")) != first


def test_a_file_that_cannot_be_read_is_refused_at_once(shop):
    no_price = {name: value for name, value in offer("A").items() if name != "price"}
    assert shop.uploads("/offers/imports", no_price, import_mode="NORMAL").status_code == 400

    files = {"file": ("file.csv", b"sku\n\xff\xfe", "text/csv")}
    assert shop.call("POST", "/offers/imports", files=files, data={"import_mode": "NORMAL"}).status_code == 400


@pytest.mark.parametrize("mode", ["REPLACE", "EVERYTHING"])
def test_files_come_in_mode_normal(shop, mode):
    assert shop.uploads("/offers/imports", offer("A"), import_mode=mode).status_code == 400


def test_a_file_may_fail_as_a_whole(shop):
    shop.box.switch_on("failed_submission")

    status = shop.imported(offer("A"))

    assert (status["status"], status["reason_status"]) == ("FAILED", "The file could not be processed.")


def test_a_slow_offer_waits_to_be_asked_for(shop):
    number = shop.sends(offer("A-SLOW"))
    seen = []
    for _ in range(5):
        shop.box.settle()
        seen.append(shop.get(f"/offers/imports/{number}")["status"])

    assert seen[0] == "RUNNING"
    assert seen[-1] == "COMPLETE"


def test_offers_as_json_are_offers_as_a_file(shop):
    about = {"product_id": "4006381333931", "product_id_type": "EAN", "state_code": "11", "update_delete": "update"}
    body = {"shop_sku": "MUG", "price": 12.9, "quantity": 25, **about}
    shop.does("POST", "/offers", {"offers": [body]})
    shop.box.settle()
    assert shop.offer("MUG")["quantity"] == 25

    del body["quantity"]
    answer = shop.does("POST", "/offers", {"offers": [body, {**body, "shop_sku": "B", "product_id": "0"}]})
    shop.box.settle()

    # Left out is reset.
    assert shop.offer("MUG")["quantity"] == 0
    assert [row["sku"] for row in shop.offers_report(answer.json()["import_id"])] == ["B"]


def test_stock_changes_alone(shop):
    shop.imported(offer("A"))

    number = shop.uploads("/offers/stock/imports", {"offer-sku": "A", "quantity": "3"}).json()["import_id"]
    assert shop.get(f"/offers/stock/imports/{number}/status")["status"] == "WAITING"
    shop.box.settle()

    assert shop.get(f"/offers/stock/imports/{number}/status")["status"] == "COMPLETE"
    assert (shop.offer("A")["quantity"], shop.offer("A")["price"]) == (3, 12.9)


def test_files_of_stock_and_prices_tell_less_than_those_of_offers(shop):
    listed = shop.imported(offer("A"))
    stock = shop.uploads("/offers/stock/imports", {"offer-sku": "A", "quantity": "3"}).json()["import_id"]
    price = shop.uploads("/offers/pricing/imports", {"offer-sku": "A", "price": "9.90"}).json()["import_id"]
    shop.box.settle()

    of_stock = shop.get(f"/offers/stock/imports/{stock}/status").keys()
    (of_prices,) = shop.get("/offers/pricing/imports", import_id=price)["data"]

    assert of_stock == {
        *("import_id", "status", "date_created", "has_error_report", "lines_in_success", "lines_in_error")
    }
    assert of_prices.keys() - of_stock == {"offers_updated", "offers_in_error"}
    assert {"lines_read", "lines_in_pending", "mode"} <= listed.keys() - of_prices.keys()


def test_what_stock_was_refused_is_reported_with_line_and_reason_in_front(shop):
    shop.imported(offer("A"))
    rows = [{"offer-sku": "A", "quantity": "-1"}, {"offer-sku": "A2", "quantity": "1"}]

    number = shop.uploads("/offers/stock/imports", *rows).json()["import_id"]
    shop.box.settle()

    answer = shop.does("GET", f"/offers/stock/imports/{number}/error_report")
    assert answer.headers["Content-Type"].startswith("text/csv")
    first, second = (list(row.values()) for row in lines_of(answer.text))
    assert (first[0], first[2:]) == ("2", ["A", "-1"])
    assert (second[0], second[2:]) == ("3", ["A2", "1"])


def price(sku, amount, channels="", **more):
    return {"offer-sku": sku, "price": amount, "channels": channels, **more}


def priced(shop, *rows):
    number = shop.uploads("/offers/pricing/imports", *rows).json()["import_id"]
    shop.box.settle()
    (status,) = shop.get("/offers/pricing/imports", import_id=number)["data"]
    return status


def by_channel(shop, sku):
    return {one["channel_code"]: one["unit_origin_price"] for one in shop.offer(sku)["all_prices"]}


def test_prices_that_are_not_in_the_file_are_gone(shop):
    shop.imported(offer("A", discount_price="9.90"))
    priced(shop, price("A", "14.00"), price("A", "15.00", "US|CA"))
    assert by_channel(shop, "A") == {None: 14.0, "US": 15.0, "CA": 15.0}
    assert shop.offer("A")["price"] == 14.0

    priced(shop, price("A", "13.00"))

    assert by_channel(shop, "A") == {None: 13.0}


def test_a_discount_holds_between_its_moments(shop):
    shop.imported(offer("A"))
    dates = {"discount-start-date": "2026-01-06T00:00:00Z", "discount-end-date": "2026-01-07T00:00:00Z"}
    priced(shop, price("A", "14.00", **{"discount-price": "11.00"}, **dates))
    seen = []

    for _ in range(3):
        seen.append(shop.offer("A")["price"])
        shop.box.pass_seconds(86_400)

    assert seen == [14.0, 11.0, 14.0]


def test_all_prices_of_an_offer_fail_together(shop):
    shop.imported(offer("A"), offer("B"))

    status = priced(shop, price("A", "14.00"), price("B", "15.00", "US"), price("B", "16.00", "CA"))

    assert (status["offers_updated"], status["offers_in_error"], status["lines_in_error"]) == (1, 1, 2)
    answer = shop.does("GET", f"/offers/pricing/imports/{status['import_id']}/error_report")
    assert [list(row.values())[0] for row in lines_of(answer.text)] == ["3", "4"]


def test_a_price_import_nobody_knows_is_an_empty_list(shop):
    assert shop.get("/offers/pricing/imports", import_id="0b1c") == {"data": []}


def test_numbers_of_offers_last(shop):
    shop.imported(offer("A"), offer("B"))
    before = [one["offer_id"] for one in shop.get("/offers")["offers"]]

    shop.imported(offer("A", price="1.00"))

    assert [one["offer_id"] for one in shop.get("/offers")["offers"]] == before
    assert len(set(before)) == 2

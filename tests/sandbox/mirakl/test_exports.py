from typing import Any

import httpx
import pytest

from tests.sandbox.mirakl.shop import lines_of, offer

JSON = {"export_type": "application/json", "items_per_chunk": 10_000}


def exported(shop, **asked):
    """The offers of an export, by SKU."""
    number = shop.does("POST", "/offers/export/async", {**JSON, **asked}).json()["tracking_id"]
    shop.box.settle()
    status = shop.get(f"/offers/export/async/status/{number}")
    assert status["status"] == "COMPLETED"
    found: dict[str, Any] = {}
    for url in status["urls"]:
        found |= {one["shop_sku"]: one for one in shop.get(url.partition("/api")[2])}
    return found


def test_an_export_is_asked_for_then_looked_for(shop):
    shop.imported(offer("A"))

    number = shop.does("POST", "/offers/export/async", JSON).json()["tracking_id"]

    assert shop.get(f"/offers/export/async/status/{number}")["status"] == "PENDING"
    shop.box.settle()
    assert shop.get(f"/offers/export/async/status/{number}")["urls"]


def test_a_full_export_shows_what_is_not_on_sale_only_if_asked(shop):
    shop.imported(offer("A"), offer("EMPTY", quantity="0"), offer("ENDED"))
    shop.imported(offer("ENDED", update_delete="delete"))

    assert exported(shop).keys() == {"A"}
    assert exported(shop, include_inactive_offers=True).keys() == {"A", "EMPTY"}


def test_a_differential_export_tells_what_changed_and_ended(shop):
    shop.imported(offer("OLD"), offer("A"), offer("ENDED"))
    shop.box.pass_seconds(3600)
    shop.imported(offer("A", price="9.99"), offer("ENDED", update_delete="delete"))

    found = exported(shop, last_request_date="2026-01-05T08:30:00Z")

    assert {sku: one["deleted"] for sku, one in found.items()} == {"A": False, "ENDED": True}


def test_the_same_export_while_it_runs_is_the_same(shop):
    def ask(**more):
        return shop.does("POST", "/offers/export/async", {**JSON, **more}).json()["tracking_id"]

    first = ask()

    assert ask() == first
    assert ask(include_inactive_offers=True) != first
    shop.box.settle()
    assert ask(include_inactive_offers=True) != first


def test_a_file_of_an_export_may_be_csv(shop):
    shop.imported({**offer("A"), "price[channel=US]": ""}, {**offer("B"), "price[channel=US]": "15.00"})
    number = shop.does("POST", "/offers/export/async", {"export_type": "text/csv"}).json()["tracking_id"]
    shop.box.settle()
    (url,) = shop.get(f"/offers/export/async/status/{number}")["urls"]

    # Past the contract, which states JSON files: we ask for no others.
    passed_by = httpx.Client(transport=shop.box.transport)
    first, second = lines_of(passed_by.get(url, headers={"Authorization": shop.key}).text)

    assert (first["shop-sku"], first["price"], first["active"]) == ("A", "12.9", "true")
    assert second["price[channel=US]"] == "15.0"


@pytest.mark.parametrize("size", [10, 2_000_000])
def test_pieces_have_a_size_between(shop, size):
    assert shop.call("POST", "/offers/export/async", {**JSON, "items_per_chunk": size}).status_code == 400

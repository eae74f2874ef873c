import pytest

from tests.sandbox.mirakl.shop import Shop, offer


def test_the_key_stands_in_its_header_as_it_is(shop):
    assert shop.get("/account")["currency_iso_code"] == "EUR"

    for key in ("bad", "Bearer 8f2c", ""):
        refused = Shop(shop.box, key).call("GET", "/account")
        assert (refused.status_code, refused.json()["status"]) == (401, 401)


def test_the_account_may_be_asked_for_once_a_day(box):
    shop = Shop(box)
    shop.get("/account")

    refused = shop.call("GET", "/account")

    assert refused.status_code == 429
    assert 86_000 < int(refused.headers["Retry-After"]) <= 86_400


def test_quotas_can_be_lifted(shop):
    assert [shop.call("GET", "/account").status_code for _ in range(3)] == [200] * 3


def test_a_full_export_is_for_once_a_day_and_a_differential_one_is_not(box):
    shop = Shop(box)
    box.control("PUT", "/settings", {"limits": {"OF52": {"rate_per_s": 100, "burst": 100}}})
    shop.does("POST", "/offers/export/async", {"export_type": "application/json"})
    box.settle()

    again = shop.call("POST", "/offers/export/async", {"export_type": "application/json"})
    changes = {"export_type": "application/json", "last_request_date": "2026-01-05T08:00:00Z"}

    assert again.status_code == 429
    assert shop.call("POST", "/offers/export/async", changes).status_code == 200


def test_files_with_products_are_for_every_quarter_of_an_hour(box):
    shop = Shop(box)
    box.control("PUT", "/settings", {"limits": {"OF01": {"rate_per_s": 100, "burst": 100}}})
    mug = offer("A", category="HOME", title="Mug")
    shop.sends(mug, with_products="true")

    refused = shop.uploads("/offers/imports", offer("B"), import_mode="NORMAL", with_products="true")

    assert refused.status_code == 429
    assert shop.sends(offer("B"))


def test_two_shops_see_nothing_of_each_other(shop):
    number = shop.sends(offer("A"))
    other = Shop(shop.box, "another-key")

    assert other.call("GET", f"/offers/imports/{number}").status_code == 404
    assert other.get("/offers")["total_count"] == 0


def test_what_contradicts_the_state_of_things_is_a_400_with_its_code(shop):
    order_id = shop.sells()

    refused = shop.call("PUT", f"/orders/{order_id}/ship")

    assert refused.status_code == 400
    assert refused.json() == {
        "status": 400,
        "code": "ORDER_INVALID_STATE",
        "message": "The order is not in SHIPPING: WAITING_ACCEPTANCE.",
    }


@pytest.mark.parametrize(
    "path", ["/orders?max=101", "/offers?max=101", "/offers/imports?limit=101", "/returns?limit=101"]
)
def test_pages_are_of_a_hundred_at_most(shop, path):
    refused = shop.call("GET", path)

    assert refused.status_code == 400
    assert refused.json()["message"].startswith("The limit of 100 is exceeded for the parameter : ")


def test_a_body_with_a_word_too_many_is_not_understood(shop):
    body = {"order_lines": [{"id": "1", "accepted": True, "why": "because"}]}

    assert shop.call("PUT", "/orders/SO-1/accept", body).status_code == 400


def test_pages_by_offset_are_linked(shop):
    shop.imported(*(offer(f"A{place}") for place in range(5)))

    page = shop.call("GET", "/offers", params={"max": 2, "offset": 2})

    assert [one["shop_sku"] for one in page.json()["offers"]] == ["A2", "A3"]
    assert page.json()["total_count"] == 5
    assert 'offset=4&max=2>; rel="next"' in page.headers["Link"]
    assert 'offset=0&max=2>; rel="previous"' in page.headers["Link"]


def test_pages_by_token_come_to_an_end(shop):
    numbers = [shop.sends(offer(f"A{place}")) for place in range(3)]
    first = shop.get("/offers/imports", limit=2, start_date="2026-01-01T00:00:00Z")

    # All else is ignored where there is a token.
    second = shop.get("/offers/imports", page_token=first["next_page_token"], status="FAILED")

    assert sorted(one["import_id"] for one in first["data"] + second["data"]) == numbers
    assert "next_page_token" not in second


def test_a_page_token_of_ones_own_is_refused(shop):
    assert shop.call("GET", "/offers/imports", params={"page_token": "x"}).status_code == 400


def test_imports_are_found_by_where_they_came_from(shop):
    shop.sends(offer("A"))

    found = [shop.get("/offers/imports", origins=origin)["data"] for origin in ("API", "FRONT")]

    assert [len(imports) for imports in found] == [1, 0]


def test_the_operator_says_what_it_takes(shop):
    assert {one["code"] for one in shop.get("/offers/states")["offer_states"]} == {"10", "11"}
    assert {one["type"] for one in shop.get("/reasons")["reasons"] if one["is_shop_right"]} == {"REFUND", "CANCELATION"}
    assert "{trackingId}" in shop.get("/shipping/carriers")["carriers"][0]["tracking_url"]
    assert shop.get("/shipping/types")["shipping_types"][0]["mandatory_tracking"] is False
    assert {one["code"] for one in shop.get("/hierarchies")["hierarchies"]} == {"HOME", "MUGS"}

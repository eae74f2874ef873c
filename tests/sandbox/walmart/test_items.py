import pytest

from tests.sandbox.walmart.seller import stock


def items(seller, **params):
    return seller.get("/items", **{"limit": 2, **params})


def test_items_are_listed_without_their_quantities(seller):
    seller.lists("A")

    (item,) = items(seller)["ItemResponse"]

    assert (item["sku"], item["publishedStatus"], item["lifecycleStatus"]) == ("A", "PUBLISHED", "ACTIVE")
    assert item["price"] == {"currency": "USD", "amount": 14.99}
    assert item["availability"] == "In_stock"


def test_the_cursor_of_items_is_the_same_for_every_page(seller):
    seller.lists(*"ABCDE")
    page = items(seller, nextCursor="*")
    cursors, seen = {page["nextCursor"]}, page["ItemResponse"]

    while page["ItemResponse"]:
        page = items(seller, nextCursor=page["nextCursor"])
        seen += page["ItemResponse"]
        cursors.add(page["nextCursor"])

    assert [item["sku"] for item in seen] == [*"ABCDE"]
    assert (len(cursors), page["totalItems"]) == (1, 5)


def test_the_cursor_of_items_is_dead_after_two_minutes(seller):
    seller.lists(*"ABC")
    cursor = items(seller, nextCursor="*")["nextCursor"]

    seller.box.pass_seconds(121)

    refused = seller.call("GET", "/items", params={"nextCursor": cursor})
    assert (refused.status_code, refused.json()["errors"][0]["description"]) == (400, "Invalid Cursor")


@pytest.mark.parametrize("path", ["/items", "/inventories"])
def test_a_list_without_rows_is_not_found(seller, path):
    refused = seller.call("GET", path)

    assert refused.status_code == 404
    assert refused.json()["errors"][0]["code"].partition(".")[0] == "CONTENT_NOT_FOUND"


def test_a_retired_item_is_listed_as_such(seller):
    seller.lists("A", "B")

    assert seller.does("DELETE", "/items/A")["sku"] == "A"

    assert [item["sku"] for item in items(seller)["ItemResponse"]] == ["B"]
    (retired,) = items(seller, lifecycleStatus="RETIRED")["ItemResponse"]
    assert (retired["sku"], retired["lifecycleStatus"]) == ("A", "RETIRED")
    assert seller.call("DELETE", "/items/A").status_code == 404


def test_a_sku_may_hold_what_a_path_does_not(seller):
    seller.lists("A/1 & 2%")

    assert seller.call("DELETE", "/items/A%2F1%20%26%202%25").status_code == 200
    assert seller.call("GET", "/items").status_code == 404


def test_a_quantity_is_set_at_once(seller):
    seller.lists("A")

    answer = seller.call("PUT", "/inventory", stock("A", 3), params={"sku": "A"})

    assert answer.json() == {"sku": "A", "quantity": {"unit": "EACH", "amount": 3}}
    (row,) = seller.get("/inventories")["elements"]["inventories"]
    assert row["nodes"][0]["inputQty"] == {"unit": "EACH", "amount": 3}


@pytest.mark.parametrize(
    ("sku", "body", "status"),
    [
        ("A", stock("B", 3), 400),
        ("A", {"sku": "A", "quantity": {"unit": "PAIR", "amount": 3}}, 400),
        ("A", stock("A", -1), 400),
        ("NEVER-THERE", stock("NEVER-THERE", 3), 404),
    ],
)
def test_a_quantity_that_makes_no_sense_is_refused(seller, sku, body, status):
    seller.lists("A", amount=25)

    assert seller.call("PUT", "/inventory", body, params={"sku": sku}).status_code == status
    assert seller.state()["listings"][0]["quantity"] == 25


def test_cursors_of_inventories_are_used_once_and_in_their_order(seller):
    seller.lists(*"ABCDE")
    first = seller.get("/inventories", limit=2)
    second = seller.get("/inventories", limit=2, nextCursor=first["meta"]["nextCursor"])
    third = seller.get("/inventories", limit=2, nextCursor=second["meta"]["nextCursor"])

    assert [row["sku"] for page in (first, second, third) for row in page["elements"]["inventories"]] == [*"ABCDE"]
    assert (first["meta"]["totalCount"], "nextCursor" in third["meta"]) == (5, False)
    for used in (first, second):
        refused = seller.call("GET", "/inventories", params={"nextCursor": used["meta"]["nextCursor"]})
        assert refused.status_code == 404


def test_inventories_may_be_begun_anew(seller):
    seller.lists(*"ABC")
    cursor = seller.get("/inventories", limit=1)["meta"]["nextCursor"]

    again = seller.get("/inventories", limit=1)

    assert again["elements"]["inventories"][0]["sku"] == "A"
    assert seller.call("GET", "/inventories", params={"nextCursor": cursor}).status_code == 404
    assert seller.get("/inventories", nextCursor=again["meta"]["nextCursor"])["elements"]["inventories"]


@pytest.mark.parametrize(("path", "limit"), [("/items", 1001), ("/inventories", 51)])
def test_pages_have_a_size(seller, path, limit):
    seller.lists("A")

    assert seller.call("GET", path, params={"limit": limit}).status_code == 400

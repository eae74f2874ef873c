def export(market, seller, **page):
    export_id = seller.call("POST", "/exports").json()["export_id"]
    market.settle()
    head = seller.get(f"/exports/{export_id}")
    return head, seller.get(f"/exports/{export_id}/rows", **page)["rows"]


def test_an_export_shows_every_listing_ended_ones_too(market, seller):
    seller.list_item("A")
    seller.list_item("B")
    seller.send("withdraw", {"sku": "B"}, key="w")

    head, rows = export(market, seller)

    assert (head["phase"], head["total"]) == ("done", 2)
    assert [(row["sku"], row["status"]) for row in rows] == [("A", "active"), ("B", "ended")]


def test_an_export_is_a_snapshot_of_one_moment(market, seller):
    seller.list_item("A", quantity=5)
    head, _ = export(market, seller)

    seller.send("quantity", {"sku": "A", "quantity": 1}, key="q")
    again = seller.get(f"/exports/{head['export_id']}/rows")["rows"]

    assert again[0]["quantity"] == 5
    assert again[0]["updated_at"] <= head["as_of"]


def test_an_export_not_ready_yet_has_no_rows(market, seller):
    seller.list_item("A")

    export_id = seller.call("POST", "/exports").json()["export_id"]

    assert seller.get(f"/exports/{export_id}")["phase"] == "received"
    assert seller.get(f"/exports/{export_id}/rows")["rows"] == []


def test_stray_listings_appear_and_vanished_ones_do_not(market, seller):
    seller.list_item("A")
    strays = [{"sku": "STRAY-1"}, {"sku": "STRAY-2", "price": "3.00", "quantity": 4}]
    market.control("POST", "/listings", {"account_id": seller.account_id, "listings": strays})
    market.control("POST", "/listings/remove", {"account_id": seller.account_id, "skus": ["A"]})

    _, rows = export(market, seller)

    assert [(row["sku"], row["quantity"]) for row in rows] == [("STRAY-1", 1), ("STRAY-2", 4)]


def test_the_control_api_pages_through_all_listings(market, seller):
    for sku in "ABC":
        seller.list_item(sku)

    first = market.control("GET", f"/listings?account_id={seller.account_id}&limit=2")
    rest = market.control(
        "GET", f"/listings?account_id={seller.account_id}&limit=2&after_sku={first['next_after_sku']}"
    )

    assert [row["sku"] for row in first["listings"] + rest["listings"]] == ["A", "B", "C"]
    assert rest["next_after_sku"] is None

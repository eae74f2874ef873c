from tests.sandbox.mirakl.shop import lines_of, offer


def product(sku, **more):
    return {"shop_sku": sku, "category": "MUGS", "title": f"Title of {sku}", "colour": "blue", **more}


def sent(shop, *rows):
    return shop.uploads("/products/imports", *rows).json()["import_id"]


def report(shop, number, name):
    return lines_of(shop.does("GET", f"/products/imports/{number}/{name}").text)


def test_a_product_is_read_then_with_the_operator_then_done(shop):
    number, seen = sent(shop, product("A")), []

    for _ in range(3):
        seen.append(shop.get(f"/products/imports/{number}")["import_status"])
        shop.box.pass_seconds(0.3)

    assert seen == ["TRANSFORMATION_WAITING", "SENT", "COMPLETE"]


def test_an_offer_hangs_on_the_product_that_the_shop_brought(shop):
    by_shop = offer("A", product_id="A", product_id_type="SHOP_SKU")
    assert shop.imported(by_shop)["lines_in_error"] == 1

    sent(shop, product("A"))
    shop.box.pass_seconds(1)

    assert shop.imported(by_shop)["lines_in_error"] == 0


def test_each_report_has_its_lines(shop):
    number = sent(shop, product("GOOD"), product("ODD", category="SHOES"), product("BAD", colour=""))
    shop.box.pass_seconds(1)

    status = shop.get(f"/products/imports/{number}")
    assert (status["transform_lines_read"], status["transform_lines_in_error"]) == (3, 1)
    assert status["integration_details"]["rejected_products"] == 1
    (unreadable,) = report(shop, number, "transformation_error_report")
    assert (unreadable["shop_sku"], unreadable["line number"]) == ("ODD", "3")
    assert unreadable["errors"] == "1001|Category SHOES is unknown"
    assert report(shop, number, "error_report") == [{"shop_sku": "BAD", "error": "colour is required"}]
    assert report(shop, number, "new_product_report") == [{"shop_sku": "GOOD", "warning": ""}]


def test_a_report_is_there_once_it_is_that_far(shop):
    number = sent(shop, product("A"), product("B", colour=""))

    assert shop.call("GET", f"/products/imports/{number}/error_report").status_code == 404


def test_a_file_of_which_nothing_can_be_read_has_failed(shop):
    number = sent(shop, product("A", category="SHOES"))

    status = shop.get(f"/products/imports/{number}")

    assert (status["import_status"], status["has_transformation_error_report"]) == ("TRANSFORMATION_FAILED", True)


def test_offers_may_bring_their_products_along(shop):
    about = {"category": "MUGS", "title": "Mug"}
    rows = [{**offer("A"), **about, "colour": "blue"}, {**offer("B"), **about, "colour": ""}]
    answer = shop.uploads("/offers/imports", *rows, import_mode="NORMAL", with_products="true").json()
    waiting = shop.get(f"/offers/imports/{answer['import_id']}")["status"]
    shop.box.settle()

    assert waiting == "WAITING_SYNCHRONIZATION_PRODUCT"
    assert [row["sku"] for row in shop.offers_report(answer["import_id"])] == ["B"]
    assert report(shop, answer["product_import_id"], "error_report")[0]["shop_sku"] == "B"


def test_files_of_products_are_listed(shop):
    numbers = [sent(shop, product("A")), sent(shop, product("B"))]

    listed = shop.get("/products/imports", start_date="2026-01-05T00:00:00Z")["data"]

    assert [one["import_id"] for one in listed] == numbers[::-1]


def test_known_products_are_found_by_their_references(shop):
    sent(shop, product("MINE"))
    shop.box.pass_seconds(1)

    found = shop.get("/products", product_references="EAN|4006381333931,EAN|12,SHOP_SKU|MINE,SHOP_SKU|OTHER")

    assert [one["product_id"] for one in found["products"]] == ["4006381333931", "MINE"]
    assert found["products"][1]["category_code"] == "MUGS"


def test_a_hundred_references_are_asked_for_at_once(shop):
    many = ",".join(f"EAN|{number:013}" for number in range(101))

    assert shop.call("GET", "/products", params={"product_references": many}).status_code == 400

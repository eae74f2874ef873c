"""What the servers do that nobody would guess. The adapter is built around it: should it change, this says so."""

import pytest

from tests.live.backoffice import Refused


@pytest.fixture
def api(office, world):
    """The seller's own way in, at a server without products."""
    return office.seller_api(office.logins[0])


@pytest.fixture
def product(office, api):
    """A product with two variants, ten of each in stock."""
    made = office.make_product(office.logins[0], "QUIRK", ("A", "B"))
    rows = [office.level(office.logins[0], variant, 10) for variant in made["variants"]]
    api("POST", f"{office.root()}/inventory-items/location-levels/batch", {"create": rows})
    return made


def read(office, api, product):
    fields = "id,updated_at,variants.id,variants.sku"
    return api("GET", f"{office.root()}/products/{product['id']}", fields=fields)["product"]


def test_a_products_date_does_not_move_when_a_price_or_a_quantity_changes(office, api, product):
    before = read(office, api, product)
    variant = product["variants"][0]
    path = f"{office.root()}/products/{product['id']}/variants/{variant['id']}"
    api("POST", path, {"prices": [{"currency_code": "eur", "amount": 7}]})
    row = office.level(office.logins[0], variant, 3)
    api("POST", f"{office.root()}/inventory-items/location-levels/batch", {"update": [row]})

    assert read(office, api, product)["updated_at"] == before["updated_at"]


def test_a_change_of_a_product_deletes_the_variants_it_does_not_name(office, api, product):
    named = {"id": product["variants"][0]["id"], "title": "Still here"}
    api("POST", f"{office.root()}/products/{product['id']}", {"variants": [named]})

    assert [one["id"] for one in read(office, api, product)["variants"]] == [named["id"]]


def test_changing_a_variant_that_is_gone_succeeds(office, api, product):
    path = f"{office.root()}/products/{product['id']}/variants/variant_gone"

    assert api("POST", path, {"prices": [{"currency_code": "eur", "amount": 7}]})["product"]["id"] == product["id"]


def test_a_batch_of_stock_with_one_bad_row_changes_nothing(office, api, product):
    good = office.level(office.logins[0], product["variants"][0], 99)
    bad = {**good, "inventory_item_id": "iitem_gone"}
    with pytest.raises(Refused):
        api("POST", f"{office.root()}/inventory-items/location-levels/batch", {"update": [good, bad]})

    assert {row["free"] for row in office.listings(office.logins[0]).values()} == {10}


def test_mercur_fails_at_a_large_body(office, api):
    row = {"inventory_item_id": "iitem_" + "0" * 26, "location_id": "sloc_" + "0" * 26, "stocked_quantity": 1}
    with pytest.raises(Refused) as caught:
        api("POST", f"{office.root()}/inventory-items/location-levels/batch", {"create": [row] * 900})

    assert str(caught.value).startswith("500" if office.has_sellers else "4")


def test_the_total_of_an_order_shrinks_and_its_original_total_follows_one_refund_behind(office, api, product):
    number = office.place("QUIRK-A", 2)
    payment = office.order(number)["payment_collections"][0]["payments"][0]["id"]
    api("POST", f"{office.root()}/payments/{payment}/capture", {})
    totals = []
    for amount in (5, 3):
        api("POST", f"{office.root()}/payments/{payment}/refund", {"amount": amount})
        order = office.order(number)
        totals.append((int(order["total"]), int(order["summary"]["original_order_total"])))

    assert totals == [(15, 20), (12, 15)]


def test_capturing_the_money_moves_no_date(office, api, product):
    number = office.place("QUIRK-A", 1)
    before = office.order(number)
    payment = before["payment_collections"][0]["payments"][0]["id"]

    api("POST", f"{office.root()}/payments/{payment}/capture", {})

    assert office.order(number)["updated_at"] == before["updated_at"]
    assert office.order(number)["payment_status"] == "captured"


def test_mercur_wants_every_sku_once_on_the_whole_marketplace(office, api, product):
    if not office.has_sellers:
        pytest.skip("a shop has no other sellers")

    with pytest.raises(Refused, match="already exists"):
        office.make_product(office.logins[1], "QUIRK", ("A", "B"))

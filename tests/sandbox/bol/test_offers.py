from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.sandbox.bol.retailer import MUG


def reasons(retailer, offer_id):
    answer = retailer.call("GET", f"/retailer/offers/{offer_id}/not-for-sale-reasons")
    if answer.status_code == 204:
        return []
    return [reason["category"] for reason in answer.json()["countries"][0]["reasons"]]


def for_sale(retailer, offer_id):
    return {one["forSale"] for one in retailer.get(f"/retailer/offers/{offer_id}")["countryAvailabilities"]}


def test_an_offer_is_for_sale_only_once_it_was_checked(box, retailer):
    answer = retailer.call("POST", "/retailer/offers", MUG)
    offer_id = answer.json()["offerId"]
    assert (answer.status_code, for_sale(retailer, offer_id)) == (201, {False})

    box.settle()

    assert for_sale(retailer, offer_id) == {True}
    assert reasons(retailer, offer_id) == []


def test_an_offer_is_shown_as_it_was_made(retailer):
    offer_id = retailer.offers()

    shown = retailer.get(f"/retailer/offers/{offer_id}")

    for name in ("ean", "reference", "condition", "pricing", "fulfilment"):
        assert shown[name] == MUG[name]
    assert shown["stock"] == {"amount": 25, "correctedStock": 25, "managedByRetailer": True}
    assert retailer.state()["listings"][0]["sku"] == "MUG-BLUE-01"


def test_an_offer_that_the_check_refuses_stays_and_says_why(retailer):
    offer_id = retailer.offers(reference="MUG-REJECT")

    assert for_sale(retailer, offer_id) == {False}
    assert reasons(retailer, offer_id) == ["OFFER"]


def test_an_ean_takes_one_offer(retailer):
    retailer.offers()

    again = retailer.call("POST", "/retailer/offers", {**MUG, "reference": "OTHER"})

    assert again.status_code in (400, 409)
    assert "duplicate" in again.text
    assert len(retailer.get("/retailer/offers")["offers"]) == 1


def test_a_second_offer_conflicts_though_the_first_is_still_checked(retailer):
    answers = [retailer.call("POST", "/retailer/offers", MUG).status_code for _ in range(2)]

    assert answers[0] == 201
    assert answers[1] in (400, 409)


def test_of_creates_that_come_at_once_one_is_taken(retailer):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: retailer.call("POST", "/retailer/offers", MUG).status_code, range(8)))

    assert answers.count(201) == 1


@pytest.mark.parametrize("price", [0.99, 9999.01, 12.905])
def test_a_price_beyond_what_bol_takes_is_refused(retailer, price):
    pricing = {"bundlePrices": [{"quantity": 1, "unitPrice": price}]}

    assert retailer.call("POST", "/retailer/offers", {**MUG, "pricing": pricing}).status_code == 400


def test_only_what_is_sent_changes(retailer):
    offer_id = retailer.offers()

    answer = retailer.call("PATCH", f"/retailer/offers/{offer_id}", {"stock": {"amount": 7, "managedByRetailer": True}})

    shown = retailer.get(f"/retailer/offers/{offer_id}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert (shown["stock"]["amount"], shown["pricing"]) == (7, MUG["pricing"])
    assert retailer.state()["listings"][0]["quantity"] == 7


@pytest.mark.parametrize("fixed", [{"ean": "8712345678913"}, {"condition": {"category": "SECONDHAND"}}])
def test_ean_and_condition_never_change(retailer, fixed):
    offer_id = retailer.offers()

    assert retailer.call("PATCH", f"/retailer/offers/{offer_id}", fixed).status_code == 400


def test_an_offer_on_hold_is_not_for_sale(retailer):
    offer_id = retailer.offers()

    retailer.call("PATCH", f"/retailer/offers/{offer_id}", {"onHoldByRetailer": True})

    assert for_sale(retailer, offer_id) == {False}
    assert reasons(retailer, offer_id) == ["ON_HOLD"]


def test_an_offer_that_ended_makes_room_for_another(retailer):
    offer_id = retailer.offers()

    assert retailer.call("DELETE", f"/retailer/offers/{offer_id}").status_code == 204

    assert retailer.call("DELETE", f"/retailer/offers/{offer_id}").status_code == 404
    assert retailer.get("/retailer/offers")["offers"] == []
    assert retailer.offers() != offer_id


def test_a_sale_goes_off_what_is_sold_not_off_what_was_said(box, retailer):
    offer_id = retailer.offers()

    box.buy(retailer.account_id, ("MUG-BLUE-01", 3))

    stock = retailer.get(f"/retailer/offers/{offer_id}")["stock"]
    assert stock == {"amount": 25, "correctedStock": 22, "managedByRetailer": True}


def test_stock_that_the_retailer_manages_knows_only_later_orders(box, retailer):
    offer_id = retailer.offers()
    box.buy(retailer.account_id, ("MUG-BLUE-01", 3))

    retailer.call("PATCH", f"/retailer/offers/{offer_id}", {"stock": {"amount": 22, "managedByRetailer": True}})

    assert retailer.get(f"/retailer/offers/{offer_id}")["stock"]["correctedStock"] == 22


def test_stock_that_bol_manages_is_net_of_every_open_order(box, retailer):
    offer_id = retailer.offers(stock={"amount": 25, "managedByRetailer": False})
    order = box.buy(retailer.account_id, ("MUG-BLUE-01", 3))

    retailer.call("PATCH", f"/retailer/offers/{offer_id}", {"stock": {"amount": 25, "managedByRetailer": False}})
    assert retailer.get(f"/retailer/offers/{offer_id}")["stock"]["correctedStock"] == 22

    retailer.done(retailer.ship({"orderItemId": order["lines"][0]["id"]}))
    retailer.call("PATCH", f"/retailer/offers/{offer_id}", {"stock": {"amount": 22, "managedByRetailer": False}})
    assert retailer.get(f"/retailer/offers/{offer_id}")["stock"]["correctedStock"] == 22


def test_offers_are_found_by_what_they_are_called(retailer):
    offer_id = retailer.offers()
    retailer.offers(ean="8712345678913", reference="CUP")

    for name, value in (("reference", "MUG-BLUE-01"), ("eans", MUG["ean"]), ("offer_ids", offer_id)):
        found = retailer.get("/retailer/offers", **{name: value})["offers"]
        assert [offer["offerId"] for offer in found] == [offer_id]
    assert retailer.get("/retailer/offers", reference="NOBODY")["offers"] == []


def test_offers_are_paged_by_a_cursor_and_none_is_missed(box, retailer):
    strays = [{"sku": f"S-{number:03}", "price": "5.00"} for number in range(60)]
    retailer.sign_in()
    box.control("POST", "/listings", {"account_id": retailer.account_id, "listings": strays})

    pages, cursor = [], None
    while True:
        page = retailer.get("/retailer/offers", page_size=25, **({"cursor": cursor} if cursor else {}))
        pages.append([offer["reference"] for offer in page["offers"]])
        cursor = page["page"].get("nextCursor")
        if cursor is None:
            break

    assert [len(page) for page in pages] == [25, 25, 10]
    assert {reference for page in pages for reference in page} == {stray["sku"] for stray in strays}


@pytest.mark.parametrize("size", [24, 101])
def test_a_page_has_25_to_100_offers(retailer, size):
    assert retailer.call("GET", "/retailer/offers", page_size=size).status_code == 400

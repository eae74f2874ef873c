def test_without_accounts_the_page_says_what_to_do(market):
    page = market.http.get("/")

    assert page.status_code == 200
    assert "No seller has signed in yet" in page.text


def test_a_person_buys_and_sees_the_order_ship(market, seller):
    seller.list_item("A", quantity=3)
    shop = f"/accounts/{seller.account_id}"
    assert "Title of A" in market.http.get(shop).text

    bought = market.http.post(f"{shop}/buy", data={"sku": "A", "quantity": "2"}, follow_redirects=True)
    assert "Bought 2 of A" in bought.text
    (order,) = seller.get("/orders")["orders"]
    seller.do(order["id"], "accept", key="a")
    parcel = {"lines": [{"line_id": order["lines"][0]["id"], "quantity": 2}], "carrier_code": "UPS"}
    seller.do(order["id"], "shipments", {**parcel, "tracking_number": "1Z42"}, key="s")

    page = market.http.get(f"{shop}/orders/{order['id']}").text
    assert "A parcel left" in page
    assert "1Z42" in page
    assert "Cancel now" not in page
    assert order["id"] in market.http.get(f"{shop}/orders").text


def test_buying_too_much_says_why_not(market, seller):
    seller.list_item("A", quantity=1)

    page = market.http.post(
        f"/accounts/{seller.account_id}/buy", data={"sku": "A", "quantity": "2"}, follow_redirects=True
    )

    assert "Only 1 of A can be bought." in page.text


def test_listings_are_searched_and_paged(market, seller):
    lines = [{"sku": f"S{number:02}", "title": f"Thing {number}"} for number in range(30)]
    seller.send("content", *lines, key="k")
    shop = f"/accounts/{seller.account_id}"

    first, found = market.http.get(shop).text, market.http.get(shop, params={"search": "thing 29"}).text

    assert ("S00" in first, "S29" in first, "Next page" in first) == (True, False, True)
    assert ("S29" in found, "S00" in found, "Next page" in found) == (True, False, False)
    assert "S29" in market.http.get(shop, params={"after": "S24"}).text


def test_a_buyer_asks_to_cancel_and_then_cancels(market, seller):
    seller.list_item("A")
    order = market.buy(seller.account_id, ("A", 1))["id"]
    page = f"/accounts/{seller.account_id}/orders/{order}"

    asked = market.http.post(f"{page}/request-cancellation", data={"reason": "Too late"}, follow_redirects=True)
    cancelled = market.http.post(f"{page}/cancel", data={}, follow_redirects=True)
    again = market.http.post(f"{page}/cancel", data={}, follow_redirects=True)

    assert "Too late" in asked.text
    assert "The buyer has cancelled the order." in cancelled.text
    assert "It was cancelled already." in again.text


def test_faults_are_switched_on_and_off_on_the_page(market, seller):
    form = {"name": "http_5xx", "operation": "orders", "how": "next_n", "number": "1", "parameter": "status=502"}

    assert "is on" in market.http.post("/faults", data=form, follow_redirects=True).text
    assert seller.call("GET", "/orders").status_code == 502
    market.http.post("/faults?remove=http_5xx", data={})

    assert market.market.faults.listed() == []


def test_a_fault_that_makes_no_sense_is_refused_with_words(market):
    page = market.http.post(
        "/faults", data={"name": "http_5xx", "how": "next_n", "number": "many"}, follow_redirects=True
    )

    assert "That makes no sense" in page.text


def test_what_was_sent_is_shown_with_an_example_of_what_was_rejected(market, seller):
    seller.send("content", {"sku": "A-REJECT", "title": "t"}, key="k")

    page = market.http.get(f"/accounts/{seller.account_id}/submissions").text

    assert "A-REJECT: The catalogue team refuses this product." in page


def test_a_title_cannot_smuggle_markup_into_the_page(market, seller):
    seller.send("content", {"sku": "A", "title": "<script>alert(1)</script>"}, key="k")

    page = market.http.get(f"/accounts/{seller.account_id}")

    assert "<script>" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


def test_a_form_on_another_site_is_refused(market):
    answer = market.http.post("/faults?remove=all", data={}, headers={"Origin": "https://evil.example"})

    assert answer.status_code == 403


def test_an_account_that_does_not_exist_is_not_found(market):
    assert market.http.get("/accounts/acct-nobody").status_code == 404


def test_the_style_comes_from_here(market):
    style = market.http.get("/sandbox.css")

    assert style.headers["content-type"].startswith("text/css")


def test_the_protocol_is_described_on_a_page(market):
    page = market.http.get("/api").text

    assert "POST /v1/submissions" in page
    assert "Quantities are absolute" in page

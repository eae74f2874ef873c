import pytest


@pytest.fixture
def order_id(seller):
    """An order of two lines with three pieces each, to be shipped."""
    order_id = seller.sells(3, ("MUG", "SHIRT"))
    seller.does("POST", f"/orders/{order_id}/acknowledge")
    return order_id


def tracking(seller, order_id):
    rows = seller.line(order_id)["orderLineStatuses"]["orderLineStatus"]
    return [row["trackingInfo"] for row in rows if row["status"] == "Shipped"]


def test_units_leave_in_parcels_of_their_own(seller, order_id):
    lines = [seller.parcel(amount=1), seller.parcel("2", amount=2, trackingNumber="1Z-OTHER")]

    assert seller.ships(order_id, *lines).status_code == 200

    assert (seller.statuses(order_id), seller.statuses(order_id, "2")) == (
        {"Shipped": 1, "Acknowledged": 2},
        {"Shipped": 2, "Acknowledged": 1},
    )
    assert {parcel["tracking_number"] for parcel in seller.state()["shipments"]} == {"1Z999AA10123456784", "1Z-OTHER"}


def test_of_a_notice_all_leaves_or_nothing(seller, order_id):
    lines = [seller.parcel(amount=1), seller.parcel("2", amount=4, trackingNumber="1Z-OTHER")]

    assert seller.ships(order_id, *lines).status_code == 400

    assert seller.statuses(order_id) == {"Acknowledged": 3}
    assert seller.state()["shipments"] == []


def test_another_carrier_is_told_with_the_address_where_it_can_be_followed(seller, order_id):
    other = {"carrierName": {"otherCarrier": "Pigeon"}, "methodCode": "Express"}
    assert seller.ships(order_id, seller.parcel(**other)).status_code == 400

    seller.ships(order_id, seller.parcel(trackingURL="https://pigeon.example/1Z", **other))

    (told,) = tracking(seller, order_id)
    assert told["carrierName"] == {"otherCarrier": "Pigeon"}
    assert (told["methodCode"], told["trackingURL"]) == ("Express", "https://pigeon.example/1Z")


@pytest.mark.parametrize(
    "wrong",
    [
        {"carrierName": {"carrier": "ups"}},
        {"carrierName": {"carrier": "UPS", "otherCarrier": "Pigeon"}},
        {"carrierName": {}},
        {"methodCode": "Pigeon"},
        {"trackingNumber": ""},
        {"trackingNumber": None},
        {"shipDateTime": None},
        {"weight": 3},
    ],
)
def test_what_is_told_of_a_parcel_is_right_to_the_letter(seller, order_id, wrong):
    assert seller.ships(order_id, seller.parcel(**wrong)).status_code == 400
    assert seller.statuses(order_id) == {"Acknowledged": 3}


@pytest.mark.parametrize("number", ["", "S" * 31, None])
def test_the_sellers_number_of_the_order_is_there_and_not_too_long(seller, order_id, number):
    line = {**seller.parcel(), "sellerOrderId": number}

    assert seller.ships(order_id, line).status_code == 400


def test_every_carrier_of_walmarts_list_is_taken(seller, order_id):
    for carrier in ("OnTrac", "DHL Ecommerce - US", "ePost Global"):
        assert seller.ships(order_id, seller.parcel(amount=1, carrierName={"carrier": carrier})).status_code == 200

    assert [told["carrierName"]["carrier"] for told in tracking(seller, order_id)] == [
        *("OnTrac", "DHL Ecommerce - US", "ePost Global")
    ]


def test_a_notice_whose_answer_was_lost_has_shipped(seller, order_id):
    seller.box.switch_on("timeout_after_work", operation="ship", next_n=1)

    with pytest.raises(Exception, match="disconnected"):
        seller.ships(order_id, seller.parcel(amount=3))

    assert seller.statuses(order_id) == {"Shipped": 3}
    assert seller.ships(order_id, seller.parcel(amount=3)).status_code == 400

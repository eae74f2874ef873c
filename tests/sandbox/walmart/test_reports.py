import csv
import io
import zipfile

import pytest

from tests.sandbox.walmart.seller import Seller


def asks(seller, kind="ITEM", version="v4"):
    return seller.call("POST", "/reports/reportRequests", {}, params={"reportType": kind, "reportVersion": version})


def made(seller, kind="ITEM", version="v4"):
    """The number of a report that is ready."""
    number = str(asks(seller, kind, version).json()["requestId"])
    seller.box.settle()
    return number


def rows_of(seller, number):
    url = seller.get("/reports/downloadReport", requestId=number)["downloadURL"]
    # Without any header of the seller's.
    archive = zipfile.ZipFile(io.BytesIO(seller.box.http.get(url).content))
    return list(csv.DictReader(io.StringIO(archive.read(archive.namelist()[0]).decode())))


def test_a_report_is_asked_for_then_looked_for_then_fetched(seller):
    seller.lists("A", "B")
    seller.does("DELETE", "/items/B")
    number = asks(seller).json()["requestId"]
    assert seller.get(f"/reports/reportRequests/{number}")["requestStatus"] == "RECEIVED"
    assert seller.call("GET", f"/reports/downloadReport?requestId={number}").status_code == 400

    seller.box.settle()

    assert seller.get(f"/reports/reportRequests/{number}")["requestStatus"] == "READY"
    (row,) = rows_of(seller, number)
    assert (row["SKU"], row["Price"], row["Publish Status"]) == ("A", "14.99", "PUBLISHED")


def test_quantities_are_in_a_report_of_their_own(seller):
    seller.lists("A", amount=7)

    (row,) = rows_of(seller, made(seller, "INVENTORY", "v1"))

    assert (row["SKU"], row["Input Quantity"]) == ("A", "7")


def test_the_address_of_a_report_expires_and_another_is_given(seller):
    seller.lists("A")
    number = made(seller)
    told = seller.get("/reports/downloadReport", requestId=number)

    seller.box.pass_seconds(601)

    assert told["downloadURLExpirationTime"] == "2026-01-05T08:10:03Z"
    assert seller.box.http.get(told["downloadURL"]).status_code == 403
    assert [row["SKU"] for row in rows_of(seller, number)] == ["A"]


def test_an_address_of_ones_own_opens_nothing(seller):
    assert seller.box.http.get("/v3/reports/files/guessed.zip").status_code == 403


@pytest.mark.parametrize(("kind", "version"), [("SHOES", "v1"), ("ITEM", "v9"), ("INVENTORY", "v4")])
def test_what_is_no_report_is_a_problem(seller, kind, version):
    refused = asks(seller, kind, version)

    assert refused.headers["Content-Type"] == "application/problem+json"
    assert (refused.status_code, refused.json()["status"]) == (400, 400)


def test_each_report_is_for_once_an_hour(box):
    seller = Seller(box)

    statuses = [asks(seller, *kind).status_code for kind in (("ITEM", "v4"), ("ITEM", "v4"), ("INVENTORY", "v1"))]

    assert statuses == [200, 429, 200]


def test_reports_of_others_are_not_there(box, seller):
    number = made(seller)

    assert Seller(box, "other").call("GET", f"/reports/reportRequests/{number}").status_code == 404

"""Reports as files."""

import gzip
import io
import zipfile
from decimal import Decimal

import pytest

from channels_app.adapters.errors import TemporaryError
from channels_app.adapters.walmart import (
    listings,
)

ITEM_REPORT = (
    "\ufeffSKU,Item ID,Product Name,Lifecycle Status,Publish Status,Price,Currency\r\n"
    'A,1,"Mug, blue",ACTIVE,PUBLISHED,14.99,USD\r\n'
    "B,2,Pan,RETIRED,PUBLISHED,,USD\r\n"
)
INVENTORY_REPORT = (
    "SKU,Item ID,Product Name,Ship Node ID,Ship Node Name,Input Quantity,AvailToSell Quantity\nA,1,Mug,N1,x,3,3\n"
    "A,1,Mug,N2,y,4,4\nB,2,Pan,N1,x,,\n"
)


def zipped(text: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("report.csv", text)
    return file.getvalue()


@pytest.mark.parametrize(
    "packed", [str.encode, zipped, lambda text: gzip.compress(text.encode())], ids=["plain", "zip", "gzip"]
)
def test_reports_are_read_however_they_are_packed(packed):
    quantities = listings.read_report_quantities(listings.iter_report_rows(packed(INVENTORY_REPORT)), "")
    rows = [listings.read_report_listing(row, quantities) for row in listings.iter_report_rows(packed(ITEM_REPORT))]

    assert [(row.sku, row.title, row.price, row.quantity, row.active) for row in rows] == [
        ("A", "Mug, blue", Decimal("14.99"), 7, True),
        ("B", "Pan", None, 0, False),
    ]
    assert listings.read_report_quantities(listings.iter_report_rows(packed(INVENTORY_REPORT)), "N2") == {"A": 4}


@pytest.mark.parametrize(
    "file",
    [zipped(ITEM_REPORT * 500)[:-200], b"<html>Sorry</html>", b"", gzip.compress(b"SKU", mtime=0)[:-5]],
    ids=["half a zip", "HTML", "nothing", "half a gzip"],
)
def test_a_report_that_is_cut_or_none_is_read_another_time(file):
    with pytest.raises(TemporaryError):
        list(listings.iter_report_rows(file))

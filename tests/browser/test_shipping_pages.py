"""Shipping by CSV in a real browser: the file goes out, comes back filled in, and is shipped after a look."""

import csv
import io
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect
from pytest_django.live_server_helper import LiveServer

from channels_app.flows import shipping_files
from channels_app.models import Shipment, ShippingFile
from channels_app.tasks import record_parcels
from marketplace_integration import clock
from tests.browser.conftest import assert_good, sign_in
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
both_sizes = pytest.mark.parametrize("phone", [False, True], indirect=True, ids=["desktop", "phone"])


@pytest.fixture(autouse=True)
def orders(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three orders wait; a worker looks only when a test says so."""
    monkeypatch.setattr(record_parcels, "apply_async", lambda *_, **__: None)
    rig.now = rig.market.now = clock.now()
    rig.item("MUG-1", on_hand=10)
    rig.item("CUP-1", on_hand=10)
    rig.market.has_order("SO-00000001", lines=[("MUG-1", 2, "10.00"), ("CUP-1", 3, "2.00")])
    rig.market.has_order("SO-00000002", sku="CUP-1")
    rig.market.has_order("SO-00000003", sku="MUG-1")
    rig.download()


def _fill_in(download: Path, carriers: dict[str, str]) -> FilePayload:
    """Return the file as a seller fills it in, ready for an upload."""
    rows = list(csv.DictReader(io.StringIO(download.read_text("utf-8-sig"))))
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=";")
    writer.writeheader()
    for number, row in enumerate(rows):
        carrier = carriers.get(row["Order number"], "")
        writer.writerow(row | {"Carrier": carrier, "Tracking number": f"1Z{number}" if carrier else ""})
    return {"name": "parcels of today.csv", "mimeType": "text/csv", "buffer": out.getvalue().encode()}


@both_sizes
def test_what_is_to_ship_goes_out_as_a_csv_and_comes_back_as_parcels(page: Page, live_server: LiveServer, rig: Rig):
    sign_in(page, rig.owner, live_server.url)
    page.goto(f"{live_server.url}/s/acme/orders/")

    page.get_by_role("link", name="Ship by CSV").click()
    assert_good(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the CSV").click()
    filled = _fill_in(download.value.path(), {"SO-00000001": "UPS", "SO-00000002": "UPZ"})
    page.get_by_label("CSV file").set_input_files(filled)
    page.get_by_role("button", name="Look at the file").click()

    expect(page.get_by_text("Sandbox knows no carrier “UPZ”. Did you mean “UPS”?")).to_be_visible()
    expect(page.get_by_role("link", name="To be shipped 2")).to_be_visible()
    assert_good(page)
    page.get_by_role("button", name="Ship 2 parcels").click()
    page.get_by_role("dialog").get_by_role("button", name="Ship", exact=True).click()
    expect(page.get_by_text("0 of 2")).to_be_visible()
    assert_good(page)
    assert Shipment.objects.count() == 0

    shipping_files.run(ShippingFile.objects.get().pk, now=clock.now())

    expect(page.get_by_text("2 parcels are recorded")).to_be_visible()
    assert Shipment.objects.count() == 2
    assert_good(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download 1 row as CSV").click()
    mended = _fill_in(download.value.path(), {"SO-00000002": "ups"})
    page.get_by_role("link", name="Bring another file").click()
    page.get_by_label("CSV file").set_input_files(mended)
    page.get_by_role("button", name="Look at the file").click()
    expect(page.get_by_role("button", name="Ship 1 parcel")).to_be_visible()


@both_sizes
def test_the_ticked_orders_are_shipped_with_a_scanner(page: Page, live_server: LiveServer, rig: Rig):
    sign_in(page, rig.owner, live_server.url)
    page.goto(f"{live_server.url}/s/acme/orders/?show=to_ship")

    page.get_by_label("Tick all on this page").check()
    page.get_by_role("button", name="Ship the ticked…").click()
    assert_good(page)
    page.get_by_label("Tracking number of order SO-00000001").focus()
    for number in ("1Z1", "1Z2"):
        page.keyboard.type(number)
        page.keyboard.press("Enter")
    expect(page.get_by_label("Tracking number of order SO-00000003")).to_be_focused()
    page.get_by_role("button", name="Look at the parcels").click()

    expect(page.get_by_role("button", name="Ship 2 parcels")).to_be_visible()
    expect(page.get_by_role("link", name="Left out 1")).to_be_visible()
    assert_good(page)


@both_sizes
def test_what_was_entered_wrong_is_told_beside_it(page: Page, live_server: LiveServer, rig: Rig):
    rig.channel.facts = rig.channel.facts | {"carriers": [{"code": c, "name": c.upper()} for c in ("ups", "dhl")]}
    rig.channel.save()
    sign_in(page, rig.owner, live_server.url)
    page.goto(f"{live_server.url}/s/acme/orders/ship/?order={rig.order('SO-00000001').public_id}")

    page.get_by_label("Tracking number of order SO-00000001").fill("1Z1")
    page.get_by_role("button", name="Look at the parcels").click()

    expect(page.get_by_text("Choose the carrier.")).to_be_visible()
    assert_good(page)


@both_sizes
def test_the_ticked_orders_are_taken_away_as_a_csv(page: Page, live_server: LiveServer, rig: Rig):
    sign_in(page, rig.owner, live_server.url)
    page.goto(f"{live_server.url}/s/acme/orders/?show=to_ship")

    page.get_by_label("Tick order SO-00000002").check()
    assert_good(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV of the ticked").click()

    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text("utf-8-sig"))))
    assert [(row["Order number"], row["Ship to"]) for row in rows] == [("SO-00000002", "Ada Buyer")]

"""Shipping by CSV, as a seller's browser sees it: download, fill in, look, confirm, mend."""

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from channels_app.flows.shipping_sheet import MAX_BYTES
from channels_app.models import Order, Shipment, ShippingFile
from channels_app.tasks import record_parcels, sweep_parcels
from inventory.csv_writing import csv_line
from inventory.models import Role
from tests.factories import make_user
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]

PARCELS = "/s/acme/orders/parcels/"


@pytest.fixture
def browser(rig: Rig, client: Client) -> Client:
    client.force_login(rig.owner)
    rig.item("MUG-1", on_hand=20)
    rig.item("CUP-1", on_hand=20)
    rig.market.has_order("A-1", lines=[("MUG-1", 2, "10.00"), ("CUP-1", 3, "2.00")])
    rig.market.has_order("A-2", sku="CUP-1", quantity=4)
    rig.download()
    return client


def _rows(answer: Any) -> list[dict[str, str]]:
    text = b"".join(answer).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def _bring(browser: Client, rows: list[dict[str, str]]) -> Any:
    content = csv_line(list(rows[0])) + "".join(csv_line(list(row.values())) for row in rows)
    return browser.post(PARCELS, {"file": SimpleUploadedFile("parcels.csv", content.encode())})


def _filled(browser: Client, **columns: str) -> list[dict[str, str]]:
    return [row | columns for row in _rows(browser.get(f"{PARCELS}to-ship.csv"))]


def test_the_lines_to_ship_are_downloaded_with_empty_columns_to_fill_in(browser: Client, rig: Rig):
    rig.market.has_order("A-3", sku="CUP-1", payment="pending")
    rig.download()
    rig.line("A-1")
    Order.objects.get(remote_id="A-1").lines.filter(sku="MUG-1").update(shipped=2)

    rows = _rows(browser.get(f"{PARCELS}to-ship.csv"))

    assert [list(row.values())[:6] for row in rows] == [
        ["A-1", "Sandbox", "CUP-1", "3", "", ""],
        ["A-2", "Sandbox", "CUP-1", "4", "", ""],
    ]
    assert _rows(browser.get(f"{PARCELS}to-ship.csv?channel={rig.channel.public_id}")) == rows
    assert _rows(browser.get(f"{PARCELS}to-ship.csv?channel=nonsense")) == []


def test_no_value_of_the_download_is_a_formula_and_it_comes_back_as_it_was(browser: Client, rig: Rig):
    Order.objects.filter(remote_id="A-2").update(remote_id="=1+2")

    rows = _filled(browser, Carrier="ups")
    answer = _bring(browser, rows)

    assert rows[-1]["Order number"] == "'=1+2"
    file = ShippingFile.objects.get()
    assert answer.headers["Location"] == f"{PARCELS}{file.public_id}/"
    assert {row.order for row in file.rows.all()} == {rig.order("A-1"), rig.order("=1+2")}


def test_a_file_is_looked_at_confirmed_and_recorded(
    browser: Client, rig: Rig, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(record_parcels, "apply_async", lambda args=(), *_, **__: record_parcels(*args))
    page = _bring(browser, _filled(browser, Carrier="UPS", **{"Tracking number": "1Z1"})).headers["Location"]
    preview = browser.get(page).content.decode()

    with django_capture_on_commit_callbacks(execute=True):
        browser.post(f"{page}act/", {"action": "confirm"})
    done = browser.get(page).content.decode()

    assert "Ship 2 parcels" in preview
    assert "2 parcels are recorded" in done
    assert Shipment.objects.count() == 2
    again = browser.post(f"{page}act/", {"action": "confirm"}, follow=True)
    assert "That was done already." in again.content.decode()


def test_a_message_that_was_lost_costs_time_only(browser: Client, rig: Rig, monkeypatch: pytest.MonkeyPatch):
    page = _bring(browser, _filled(browser, Carrier="UPS", **{"Tracking number": "1Z1"})).headers["Location"]
    browser.post(f"{page}act/", {"action": "confirm"})
    waiting = browser.get(page, headers={"HX-Request": "true"}).content.decode()
    monkeypatch.setattr(record_parcels, "apply_async", lambda args=(), *_, **__: record_parcels(*args))

    sweep_parcels()

    assert 'hx-trigger="every 1s"' in waiting
    assert "0 of 3" in waiting
    assert Shipment.objects.count() == 2


def test_a_file_that_was_dropped_ships_nothing(browser: Client, rig: Rig):
    page = _bring(browser, _filled(browser, Carrier="UPS", **{"Tracking number": "1Z1"})).headers["Location"]

    browser.post(f"{page}act/", {"action": "cancel"})
    browser.post(f"{page}act/", {"action": "confirm"})

    assert "Nothing of this file was shipped." in browser.get(page).content.decode()
    assert ShippingFile.objects.get().state == "cancelled"


def test_rows_to_mend_come_back_with_what_to_mend_and_can_be_brought_again(browser: Client, rig: Rig):
    rows = _filled(browser, Carrier="UPS", **{"Tracking number": "1Z1"})
    page = _bring(browser, [rows[0] | {"Carrier": "UPZ"}, *rows[1:]]).headers["Location"]

    assert "Download 1 row as CSV" in browser.get(page).content.decode()
    (bad,) = _rows(browser.get(f"{page}to-mend.csv"))
    mended = _bring(browser, [bad | {"Carrier": "UPS"}]).headers["Location"]

    assert bad["What to mend"] == "Sandbox knows no carrier “UPZ”. Did you mean “UPS”?"
    assert "Ship 1 parcel<" in browser.get(mended).content.decode()


def test_a_file_that_cannot_be_read_is_refused_with_words(browser: Client):
    answer = browser.post(PARCELS, {"file": SimpleUploadedFile("parcels.csv", b"SKU\nMUG-1\n")})
    too_large = browser.post(PARCELS, {"file": SimpleUploadedFile("parcels.csv", b"x" * (MAX_BYTES + 1))})

    assert (answer.status_code, too_large.status_code) == (422, 422)
    assert "No column for the order number." in answer.content.decode()
    assert "Split the file." in too_large.content.decode()


def test_a_viewer_looks_and_ships_nothing(browser: Client, rig: Rig, client: Client):
    page = _bring(browser, _filled(browser, Carrier="UPS", **{"Tracking number": "1Z1"})).headers["Location"]
    client.force_login(make_user("viewer@example.com", seller=rig.seller, role=Role.VIEWER))

    assert "Ship 2 parcels" not in client.get(page).content.decode()
    assert client.post(f"{page}act/", {"action": "confirm"}).status_code == 403
    assert client.post(PARCELS, {}).status_code == 403


def test_the_page_counts_each_part_and_pages_through_it(browser: Client):
    rows = _filled(browser, Carrier="UPS", **{"Tracking number": "1Z1"})
    page = _bring(browser, [row | {"Order number": f"X-{n}"} for n in range(60) for row in rows[:1]]).headers[
        "Location"
    ]

    first = browser.get(page)
    second = browser.get(page + first.context["page"].next_url)

    assert first.context["tabs"] == [{"text": "To mend", "url": "?show=wrong", "is_current": True, "count": "60"}]
    assert [len(each.context["page"].rows) for each in (first, second)] == [50, 10]

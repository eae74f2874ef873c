"""Imports as a seller's browser sees them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from inventory import labels
from inventory.csv_import import imports
from inventory.models import CsvImport, Item
from tests.factories import NOW, make_label
from tests.inventory.csv_files import bring
from tests.inventory.pages_rig import address, owner, seller

__all__ = ["owner", "seller"]

pytestmark = pytest.mark.django_db


def test_a_file_is_brought_previewed_confirmed_and_its_bad_rows_downloaded(owner, seller):
    label = make_label(seller)
    content = b"sku,title,price,quantity\nA,Apple,1.20,3\nB,Bread,dear,1\n"

    response = owner.post(
        address("import_new", seller),
        {"file": SimpleUploadedFile("stock list.csv", content), "label": label.public_id},
    )
    csv_import = CsvImport.objects.get()
    assert response.url == address("import_detail", seller, csv_import.public_id)
    assert b"being read" in owner.get(response.url).content

    imports.run(csv_import.pk, now=NOW)
    preview = owner.get(response.url).content.decode()
    assert "Import 1 row" in preview
    assert "“dear” is no price" in preview

    for _ in range(2):  # a double click
        owner.post(address("import_act", seller, csv_import.public_id), {"action": "confirm"})
    imports.run(csv_import.pk, now=NOW)
    assert [item.sku for item in labels.members(label)] == ["A"]
    assert "1 row of 2 is in" in owner.get(response.url).content.decode()

    bad = owner.get(address("import_problems", seller, csv_import.public_id))
    text = b"".join(bad.streaming_content).decode("utf-8-sig")
    assert text.splitlines()[0] == "sku,title,price,quantity,What to mend"
    assert text.splitlines()[1].startswith('B,Bread,dear,1,"price: “dear” is no price')

    mended = bring(seller, text.replace(",dear,", ",2.50,"))
    assert (mended.summary["errors"], Item.objects.get(sku="B").attributes) == (0, {})


def test_the_state_alone_is_sent_while_the_page_waits(owner, seller):
    csv_import = bring(seller, "sku,title\nA,Apple\n", confirm=False)

    part = owner.get(address("import_detail", seller, csv_import.public_id), headers={"HX-Request": "true"})

    assert b"<html" not in part.content
    assert b'id="import"' in part.content


def test_a_file_that_is_too_big_is_refused_with_its_size(owner, seller, monkeypatch):
    monkeypatch.setattr("inventory.forms.MAX_BYTES", 2_000_000)

    response = owner.post(address("import_new", seller), {"file": SimpleUploadedFile("a.csv", b"x" * 3_000_000)})

    assert response.status_code == 422
    assert "3 MB; at most 2 MB" in response.content.decode()


def test_an_empty_file_and_no_file_are_told(owner, seller):
    response = owner.post(address("import_new", seller), {})
    assert response.status_code == 422

    owner.post(address("import_new", seller), {"file": SimpleUploadedFile("a.csv", b"")})
    csv_import = CsvImport.objects.get()
    imports.run(csv_import.pk, now=NOW)
    assert b"The file is empty" in owner.get(address("import_detail", seller, csv_import.public_id)).content


def test_latin_1_is_offered_to_be_read_as_windows_1252(owner, seller):
    csv_import = bring(seller, "sku,title\nA,Café\n".encode("latin-1"), confirm=False)
    url = address("import_detail", seller, csv_import.public_id)
    assert b"Read it as Windows-1252" in owner.get(url).content

    owner.post(address("import_act", seller, csv_import.public_id), {"action": "read_again"})
    imports.run(csv_import.pk, now=NOW)

    assert "Café" in owner.get(url).content.decode()


def test_an_import_can_be_left_out(owner, seller):
    csv_import = bring(seller, "sku,title\nA,Apple\n", confirm=False)

    owner.post(address("import_act", seller, csv_import.public_id), {"action": "cancel"})

    assert (
        b"Nothing of this file was imported"
        in owner.get(address("import_detail", seller, csv_import.public_id)).content
    )
    assert Item.objects.count() == 0

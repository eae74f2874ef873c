"""Items as a file: what comes back unchanged changes nothing, and what cannot be said in a cell stays out."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory import csv_export, stock
from inventory.csv_writing import csv_head, csv_line
from inventory.models import CsvImport, Item, Location, Role, Seller
from tests.examples import examples
from tests.factories import make_item, make_label, make_seller, make_user
from tests.inventory.csv_files import bring, reasons

pytestmark = pytest.mark.django_db

#: What people and other programs write, the awkward among it.
_TEXT = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=30).map(str.strip) | st.sampled_from(
    ["'=1+1", "=1+1", "-5", "a;b", '"', "'"]
)
_WORDS = _TEXT.filter(bool)
_ITEM = st.fixed_dictionaries(
    {
        "title": _WORDS,
        "description": st.lists(_TEXT, max_size=3).map("\n".join).map(str.strip),
        "brand": _TEXT,
        "price": st.none() | st.decimals(0, 99_999, places=4).map(lambda price: abs(round(price, 4))),
        "images": st.lists(st.sampled_from(["https://x.example/a.jpg", "https://x.example/b;c d.jpg"]), max_size=2),
        "attributes": st.dictionaries(_WORDS, _WORDS, max_size=3),
    }
)


@pytest.fixture
def seller() -> Seller:
    return make_seller()


def _file(seller: Seller, location: Location | None = None) -> str:
    items = Item.objects.filter(seller=seller)
    rows = map(csv_line, csv_export.rows(items, location))
    return csv_head(csv_export.names(location)) + "".join(rows)


def _found(done: CsvImport) -> dict[str, int]:
    return {name: done.summary[name] for name in ("new", "changed")}


def _read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


@settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))
@given(item=_ITEM)
def test_a_file_that_comes_back_as_it_is_changes_nothing(seller: Seller, item: dict[str, Any]):
    Item.objects.all().delete()
    make_item(seller, "PLAIN", title="Plain")
    make_item(seller, "ODD", **item)

    done = bring(seller, _file(seller))

    assert reasons(done) == {}
    assert _found(done) == {"new": 0, "changed": 0}


def test_parents_variations_and_counts_come_back_as_well(seller: Seller):
    parent = make_item(seller, "SHIRT", title="Shirt", is_parent=True, price=None)
    make_item(seller, "SHIRT-S", title="Shirt, S", parent=parent, variation={"Size": "S"}, on_hand=7)
    location = stock.default_location(seller)

    text = _file(seller, location)
    done = bring(seller, text, location=location)

    assert [row["on hand"] for row in _read(text)] == ["", "7"]
    assert _read(text)[1]["variation options"] == "Size: S"
    assert reasons(done) == {}
    assert _found(done) == {"new": 0, "changed": 0}


def test_a_price_of_three_digits_is_written_with_four(seller: Seller):
    make_item(seller, "A", price=Decimal("1.234"))

    assert _read(_file(seller))[0]["price"] == "1.2340"


def test_the_file_holds_what_the_list_shows_and_nothing_of_others(client: Client, seller: Seller):
    label = make_label(seller, items=[make_item(seller, "ON", title="=1+1")])
    make_item(seller, "OFF")
    make_item(make_seller("other"), "THEIRS")
    client.force_login(make_user(seller=seller, role=Role.VIEWER))

    answer = client.get(f"/s/{seller.slug}/items/items.csv", {"label": label.public_id})

    rows = _read(answer.getvalue().decode())
    assert [row["sku"] for row in rows] == ["ON"]
    assert rows[0]["title"] == "'=1+1"
    assert "on hand" not in rows[0]


@pytest.mark.parametrize(
    "asked",
    [{"label": "01a21cb4-26f3-78a8-904c-bfa0de130923"}, {"location": "999999"}, {"q": "x" * 201}, {"show": "gone"}],
)
def test_what_is_gone_is_not_taken_for_everything(client: Client, seller: Seller, asked: dict[str, str]):
    make_item(seller, "A")
    client.force_login(make_user(seller=seller))

    assert client.get(f"/s/{seller.slug}/items/items.csv", asked).status_code == 404


def test_many_items_are_read_slice_by_slice(seller: Seller, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(csv_export, "SLICE", 2)
    for number in range(5):
        make_item(seller, f"A-{number}", on_hand=number)

    rows = _read(_file(seller, stock.default_location(seller)))

    assert [(row["sku"], row["on hand"]) for row in rows] == [(f"A-{n}", str(n)) for n in range(5)]

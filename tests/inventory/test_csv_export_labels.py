"""Labels in the file of items: whoever brings it back unchanged finds each item on its labels as it was."""

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory import csv_export
from inventory.csv_writing import csv_head, csv_line
from inventory.models import CsvImport, Item, Label, LabelItem, Seller
from tests.examples import examples
from tests.factories import make_item, make_label, make_seller
from tests.inventory.csv_files import bring, reasons

pytestmark = pytest.mark.django_db

_AWKWARD = ["a, b", "a; b", ";", '"', '"a"', '"a";"b"', 'say "hi"', "'=1+1", "=1", "-", "'", "; \u00a0x", "Größe"]
_NAMES = st.sampled_from(_AWKWARD) | st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=20)
#: Name of a label -> how the items A and B are on it.
_ON = st.dictionaries(
    _NAMES.map(str.strip).filter(bool),
    st.tuples(*[st.sampled_from(["", "hand", "rule", "excluded"])] * 2),
    max_size=4,
)


@pytest.fixture
def seller() -> Seller:
    return make_seller()


def written(seller: Seller) -> str:
    rows = csv_export.rows(Item.objects.filter(seller=seller), None)
    return csv_head(csv_export.names(None)) + "".join(map(csv_line, rows))


def cells(seller: Seller, name: str) -> dict[str, str]:
    """Return SKU -> the cell of the column `name`."""
    return {row["sku"]: row[name] for row in csv.DictReader(io.StringIO(written(seller).removeprefix("\ufeff")))}


def members(seller: Seller) -> list[tuple[str, str, str]]:
    rows = LabelItem.objects.filter(label__seller=seller)
    return sorted(rows.values_list("label__name", "item__sku", "source"))


def found(done: CsvImport) -> tuple[int, int, list[str]]:
    return done.summary["new"], done.summary["changed"], done.summary["new_labels"]


@settings(max_examples=examples(25), deadline=None, suppress_health_check=list(HealthCheck))
@given(on=_ON)
def test_what_comes_back_unchanged_changes_no_label_and_another_seller_gets_those_by_hand(
    seller: Seller, on: dict[str, tuple[str, str]]
):
    other = Seller.objects.filter(slug="other").first() or make_seller("other")
    Label.objects.all().delete()
    Item.objects.all().delete()
    items = [make_item(seller, sku) for sku in ("A", "B")]
    for name, sources in on.items():
        label = make_label(seller, name)
        if "rule" in sources:
            Label.objects.filter(pk=label.pk).update(kind="rule", rule=[{"field": "sku", "op": "is", "value": "A"}])
        LabelItem.objects.bulk_create(
            LabelItem(label=label, item=item, source=source)
            for item, source in zip(items, sources, strict=True)
            if source
        )
    before, text = members(seller), written(seller)

    done = bring(seller, text)
    brought = bring(other, text)

    assert reasons(done) == reasons(brought) == {}
    assert found(done) == (0, 0, [])
    assert members(seller) == before
    assert members(other) == [row for row in before if row[2] == "hand"]


def test_a_cell_names_the_labels_by_hand_and_beside_it_those_by_rule(seller: Seller):
    item, other = make_item(seller, "A"), make_item(seller, "B")
    for name in ("Sale", "Gifts, small", "2; 3"):
        make_label(seller, name, items=[item])
    LabelItem.objects.create(label=make_label(seller, "Cheap"), item=item, source="rule")
    LabelItem.objects.create(label=make_label(seller, "Never"), item=other, source="excluded")

    assert cells(seller, "labels") == {"A": '"2; 3"; Gifts, small; Sale', "B": ""}
    assert cells(seller, "labels by rule") == {"A": "Cheap", "B": ""}


def test_a_variation_that_was_taken_off_its_parents_label_stays_off(seller: Seller):
    parent = make_item(seller, "SHIRT", is_parent=True, price=None)
    small = make_item(seller, "SHIRT-S", parent=parent, variation={"Size": "S"})
    make_item(seller, "SHIRT-L", parent=parent, variation={"Size": "L"})
    make_label(seller, "Summer", items=[parent, small])
    before = members(seller)

    done = bring(seller, written(seller))

    assert found(done) == (0, 0, [])
    assert members(seller) == before

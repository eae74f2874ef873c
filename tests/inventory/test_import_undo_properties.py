"""Whatever a file does to whatever inventory: its undo leaves everything as it was."""

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from inventory import labels
from inventory.csv_import import imports
from inventory.models import Item, LabelItem, Stock
from tests.factories import NOW, make_item, make_label, make_seller
from tests.inventory.csv_files import bring
from tests.inventory.test_stock import assert_stock_is_the_sum_of_movements

pytestmark = pytest.mark.django_db

SKUS = ["A", "B", "C", "D"]
FIELDS = ["title", "description", "brand", "price", "currency", "images", "attributes", "variation", "parent__sku"]

known = st.fixed_dictionaries(
    {
        "title": st.sampled_from(["Old", "Older"]),
        "brand": st.sampled_from(["", "Acme"]),
        "attributes": st.sampled_from([{}, {"Color": "Red"}]),
        "on_hand": st.integers(0, 9),
        "label": st.sampled_from(["", "hand", "excluded"]),
    }
)
inventories = st.dictionaries(st.sampled_from(SKUS), known)
rows = st.fixed_dictionaries(
    {
        "sku": st.sampled_from(SKUS),
        "title": st.sampled_from(["New", "Old", ""]),
        "brand": st.sampled_from(["", "Acme", "Other"]),
        "price": st.sampled_from(["12.50", "10", ""]),
        "Color": st.sampled_from(["", "Red", "Blue"]),
        "quantity": st.sampled_from(["5", "0", ""]),
        "parent sku": st.sampled_from(["", "P"]),
        "variation options": st.sampled_from(["", "Size: L"]),
    }
)


def as_text(file):
    """Return the file, with the parent that some of its rows name."""
    parent = {"sku": "P", "title": "Parent", "parentage": "parent"}
    names = [*file[0], "parentage"]
    return "\n".join(
        ",".join(row.get(name, "") for name in names) for row in [dict(zip(names, names, strict=True)), *file, parent]
    )


def everything():
    """Return all that a seller has, archived items left out, and none of what is only bookkeeping."""
    items = Item.objects.filter(archived_at=None)
    return (
        list(items.order_by("sku").values("sku", *FIELDS)),
        list(Stock.objects.filter(item__in=items, on_hand__gt=0).order_by("item__sku").values("item__sku", "on_hand")),
        sorted(LabelItem.objects.values_list("item__sku", "source")),
    )


@pytest.fixture
def seller():
    return make_seller()


def fill(seller, label, inventory):
    """The seller has these items and no others."""
    Item.objects.update(parent=None)
    Item.objects.all().delete()
    for sku, values in inventory.items():
        item = make_item(seller, sku, **{name: value for name, value in values.items() if name != "label"})
        if values["label"] == "hand":
            labels.add_items(label, [item.pk], actor=None, now=NOW)
        elif values["label"] == "excluded":
            labels.exclude_items(label, [item.pk], actor=None, now=NOW)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(inventory=inventories, file=st.lists(rows, min_size=2, max_size=4, unique_by=lambda row: row["sku"]))
def test_after_the_undo_everything_is_as_it_was(seller, inventory, file):
    label = seller.labels.first() or make_label(seller)
    fill(seller, label, inventory)
    before = everything()

    csv_import = bring(seller, as_text(file), label=label)
    event(f"{csv_import.summary['new']} new, {csv_import.summary['changed']} changed")
    imports.undo(csv_import, actor=None, now=NOW)
    imports.run(csv_import.pk, now=NOW)

    csv_import.refresh_from_db()
    assert csv_import.state == ("undone" if csv_import.summary["good"] else "done")
    assert csv_import.undone.get("left", 0) == 0
    assert everything() == before
    assert_stock_is_the_sum_of_movements()

"""The engine and the adapter together: from items on the label to what the server shows."""

from contextlib import suppress

import pytest

from channels_app.adapters.errors import OutcomeUnknown
from channels_app.flows.ledger import check_ledger
from tests.factories import make_item
from tests.flows.feed_rig import Rig

pytestmark = pytest.mark.django_db


@pytest.fixture
def rig(adapter):
    made = Rig(adapter_key="medusa")
    made.adapter = adapter
    return made


def shown(double):
    """Return what buyers see, by SKU: price, and what is free of what is in stock."""
    levels = {
        item: row["stocked"] - double.orders.reserved(item) for item, row in double.items.items() if row["stocked"]
    }
    return {
        variant["sku"]: (
            variant["prices"][0]["amount"],
            levels.get(variant["inventory_items"][0]["inventory_item_id"], 0),
        )
        for product in double.products.values()
        if product["status"] == "published"
        for variant in product["variants"]
    }


def test_listed_with_variants_sold_told_anew_and_ended(rig, double):
    parent = make_item(rig.seller, "SHIRT", is_parent=True)
    for size in ("S", "L"):
        rig.has_item(f"SHIRT-{size}", on_hand=5, price="12.50", parent=parent, variation={"Size": size})
    mug = rig.has_item("MUG", on_hand=7, price="14.99")
    rig.settle()
    assert shown(double) == {"SHIRT-S": (12.5, 5), "SHIRT-L": (12.5, 5), "MUG": (14.99, 7)}

    double.orders.buy("MUG", 2)
    rig.moves(mug, reserved=2)
    rig.prices(mug, "15.49")
    rig.settle()
    assert shown(double)["MUG"] == (15.49, 5)

    rig.unlabels(mug)
    rig.settle()
    assert set(shown(double)) == {"SHIRT-S", "SHIRT-L"}
    assert check_ledger() == []


def test_a_server_that_is_away_in_the_middle_leaves_nothing_undone(rig, world, double):
    for number in range(6):
        rig.has_item(f"MUG-{number}", on_hand=number + 1, price="9.99")
    rig.spread()
    world.has("lost", on_write=2 if double.kind == "mercur" else 1)
    with suppress(OutcomeUnknown):  # one call for all of them, or one each
        rig.run("content")

    rig.later(60)
    rig.settle()

    assert shown(double) == {f"MUG-{number}": (9.99, number + 1) for number in range(6)}
    assert check_ledger() == []

"""Items of one parent are variants of one product, however they come."""

from dataclasses import replace

import pytest

from channels_app.adapters.medusa import products
from channels_app.adapters.types import Kind, Outcome, WithdrawLine
from tests.adapters.contract.world import listed, offer, send, withdrawal


def variant(world, size, *, price="10.00", parent="SHIRT"):
    line = world.content(f"{parent}-{size}", price=price, quantity=5)
    return replace(line, title=f"Shirt blue {size}", parent_sku=parent, variation={"Size": size})


def test_items_of_one_parent_become_variants_of_one_product(adapter, world, double):
    sent = send(adapter, world, Kind.CONTENT, [variant(world, "S"), variant(world, "L")])

    (product,) = double.products.values()
    assert set(sent.outcomes().values()) == {Outcome.ACCEPTED}
    assert (product["external_id"], product["title"]) == ("SHIRT", "Shirt blue")
    assert [one["sku"] for one in product["variants"]] == ["SHIRT-S", "SHIRT-L"]


def test_a_variant_that_comes_later_joins_the_product_with_a_new_option_value(adapter, world, double):
    send(adapter, world, Kind.CONTENT, [variant(world, "S")], key="1")

    sent = send(adapter, world, Kind.CONTENT, [variant(world, "XL")], key="2")

    (product,) = double.products.values()
    assert sent.outcomes() == {"SHIRT-XL": Outcome.ACCEPTED}
    assert [one["sku"] for one in product["variants"]] == ["SHIRT-S", "SHIRT-XL"]
    assert products.values_of(product["options"][0]) == ["S", "XL"]


def test_a_change_of_one_variant_deletes_none_of_the_others(adapter, world, double):
    send(adapter, world, Kind.CONTENT, [variant(world, "S"), variant(world, "L")], key="1")

    send(adapter, world, Kind.CONTENT, [variant(world, "S", price="11.00")], key="2")

    (product,) = double.products.values()
    prices = {one["sku"]: one["prices"][0]["amount"] for one in product["variants"]}
    assert prices == {"SHIRT-S": 11.0, "SHIRT-L": 10.0}


def test_a_variant_that_varies_in_something_else_is_rejected_alone(adapter, world, double):
    odd = replace(variant(world, "odd"), variation={"Colour": "red"})

    sent = send(adapter, world, Kind.CONTENT, [variant(world, "S"), odd, variant(world, "L")])

    assert sent.outcomes() == {
        "SHIRT-S": Outcome.ACCEPTED,
        "SHIRT-odd": Outcome.REJECTED,
        "SHIRT-L": Outcome.ACCEPTED,
    }
    assert "Colour" in sent.results["SHIRT-odd"].reason


def test_two_variants_that_cannot_be_told_apart_are_not_both_accepted(adapter, world):
    twin = replace(variant(world, "S"), sku="SHIRT-TWIN", gtin="")

    sent = send(adapter, world, Kind.CONTENT, [variant(world, "S"), twin])

    assert sent.outcomes() == {"SHIRT-S": Outcome.ACCEPTED, "SHIRT-TWIN": Outcome.REJECTED}


def test_variants_without_a_variation_are_told_apart_by_their_sku(adapter, world, double):
    lines = [replace(variant(world, size), variation={}) for size in ("S", "L")]

    sent = send(adapter, world, Kind.CONTENT, lines)

    assert set(sent.outcomes().values()) == {Outcome.ACCEPTED}
    assert len(double.products) == 1


def test_an_item_whose_gtin_somebody_has_already_is_listed_without_it(adapter, world, double):
    listed(adapter, world, "A")
    taken = replace(world.content("B", price="5.00", quantity=1), gtin=world.content("A", price="1", quantity=1).gtin)

    sent = send(adapter, world, Kind.CONTENT, [taken])

    assert sent.outcomes() == {"B": Outcome.ACCEPTED}
    assert [one.get("ean") for product in double.products.values() for one in product["variants"]] == [taken.gtin, None]


def test_one_of_several_variants_is_deleted_and_the_last_makes_its_product_a_draft(adapter, world, double):
    send(adapter, world, Kind.CONTENT, [variant(world, "S"), variant(world, "L")])
    (product,) = double.products.values()

    send(adapter, world, Kind.WITHDRAW, [withdrawal(world, "SHIRT-S")], key="w1")
    assert ([one["sku"] for one in product["variants"]], product["status"]) == (["SHIRT-L"], "published")

    send(adapter, world, Kind.WITHDRAW, [withdrawal(world, "SHIRT-L")], key="w2")
    assert ([one["sku"] for one in product["variants"]], product["status"]) == (["SHIRT-L"], "draft")


def test_a_variant_that_waits_for_orders_is_sold_out_and_tried_again_later(adapter, world, double):
    send(adapter, world, Kind.CONTENT, [variant(world, "S"), variant(world, "L")])
    send(adapter, world, Kind.QUANTITY, [offer(world, "SHIRT-S", "EUR", quantity=9)], key="q")
    double.orders.buy("SHIRT-S", 2)

    sent = send(adapter, world, Kind.WITHDRAW, [withdrawal(world, "SHIRT-S")], key="w")

    item = products.split_remote_id(world.remote_ids["SHIRT-S"])[2]
    assert sent.outcomes() == {"SHIRT-S": Outcome.TRY_AGAIN}
    assert sent.results["SHIRT-S"].retry_after >= 600
    assert double.items[item]["stocked"] == 2  # all of it is reserved


def test_a_variant_that_is_put_back_does_not_sell_what_it_once_had(adapter, world, double):
    listed(adapter, world, "A", quantity=7)
    send(adapter, world, Kind.WITHDRAW, [WithdrawLine(sku="A")], key="w")

    send(adapter, world, Kind.CONTENT, [world.content("A", price="10.00", quantity=3)], key="again")

    item = products.split_remote_id(world.remote_ids["A"])[2]
    assert double.items[item]["stocked"] == 0


@pytest.mark.parametrize(
    ("titles", "common"),
    [
        (["Shirt blue S", "Shirt blue L"], "Shirt blue"),
        (["Shirt - S", "Shirt - L"], "Shirt"),
        (["Mug"], "Mug"),
        (["Mug", "Cup"], "Mug"),
    ],
)
def test_a_product_is_called_what_its_variants_have_in_common(titles, common):
    assert products.common_title(titles) == common


def test_handles_are_fit_for_an_address_and_differ_between_sellers():
    mine, theirs = products.build_handle("Größe 1/A", "sel_1"), products.build_handle("Größe 1/A", "sel_2")

    assert mine.startswith("gr-e-1-a-")
    assert mine != theirs


def test_a_remote_id_names_product_variant_and_stock():
    product = {"id": "prod_1"}
    one = {"id": "variant_1", "inventory_items": [{"inventory_item_id": "iitem_1"}]}

    assert products.split_remote_id(products.build_remote_id(product, one)) == ("prod_1", "variant_1", "iitem_1")
    assert products.split_remote_id("") == ("", "", "")

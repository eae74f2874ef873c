"""Variants on a real server, where a double could be wrong: each flavour adds option values in its own way."""

from dataclasses import replace

from channels_app.adapters.types import Kind, Outcome
from tests.adapters.contract.world import send, withdrawal


def variant(world, size, colour):
    line = world.content(f"SHIRT-{size}-{colour}", price="10.00", quantity=5)
    return replace(line, parent_sku="SHIRT", variation={"Size": size, "Colour": colour})


def shown(office):
    return {sku: row["variants"] for sku, row in office.listings(office.logins[0]).items()}


def test_a_variant_that_comes_later_joins_its_product_with_new_option_values(adapter, world, office):
    send(adapter, world, Kind.CONTENT, [variant(world, "S", "red")], key="1")

    sent = send(adapter, world, Kind.CONTENT, [variant(world, "S", "blue"), variant(world, "XL", "red")], key="2")

    assert set(sent.outcomes().values()) == {Outcome.ACCEPTED}
    assert shown(office) == {"SHIRT-S-red": 3, "SHIRT-S-blue": 3, "SHIRT-XL-red": 3}


def test_two_variants_that_cannot_be_told_apart_have_an_outcome_each(adapter, world, office):
    twin = replace(variant(world, "S", "red"), sku="SHIRT-TWIN", gtin="")

    sent = send(adapter, world, Kind.CONTENT, [variant(world, "S", "red"), twin])

    assert sent.outcomes() == {"SHIRT-S-red": Outcome.ACCEPTED, "SHIRT-TWIN": Outcome.REJECTED}
    assert shown(office) == {"SHIRT-S-red": 1}


def test_a_change_of_variation_moves_the_variant(adapter, world, office):
    send(adapter, world, Kind.CONTENT, [variant(world, "S", "red")], key="1")
    other = replace(variant(world, "S", "red"), variation={"Size": "M", "Colour": "red"})

    sent = send(adapter, world, Kind.CONTENT, [other], key="2")

    assert sent.outcomes() == {"SHIRT-S-red": Outcome.ACCEPTED}


def test_an_ended_variant_is_deleted_and_can_be_put_back(adapter, world, office):
    lines = [variant(world, "S", "red"), variant(world, "L", "red")]
    send(adapter, world, Kind.CONTENT, lines, key="1")

    ended = send(adapter, world, Kind.WITHDRAW, [withdrawal(world, "SHIRT-S-red")], key="2")
    assert ended.outcomes() == {"SHIRT-S-red": Outcome.ACCEPTED}
    assert shown(office) == {"SHIRT-L-red": 1}

    send(adapter, world, Kind.CONTENT, lines[:1], key="3")
    assert shown(office) == {"SHIRT-S-red": 2, "SHIRT-L-red": 2}


def test_an_item_whose_gtin_somebody_has_already_is_listed_without_it(adapter, world, office):
    first = variant(world, "S", "red")
    send(adapter, world, Kind.CONTENT, [first], key="1")
    taken = replace(world.content("MUG", price="5.00", quantity=1), gtin=first.gtin)

    sent = send(adapter, world, Kind.CONTENT, [taken], key="2")

    assert sent.outcomes() == {"MUG": Outcome.ACCEPTED}

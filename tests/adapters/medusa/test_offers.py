"""Prices and quantities of listings that are there, and of those that are not there any more."""

import httpx
import pytest

from channels_app.adapters.errors import TemporaryError
from channels_app.adapters.medusa import products
from channels_app.adapters.types import Kind, OfferLine, Outcome
from tests.adapters.contract.world import exported, listed, offer, send


def stocked(double, world, sku):
    return double.items[products.split_remote_id(world.remote_ids[sku])[2]]["stocked"]


def test_what_is_reserved_there_is_counted_on_top(adapter, world, double):
    listed(adapter, world, "A", quantity=5)
    double.orders.buy("A", 2)

    send(adapter, world, Kind.QUANTITY, [offer(world, "A", "EUR", quantity=3)], key="q")

    assert stocked(double, world, "A") == 5
    assert exported(adapter, world)[1]["A"].quantity == 3


def test_one_bad_row_refuses_its_batch_and_is_blamed_alone(adapter, world, double):
    listed(adapter, world, "A", "B", "C")
    world.remote_ids["B"] = "prod_x:variant_x:iitem_x"
    del double.products[products.split_remote_id(listed_id(double, "B"))[0]]

    sent = send(adapter, world, Kind.QUANTITY, [offer(world, sku, "EUR", quantity=8) for sku in "ABC"], key="q")

    assert sent.outcomes() == {"A": Outcome.ACCEPTED, "B": Outcome.REJECTED, "C": Outcome.ACCEPTED}
    assert stocked(double, world, "A") == stocked(double, world, "C") == 8


def test_numbers_that_do_not_hold_any_more_are_looked_up(adapter, world, double):
    listed(adapter, world, "A")
    right = world.remote_ids["A"]
    world.remote_ids["A"] = "prod_old:variant_old:iitem_old"

    for kind in (Kind.QUANTITY, Kind.PRICE):
        sent = send(adapter, world, kind, [offer(world, "A", "EUR", price="7.00", quantity=8)], key=kind)
        assert sent.outcomes() == {"A": Outcome.ACCEPTED}

    assert world.remote_ids["A"] == right
    assert stocked(double, world, "A") == 8


def test_the_price_of_what_is_gone_is_rejected_and_the_others_go_on(adapter, world):
    """Asked to change it anyway, the server would say that all is well, or fail."""
    listed(adapter, world, "A")

    lines = [offer(world, "A", "EUR", price="7.00"), offer(world, "GONE", "EUR")]
    sent = send(adapter, world, Kind.PRICE, lines, key="p")

    assert sent.outcomes() == {"A": Outcome.ACCEPTED, "GONE": Outcome.REJECTED}


def test_what_was_done_before_the_server_stopped_stands_and_the_rest_is_for_later(adapter, world):
    listed(adapter, world, "A", "B", "C")
    world.has("refused", on_write=2)

    sent = send(adapter, world, Kind.PRICE, [offer(world, sku, "EUR", price="7.00") for sku in "ABC"], key="p")

    assert sent.outcomes() == {"A": Outcome.ACCEPTED, "C": Outcome.TRY_AGAIN}


def test_what_is_refused_by_number_is_not_rejected_before_it_was_looked_up(adapter, world):
    listed(adapter, world, "A", "B")
    world.remote_ids["B"] = "prod_old:variant_old:iitem_old"
    world.fails_at("find_sku")

    sent = send(adapter, world, Kind.QUANTITY, [offer(world, sku, "EUR", quantity=8) for sku in "AB"], key="q")

    assert sent.outcomes() == {"A": Outcome.ACCEPTED}


def test_a_line_whose_answer_was_lost_in_the_middle_is_in_doubt(adapter, world):
    listed(adapter, world, "A", "B", "C")
    world.has("lost", on_write=2)

    sent = send(adapter, world, Kind.PRICE, [offer(world, sku, "EUR", price="7.00") for sku in "ABC"], key="p")

    assert sent.outcomes() == {"A": Outcome.ACCEPTED, "C": Outcome.TRY_AGAIN}


def test_a_server_that_stops_before_anything_was_done_is_a_matter_for_the_job(adapter, world):
    listed(adapter, world, "A")
    world.has("refused")

    with pytest.raises(TemporaryError):
        adapter.submit(Kind.PRICE, [offer(world, "A", "EUR", price="7.00")], key="p")


def test_bodies_stay_below_what_the_server_takes(adapter, world, double):
    """Mercur answers 500 to 100 KB."""
    sizes = []

    def weigh(request: httpx.Request) -> httpx.Response:
        sizes.append(len(request.content))
        return httpx.MockTransport(double).handle_request(request)

    world.serve(weigh)
    lines = [
        world.content(f"LONG-{n:03}", price="1.00", quantity=1) for n in range(adapter.submission_lines[Kind.CONTENT])
    ]
    wordy = [type(line)(**{**as_dict(line), "description": "Words. " * 900}) for line in lines]
    send(adapter, world, Kind.CONTENT, wordy, key="c")
    many = [
        OfferLine(sku=f"Q{n}", price=line.price, currency="EUR", quantity=10**6 + n, remote_id="p:v:iitem_" + "0" * 26)
        for n, line in zip(range(adapter.submission_lines[Kind.QUANTITY]), lines * 8, strict=False)
    ]
    send(adapter, world, Kind.QUANTITY, many, key="q")

    assert len(sizes) > 3
    assert max(sizes) < 100_000


def listed_id(double, sku):
    for product in double.products.values():
        for variant in product["variants"]:
            if variant["sku"] == sku:
                return products.build_remote_id(product, variant)
    raise AssertionError(f"{sku} is not there")


def as_dict(line):
    return {name: getattr(line, name) for name in type(line).__slots__}

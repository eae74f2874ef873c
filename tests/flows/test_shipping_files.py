"""Parcels brought as a CSV: what each row comes to, and that each parcel is recorded once whatever happens."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from channels_app.adapters.types import Capability
from channels_app.flows import shipping_files
from channels_app.flows.retention import purge
from channels_app.models import Channel, Order, Shipment, ShipmentLine, ShippingFile, ShippingRow
from inventory.csv_import.header import FileProblem
from tests.factories import FACTS, make_channel, make_seller
from tests.flows.order_rig import ALL, Rig, rig
from tests.inventory.test_stock import assert_stock_is_the_sum_of_movements

__all__ = ["rig"]

HEADER = "Order number,Marketplace,SKU,Units,Carrier,Tracking number\n"
CARRIERS = [
    {"code": "ups", "name": "UPS"},
    {"code": "usps", "name": "US Postal Service"},
    {"code": "nl1", "name": "PostNL Parcel"},
]


@pytest.fixture(autouse=True)
def orders(rig: Rig) -> None:
    """A-1: 2 mugs and 3 cups. A-2: 4 cups."""
    rig.channel.facts = rig.channel.facts | {"carriers": CARRIERS}
    rig.channel.save()
    rig.item("MUG-1", on_hand=20)
    rig.item("CUP-1", on_hand=20)
    rig.market.has_order("A-1", lines=[("MUG-1", 2, "10.00"), ("CUP-1", 3, "2.00")])
    rig.market.has_order("A-2", sku="CUP-1", quantity=4)
    rig.download()


def bring(rig: Rig, rows: str | bytes, header: str = HEADER) -> ShippingFile:
    content = rows if isinstance(rows, bytes) else (header + rows).encode()
    return shipping_files.receive(rig.seller, content, file_name="parcels.csv", actor=rig.owner, now=rig.now)


def record(rig: Rig, file: ShippingFile) -> None:
    assert shipping_files.confirm(file, actor=rig.owner, now=rig.now)
    while shipping_files.run(file.pk, now=rig.now):
        pass


def told(file: ShippingFile) -> list[tuple[str, str]]:
    return list(file.rows.order_by("line").values_list("state", "problem"))


def states(file: ShippingFile) -> list[str]:
    return [state for state, _ in told(file)]


def left() -> list[tuple[str, str, int]]:
    """Return order, tracking number and units of every line of every parcel."""
    lines = ShipmentLine.objects.order_by("shipment_id", "line_id")
    return list(lines.values_list("shipment__order__remote_id", "shipment__tracking_number", "quantity"))


def can(rig: Rig, *capabilities: Capability) -> None:
    rig.can(*capabilities)
    rig.channel.facts = rig.channel.facts | {"carriers": CARRIERS}
    rig.channel.save()


# --- recording


def test_nothing_is_shipped_before_it_is_confirmed(rig: Rig):
    file = bring(rig, "A-2,Sandbox,CUP-1,4,UPS,1Z1\n")
    shipping_files.run(file.pk, now=rig.now)

    assert (states(file), left()) == (["ready"], [])


def test_rows_of_one_order_and_tracking_number_are_one_parcel(rig: Rig):
    file = bring(rig, "A-1,,MUG-1,2,UPS,1Z1\nA-2,,CUP-1,1,UPS,1Z2\nA-1,,CUP-1,3,UPS,1Z1\nA-2,,CUP-1,3,UPS,1Z3\n")

    record(rig, file)

    assert left() == [("A-1", "1Z1", 2), ("A-1", "1Z1", 3), ("A-2", "1Z2", 1), ("A-2", "1Z3", 3)]
    assert Shipment.objects.count() == 3
    assert states(file) == ["shipped"] * 4
    assert ShippingFile.objects.get().state == "done"
    assert {rig.order("A-1").shipping_status, rig.order("A-2").shipping_status} == {"shipped"}
    assert rig.commands("ship") == ["pending"] * 4


def test_without_units_it_is_all_that_is_open_and_without_sku_the_whole_order(rig: Rig):
    record(rig, bring(rig, "A-1,UPS,1Z1\nA-2,UPS,1Z2\n", "Order,Carrier,Tracking\n"))

    assert left() == [("A-1", "1Z1", 2), ("A-1", "1Z1", 3), ("A-2", "1Z2", 4)]


def test_rows_that_nobody_filled_in_are_left_out(rig: Rig):
    file = bring(rig, "A-1,Sandbox,MUG-1,2,,\nA-1,Sandbox,CUP-1,0,UPS,1Z1\nA-2,Sandbox,CUP-1,4,UPS,1Z2\n")

    record(rig, file)

    assert states(file) == ["empty", "empty", "shipped"]
    assert left() == [("A-2", "1Z2", 4)]


def test_two_lines_of_one_sku_share_the_units(rig: Rig):
    rig.market.has_order("A-3", lines=[("CUP-1", 1, "2.00"), ("CUP-1", 2, "2.00")])
    rig.download()

    record(rig, bring(rig, "A-3,,CUP-1,1,UPS,1Z1\nA-3,,CUP-1,2,UPS,1Z1\n"))

    assert left() == [("A-3", "1Z1", 1), ("A-3", "1Z1", 2)]


def test_a_linked_line_is_known_by_either_sku(rig: Rig):
    line = rig.line("A-2")
    line.sku = "THEIR-CUP"
    line.save()

    record(rig, bring(rig, "A-2,,CUP-1,1,UPS,1Z1\nA-2,,THEIR-CUP,1,UPS,1Z2\n"))

    assert left() == [("A-2", "1Z1", 1), ("A-2", "1Z2", 1)]


# --- once


def test_a_second_click_confirms_nothing(rig: Rig):
    file = bring(rig, "A-2,,CUP-1,1,UPS,1Z1\n")
    record(rig, file)

    assert not shipping_files.confirm(file, actor=rig.owner, now=rig.now)
    shipping_files.run(file.pk, now=rig.now)
    assert left() == [("A-2", "1Z1", 1)]


@pytest.mark.parametrize("tracking", ["1Z1", ""])
def test_the_same_file_once_more_ships_nothing_twice(rig: Rig, tracking: str):
    can(rig, *(ALL - {Capability.TRACKING_REQUIRED}))
    rows = f"A-2,,CUP-1,1,UPS,{tracking}\n"
    early, late = bring(rig, rows), bring(rig, rows)
    record(rig, early)

    record(rig, late)
    third = bring(rig, rows)

    assert left() == [("A-2", tracking, 1)]
    assert (states(late), states(third)) == (["known"], ["known"])


def test_a_mended_file_ships_only_what_is_new_in_it(rig: Rig):
    record(rig, bring(rig, "A-2,,CUP-1,1,UPS,1Z1\nA-1,,MUG-1,1,UPZ,1Z2\n"))

    mended = bring(rig, "A-2,,CUP-1,1,UPS,1Z1\nA-1,,MUG-1,1,UPS,1Z2\n")
    record(rig, mended)

    assert states(mended) == ["known", "shipped"]
    assert left() == [("A-2", "1Z1", 1), ("A-1", "1Z2", 1)]


class Killed(BaseException):
    """Ends a worker as a signal would: nothing in the code expects it."""


def _killed_at(number: int) -> Callable[..., Any]:
    """Return a wrapper of statements that ends the worker at the one of this number."""
    numbers = itertools.count(1)

    def execute(run: Callable[..., Any], *args: Any) -> Any:
        if next(numbers) == number:
            raise Killed
        return run(*args)

    return execute


def test_a_worker_killed_at_any_statement_leaves_no_parcel_half_way_and_none_twice(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(shipping_files, "MAX_ATTEMPTS", 1_000)
    file = bring(rig, "A-1,,,,UPS,1Z1\nA-2,,CUP-1,1,UPS,1Z2\n")
    shipping_files.confirm(file, actor=rig.owner, now=rig.now)
    killed = 0

    while shipping_files.waiting_files() == [file.pk]:
        with connection.execute_wrapper(_killed_at(killed + 1)):
            try:
                shipping_files.run(file.pk, now=rig.now)
            except Killed:
                killed += 1
        assert len(left()) == 2 * states(file)[:1].count("shipped") + states(file)[1:].count("shipped")

    assert killed > 30
    assert left() == [("A-1", "1Z1", 2), ("A-1", "1Z1", 3), ("A-2", "1Z2", 1)]
    assert rig.commands("ship") == ["pending"] * 3
    assert_stock_is_the_sum_of_movements()


def test_a_parcel_that_always_ends_the_worker_is_set_aside(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    file = bring(rig, "A-1,,,,UPS,1Z1\nA-2,,CUP-1,1,UPS,1Z2\n")
    shipping_files.confirm(file, actor=rig.owner, now=rig.now)
    ship = shipping_files._ship

    def breaks(file: ShippingFile, parcel: Any, **kwargs: Any) -> None:
        if parcel[0].tracking_number == "1Z1":
            raise RuntimeError
        ship(file, parcel, **kwargs)

    monkeypatch.setattr(shipping_files, "_ship", breaks)
    for _ in range(shipping_files.MAX_ATTEMPTS):
        with pytest.raises(RuntimeError):
            shipping_files.run(file.pk, now=rig.now)
    shipping_files.run(file.pk, now=rig.now)

    assert states(file) == ["wrong", "shipped"]
    assert "interrupted 5 times" in told(file)[0][1]


def test_what_was_shipped_by_hand_meanwhile_is_told_and_not_shipped_again(rig: Rig):
    file = bring(rig, "A-1,,MUG-1,2,UPS,1Z1\nA-2,,CUP-1,4,UPS,1Z2\n")
    rig.line("A-1")
    Order.objects.get(remote_id="A-1").lines.filter(sku="MUG-1").update(shipped=1)

    record(rig, file)

    assert told(file) == [("wrong", "Only 1 of MUG-1 can still be shipped."), ("shipped", "")]


def test_a_slice_ends_in_time_and_the_next_one_goes_on(rig: Rig):
    file = bring(rig, "A-1,,,,UPS,1Z1\nA-2,,,,UPS,1Z2\n")
    shipping_files.confirm(file, actor=rig.owner, now=rig.now)

    assert shipping_files.run(file.pk, now=rig.now, seconds=0)
    assert sorted(states(file)) == ["ready", "shipped"]
    assert shipping_files.run(file.pk, now=rig.now, is_stopping=lambda: True)
    assert not shipping_files.run(file.pk, now=rig.now)


# --- what is wrong


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("B-9,Sandbox,MUG-1,1,UPS,1Z1", "There is no order B-9 on Sandbox."),
        ("A-1,Elsewhere,MUG-1,1,UPS,1Z1", "You have no marketplace called “Elsewhere”."),
        (",Sandbox,MUG-1,1,UPS,1Z1", "Enter the order number."),
        ("A-1,,BOWL,1,UPS,1Z1", "There is no BOWL in this order."),
        ("A-1,,MUG-1,3,UPS,1Z1", "Only 2 of MUG-1 can still be shipped."),
        ("A-1,,MUG-1,many,UPS,1Z1", "“many” is no number of units."),
        ('A-1,,MUG-1,"1,000",UPS,1Z1', "“1,000” is no number of units."),
        ('A-1,,MUG-1,"1,0",UPS,1Z1', ""),
        ("A-1,,MUG-1,1,UPZ,1Z1", "Sandbox knows no carrier “UPZ”. Did you mean “UPS”"),
        ("A-1,,MUG-1,1,Post NL,1Z1", ""),
        ("A-1,,MUG-1,1,usps,1Z1", ""),
        ("A-1,,MUG-1,1,Zebra,1Z1", "Sandbox knows no carrier “Zebra”. It knows, among others, “UPS”, "),
        ("A-1,,MUG-1,1,,1Z1", "Enter the carrier."),
        ("A-1,,MUG-1,1,UPS,", "This marketplace wants a tracking number."),
        ("A-1,,MUG-1,1,UPS,1.0E+12", "shortened the tracking number to 1.0E+12."),
        ("1.08E+14,,MUG-1,1,UPS,1Z1", "shortened the order number to 1.08E+14."),
        ("A-1,,MUG-1,1,UPS,1Z1,more", "The row has 7 cells"),
    ],
)
def test_a_row_says_what_is_wrong_in_the_sellers_words(rig: Rig, row: str, words: str):
    (state, problem) = told(bring(rig, row + "\n"))[0]

    assert words in problem
    assert state == ("wrong" if words else "ready")


def test_units_that_several_rows_claim_are_given_once(rig: Rig):
    file = bring(rig, "A-2,,CUP-1,3,UPS,1Z1\nA-2,,CUP-1,3,UPS,1Z2\n")

    assert told(file) == [("ready", ""), ("wrong", "Only 1 of CUP-1 can still be shipped.")]


def test_where_an_order_leaves_in_one_parcel_all_of_it_must_be_there(rig: Rig):
    can(rig, *(ALL - {Capability.SHIP_PARTIAL}))

    file = bring(rig, "A-1,,MUG-1,2,UPS,1Z1\nA-2,,CUP-1,4,UPS,1Z2\n")

    assert told(file)[0] == (
        "wrong",
        "This marketplace takes one parcel an order: ship everything that is open.",
    )
    assert states(file) == ["wrong", "ready"]


def test_an_order_that_is_handled_elsewhere_or_not_paid_is_refused(rig: Rig):
    rig.market.has_order("A-3", sku="MUG-1", payment="pending")
    rig.download()
    Order.objects.filter(remote_id="A-2").update(managed_by="third_party")

    file = bring(rig, "A-2,,CUP-1,4,UPS,1Z1\nA-3,,MUG-1,1,UPS,1Z2\n")

    assert [words[:30] for _, words in told(file)] == [
        "This order is Third Party Mana",
        "The buyer's payment has not cl",
    ]


def test_one_number_on_two_marketplaces_of_one_name_is_not_guessed(rig: Rig):
    other = make_channel(rig.seller, label=rig.channel.label, adapter_key="fake", name=rig.channel.name, facts=FACTS)
    Order.objects.filter(remote_id="A-1").update(channel=other, remote_id="A-2")

    for marketplace in ("", "sandbox"):
        ((state, why),) = told(bring(rig, f"A-2,{marketplace},CUP-1,4,UPS,1Z1\n"))
        assert state == "wrong"
        assert why == (
            "There is an order A-2 on 2 marketplaces of the same name, “Sandbox”. Give one of them another name, or"
            " ship the order on its page."
        )


def test_one_number_on_two_marketplaces_needs_the_marketplace(rig: Rig):
    other = make_channel(rig.seller, label=rig.channel.label, adapter_key="fake", name="Other", facts=FACTS)
    Order.objects.filter(remote_id="A-1").update(channel=other, remote_id="A-2")

    unnamed, named = bring(rig, "A-2,,CUP-1,4,UPS,1Z1\n"), bring(rig, "A-2,sandbox,CUP-1,4,UPS,1Z1\n")

    assert told(unnamed) == [("wrong", "There is an order A-2 on Other and Sandbox: name the marketplace.")]
    assert states(named) == ["ready"]


def test_orders_of_other_sellers_do_not_exist(rig: Rig):
    Channel.objects.filter(pk=rig.channel.pk).update(seller=make_seller("else"))

    assert told(bring(rig, "A-2,,CUP-1,4,UPS,1Z1\n")) == [("wrong", "There is no order A-2.")]


def test_without_a_list_of_carriers_any_name_is_taken(rig: Rig):
    rig.channel.facts = rig.channel.facts | {"carriers": []}
    rig.channel.save()

    record(rig, bring(rig, "A-2,,CUP-1,4,Bicycle,1Z1\n"))

    assert Shipment.objects.get().carrier_name == "Bicycle"


# --- the file


@pytest.mark.parametrize(
    "content",
    [
        "Order number;SKU;Carrier;Tracking number\r\nA-2;CUP-1;UPS;1Z1\r\n".encode("utf-8-sig"),
        "Order number\tCarrier\tTracking number\nA-2\tUPS\t1Z1\n".encode("utf-16"),
        "Order number,Note,Carrier,Tracking number\nA-2,Grüße,UPS,1Z1\n".encode("cp1252"),
        b"ORDER_ID,tracking,carrier\n'A-2,1Z1,UPS\n\n,,\n",
    ],
)
def test_files_are_read_as_programs_for_tables_write_them(rig: Rig, content: bytes):
    assert states(bring(rig, content)) == ["ready"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty."),
        (b"Order number,Carrier\n", "no rows"),
        (b"SKU,Carrier\nA,UPS\n", "No column for the order number. Columns found: “SKU”, “Carrier”."),
        (b"Order,SKU\nA-1,MUG-1\n", "No column for the carrier or the tracking number."),
        (b"PK\x03\x04", "Excel workbook"),
        (b"Order,Carrier\n" + b"A-1,UPS\n" * 10_001, "more than 10,000 rows"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(rig: Rig, content: bytes, words: str):
    with pytest.raises(FileProblem, match=words):
        bring(rig, content)

    assert not ShippingFile.objects.exists()


def test_old_files_go_and_those_being_recorded_stay(rig: Rig):
    files = [bring(rig, "A-2,,CUP-1,1,UPS,1Z1\n") for _ in range(2)]
    shipping_files.confirm(files[1], actor=rig.owner, now=rig.now)

    purged = purge(now=rig.now + timedelta(days=365))

    assert (purged["shipping_rows"], purged["shipping_files"]) == (1, 1)
    assert ShippingRow.objects.get().file == files[1]

"""What buyers send back: downloaded, tied to its order, decided, and told to the channel."""

import uuid
from typing import Any

import pytest

from channels_app.adapters.types import Capability, RemoteReturnLine
from channels_app.flows.decide_return import ReturnDecision, decide_return
from channels_app.flows.fulfil_rules import FulfilmentError
from channels_app.flows.jobs import job_is_wanted
from channels_app.models import Command, Return, ReturnLine
from inventory.models import Stock
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]


def back(remote_id: str = "RMA-1", **fields: Any) -> RemoteReturnLine:
    given: dict[str, Any] = {"remote_id": remote_id, "quantity": 2, "sku": "MUG-1", "reason": "Broken"} | fields
    return RemoteReturnLine(**given)


@pytest.fixture
def shipped(rig: Rig) -> Rig:
    """An order of two mugs that has left: 8 of 10 are on the shelf."""
    rig.item(on_hand=10)
    rig.market.has_order("A-1", sku="MUG-1", quantity=2)
    rig.download()
    rig.send()
    rig.market.orders["A-1"]["lines"][0]["shipped"] = 2
    rig.market.touch("A-1")
    rig.download()
    return rig


def returned(rig: Rig, *lines: RemoteReturnLine) -> Return:
    rig.market.has_return("R-1", "A-1", *(lines or (back(),)))
    rig.download_returns()
    return Return.objects.get()


def decided(
    rig: Rig, code: str = "received", *, quantity: int = 2, restock: bool = False, **more: Any
) -> list[Command]:
    line = ReturnLine.objects.order_by("pk").first()
    assert line is not None
    return decide_return(
        line.of_return,
        **{"key": uuid.uuid4()} | more,
        decisions={line.pk: ReturnDecision(code=code, quantity=quantity)},
        restock=restock,
        actor=rig.owner,
        now=rig.now,
    )


def test_a_return_belongs_to_its_order_and_line(shipped: Rig):
    one = returned(shipped)

    assert one.order == shipped.order("A-1")
    assert [(line.order_line, line.quantity, line.reason) for line in one.lines.all()] == [
        (shipped.line("A-1"), 2, "Broken")
    ]


@pytest.mark.parametrize(
    "named",
    [
        {"order_line_remote_id": "A-1-1", "sku": ""},
        {"sku": "MUG-1"},
        {"sku": "", "gtin": "4006381333931"},
    ],
    ids=["by its number", "by SKU", "by GTIN"],
)
def test_its_line_is_found_however_the_channel_names_it(rig: Rig, named: dict[str, str]):
    rig.item(on_hand=10, gtin="4006381333931")
    rig.market.has_order("A-1", sku="MUG-1", quantity=2)
    rig.download()

    one = returned(rig, back(**named))

    assert one.lines.get().order_line == rig.line("A-1")


def test_what_the_channel_does_not_name_is_tied_to_no_line(shipped: Rig):
    one = returned(shipped, back(sku="OTHER"))

    assert one.order is not None
    assert one.lines.get().order_line is None


def test_a_return_may_come_in_before_its_order(rig: Rig):
    rig.item()
    one = returned(rig)
    assert one.order is None
    rig.market.has_order("A-1", sku="MUG-1", quantity=2)
    rig.download()

    rig.download_returns()

    one.refresh_from_db()
    assert one.order == rig.order("A-1")
    assert one.lines.get().order_line == rig.line("A-1")


def test_the_same_return_read_again_is_stored_once_and_a_line_may_join_it(shipped: Rig):
    returned(shipped)
    shipped.wait(minutes=5)
    one = returned(shipped, back(comment="In two pieces"), back("RMA-2", quantity=1))

    assert [(line.remote_id, line.comment) for line in one.lines.order_by("pk")] == [
        ("RMA-1", "In two pieces"),
        ("RMA-2", ""),
    ]
    assert all(line.order_line_id for line in one.lines.all())


def test_a_decision_goes_out_and_its_units_are_on_the_shelf_once(shipped: Rig):
    returned(shipped)
    key = uuid.uuid4()

    for _ in range(2):
        decided(shipped, restock=True, key=key)
    shipped.send()

    (sent,) = [command for verb, command, _ in shipped.market.commands if verb == "handle_return"]
    assert (sent.return_remote_id, sent.order_remote_id) == ("R-1", "A-1")
    assert [(line.line_remote_id, line.quantity, line.reason) for line in sent.lines] == [("RMA-1", 2, "received")]
    assert shipped.commands("return") == ["confirmed"]
    assert Stock.objects.get().on_hand == 10


def test_two_lines_of_one_order_line_are_decided_in_one_call(shipped: Rig):
    one = returned(shipped, back(quantity=1), back("RMA-2", quantity=1))
    lines = list(one.lines.order_by("pk"))

    decide_return(
        one,
        key=uuid.uuid4(),
        decisions={line.pk: ReturnDecision(code="received", quantity=1) for line in lines},
        restock=False,
        actor=shipped.owner,
        now=shipped.now,
    )
    shipped.send()

    assert shipped.commands("return") == ["confirmed", "confirmed"]
    assert [verb for verb, _, _ in shipped.market.commands].count("handle_return") == 1


def test_a_decision_that_the_channel_refuses_is_open_again_and_a_person_is_asked_to_look(shipped: Rig):
    returned(shipped)
    decided(shipped, "refused")

    shipped.send()

    assert shipped.commands("return") == ["rejected"]
    assert ReturnLine.objects.get().decision == ""
    assert "refused the decision about the return of MUG-1: Not like this." in shipped.order("A-1").attention


def test_what_the_channel_says_was_decided_holds(shipped: Rig):
    returned(shipped)
    decided(shipped)
    shipped.wait(minutes=5)
    returned(shipped, back(decision="customer_keeps"))

    assert ReturnLine.objects.get().decision == "customer_keeps"


def test_a_reading_from_before_the_decision_does_not_open_it_again(shipped: Rig):
    returned(shipped)
    decided(shipped)
    shipped.wait(minutes=5)

    returned(shipped)

    assert ReturnLine.objects.get().decision == "received"


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ({"code": "nonsense"}, "Choose a decision"),
        ({"quantity": 3}, "1 to 2 can come back"),
        ({"quantity": 0}, "1 to 2 can come back"),
    ],
)
def test_what_makes_no_sense_is_refused(shipped: Rig, what: dict[str, Any], words: str):
    returned(shipped)

    with pytest.raises(FulfilmentError, match=words):
        decided(shipped, **what)

    assert ReturnLine.objects.get().decision == ""


def test_a_line_is_decided_once(shipped: Rig):
    returned(shipped)
    decided(shipped)

    with pytest.raises(FulfilmentError, match="decided already"):
        decided(shipped, "refused")


def test_nothing_is_decided_here_about_orders_that_others_manage(rig: Rig):
    rig.item()
    rig.channel.fulfillments_on = False
    rig.channel.save()
    rig.market.has_order("A-1", sku="MUG-1", quantity=2)
    rig.download()
    returned(rig)

    with pytest.raises(FulfilmentError, match="Third Party Managed"):
        decided(rig)


def test_the_job_runs_only_where_the_connection_has_returns(rig: Rig):
    assert job_is_wanted(rig.channel, "returns")

    rig.can(Capability.REFUND)

    assert not job_is_wanted(rig.channel, "returns")

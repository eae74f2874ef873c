"""A worker is taken over while it sends: what it sends late, or is answered late, does not have the last word."""

from typing import Any

import pytest

from channels_app.adapters.errors import OutcomeUnknown
from channels_app.adapters.types import Receipt
from channels_app.flows.engine import FenceLost
from channels_app.flows.ledger import check_ledger
from channels_app.models import ChannelJob
from tests.fakes import FakeAdapter
from tests.flows.feed_rig import Rig

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("answered", [True, False], ids=["answered", "answer lost"])
@pytest.mark.parametrize("ordered", [True, False], ids=["in order", "in any order"])
def test_a_request_that_arrives_after_newer_ones_is_put_right(
    monkeypatch: pytest.MonkeyPatch, ordered: bool, answered: bool
):
    rig = Rig(ordered=ordered)
    mug = rig.has_item("MUG", on_hand=5)
    rig.settle()
    rig.sets(mug, 3)
    rig.spread()
    submit = FakeAdapter.submit

    def sleeps(adapter: FakeAdapter, *args: Any, **kwargs: Any) -> Receipt:
        monkeypatch.setattr(FakeAdapter, "submit", submit)
        rig.later(15)
        rig.sets(mug, 2)
        rig.settle()
        receipt = submit(adapter, *args, **kwargs)
        rig.market.process(receipt.handle)
        if not answered:
            raise OutcomeUnknown("The answer was lost.")
        return receipt

    monkeypatch.setattr(FakeAdapter, "submit", sleeps)
    with pytest.raises(FenceLost):
        rig.run(ChannelJob.Kind.OFFERS)
    assert rig.market.quantity("MUG") == 3

    rig.settle()

    assert rig.market.quantity("MUG") == 2
    assert check_ledger() == []


def test_a_new_listing_that_arrives_after_it_was_given_up_is_ended(monkeypatch: pytest.MonkeyPatch):
    rig = Rig()
    mug = rig.has_item("MUG", on_hand=5)
    rig.spread()
    submit = FakeAdapter.submit

    def sleeps(adapter: FakeAdapter, *args: Any, **kwargs: Any) -> Receipt:
        monkeypatch.setattr(FakeAdapter, "submit", submit)
        rig.later(15)
        rig.unlabels(mug)
        rig.settle()
        receipt = submit(adapter, *args, **kwargs)
        rig.market.process(receipt.handle)
        return receipt

    monkeypatch.setattr(FakeAdapter, "submit", sleeps)
    with pytest.raises(FenceLost):
        rig.run(ChannelJob.Kind.CONTENT)
    assert rig.market.quantity("MUG") == 5

    rig.settle()

    assert rig.market.quantity("MUG") is None
    assert check_ledger() == []

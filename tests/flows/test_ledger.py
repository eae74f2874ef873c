"""The check that nothing was lost, and what is thrown away."""

import json
import uuid
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_app.adapters.types import Kind
from channels_app.flows.decide import Rules
from channels_app.flows.fan_out import walk_channel
from channels_app.flows.ledger import _is_closed, check_and_record, check_channel, check_ledger
from channels_app.flows.retention import purge
from channels_app.flows.wanted import read_skus
from channels_app.models import (
    ChannelJob,
    ChannelLedger,
    FeedLine,
    JobRun,
    LedgerCheck,
    Listing,
    PendingChange,
    RawOrder,
    Submission,
)
from inventory.models import Item, ItemChange, LabelItem, Reason, Stock, StockMovement
from marketplace_integration import clock
from tests.examples import examples
from tests.factories import NOW, make_item
from tests.flows.feed_rig import Rig

pytestmark = pytest.mark.django_db


@pytest.fixture
def rig() -> Rig:
    """Two listings, all confirmed."""
    rig = Rig()
    rig.has_items("MUG", "CUP")
    rig.settle()
    return rig


def offences() -> list[tuple[str, str]]:
    return [(offence.sku, offence.what) for offence in check_ledger()]


def test_a_settled_channel_is_closed(rig: Rig):
    assert offences() == []


@pytest.mark.parametrize("step", ["queued", "pending", "sent", "confirmed"])
def test_every_step_of_a_change_is_closed(rig: Rig, step: str):
    rig.sets(Item.objects.get(sku="MUG"), 2)
    if step == "pending":
        rig.spread()
    elif step == "sent":
        rig.send()
    elif step == "confirmed":
        rig.settle()

    assert offences() == []


def test_a_change_that_was_lost_is_found(rig: Rig):
    rig.sets(Item.objects.get(sku="MUG"), 2)
    rig.prices(Item.objects.get(sku="CUP"), "11.00")
    ItemChange.objects.all().delete()

    assert sorted(offences()) == [("CUP", "not closed"), ("MUG", "not closed")]
    assert {o.detail for o in check_ledger()} == {
        "quantity 2, confirmed 5",
        "price 11.00, confirmed 10.0000",
    }


def test_a_lost_withdrawal_and_a_lost_listing_are_found(rig: Rig):
    rig.unlabels(Item.objects.get(sku="MUG"))
    rig.has_item("NEW", on_hand=1)
    ItemChange.objects.all().delete()

    assert sorted((o.sku, o.detail) for o in check_ledger()) == [
        ("MUG", "listed, but not wanted"),
        ("NEW", "wanted, but not listed (price 10.00, quantity 1)"),
    ]


def test_a_walk_that_is_not_done_explains_everything_it_covers(rig: Rig):
    rig.sets(Item.objects.get(sku="MUG"), 2)
    ItemChange.objects.all().delete()

    walk_channel(rig.channel, "settings", now=NOW)

    assert offences() == []


def test_a_held_withdrawal_and_a_rejection_are_closed(rig: Rig):
    rig.unlabels(Item.objects.get(sku="MUG"))
    rig.spread()
    PendingChange.objects.update(held=True)
    rig.has_item("BAD-REJECT", on_hand=1)
    rig.has_item("NO-PRICE", on_hand=1, price=None)
    rig.settle()

    assert offences() == []


def test_a_rejection_of_something_else_is_not_closed(rig: Rig):
    rig.has_item("BAD-REJECT", on_hand=1)
    rig.settle()

    Item.objects.filter(sku="BAD-REJECT").update(title="Other")
    ItemChange.objects.all().delete()

    assert offences() == [("BAD-REJECT", "not closed")]


def test_a_price_taken_away_while_the_channel_refuses_the_item_is_what_the_seller_reads(rig: Rig):
    rig.market.manual = True
    bad = rig.has_item("BAD-REJECT", on_hand=1)
    rig.send()
    Item.objects.filter(pk=bad.pk).update(price=None)
    rig.send()

    rig.market.manual = False
    rig.settle()

    assert rig.listing("BAD-REJECT").rejected_reason == "This item has no price."
    assert offences() == []


def test_stock_that_is_not_the_sum_of_its_movements_is_found(rig: Rig):
    Stock.objects.filter(item__sku="MUG").update(reserved=1)
    rig.settle()

    assert offences() == [("MUG", "stock")]


def test_a_claim_that_outlives_its_lease_is_found(rig: Rig):
    long_ago = clock.now() - timedelta(minutes=5)
    ChannelJob.objects.filter(kind="offers").update(claimed_by="dead", claim_expires_at=long_ago)

    (offence,) = check_ledger()
    assert (offence.what, offence.channel_id) == ("claim", rig.channel.pk)


def test_an_open_line_under_a_closed_submission_is_found(rig: Rig):
    FeedLine.objects.filter(sku="MUG").update(state="sent")

    assert offences() == [("MUG", "open line")]


def test_the_command_prints_json_and_fails_on_an_offence(rig: Rig):
    out = StringIO()
    call_command("check_ledger", "--json", stdout=out)
    assert json.loads(out.getvalue()) == {"ok": True, "count": 0, "offences": []}

    Stock.objects.filter(item__sku="MUG").update(on_hand=99)
    rig.settle()
    out = StringIO()
    with pytest.raises(SystemExit) as exit_:
        call_command("check_ledger", stdout=out)
    assert exit_.value.code == 1
    assert "  MUG  stock: acme: on hand 99, movements 5" in out.getvalue()


def test_an_intent_that_a_takeover_forgot_is_found(rig: Rig):
    Submission.objects.update(phase="intent")
    ChannelJob.objects.update(fence=99)

    assert {o.what for o in check_ledger()} == {"intent"}


sides = st.fixed_dictionaries(
    {
        "on_label": st.booleans(),
        "price": st.sampled_from([None, "0.00", "9.00", "10.00"]),
        "currency": st.sampled_from(["USD", "USD", "EUR"]),
        "on_hand": st.integers(-1, 6),
        "state": st.sampled_from([None, "creating", "listed", "ended", "rejected"]),
        "confirmed_price": st.sampled_from([None, "10.0000", "11.0000"]),
        "confirmed_quantity": st.sampled_from([None, 0, 4, 5]),
        "same_content": st.booleans(),
    }
)


@settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))
@given(sides=st.lists(sides, min_size=8, max_size=8), percent=st.sampled_from([0, 10]))
def test_the_quick_comparison_clears_nothing_that_the_feeds_own_judgement_would_not(
    sides: list[dict[str, Any]], percent: int
):
    with transaction.atomic():
        rig = Rig(slug="other", buffer=1, price_percent=percent)
        for number, side in enumerate(sides):
            _stands(rig, f"SKU-{number}", side)
        ItemChange.objects.all().delete()
        rules = Rules.of(rig.channel)
        truths = read_skus(rig.channel, [f"SKU-{number}" for number in range(len(sides))])
        judged = {sku for sku, truth in truths.items() if not _is_closed(truth, rules, (Kind.OFFER,), set())}

        assert {offence.sku for offence in check_channel(rig.channel)} == judged
        transaction.set_rollback(True)


def _stands(rig: Rig, sku: str, side: dict[str, Any]) -> None:
    """One item and its listing stand so."""
    item = make_item(rig.seller, sku, on_hand=side["on_hand"], price=side["price"], currency=side["currency"])
    if side["on_label"]:
        LabelItem.objects.create(label=rig.label, item=item, source="hand")
    if side["state"] == "ended":
        Listing.objects.create(channel=rig.channel, sku=sku, state="ended")
    elif side["state"]:
        Listing.objects.create(
            channel=rig.channel,
            sku=sku,
            state=side["state"],
            confirmed_price=side["confirmed_price"],
            confirmed_quantity=side["confirmed_quantity"],
            confirmed_content_hash=item.content_hash if side["same_content"] else "",
        )


def test_the_command_looks_at_one_channel_and_says_whose_it_is(rig: Rig):
    other = Rig(slug="other")
    for one in (rig, other):
        one.has_item("LOST", on_hand=1)
    ItemChange.objects.all().delete()
    out = StringIO()

    with pytest.raises(SystemExit):
        call_command("check_ledger", "--channel", str(other.channel.public_id), stdout=out)

    assert out.getvalue().splitlines() == [
        f"{other.seller.name}, {other.channel.name} ({other.channel.pk}):",
        "  LOST  not closed: wanted, but not listed (price 10.00, quantity 1)",
        "1 cannot be explained.",
    ]
    with pytest.raises(CommandError, match="There is no channel"):
        call_command("check_ledger", "--channel", "0")


def test_each_channels_row_holds_its_own_however_much_is_found_elsewhere(rig: Rig):
    crowd, small = Rig(slug="crowd"), Rig(slug="small")
    crowd.has_items(*(f"LOST-{number}" for number in range(30)))
    small.has_item("ALONE", on_hand=1)
    ItemChange.objects.all().delete()

    check = check_and_record(now=rig.now)

    assert (check.offences, len(check.sample)) == (31, 20)
    rows = dict(ChannelLedger.objects.values_list("channel", "offences"))
    assert rows == {rig.channel.pk: 0, crowd.channel.pk: 30, small.channel.pk: 1}
    assert ChannelLedger.objects.get(channel=small.channel).skus == ["ALONE"]


def test_a_check_is_recorded_for_the_pages(rig: Rig):
    Stock.objects.filter(item__sku="MUG").update(on_hand=99)
    rig.settle()

    check_and_record(now=rig.now)

    check = LedgerCheck.objects.get()
    assert (check.offences, check.sample[0]["sku"]) == (1, "MUG")


# What is thrown away


def test_old_runs_lines_and_bodies_go_and_what_is_open_stays(rig: Rig):
    rig.market.manual = True
    rig.sets(Item.objects.get(sku="MUG"), 2)
    rig.send()
    job = ChannelJob.objects.get(kind="offers")
    JobRun.objects.create(job=job, channel=rig.channel, kind="offers", fence=1, started_at=NOW, finished_at=NOW)
    for state in ("done", "needs_attention"):
        RawOrder.objects.create(
            channel=rig.channel,
            remote_id=state,
            version=1,
            body={"name": "Ada"},
            hash=state,
            state=state,
            fetched_at=NOW,
        )

    purged = purge(now=NOW + timedelta(days=401))

    assert purged["runs"] == 1
    assert list(FeedLine.objects.values_list("sku", "state")) == [("MUG", "sent")]
    assert Submission.objects.count() == 1
    assert RawOrder.objects.get(state="done").body is None
    assert RawOrder.objects.get(state="done").hash == "done"
    assert RawOrder.objects.get(state="needs_attention").body == {"name": "Ada"}
    assert rig.listing("CUP").state == Listing.State.LISTED


def test_old_movements_become_one_opening_balance(rig: Rig):
    mug = Item.objects.get(sku="MUG")
    rig.moves(mug, 3, reserved=1)
    rig.now += timedelta(days=500)
    rig.moves(mug, -2)

    purge(now=NOW + timedelta(days=450))

    movements = list(StockMovement.objects.filter(item=mug).order_by("pk"))
    assert [(m.on_hand_delta, m.reserved_delta, m.reason) for m in movements] == [
        (-2, 0, Reason.ADJUSTED),
        (8, 1, Reason.OPENING),
    ]
    assert [o for o in check_ledger() if o.what == "stock"] == []
    assert purge(now=NOW + timedelta(days=450))["movements"] == 0


def test_movements_of_a_line_that_still_reserves_stay(rig: Rig):
    mug = Item.objects.get(sku="MUG")
    for line_id, delta in ((1, 2), (2, 2), (2, -2)):
        StockMovement.objects.create(
            item=mug,
            location=rig.location,
            reserved_delta=delta,
            reason=Reason.RESERVED,
            line_id=line_id,
            at=NOW,
            key=uuid.uuid4(),
        )

    purge(now=NOW + timedelta(days=500))

    assert list(StockMovement.objects.filter(item=mug, line_id__isnull=False).values_list("line_id", flat=True)) == [1]

"""A plan of the reconciler is decided about in parts: some SKUs approved, some left out, the others wait."""

import pytest

from channels_app.flows import brake
from channels_app.flows.reconcile_plan import PlanError, apply_plan, leave_out
from channels_app.models import ChannelHistory, Listing, PendingChange, ReconcileRun
from tests.flows.order_rig import Rig, rig
from tests.flows.test_reconcile import _something_is_wanted, many_strays

__all__ = ["_something_is_wanted", "many_strays", "rig"]

Urgency = PendingChange.Urgency


def states(run: ReconcileRun) -> dict[str, int]:
    run.refresh_from_db()
    found: dict[str, int] = {}
    for state in run.differences.filter(kind="to_end").values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def ending() -> set[str]:
    return set(PendingChange.objects.filter(urgency=Urgency.WITHDRAW).values_list("sku", flat=True))


def test_only_what_is_named_ends_and_the_others_wait(rig: Rig, many_strays: ReconcileRun):
    applied = apply_plan(many_strays, actor=rig.owner, now=rig.now, skus=["STRAY-1", "STRAY-2", "NO-SUCH"])

    assert applied == {"to_end": 2}
    assert ending() == {"STRAY-1", "STRAY-2"}
    assert states(many_strays) == {"applied": 2, "planned": 99}
    assert (many_strays.state, many_strays.decided_by) == ("planned", None)


def test_a_few_do_not_open_the_brake_and_many_do(rig: Rig, many_strays: ReconcileRun):
    apply_plan(many_strays, actor=rig.owner, now=rig.now, skus=["STRAY-1"])
    assert brake.allowed_withdrawals(rig.channel, 101, now=rig.now) == 0
    assert ChannelHistory.objects.get().after == "1 ending was approved"

    apply_plan(many_strays, actor=rig.owner, now=rig.now, skus=[f"STRAY-{number}" for number in range(101)])

    rig.channel.refresh_from_db()
    assert brake.allowed_withdrawals(rig.channel, 101, now=rig.now) == 101
    assert ChannelHistory.objects.latest("pk").after == "100 endings were released"


def test_what_is_left_out_stays_and_the_rest_can_still_be_approved(rig: Rig, many_strays: ReconcileRun):
    assert leave_out(many_strays, actor=rig.owner, now=rig.now, skus=["STRAY-1", "STRAY-2"]) == 2

    assert apply_plan(many_strays, actor=rig.owner, now=rig.now) == {"to_end": 99}

    assert states(many_strays) == {"applied": 99, "left_out": 2}
    assert ending().isdisjoint({"STRAY-1", "STRAY-2"})
    told = list(ChannelHistory.objects.order_by("pk").values_list("actor", "after"))
    assert told == [
        (rig.owner.pk, "2 endings were left out of a plan"),
        (rig.owner.pk, "99 endings were released"),
    ]


@pytest.mark.parametrize(
    ("approved", "outcome"), [(1, ("applied", "")), (0, ("expired", "Discarded."))], ids=["some ended", "none did"]
)
def test_a_plan_of_which_nothing_waits_any_more_is_decided(
    rig: Rig, many_strays: ReconcileRun, approved: int, outcome: tuple[str, str]
):
    skus = [f"STRAY-{number}" for number in range(101)]
    if approved:
        apply_plan(many_strays, actor=rig.owner, now=rig.now, skus=skus[:approved])

    leave_out(many_strays, actor=rig.owner, now=rig.now, skus=skus)

    many_strays.refresh_from_db()
    assert (many_strays.state, many_strays.reason) == outcome
    assert many_strays.decided_by == rig.owner
    with pytest.raises(PlanError):
        apply_plan(many_strays, actor=rig.owner, now=rig.now)


def test_what_was_mended_before_keeps_what_was_confirmed_since(rig: Rig, many_strays: ReconcileRun):
    """The drift was applied with the run; by the time a person approves the endings, the channel has confirmed it."""
    PendingChange.objects.filter(sku="DRIFT-1").delete()
    Listing.objects.filter(sku="DRIFT-1").update(confirmed_quantity=5, sent_quantity=5)

    apply_plan(many_strays, actor=rig.owner, now=rig.now)

    drifted = Listing.objects.get(sku="DRIFT-1")
    assert (drifted.confirmed_quantity, drifted.sent_quantity) == (5, 5)

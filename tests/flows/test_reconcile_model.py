"""The one comparison in SQL, held against ten lines of Python over any two sides."""

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_app.flows.reconcile import run_reconciler
from channels_app.models import FeedLine, Listing, PendingChange, ReconcileRun, Submission
from inventory.models import LabelItem
from tests.factories import NOW
from tests.fakes import FakeListing
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]

SKUS = [f"SKU-{n}" for n in range(5)]
offers = st.tuples(st.sampled_from([Decimal("1.00"), Decimal("2.00")]), st.integers(0, 1))
listings = st.tuples(st.sampled_from(["creating", "listed", "ending", "ended", "rejected"]), offers, st.booleans())

sides = st.fixed_dictionaries(
    {
        "remote": st.dictionaries(st.sampled_from(SKUS), offers),
        "listings": st.dictionaries(st.sampled_from(SKUS), listings),
        "wanted": st.sets(st.sampled_from(SKUS)),
        "pending": st.sets(st.sampled_from(SKUS), max_size=1),
        "open_lines": st.sets(st.sampled_from(SKUS), max_size=1),
        "orders_are_known": st.booleans(),
    }
)


def model(case: dict[str, Any]) -> dict[str, str]:
    """What differs, by SKU."""
    found, judged = {}, 2 if case["orders_are_known"] else 1  # of (price, quantity)
    recent = {sku for sku, (_, _, is_recent) in case["listings"].items() if is_recent}
    for sku in set(SKUS) - case["pending"] - case["open_lines"] - recent:
        shown, (state, confirmed, _) = case["remote"].get(sku), case["listings"].get(sku, (None, None, False))
        if shown and sku not in case["wanted"]:
            found[sku] = "to_end"
        elif shown and state in (None, "ended", "rejected"):
            found[sku] = "adoptable"
        elif shown and state == "listed" and shown[:judged] != confirmed[:judged]:
            found[sku] = "drifted"
        elif not shown and sku in case["wanted"] and state == "listed":
            found[sku] = "missing"
    return found


@pytest.mark.django_db
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=sides)
def test_the_comparison_in_sql_says_what_the_model_says(rig: Rig, case: dict[str, Any]):
    with transaction.atomic():
        _set_up(rig, case)

        run_reconciler(rig.claim("reconcile"), rig.adapter)

        run = ReconcileRun.objects.get()
        assert dict(run.differences.values_list("sku", "kind")) == model(case)
        transaction.set_rollback(True)


def _set_up(rig: Rig, case: dict[str, Any]) -> None:
    assert rig.channel.label is not None
    for sku in [*case["wanted"], "ALWAYS"]:
        LabelItem.objects.create(label=rig.channel.label, item=rig.item(sku, on_hand=0), source="hand")
    rig.market.listings = {sku: FakeListing(p, "USD", q) for sku, (p, q) in case["remote"].items()}
    for sku, (state, (price, quantity), is_recent) in case["listings"].items():
        Listing.objects.create(
            channel=rig.channel,
            sku=sku,
            state=state,
            confirmed_price=price,
            confirmed_quantity=quantity,
            last_line_at=NOW - timedelta(minutes=5 if is_recent else 15),
        )
    rig.channel.orders_on = False
    rig.channel.orders_known_until = NOW if case["orders_are_known"] else NOW - timedelta(seconds=1)
    rig.channel.save()
    sent = Submission.objects.create(
        channel=rig.channel, kind="offer", key=uuid.uuid4(), fence=1, line_count=1, created_at=NOW
    )
    for sku in case["open_lines"]:
        FeedLine.objects.create(
            submission=sent, channel=rig.channel, sku=sku, kind="offer", state="unknown", created_at=NOW
        )
    for sku in case["pending"]:
        PendingChange.objects.create(channel=rig.channel, sku=sku, changed_at=NOW)

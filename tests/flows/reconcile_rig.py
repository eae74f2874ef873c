"""A run of the reconciler that ended listings, for tests of what can be taken back."""

import uuid

from channels_app.adapters.types import Kind
from channels_app.models import Difference, FeedLine, Listing, PendingChange, ReconcileRun, Submission
from tests.flows.order_rig import Rig


def applied(rig: Rig, *skus: str) -> ReconcileRun:
    """Return a run whose plan to end these listings was applied; nothing was sent yet."""
    run = ReconcileRun.objects.create(
        channel=rig.channel, state="applied", counts={"to_end": len(skus)}, created_at=rig.now
    )
    for sku in skus:
        Difference.objects.create(
            run=run, channel=rig.channel, sku=sku, kind="to_end", state="applied", reason="None of your items."
        )
        Listing.objects.create(channel=rig.channel, sku=sku, state="listed")
        PendingChange.objects.create(channel=rig.channel, sku=sku, kinds=8, urgency=4, changed_at=rig.now)
    return run


def ended(rig: Rig, *skus: str) -> ReconcileRun:
    """Return a run that ended these listings, as the marketplace confirmed."""
    run = applied(rig, *skus)
    PendingChange.objects.filter(sku__in=skus).delete()
    Listing.objects.filter(sku__in=skus).update(state="ended")
    sent = Submission.objects.create(
        channel=rig.channel, kind=Kind.WITHDRAW, key=uuid.uuid4(), fence=1, line_count=len(skus), created_at=rig.now
    )
    for sku in skus:
        FeedLine.objects.create(
            submission=sent, channel=rig.channel, sku=sku, kind="withdraw", state="confirmed", created_at=rig.now
        )
    return run

"""What is done with a plan of the reconciler: apply it, discard it, undo it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction

from channels_app.flows import brake
from channels_app.flows import reconcile_sql as sql
from channels_app.flows.fan_out import enqueue
from channels_app.flows.jobs import nudge
from channels_app.models import Channel, ChannelJob, Difference, FeedLine, Listing, PendingChange, ReconcileRun
from inventory.labels import members
from inventory.models import Item, ItemChange

State = ReconcileRun.State
Change = ItemChange.Change
Urgency = PendingChange.Urgency

#: A plan that nobody decided about for so long is no longer true enough.
PLAN_HOURS = 24
#: Lines sent or closed so shortly before the export may or may not show in it.
QUIET_MINUTES = 10
#: Kinds that end nothing.
HARMLESS = [Difference.Kind.MISSING, Difference.Kind.DRIFTED, Difference.Kind.ADOPTABLE]

#: What the feed is to look at, and how urgent it is.
_ENQUEUED_AS: dict[str, tuple[int, Urgency]] = {
    Difference.Kind.TO_END: (Change.MEMBERSHIP, Urgency.WITHDRAW),
    Difference.Kind.MISSING: (Change.STOCK | Change.PRICE | Change.CONTENT | Change.MEMBERSHIP, Urgency.NEW),
    Difference.Kind.DRIFTED: (Change.STOCK | Change.PRICE, Urgency.FELL),
    Difference.Kind.ADOPTABLE: (Change.STOCK | Change.PRICE | Change.CONTENT | Change.MEMBERSHIP, Urgency.CONTENT),
}


class PlanError(Exception):
    """The plan can no longer be decided about like this. The message is for the seller."""


@dataclass(slots=True)
class Undone:
    """What became of endings that were to be taken back, by SKU."""

    #: Not sent yet, so nothing happened.
    stopped: list[str] = field(default_factory=list)
    #: On the label again: the feed lists them anew.
    put_back: list[str] = field(default_factory=list)
    #: Ours, but not on the label: put them on it first.
    not_on_label: list[str] = field(default_factory=list)
    #: None of our items: we do not know what the listing said, so we cannot make it again.
    strays: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        said = [
            f"{len(self.stopped)} were not sent yet and stay as they are, until the next run." if self.stopped else "",
            f"{len(self.put_back)} are being listed again." if self.put_back else "",
            f"Put these on the channel's label to list them again: {_some(self.not_on_label)}."
            if self.not_on_label
            else "",
            f"These are none of your items, so they cannot be rebuilt from here; list them at the marketplace: "
            f"{_some(self.strays)}."
            if self.strays
            else "",
        ]
        return " ".join(part for part in said if part) or "There was nothing to put back."


def _some(skus: Sequence[str]) -> str:
    return ", ".join(skus[:10]) + (f" and {len(skus) - 10} more" if len(skus) > 10 else "")


def quiet_since(run: ReconcileRun) -> datetime | None:
    """Return the time since which nothing may have been sent for a SKU that is judged.

    The list was made after we asked for it: if the channel's clock runs ahead of ours, that is the earlier of the two.
    """
    return run.as_of and min(run.as_of, run.created_at) - timedelta(minutes=QUIET_MINUTES)


def apply_differences(run: ReconcileRun, kinds: Sequence[str], *, now: datetime) -> dict[str, int]:
    """Planned differences of these kinds are enqueued for the feed, each re-checked; those no longer so are skipped.

    Call it in a transaction. Returns how many were enqueued, by kind.
    """
    channel = run.channel
    params: dict[str, Any] = {
        "run": run.pk,
        "channel": channel.pk,
        "seller": channel.seller_id,
        "label": channel.label_id,
        "as_of": run.as_of,
        "quiet_since": quiet_since(run),
        "kinds": [str(kind) for kind in kinds],
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.APPLY, params)
        applied: dict[str, list[str]] = dict(cursor.fetchall())
        cursor.execute(sql.SKIP_THE_REST, params)
        # Pending changes before listings: the order in which the feed locks them.
        for kind, skus in applied.items():
            changes, urgency = _ENQUEUED_AS[kind]
            enqueue(channel.pk, skus, kinds=changes, urgency=urgency, now=now)
        cursor.execute(sql.NOTE_APPLIED, params)
    transaction.on_commit(lambda: _wake_feed(channel.pk, now))
    return {kind: len(skus) for kind, skus in applied.items()}


def _wake_feed(channel_id: int, now: datetime) -> None:
    nudge([channel_id], [ChannelJob.Kind.OFFERS], now=now)
    nudge([channel_id], [ChannelJob.Kind.CONTENT], now=now)


def expire_older(run: ReconcileRun, *, now: datetime) -> None:
    """Plans before `run` that nobody decided about are no longer true: a newer list has been read."""
    older = ReconcileRun.objects.filter(channel_id=run.channel_id, state=State.PLANNED, pk__lt=run.pk)
    older.update(state=State.EXPIRED, finished_at=now, reason="A newer list of the marketplace has been read.")


def apply_plan(run: ReconcileRun, *, actor: AbstractBaseUser | None, now: datetime) -> dict[str, int]:
    """A person has decided: what the plan ends may end, whatever the brake says. Returns the enqueued, by kind.

    Raises PlanError if the plan was decided about already, or is too old.
    """
    with transaction.atomic():
        run = _locked(run, now=now)
        endings = run.differences.filter(kind=Difference.Kind.TO_END, state=Difference.State.PLANNED).count()
        brake.let_through(run.channel, actor=actor, now=now, count=endings)
        applied = apply_differences(run, list(Difference.Kind), now=now)
        _decide(run, State.APPLIED, "", actor=actor, now=now)
    return applied


def discard(run: ReconcileRun, *, actor: AbstractBaseUser | None, now: datetime) -> None:
    """The plan is off the table; the next run looks again. Raises PlanError if it was decided about already."""
    with transaction.atomic():
        run = _locked(run, now=now)
        run.differences.filter(state=Difference.State.PLANNED).update(state=Difference.State.SKIPPED)
        _decide(run, State.EXPIRED, "Discarded.", actor=actor, now=now)


def _locked(run: ReconcileRun, *, now: datetime) -> ReconcileRun:
    held = ReconcileRun.objects.select_for_update(of=("self",)).select_related("channel__label").get(pk=run.pk)
    if held.state != State.PLANNED:
        raise PlanError(f"This plan is {held.get_state_display().lower()} already.")
    if now - held.created_at > timedelta(hours=PLAN_HOURS):
        raise PlanError(f"This plan is older than {PLAN_HOURS} hours. Run the reconciler again.")
    return held


def _decide(run: ReconcileRun, state: State, reason: str, *, actor: AbstractBaseUser | None, now: datetime) -> None:
    run.state, run.reason, run.finished_at = state, reason, now
    run.decided_by_id = actor.pk if actor else None
    run.save()


def undo(run: ReconcileRun, skus: Sequence[str] | None, *, actor: AbstractBaseUser | None, now: datetime) -> Undone:
    """Endings of this run are taken back as far as that can be: all of them, or those of `skus`."""
    undone = Undone()
    with transaction.atomic():
        rows = run.differences.select_for_update().filter(kind=Difference.Kind.TO_END, state=Difference.State.APPLIED)
        if skus is not None:
            rows = rows.filter(sku__in=list(skus))
        chosen = sorted(rows.values_list("sku", flat=True))
        _sort_out(run.channel, chosen, undone)
        taken_back = undone.stopped + undone.put_back
        rows.filter(sku__in=taken_back).update(state=Difference.State.UNDONE)
        if undone.put_back:
            changes, urgency = _ENQUEUED_AS[Difference.Kind.MISSING]
            enqueue(run.channel_id, undone.put_back, kinds=changes, urgency=urgency, now=now)
            transaction.on_commit(lambda: _wake_feed(run.channel_id, now))
    return undone


def _sort_out(channel: Channel, skus: Sequence[str], undone: Undone) -> None:
    """Say for each ending what can be done about it, and stop those that were not sent yet."""
    on_label = (
        set(members(channel.label).filter(sku__in=skus).values_list("sku", flat=True)) if channel.label else set()
    )
    ours = set(Item.objects.filter(seller_id=channel.seller_id, sku__in=skus).values_list("sku", flat=True))
    waiting = PendingChange.objects.select_for_update().filter(channel=channel, sku__in=skus).order_by("sku")
    unsent = set(waiting.values_list("sku", flat=True))
    unsent -= set(FeedLine.objects.filter(channel=channel, sku__in=unsent).values_list("sku", flat=True))
    for sku in skus:
        if sku in on_label:
            undone.put_back.append(sku)
        elif sku in unsent:
            undone.stopped.append(sku)
        elif sku in ours:
            undone.not_on_label.append(sku)
        else:
            undone.strays.append(sku)
    # Nothing was ever sent for these: without our row the listing is again what it was, one made elsewhere.
    PendingChange.objects.filter(channel=channel, sku__in=undone.stopped).delete()
    Listing.objects.filter(channel=channel, sku__in=undone.stopped).delete()

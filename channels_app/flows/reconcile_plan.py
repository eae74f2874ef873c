"""What is done with a plan of the reconciler: apply it, or leave it out; the whole of it, or some SKUs."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction
from django.db.models import QuerySet

from channels_app.flows import brake
from channels_app.flows import reconcile_sql as sql
from channels_app.flows.fan_out import enqueue
from channels_app.flows.jobs import nudge
from channels_app.models import ChannelJob, Difference, PendingChange, ReconcileRun
from inventory.models import ItemChange

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
ENQUEUED_AS: dict[str, tuple[int, Urgency]] = {
    Difference.Kind.TO_END: (Change.MEMBERSHIP, Urgency.WITHDRAW),
    Difference.Kind.MISSING: (Change.STOCK | Change.PRICE | Change.CONTENT | Change.MEMBERSHIP, Urgency.NEW),
    Difference.Kind.DRIFTED: (Change.STOCK | Change.PRICE, Urgency.FELL),
    Difference.Kind.ADOPTABLE: (Change.STOCK | Change.PRICE | Change.CONTENT | Change.MEMBERSHIP, Urgency.CONTENT),
}


class PlanError(Exception):
    """The plan can no longer be decided about like this. The message is for the seller."""


def quiet_since(run: ReconcileRun) -> datetime | None:
    """Return the time since which nothing may have been sent for a SKU that is judged.

    The list was made after we asked for it: if the channel's clock runs ahead of ours, that is the earlier of the two.
    """
    return run.as_of and min(run.as_of, run.created_at) - timedelta(minutes=QUIET_MINUTES)


def apply_differences(
    run: ReconcileRun, kinds: Sequence[str], *, now: datetime, skus: Sequence[str] | None = None
) -> dict[str, int]:
    """Planned differences of these kinds are enqueued for the feed, each re-checked; those no longer so are skipped.

    `skus` names some of them, None all. Call it in a transaction. Returns how many were enqueued, by kind.
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
        "skus": None if skus is None else list(skus),
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.APPLY, params)
        applied: dict[str, list[str]] = dict(cursor.fetchall())
        cursor.execute(sql.SKIP_THE_REST, params)
        # Pending changes before listings: the order in which the feed locks them.
        for kind, found in applied.items():
            changes, urgency = ENQUEUED_AS[kind]
            enqueue(channel.pk, found, kinds=changes, urgency=urgency, now=now)
        # Those that an earlier call has applied may have been sent and confirmed by now.
        cursor.execute(sql.NOTE_APPLIED, {**params, "applied": list(chain.from_iterable(applied.values()))})
    transaction.on_commit(lambda: wake_feed(channel.pk, now))
    return {kind: len(skus) for kind, skus in applied.items()}


def wake_feed(channel_id: int, now: datetime) -> None:
    """The channel's feed looks soon at what was enqueued."""
    nudge([channel_id], [ChannelJob.Kind.OFFERS], now=now)
    nudge([channel_id], [ChannelJob.Kind.CONTENT], now=now)


def expire_older(run: ReconcileRun, *, now: datetime) -> None:
    """Plans before `run` that nobody decided about are no longer true: a newer list has been read."""
    older = ReconcileRun.objects.filter(channel_id=run.channel_id, state=State.PLANNED, pk__lt=run.pk)
    older.update(state=State.EXPIRED, finished_at=now, reason="A newer list of the marketplace has been read.")


def apply_plan(
    run: ReconcileRun, *, actor: AbstractBaseUser | None, now: datetime, skus: Sequence[str] | None = None
) -> dict[str, int]:
    """A person has decided: what the plan ends, or these SKUs of it, may end, whatever the brake says.

    Returns the enqueued, by kind. The brake opens only if it would hold them. Raises PlanError if the plan was decided
    about already, or is too old.
    """
    with transaction.atomic():
        run = _locked(run, now=now)
        endings = _planned(run, skus).filter(kind=Difference.Kind.TO_END).count()
        if skus is None or brake.would_hold(run.channel, endings, now=now):
            brake.let_through(run.channel, actor=actor, now=now, count=endings)
        elif endings:
            brake.remember(run.channel, endings, "approved", actor=actor, now=now)
        applied = apply_differences(run, list(Difference.Kind), now=now, skus=skus)
        if skus is None:
            _decide(run, State.APPLIED, "", actor=actor, now=now)
        else:
            _decide_if_through(run, actor=actor, now=now)
    return applied


def leave_out(
    run: ReconcileRun, *, actor: AbstractBaseUser | None, now: datetime, skus: Sequence[str] | None = None
) -> int:
    """The plan, or these SKUs of it, is off the table; the next run looks again. Returns how many were left out.

    Raises PlanError as `apply_plan` does.
    """
    with transaction.atomic():
        run = _locked(run, now=now)
        left = _planned(run, skus).update(state=Difference.State.LEFT_OUT)
        if left:
            brake.remember(run.channel, left, "left out of a plan", actor=actor, now=now)
        _decide_if_through(run, actor=actor, now=now)
    return left


def _planned(run: ReconcileRun, skus: Sequence[str] | None) -> QuerySet[Difference]:
    rows = run.differences.filter(state=Difference.State.PLANNED)
    return rows if skus is None else rows.filter(sku__in=list(skus))


def _decide_if_through(run: ReconcileRun, *, actor: AbstractBaseUser | None, now: datetime) -> None:
    """A plan of which nothing waits any more is decided; it was discarded if no ending of it was approved."""
    if _planned(run, None).exists():
        return
    ended = run.differences.filter(kind=Difference.Kind.TO_END, state=Difference.State.APPLIED)
    state, reason = (State.APPLIED, "") if ended.exists() else (State.EXPIRED, "Discarded.")
    _decide(run, state, reason, actor=actor, now=now)


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

"""Walks through all items, what is at the marketplaces, plans and held endings, checks of the ledger. Reads only."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from json import loads
from typing import Any

from django.db import connection
from django.db.models import OuterRef, Q, QuerySet, Subquery

from channels_app.flows.ledger import LOST_AFTER
from channels_app.flows.reconcile import plan_is_fresh
from channels_app.flows.working.asked import AskedOfChannels, shown
from channels_app.models import Channel, ChannelJob, ChannelLedger, ChannelWalk, Difference, ReconcileRun, Submission
from channels_app.models.submission import OPEN_PHASES
from inventory.paging import COUNT_LIMIT, count_of
from inventory.work import TOLD, TOLD_FOR, Found, Retry, State, Work, beyond

Run = ReconcileRun.State

_BECAUSE = {
    "activation": "The channel was activated",
    "label": "Its label has changed",
    "listings on": "Listings was switched on",
    "products": "What the marketplace is told of a category has changed",
    "currency": "The marketplace's currency is known now",
    "sent again": "Somebody asked to send refused items again",
    "price": "The rules for prices have changed",
    "quantity": "The rules for quantities have changed",
}


def walks(asked: AskedOfChannels) -> Found:
    """Every item of a channel is looked at, after something that touches all of them."""
    rows = ChannelWalk.objects.filter(channel__in=asked.channels)
    by_id, told = asked.by_id(), list(rows.annotate(total=count_of(rows)).order_by("-cursor", "pk")[:TOLD])
    found = [_walk(asked, row, by_id[row.channel_id]) for row in told]
    url = asked.url("marketplaces")
    return Found(rows=found, more=beyond(told[0].total if told else 0, len(told), State.QUEUED, "channels", url))


def _walk(asked: AskedOfChannels, row: ChannelWalk, channel: Channel) -> Work:
    why = _BECAUSE.get(row.cause, "Its settings have changed")
    return Work(
        key=f"walk-{row.pk}",
        state=State.RUNNING if row.cursor else State.QUEUED,
        what="All items of the label are gone through",
        where=channel.name,
        url=asked.url("channel_listings", channel.public_id),
        link="Look at the listings",
        since=row.created_at,
        starts=None if row.cursor else asked.now,
        reason=f"{why}. It has come to the SKU {row.cursor}." if row.cursor else f"{why}. It begins within seconds.",
    )


def submissions(asked: AskedOfChannels) -> Found:
    """What the marketplaces have, and have not answered whole."""
    rows = Submission.objects.filter(channel__in=asked.channels, phase__in=OPEN_PHASES)
    late, late_count = _first(rows.filter(overdue=True))
    others, other_count = _first(rows.filter(overdue=False))
    by_id, url = asked.by_id(), f"{asked.url('activity')}?tab=sent&show="
    return Found(
        rows=[_submission(asked, row, by_id[row.channel_id]) for row in [*late, *others]],
        more=[
            *beyond(late_count, len(late), State.FAILED, "that no marketplace has answered", f"{url}overdue"),
            *beyond(other_count, len(others), State.RUNNING, "at the marketplaces", f"{url}open"),
        ],
    )


def _first(rows: QuerySet[Submission]) -> tuple[Sequence[Submission], int]:
    """Return the oldest of these, and how many there are."""
    told = list(rows.annotate(total=count_of(rows)).order_by("created_at", "pk")[:TOLD])
    return told, told[0].total if told else 0


def _submission(asked: AskedOfChannels, row: Submission, channel: Channel) -> Work:
    is_lost = row.phase == Submission.Phase.UNKNOWN
    reason = "The marketplace's answer was lost; it is being looked for." if is_lost else ""
    if row.overdue:
        reason = f"{reason or 'The marketplace has not answered in time.'} Nothing else waits for it."
    again = Retry(url=asked.url("submission_ask_again", row.key), text="Ask again now")
    return Work(
        key=f"sent-{row.pk}",
        state=State.FAILED if row.overdue else State.RUNNING,
        what=f"{row.get_kind_display()} at the marketplace",
        where=channel.name,
        url=asked.url("submission", row.key),
        link="Line by line",
        word="Overdue" if row.overdue else "",
        done=row.line_count - row.open_count,
        of=row.line_count,
        since=row.sent_at or row.created_at,
        reason=reason,
        retry=again if row.overdue and asked.may_run(channel) else None,
    )


def plans(asked: AskedOfChannels) -> Found:
    """The newest run of each channel's reconciler, if it reads, waits for a person, or found nothing to go by."""
    newest = ReconcileRun.objects.filter(channel=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    of_channels = Channel.objects.filter(pk__in=asked.active()).annotate(newest=Subquery(newest))
    recent = Q(state__in=[Run.FAILED, Run.REFUSED], finished_at__gte=asked.now - TOLD_FOR)
    rows = ReconcileRun.objects.filter(
        recent | Q(state__in=[Run.EXPORTING, Run.PLANNED]), pk__in=of_channels.values("newest")
    )
    by_id = asked.by_id()
    told = [_plan(asked, row, by_id[row.channel_id]) for row in rows.order_by("channel__name", "pk")]
    return Found(rows=[work for work in told if work])


def _plan(asked: AskedOfChannels, row: ReconcileRun, channel: Channel) -> Work | None:
    if row.state == Run.PLANNED and not plan_is_fresh(row, now=asked.now):
        return None
    state, what, link = {
        Run.EXPORTING: (State.RUNNING, "The reconciler waits for the marketplace's list", "Look at the reconciler"),
        Run.PLANNED: (State.YOURS, "The reconciler's plan waits for your decision", "Look at the plan"),
        Run.REFUSED: (State.FAILED, "The marketplace's list was not trusted", "Look at the reconciler"),
        Run.FAILED: (State.FAILED, "The marketplace's list did not come", "Look at the reconciler"),
    }[Run(row.state)]
    again = channel.reconciler_on and state == State.FAILED
    return Work(
        key=f"plan-{row.pk}",
        state=state,
        what=what,
        where=channel.name,
        url=asked.url("channel_reconciler", channel.public_id),
        link=link,
        since=row.created_at,
        reason=row.reason,
        retry=asked.run_again(channel, ChannelJob.Kind.RECONCILE, "Read it again") if again else None,
    )


# Plan: the newest run of each channel by (channel, id); if it was applied lately, the first of the channel's changes by
# (channel, SKU), the difference of each by (run, SKU).
_MENDING = """
SELECT run.id, run.channel_id, run.finished_at, run.counts, mended.* FROM unnest(%(channels)s::bigint[]) AS asked (id)
CROSS JOIN LATERAL (
    SELECT * FROM channels_app_reconcilerun WHERE channel_id = asked.id ORDER BY id DESC LIMIT 1
) AS run
CROSS JOIN LATERAL (
    SELECT count(*) AS waiting, count(*) FILTER (WHERE EXISTS (
        SELECT FROM channels_app_difference AS one
        WHERE one.run_id = run.id AND one.sku = first.sku AND one.state = 'applied'
    )) AS unmended
    FROM (SELECT sku FROM channels_app_pendingchange WHERE channel_id = asked.id LIMIT %(most)s) AS first
) AS mended
WHERE run.state = 'applied' AND run.finished_at >= %(since)s AND mended.unmended > 0
ORDER BY run.id
"""


def mending(asked: AskedOfChannels) -> Found:
    """Plans of the reconciler that were applied, and whose changes have not all gone out."""
    by_id, since = asked.by_id(), asked.now - timedelta(days=1)
    params: dict[str, Any] = {"channels": asked.active(), "most": COUNT_LIMIT, "since": since}
    with connection.cursor() as cursor:
        cursor.execute(_MENDING, params)
        rows = cursor.fetchall()
    found = []
    for run_id, channel_id, applied_at, counts, waiting, unmended in rows:
        channel, found_in_all = by_id[channel_id], sum(loads(counts).get(kind, 0) for kind in Difference.Kind)
        # Of very many changes only the first were looked at: how many are left of the plan is not known then.
        is_known = waiting < COUNT_LIMIT and found_in_all >= unmended
        found.append(
            Work(
                key=f"mending-{run_id}",
                state=State.RUNNING,
                what="What the reconciler found is being mended",
                where=channel.name,
                url=asked.url("channel_reconciler", channel.public_id),
                link="Look at the plan",
                done=found_in_all - unmended if is_known else None,
                of=found_in_all if is_known else None,
                since=applied_at,
                reason="" if is_known else "Its changes are on their way with many others.",
            )
        )
    return Found(rows=found)


# Plan: the first of what the brake holds on each channel, by the index that holds nothing else. What a person has put
# off is not told.
_HELD = """
SELECT asked.id, held.* FROM unnest(%s::bigint[]) AS asked (id)
CROSS JOIN LATERAL (
    SELECT count(*) AS endings, min(changed_at) FROM (
        SELECT changed_at, not_before FROM channels_app_pendingchange
        WHERE channel_id = asked.id AND held LIMIT %s
    ) AS first WHERE not_before IS NULL OR not_before <= %s
) AS held
WHERE held.endings > 0
"""


def held(asked: AskedOfChannels) -> Found:
    """Endings that the brake holds until a person decides."""
    by_id = asked.by_id()
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [asked.active(), COUNT_LIMIT, asked.now])
        rows: list[tuple[int, int, datetime]] = cursor.fetchall()
    return Found(
        rows=[
            Work(
                key=f"held-{channel_id}",
                state=State.YOURS,
                what=f"{shown(count)} listing{'s' if count > 1 else ''} would end",
                where=by_id[channel_id].name,
                url=asked.url("channel_listings", by_id[channel_id].public_id),
                link="Decide",
                since=since,
                reason="That is more than may end without you: nothing ends until you have decided.",
            )
            for channel_id, count, since in rows
        ]
    )


def ledger_checks(asked: AskedOfChannels) -> Found:
    """Checks that somebody asked for, and what the last one of each channel could not explain."""
    is_asked = Q(asked_at__gt=asked.now - LOST_AFTER)
    rows = ChannelLedger.objects.filter(is_asked | Q(offences__gt=0), channel__in=asked.channels)
    by_id, found = asked.by_id(), []
    for row in rows.defer("sample", "skus").order_by("channel__name", "pk"):
        channel = by_id[row.channel_id]
        runs = row.asked_at is not None and row.asked_at > asked.now - LOST_AFTER
        many = "things" if row.offences > 1 else "thing"
        found.append(
            Work(
                key=f"check-{row.pk}",
                state=State.RUNNING if runs else State.FAILED,
                what="The ledger is being checked"
                if runs
                else f"The nightly check found {row.offences:,} {many} that it cannot explain",
                where=channel.name,
                url=asked.url("channel_listings", channel.public_id),
                link="Look at the listings" if runs else "See what",
                since=row.asked_at if runs else row.at,
            )
        )
    return Found(rows=found)

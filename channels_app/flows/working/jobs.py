"""The jobs of channels that run, failed, or have something to do and wait. Those at rest are not told. Reads only."""

from collections import Counter

from django.db.models import Case, OuterRef, Value, When

from channels_app.adapters.http import SLOW_DOWN
from channels_app.adapters.limiter import RATE_LIMITED
from channels_app.flows import jobs
from channels_app.flows.engine import JOBS_PER_CHANNEL
from channels_app.flows.feed import URGENCIES
from channels_app.flows.troubles import FAILURES_TOLD
from channels_app.flows.working.asked import AskedOfChannels, shown
from channels_app.models import Channel, ChannelCategory, ChannelJob, Command, LedgerState, PendingChange, RawOrder
from inventory.paging import count_of
from inventory.work import Found, State, Work

Kind = ChannelJob.Kind

#: What waits for a job: one, several.
_WAITING = {
    Kind.OFFERS: ("SKU to be sent", "SKUs to be sent"),
    Kind.CONTENT: ("SKU to be sent", "SKUs to be sent"),
    Kind.ORDERS: ("order to be read", "orders to be read"),
    Kind.COMMANDS: ("line of an order to be told", "lines of orders to be told"),
    Kind.CATEGORIES: ("category to be asked about", "categories to be asked about"),
}


def channel_jobs(asked: AskedOfChannels) -> Found:
    """Jobs that run, were stopped, keep failing, or have something to do that waits."""
    rows = ChannelJob.objects.filter(channel__in=asked.channels, enabled=True).annotate(waiting=_count_waiting())
    told = list(rows.order_by("channel__name", "channel_id", "pk"))
    by_id = asked.by_id()
    running = Counter(row.channel_id for row in told if row.claim_expires_at)
    found = [_job(asked, row, by_id[row.channel_id], running=running[row.channel_id]) for row in told]
    return Found(rows=[work for work in found if work])


def _count_waiting() -> Case:
    """Return how many rows wait for a job of each kind, counted no further than anybody reads."""
    own = OuterRef("channel_id")
    changes = PendingChange.objects.filter(channel=own, held=False)
    unknown = ChannelCategory.objects.filter(channel=own, fields=None, is_gone=False, mappings__isnull=False)
    counts = {
        Kind.OFFERS: changes.filter(urgency__range=URGENCIES[Kind.OFFERS]),
        Kind.CONTENT: changes.filter(urgency__range=URGENCIES[Kind.CONTENT]),
        Kind.ORDERS: RawOrder.objects.filter(channel=own, state=RawOrder.State.NEW),
        Kind.COMMANDS: Command.objects.filter(channel=own, state=LedgerState.PENDING),
        Kind.CATEGORIES: unknown,
    }
    return Case(*(When(kind=kind, then=count_of(rows)) for kind, rows in counts.items()), default=Value(0))


def _job(asked: AskedOfChannels, row: ChannelJob, channel: Channel, *, running: int) -> Work | None:
    """Return what is told of the job, None while it is at rest."""
    state = _state_of(asked, row)
    if state is None:
        return None
    waits = {
        State.RUNNING: "",
        State.FAILED: row.last_error or "It stopped.",
        State.QUEUED: _why_queued(asked, row, running=running),
    }[state]
    goes_on = state == State.FAILED and not row.blocked
    if goes_on:
        waits = f"{waits} It has failed {row.failures} times in a row and is tried again by itself."
    text = "Run again" if row.blocked else "Try now"
    return Work(
        key=f"job-{row.pk}",
        state=state,
        what=row.get_kind_display(),
        where=channel.name,
        url=f"{asked.url('channel_settings', channel.public_id)}#{'account' if row.blocked else 'frequency'}",
        link="Look at the account" if row.blocked else "Look at the job",
        since=row.last_run_at if state == State.FAILED else None,
        starts=None if state == State.RUNNING or row.blocked else max(row.next_run_at, asked.now),
        reason=" ".join(part for part in (_how_many(row), waits) if part),
        retry=asked.run_again(channel, row.kind, text) if state == State.FAILED else None,
    )


def _state_of(asked: AskedOfChannels, row: ChannelJob) -> State | None:
    if row.claim_expires_at:
        return State.RUNNING
    if row.blocked or (row.failures >= FAILURES_TOLD and not _is_slowed_down(row)):
        return State.FAILED
    waiting: int = getattr(row, "waiting", 0)
    is_late = jobs.is_late(row, now=asked.now)
    return State.QUEUED if row.failures or waiting or is_late else None


def _is_slowed_down(row: ChannelJob) -> bool:
    """Say whether the job only keeps to what the marketplace allows."""
    return row.last_error == RATE_LIMITED or row.last_error.endswith(SLOW_DOWN)


def _why_queued(asked: AskedOfChannels, row: ChannelJob, *, running: int) -> str:
    if row.failures:
        return row.last_error if _is_slowed_down(row) else jobs.why_it_waits(row, now=asked.now)
    if row.next_run_at > asked.now:
        return ""
    if running >= JOBS_PER_CHANNEL:
        return f"Behind the {running} jobs of this channel that run now."
    return jobs.why_it_waits(row, now=asked.now)


def _how_many(row: ChannelJob) -> str:
    waiting: int = getattr(row, "waiting", 0)
    if not waiting:
        return ""
    one, several = _WAITING[Kind(row.kind)]
    return f"{shown(waiting)} {one if waiting == 1 else several}."

"""Which jobs a channel has, when they run, and how to wake one."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from channels_app.adapters.registry import get_adapter_class
from channels_app.adapters.types import Capability
from channels_app.flows.pace import intervals_of
from channels_app.models import Channel, ChannelJob, FeedLine, PendingChange, Submission
from channels_app.models.submission import OPEN_PHASES, OPEN_STATES

Kind = ChannelJob.Kind

#: A due job starts within a second or two; one that waits longer than this has found no worker.
WORKERS_ARE_BUSY = timedelta(seconds=20)
#: They stand still until a person does something.
STOPPED = Q(enabled=True, blocked=True)


def job_is_wanted(channel: Channel, kind: str) -> bool:
    """Say whether the state and the switches of `channel` ask for this job."""
    running = channel.is_running
    match kind:
        case Kind.CONTENT:
            return running and channel.listings_on
        case Kind.OFFERS:
            return (running and channel.listings_on) or _is_winding_down(channel)
        case Kind.RESULTS:
            return (running and channel.listings_on) or _is_winding_down(channel) or _has_open_submissions(channel)
        case Kind.RECONCILE:
            return running and channel.reconciler_on and channel.can(Capability.RECONCILE)
        case Kind.ORDERS:
            return running and channel.orders_on
        case Kind.COMMANDS:
            # Shipments already recorded are still sent after Fulfillments was switched off.
            return running
        case Kind.RETURNS:
            return running and channel.orders_on and channel.can(Capability.RETURNS)
        case Kind.CATEGORIES:
            return running and channel.listings_on and channel.can(Capability.NEW_PRODUCTS)
        case _:
            return False


def _is_winding_down(channel: Channel) -> bool:
    """Deactivated with quantities to set to 0 or listings to end, and not done yet."""
    if channel.is_running or channel.on_deactivate not in (Channel.OnDeactivate.ZERO, Channel.OnDeactivate.END):
        return False
    return (
        PendingChange.objects.filter(channel=channel).exists()
        or FeedLine.objects.filter(channel=channel, state__in=OPEN_STATES).exists()
    )


def _has_open_submissions(channel: Channel) -> bool:
    return Submission.objects.filter(channel=channel, phase__in=OPEN_PHASES).exists()


def enable_jobs(channel: Channel, *, now: datetime) -> None:
    """Make the job rows follow state and switches, in their transaction; cursors and fences stay."""
    adapter = get_adapter_class(channel.adapter_key)
    intervals = intervals_of(adapter)
    ChannelJob.objects.bulk_create(
        [
            ChannelJob(
                channel=channel,
                seller_id=channel.seller_id,
                kind=kind,
                lane=ChannelJob.LANES[kind],
                host=adapter.host(channel.settings),
                interval_seconds=interval,
                urgency=0 if kind in (Kind.OFFERS, Kind.COMMANDS, Kind.ORDERS) else 5,
                next_run_at=now,
            )
            for kind, interval in intervals.items()
        ],
        ignore_conflicts=True,
    )
    for job in ChannelJob.objects.select_for_update().filter(channel=channel).order_by("pk"):
        wanted = job_is_wanted(channel, job.kind) and job.kind in intervals
        if wanted and not job.enabled:
            job.next_run_at, job.failures, job.blocked, job.last_error = now, 0, False, ""
        job.enabled, job.host = wanted, adapter.host(channel.settings)
        job.interval_seconds = intervals.get(job.kind, job.interval_seconds)
        job.save(
            update_fields=[
                "enabled",
                "host",
                "interval_seconds",
                "next_run_at",
                "failures",
                "blocked",
                "last_error",
            ]
        )


def nudge(channel_ids: Iterable[int], kinds: Iterable[str], *, now: datetime) -> int:
    """Make these jobs due now, but never against a failing job's backoff. Returns how many."""
    jobs = ChannelJob.objects.filter(
        channel_id__in=list(channel_ids), kind__in=list(kinds), enabled=True, blocked=False, failures=0
    )
    with transaction.atomic():
        # Locked in one order, so that two who wake the same jobs never wait for each other in a circle.
        late = jobs.filter(next_run_at__gt=now).select_for_update(no_key=True).order_by("pk")
        return ChannelJob.objects.filter(pk__in=list(late.values_list("pk", flat=True))).update(next_run_at=now)


def run_now(job: ChannelJob, *, now: datetime) -> None:
    """A person asks: the job is due now, its failures are forgotten, and it is no longer blocked."""
    ChannelJob.objects.filter(pk=job.pk).update(next_run_at=now, failures=0, blocked=False, last_error="")


def go_on(channel: Channel, *, now: datetime) -> None:
    """What kept the channel's jobs from running is mended: those that wait for a person are due now."""
    for job in ChannelJob.objects.filter(STOPPED, channel=channel).order_by("pk"):
        run_now(job, now=now)


def why_it_waits(job: ChannelJob, *, now: datetime) -> str:
    """Return why an enabled job does not run at this moment, in the seller's words; "" if it waits for its time."""
    if job.claim_expires_at:
        return ""
    if job.blocked:
        return f"Waits for you: {job.last_error}" if job.last_error else "Waits for you."
    if job.failures:
        times = "once" if job.failures == 1 else f"{job.failures} times in a row"
        return f"Failed {times}: {job.last_error} It is tried again by itself."
    return "Due: waits for a free worker." if is_late(job, now=now) else ""


def is_late(job: ChannelJob, *, now: datetime) -> bool:
    """Say whether it has been due for longer than a worker needs to find it."""
    return job.next_run_at < now - WORKERS_ARE_BUSY

"""Activity at a glance: what runs, what failed or waits for a person, what is queued; and all jobs, at rest or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from channels_app.flows.permissions import Action, actor_of_role, allowed
from channels_app.flows.working import AskedOfChannels, of_channels, of_no_channel
from channels_app.models import Channel, ChannelJob
from channels_app.views.settings_page import why_it_waits
from inventory.tenancy import SellerRequest
from inventory.work import Found, More, State, Work
from inventory.working import of_inventory


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Work that stands alike."""

    anchor: str
    title: str
    rows: list[Work]
    more: list[More]
    #: What it says of itself while there is nothing in it.
    empty: str

    @property
    def count(self) -> int:
        return len(self.rows) + sum(more.count for more in self.more)


_GROUPS = (
    ("running", "Running", (State.RUNNING,), "Nothing runs at this moment."),
    ("yours", "Needs you, or failed", (State.FAILED, State.YOURS), "Nothing failed, and nothing waits for you."),
    ("queued", "Queued", (State.QUEUED,), "Nothing waits for its turn."),
)


def gather(request: SellerRequest, channels: Sequence[Channel], *, is_one: bool, now: datetime) -> list[Group]:
    """Return what is told in each group; with `is_one` of that channel alone."""
    asked = AskedOfChannels(
        seller=request.seller,
        now=now,
        can_manage=request.membership.can_manage,
        channels=[channel for channel in channels if channel.archived_at is None],
        actor=actor_of_role(request.membership.role),
    )
    found = [of_channels(asked)]
    if not is_one:
        found += [of_no_channel(asked), of_inventory(asked)]
    return _grouped(Found.all_of(found))


def _grouped(found: Found) -> list[Group]:
    return [
        Group(
            anchor=anchor,
            title=title,
            rows=sorted((row for row in found.rows if row.state in states), key=lambda row: states.index(row.state)),
            more=[more for more in found.more if more.state in states],
            empty=empty,
        )
        for anchor, title, states, empty in _GROUPS
    ]


def pace(groups: Sequence[Group], channels: Sequence[Channel]) -> str:
    """Return how often the page asks again: often while we work, "" once nothing can begin by itself."""
    running, _, queued = groups
    if any(not work.key.startswith(_ELSEWHERE) for work in running.rows):
        return "2s"
    if any(work.key.startswith(_SOON) for work in queued.rows):
        return "2s"
    if running.rows:
        return "5s"
    return "10s" if queued.rows or any(channel.is_running for channel in channels) else ""


#: What a marketplace takes its time for.
_ELSEWHERE = ("sent-", "plan-")
#: What a person has just asked for begins within a second.
_SOON = ("import-", "parcels-", "walk-", "edit-")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobState:
    """One job, at rest or not."""

    job: ChannelJob
    waits: str
    may_run: bool


def all_jobs(request: SellerRequest, channels: Sequence[Channel], *, now: datetime) -> list[JobState]:
    """Return every job of these channels, with why it does not run where there is a reason."""
    by_id = {channel.pk: channel for channel in channels}
    actor = actor_of_role(request.membership.role)
    rows = []
    for job in ChannelJob.objects.filter(channel__in=channels).order_by("channel__name", "channel_id", "pk"):
        job.channel = channel = by_id[job.channel_id]
        may_run = job.enabled and not job.claim_expires_at and allowed(channel.state, actor, Action.RUN_NOW)
        rows.append(JobState(job=job, waits=why_it_waits(channel, job.kind, job, now), may_run=may_run))
    return rows

"""What the settings page shows beside its forms: tasks, days left, evidence, label, jobs, requests, history."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import OuterRef, Subquery
from django.forms import BoundField

from channels_app.flows import activate, brake, change_requests, connection, jobs
from channels_app.flows.deactivation import listings_left
from channels_app.flows.expiry import expiry_of
from channels_app.flows.listing_counts import count_listings
from channels_app.flows.measured import Measured, measure
from channels_app.flows.permissions import Action, Actor, allowed, why_not
from channels_app.flows.settings import count_ended_by
from channels_app.forms import AskSupportForm, DeactivateForm, Part
from channels_app.models import ChangeRequest, Channel, ChannelJob, JobRun, Listing, Order
from channels_app.views.evidence import find_proofs
from channels_app.views.history_words import describe
from channels_app.views.ledger import find_alarm
from channels_app.views.settings_places import find_sections, find_tasks
from channels_app.views.words import JOBS, MEASURED, SWITCH_OF_JOB, describe_counts
from inventory import labels
from inventory.models import Label, LabelItem
from inventory.paging import count_up_to

#: Nobody needs an exact number above this on this page.
COUNT_LIMIT = 10_001


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchRow:
    field: BoundField
    text: str
    why: str
    warning: str
    stands_under: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelEffect:
    """What a running channel's listings do when another label is chosen."""

    label: Label
    item_count: int
    begin: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """One line of the communication frequency."""

    kind: str
    name: str
    text: str
    interval_seconds: int
    job: ChannelJob | None
    run: JobRun | None
    is_running: bool
    next_run_at: datetime | None
    waits: str
    measured: Measured | None
    #: From what to what.
    measured_words: str
    #: What its last run did.
    did: str


def build_context(
    channel: Channel, parts: Mapping[str, Part], actor: Actor, *, now: datetime, ask_form: AskSupportForm | None = None
) -> dict[str, Any]:
    """Return everything the settings template shows."""
    missing = activate.missing_steps(channel) if channel.state == Channel.State.SETUP else []
    requests = list(ChangeRequest.objects.filter(channel=channel).order_by("-pk")[:10])
    return {
        "channel": channel,
        "marketplace": connection.adapter_class(channel).label,
        "parts": parts,
        "switches": _switch_rows(channel, parts["switches"]),
        "missing": missing,
        "tasks": find_tasks(channel, missing),
        "sections": find_sections(channel, parts, actor, requests=requests),
        "testing_days": settings.TESTING_DAYS,
        "days_left": channel.days_left(now),
        "evidence": _evidence(channel) if channel.is_running else None,
        "proofs": find_proofs(channel) if channel.state == Channel.State.TESTING else [],
        "label_count": labels.member_count(channel.label, limit=COUNT_LIMIT) if channel.label else None,
        "example_sku": _first_sku(channel),
        "expiry": expiry_of(channel, now=now),
        "connection_is_checked": connection.connection_is_checked(channel),
        "jobs": _job_rows(channel, now),
        "held": brake.held(channel, now=now) if channel.is_running else None,
        "alarm": find_alarm(channel, now=now) if channel.is_running else None,
        "may_manage": allowed(channel.state, actor, Action.DECIDE_WITHDRAWALS),
        "requests": requests,
        "ask_form": ask_form or _ask_form(channel, actor),
        "deactivate_form": _deactivate_form(channel, actor),
        "history": [describe(entry) for entry in channel.history.select_related("actor").order_by("-pk")[:10]],
        "may": {action.value: allowed(channel.state, actor, action) for action in Action},
        "why": {action.value: why_not(channel.state, actor, action) for action in Action},
    }


def label_effect(channel: Channel, label: Label) -> LabelEffect:
    """Return what choosing `label` would do to the listings of a running channel."""
    listed = Listing.objects.filter(
        channel=channel, item_id=OuterRef("pk"), state__in=[Listing.State.CREATING, Listing.State.LISTED]
    )
    members = labels.members(label)
    begin = members.exclude(pk__in=Subquery(listed.values("item_id"))).order_by()[:COUNT_LIMIT].count()
    return LabelEffect(
        label=label,
        item_count=labels.member_count(label, limit=COUNT_LIMIT),
        begin=begin,
        end=count_ended_by(channel, label),
    )


def _evidence(channel: Channel) -> dict[str, int]:
    """Return the figures that stand beside Testing: does the channel work? Counted up to a limit."""
    counts = count_listings([channel])[channel.pk]
    return {
        "listed": counts.listed,
        "outdated": counts.outdated,
        "refused": counts.refused,
        "orders": count_up_to(Order.objects.filter(channel=channel)),
    }


def _first_sku(channel: Channel) -> str:
    """Return a SKU of the label for the worked example."""
    if channel.label is None:
        return ""
    # In the order of the index on (label, item): quick even where a small label stands in a large catalogue.
    on_label = LabelItem.objects.filter(
        label=channel.label,
        source__in=labels.INCLUDED,
        item__archived_at=None,
        item__blocked=False,
        item__is_parent=False,
    )
    return on_label.order_by("item_id").values_list("item__sku", flat=True).first() or ""


#: Switch -> (what it does, what switching it off brings with it).
SWITCH_WORDS = {
    "listings_on": (
        "Starts the product feed: items on the label are listed, and every later change of them is sent.",
        "With Listings off, stock no longer flows to this marketplace, and Reconciler goes off too.",
    ),
    "reconciler_on": (
        "Makes us the system of record: listings that are not on the label are ended. Without it, listings made "
        "elsewhere stay and risk that you sell more than you have. Recommended once Testing looks right.",
        "",
    ),
    "orders_on": (
        "Downloads orders, reserves their stock and accepts them.",
        "With Orders off, sales on this marketplace reserve no stock here.",
    ),
    "fulfillments_on": (
        "Sends the shipments, cancellations and refunds that you record here. When off, new orders are imported as "
        "Third Party Managed and no change to them is ever sent.",
        "Orders imported from now on will be Third Party Managed. Shipments already recorded are still sent.",
    ),
}
_STANDS_UNDER = {"reconciler_on": "listings_on", "fulfillments_on": "orders_on"}


def _switch_rows(channel: Channel, part: Part) -> list[SwitchRow]:
    locks: Mapping[str, str] = getattr(part, "locks", {})
    return [
        SwitchRow(
            field=part[name],
            text=text,
            why=locks.get(name, ""),
            warning=warning if channel.is_running and getattr(channel, name) else "",
            stands_under=_STANDS_UNDER.get(name, ""),
        )
        for name, (text, warning) in SWITCH_WORDS.items()
    ]


def _job_rows(channel: Channel, now: datetime) -> list[JobRow]:
    last_run = JobRun.objects.filter(job=OuterRef("pk")).order_by("-started_at", "-pk").values("pk")[:1]
    by_kind = {
        job.kind: job
        for job in ChannelJob.objects.filter(channel=channel).annotate(last_run_id=Subquery(last_run)).order_by("pk")
    }
    runs = JobRun.objects.in_bulk([job.last_run_id for job in by_kind.values() if job.last_run_id])
    measured, rows = measure(channel), []
    for kind, interval in connection.adapter_class(channel).intervals.items():
        job = by_kind.get(kind)
        run = runs.get(job.last_run_id) if job and job.last_run_id else None
        is_running = bool(job and job.claim_expires_at)
        rows.append(
            JobRow(
                kind=kind,
                name=ChannelJob.Kind(kind).label,
                text=JOBS[ChannelJob.Kind(kind)],
                interval_seconds=job.interval_seconds if job else interval,
                job=job if job and job.enabled else None,
                run=run,
                is_running=is_running,
                next_run_at=job.next_run_at if job and job.enabled and not job.blocked else None,
                waits=why_it_waits(channel, kind, job, now),
                measured=measured.get(kind),
                measured_words=MEASURED.get(ChannelJob.Kind(kind), ""),
                did=describe_counts(run.counts) if run else "",
            )
        )
    return rows


def why_it_waits(channel: Channel, kind: str, job: ChannelJob | None, now: datetime) -> str:
    """Return why the job does not run at this moment, in the seller's words; "" if it simply waits for its time."""
    if job is None or not job.enabled:
        if not channel.is_running:
            return "The channel is not active."
        field, name = SWITCH_OF_JOB.get(ChannelJob.Kind(kind), ("", ""))
        return f"{name} is off." if field and not getattr(channel, field) else "Nothing to do on this channel."
    return jobs.why_it_waits(job, now=now)


def _deactivate_form(channel: Channel, actor: Actor) -> DeactivateForm | None:
    """Return the form to deactivate, if this person may; it names how many listings it is about."""
    if not allowed(channel.state, actor, Action.DEACTIVATE):
        return None
    return DeactivateForm(prefix="deactivate", listings=count_up_to(listings_left(channel)))


def _ask_form(channel: Channel, actor: Actor) -> AskSupportForm | None:
    """Return the form to ask support, if this person may and anything is left to ask for."""
    if not allowed(channel.state, actor, Action.ASK_SUPPORT):
        return None
    choices = [
        (what.value, str(what.label))
        for what in change_requests.possible_requests(channel)
        if what != ChangeRequest.What.DEACTIVATE or allowed(channel.state, actor, Action.ASK_DEACTIVATION)
    ]
    return AskSupportForm(choices) if choices else None

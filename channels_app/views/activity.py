"""Activity: what runs, what ran, what was sent and what became of it, and what the marketplaces refused."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from channels_app.flows.permissions import Action, actor_of_role, allowed
from channels_app.models import Channel, ChannelJob, FeedLine, JobRun, LedgerState, Submission
from channels_app.views.newest import page_newest
from channels_app.views.refused import page_of_refused, refused
from channels_app.views.settings_page import why_it_waits
from channels_app.views.words import describe_counts
from inventory.paging import page_by_key
from inventory.tenancy import MemberRequest, SellerRequest, member_page, seller_page
from marketplace_integration import clock

#: Tab -> words. The first is shown without asking.
TABS = {"": "Jobs", "runs": "What was done", "sent": "What was sent", "refused": "What was refused"}
#: Refusals in one file; nobody reads more by eye, and the listings pages have them all.
DOWNLOAD_LIMIT = 100_000
#: A spreadsheet would run a cell that begins like this.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobState:
    """One job as it stands."""

    job: ChannelJob
    state: str
    state_text: str
    waits: str
    may_run: bool


@seller_page()
def activity(request: SellerRequest) -> HttpResponse:
    """Show one tab of what happens between the seller and the marketplaces."""
    channels = list(Channel.objects.filter(seller=request.seller).order_by("name", "pk"))
    chosen = [one for one in channels if str(one.public_id) == request.GET.get("channel")] or channels
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else ""
    context = {
        "channels": channels,
        "names": {one.pk: one.name for one in channels},
        "channel": request.GET.get("channel", ""),
        "tab": tab,
        "tabs": _tabs(request, tab),
        "can_manage": request.membership.can_manage,
    } | _content(request, tab, chosen)
    return render(request, "channels_app/activity.html", context)


def _tabs(request: SellerRequest, current: str) -> list[dict[str, object]]:
    home = reverse("activity", args=[request.seller.slug])
    asked = request.GET.copy()
    for name in ("after", "before"):
        asked.pop(name, None)
    tabs = []
    for tab, text in TABS.items():
        asked["tab"] = tab
        tabs.append({"text": text, "url": f"{home}?{asked.urlencode()}", "is_current": tab == current})
    return tabs


def _content(request: SellerRequest, tab: str, channels: Sequence[Channel]) -> dict[str, object]:
    if tab == "runs":
        runs = JobRun.objects.filter(channel__in=channels).select_related("channel")
        page = page_newest(runs, request.GET)
        return {"page": page, "runs": [(run, describe_counts(run.counts)) for run in page.rows]}
    if tab == "sent":
        submissions = Submission.objects.filter(channel__in=channels).select_related("channel")
        return {"page": page_newest(submissions, request.GET)}
    if tab == "refused":
        return {"page": page_of_refused(channels, request.GET)}
    return {"jobs": _jobs(request, channels, now=clock.now())}


def _jobs(request: SellerRequest, channels: Sequence[Channel], *, now: datetime) -> list[JobState]:
    by_id = {channel.pk: channel for channel in channels}
    actor = actor_of_role(request.membership.role)
    rows = []
    for job in ChannelJob.objects.filter(channel__in=channels).order_by("channel__name", "channel_id", "pk"):
        channel = by_id[job.channel_id]
        job.channel = channel
        state, text = _state_of(job, now=now)
        rows.append(
            JobState(
                job=job,
                state=state,
                state_text=text,
                waits=why_it_waits(channel, job.kind, job, now),
                may_run=job.enabled and not job.claim_expires_at and allowed(channel.state, actor, Action.RUN_NOW),
            )
        )
    return rows


def _state_of(job: ChannelJob, *, now: datetime) -> tuple[str, str]:
    if not job.enabled:
        return "off", "Off"
    if job.claim_expires_at:
        return "running", "Running"
    if job.blocked:
        return "blocked", "Needs you"
    if job.failures:
        return "retry", "Failing"
    return ("queued", "Queued") if job.next_run_at <= now else ("done", "Waiting")


@seller_page()
def submission(request: SellerRequest, key: UUID) -> HttpResponse:
    """Show one submission, line by line."""
    rows = Submission.objects.filter(channel__seller=request.seller).select_related("channel")
    found = get_object_or_404(rows, key=key)
    lines = FeedLine.objects.filter(submission=found)
    only = request.GET.get("only", "")
    if only == "rejected":
        lines = lines.filter(state=LedgerState.REJECTED)
    context = {"submission": found, "page": page_by_key(lines, request.GET, key="sku"), "only": only}
    return render(request, "channels_app/submission.html", context)


@member_page()
def refused_csv(request: MemberRequest) -> StreamingHttpResponse:
    """Download everything that is refused now, with the marketplaces' reasons."""
    channels = list(Channel.objects.filter(seller=request.seller))
    answer = StreamingHttpResponse(_refused_rows(channels), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="refused.csv"'
    return answer


def _refused_rows(channels: Sequence[Channel]) -> Iterator[str]:
    names = {channel.pk: channel.name for channel in channels}
    yield csv_head(["channel", "sku", "code", "reason"])
    rows = refused(channels).order_by("channel_id", "sku")
    for channel_id, *told in rows.values_list("channel_id", "sku", "rejected_code", "rejected_reason")[
        :DOWNLOAD_LIMIT
    ].iterator(chunk_size=2000):
        yield csv_line([names[channel_id], *told])


def csv_head(names: Sequence[str]) -> str:
    """Return the first line of a CSV file; by its mark a program for tables knows that the file is UTF-8."""
    return "\ufeff" + csv_line(names)


def csv_line(values: Sequence[str]) -> str:
    """Return one line of a CSV file; a program for tables takes no value of it for a formula."""
    line = io.StringIO()
    csv.writer(line).writerow(f"'{value}" if value.startswith(_FORMULA) else value for value in values)
    return line.getvalue()

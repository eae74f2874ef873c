"""Activity: what runs, what was done, what was sent and what became of it, and what the marketplaces refused."""

from collections.abc import Iterator, Sequence
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from channels_app.flows.permissions import Action, NotAllowed, actor_of_role, allowed
from channels_app.flows.resend import ask_about
from channels_app.flows.takeover import SUBMISSION_KINDS
from channels_app.models import Channel, ChannelJob, FeedLine, JobRun, LedgerState, Submission
from channels_app.models.submission import OPEN_PHASES
from channels_app.views import activity_now
from channels_app.views.activity_runs import RunsAsked, page_of_runs, rows_of
from channels_app.views.newest import of_channels, page_newest
from channels_app.views.refused import page_of_refused, refused
from inventory.csv_writing import csv_answer, csv_head, csv_line
from inventory.days import bounds_of, day_in
from inventory.models import Role
from inventory.paging import number_in, page_by_key
from inventory.tenancy import MemberRequest, SellerRequest, member_page, seller_page
from inventory.views.back import back_to_activity
from marketplace_integration import clock

#: Tab -> words. The first is shown without asking.
TABS = {"": "Now", "runs": "What was done", "sent": "What was sent", "refused": "What was refused"}
#: Tabs of which a day is shown alone.
BY_DAY = ("runs", "sent")
#: Part of what was sent -> words.
SENT = {
    "": "Everything",
    "open": "Not answered yet",
    "overdue": "Overdue",
    "refused": "With refusals",
}
#: Refusals in one file; nobody reads more by eye, and the listings pages have them all.
DOWNLOAD_LIMIT = 100_000


@seller_page()
def activity(request: SellerRequest) -> HttpResponse:
    """Show one tab of what happens for the seller; the first is asked again by the page while something runs."""
    channels = list(Channel.objects.filter(seller=request.seller).order_by("name", "pk"))
    chosen = [one for one in channels if str(one.public_id) == request.GET.get("channel")]
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else ""
    is_part = tab == "" and bool(request.headers.get("HX-Request"))
    context = {
        "channels": channels,
        "channel": request.GET.get("channel", "") if chosen else "",
        "tab": tab,
        "today": clock.now().astimezone(ZoneInfo(request.seller.time_zone)).date(),
        "can_manage": request.membership.can_manage,
    }
    if tab == "":
        context |= _now(request, chosen or channels, is_one=bool(chosen), is_part=is_part)
    else:
        context |= _content(request, tab, chosen or channels)
    if is_part:
        return render(request, "channels_app/activity_now.html", context)
    return render(request, "channels_app/activity.html", context | {"tabs": _tabs(request, tab)})


def _tabs(request: SellerRequest, current: str) -> list[dict[str, object]]:
    home = reverse("activity", args=[request.seller.slug])
    channel, day = (request.GET.get(name, "") for name in ("channel", "day"))
    tabs = []
    for tab, text in TABS.items():
        kept = {"channel": channel, "tab": tab, "day": day if tab in BY_DAY else ""}
        asked = {name: value for name, value in kept.items() if value}
        tabs.append({"text": text, "url": f"{home}?{urlencode(asked)}", "is_current": tab == current})
    return tabs


def _now(request: SellerRequest, channels: Sequence[Channel], *, is_one: bool, is_part: bool) -> dict[str, object]:
    now = clock.now()
    groups = activity_now.gather(request, channels, is_one=is_one, now=now)
    return {
        "groups": groups,
        "pace": activity_now.pace(groups, channels),
        "is_quiet": not any(group.rows for group in groups),
        "jobs": [] if is_part else activity_now.all_jobs(request, channels, now=now),
    }


def _content(request: SellerRequest, tab: str, channels: Sequence[Channel]) -> dict[str, object]:
    if tab == "runs":
        return _runs(request, channels)
    if tab == "sent":
        return _sent(request, channels)
    return {"page": page_of_refused(channels, request.GET)}


def _runs(request: SellerRequest, channels: Sequence[Channel]) -> dict[str, object]:
    job = request.GET.get("job", "")
    asked = RunsAsked(
        job=job if job in ChannelJob.Kind else "",
        failures_only=request.GET.get("only") == "failed",
        day=day_in(request.GET.get("day", "")),
    )
    page = page_of_runs(request.seller, channels, asked, request.GET)
    return {
        "page": page,
        "asked": asked,
        "day": asked.day,
        "kinds": ChannelJob.Kind.choices,
        "runs": rows_of(page.rows),
    }


def _sent(request: SellerRequest, channels: Sequence[Channel]) -> dict[str, object]:
    show = request.GET.get("show", "")
    run = _run_asked_for(request, channels)
    rows = Submission.objects.select_related("channel")
    if run is not None:
        rows = rows.filter(channel=run.channel_id, fence=run.fence, kind__in=SUBMISSION_KINDS.get(run.kind, ()))
    if show in ("open", "overdue"):
        rows = rows.filter(phase__in=OPEN_PHASES)
    if show == "overdue":
        rows = rows.filter(overdue=True)
    if show == "refused":
        rows = rows.filter(rejected_count__gt=0)
    day = day_in(request.GET.get("day", ""))
    if day is not None:
        begins, ends = bounds_of(day, request.seller)
        rows = rows.filter(created_at__gte=begins, created_at__lt=ends)
    page = page_newest(of_channels(rows, channels, at="created_at"), request.GET, at="created_at")
    return {"page": page, "show": show if show in SENT else "", "shows": SENT, "run": run, "day": day}


def _run_asked_for(request: SellerRequest, channels: Sequence[Channel]) -> JobRun | None:
    number = number_in(request.GET.get("run", ""))
    rows = JobRun.objects.select_related("channel").filter(channel__in=channels)
    return rows.filter(pk=number).first() if number is not None else None


@seller_page()
def submission(request: SellerRequest, key: UUID) -> HttpResponse:
    """Show one submission, line by line."""
    rows = Submission.objects.filter(channel__seller=request.seller).select_related("channel")
    found = get_object_or_404(rows, key=key)
    lines = FeedLine.objects.filter(submission=found)
    only = request.GET.get("only", "")
    if only == "rejected":
        lines = lines.filter(state=LedgerState.REJECTED)
    may_run = allowed(found.channel.state, actor_of_role(request.membership.role), Action.RUN_NOW)
    context = {
        "submission": found,
        "page": page_by_key(lines, request.GET, key="sku"),
        "only": only,
        "may_ask": may_run and found.phase in OPEN_PHASES,
    }
    return render(request, "channels_app/submission.html", context)


@require_POST
@seller_page(Role.MANAGER)
def submission_ask_again(request: SellerRequest, key: UUID) -> HttpResponse:
    """The marketplace is asked at once what became of it."""
    rows = Submission.objects.filter(channel__seller=request.seller).select_related("channel")
    found = get_object_or_404(rows, key=key)
    try:
        is_open = ask_about(found, actor=request.membership.user, now=clock.now())
    except NotAllowed as error:
        messages.error(request, str(error))
    else:
        words = f"{found.channel.name} is asked now. What it says appears here within seconds."
        messages.success(request, words if is_open else "The marketplace has answered meanwhile.")
    return back_to_activity(request) or redirect("submission", request.seller.slug, found.key)


@member_page()
def refused_csv(request: MemberRequest) -> StreamingHttpResponse:
    """Download everything that is refused now, with the marketplaces' reasons."""
    channels = list(Channel.objects.filter(seller=request.seller))
    return csv_answer(_refused_rows(channels), "refused.csv")


def _refused_rows(channels: Sequence[Channel]) -> Iterator[str]:
    names = {channel.pk: channel.name for channel in channels}
    yield csv_head(["channel", "sku", "code", "reason"])
    rows = refused(channels).order_by("channel_id", "sku")
    for channel_id, *told in rows.values_list("channel_id", "sku", "rejected_code", "rejected_reason")[
        :DOWNLOAD_LIMIT
    ].iterator(chunk_size=2000):
        yield csv_line([names[channel_id], *told])

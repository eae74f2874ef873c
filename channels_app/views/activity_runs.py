"""What the jobs did, run by run; a job that fails again and again for the same reason stands in one row."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.http import QueryDict

from channels_app.flows.sentences import without_values
from channels_app.flows.takeover import SUBMISSION_KINDS
from channels_app.models import Channel, ChannelJob, JobRun, Submission
from channels_app.views.by_time import place_of
from channels_app.views.newest import of_channels, of_jobs, places_in
from channels_app.views.words import describe_counts
from inventory.days import bounds_of
from inventory.models import Seller
from inventory.paging import SIZE, Fetch, Page, page_of

#: Runs that one page looks at: so many failures stand in one row.
WINDOW = 500
Outcome = JobRun.Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsAsked:
    """Which runs are shown, as the address says."""

    #: A kind of job, or "".
    job: str
    failures_only: bool
    #: Where the seller is.
    day: date | None


@dataclass(frozen=True, slots=True)
class Streak:
    """One run; or the runs of one job that failed one after the other for the same reason, the newest first."""

    runs: list[JobRun]

    @property
    def newest(self) -> JobRun:
        return self.runs[0]

    def goes_on_with(self, run: JobRun) -> bool:
        return run.outcome != Outcome.DONE and _reason(run) == _reason(self.newest)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One run in words, and what it sent."""

    run: JobRun
    words: str
    sent: list[Submission]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreakRow:
    """A streak, as the page shows it."""

    newest: RunRow
    #: All of them, if there are several.
    runs: list[RunRow]

    @property
    def oldest(self) -> JobRun:
        return self.runs[-1].run


def page_of_runs(seller: Seller, channels: Sequence[Channel], asked: RunsAsked, query: QueryDict) -> Page[JobRun]:
    """Return the runs of the page that the query asks for: as many as make a page of streaks, at most WINDOW."""
    fetch, (after, before) = _fetch(seller, channels, asked), places_in(query)
    found = fetch(after, before, WINDOW + 1)
    used = sum(len(streak.runs) for streak in streaks_of(found[:WINDOW], most=SIZE))
    return page_of(
        lambda *_: found[: used + 1],
        query,
        after=after,
        before=before,
        place_of=lambda run: place_of(run.started_at, run.pk),
        size=used,
    )


def _fetch(seller: Seller, channels: Sequence[Channel], asked: RunsAsked) -> Fetch[JobRun]:
    runs = JobRun.objects.select_related("channel")
    if asked.day is not None:
        begins, ends = bounds_of(asked.day, seller)
        runs = runs.filter(started_at__gte=begins, started_at__lt=ends)
    if asked.failures_only:
        runs = runs.exclude(outcome=Outcome.DONE)
    if not asked.job and not asked.failures_only:
        return of_channels(runs, channels, at="started_at")
    jobs = ChannelJob.objects.filter(channel__in=channels)
    return of_jobs(runs, jobs.filter(kind=asked.job) if asked.job else jobs, at="started_at")


def streaks_of(runs: Sequence[JobRun], most: int | None = None) -> list[Streak]:
    """Return the runs joined, each streak where its first one stands; no further than `most` streaks reach."""
    found: list[Streak] = []
    last: dict[int, Streak] = {}
    for run in runs:
        streak = last.get(run.job_id)
        if streak is not None and streak.goes_on_with(run):
            streak.runs.append(run)
            continue
        if len(found) == most:
            break
        last[run.job_id] = streak = Streak([run])
        found.append(streak)
    return found


def _reason(run: JobRun) -> tuple[str, str]:
    return run.outcome, without_values(run.error)


def rows_of(runs: Sequence[JobRun]) -> list[StreakRow]:
    """Return the rows of a page of runs, in one query."""
    sent = _sent_by(runs)

    def told(run: JobRun) -> RunRow:
        return RunRow(run=run, words=describe_counts(run.counts), sent=sent[run.pk])

    return [
        StreakRow(newest=told(one.newest), runs=list(map(told, one.runs)) if len(one.runs) > 1 else [])
        for one in streaks_of(runs)
    ]


def _sent_by(runs: Sequence[JobRun]) -> dict[int, list[Submission]]:
    """Return what these runs have sent, by run: both bear the fence of the claim."""
    fences = {run.fence for run in runs if run.kind in SUBMISSION_KINDS}
    rows = Submission.objects.filter(channel__in={run.channel_id for run in runs}, fence__in=fences).order_by("pk")
    rows = rows.only("channel_id", "fence", "kind", "key")
    found: dict[tuple[int, int], list[Submission]] = defaultdict(list)
    for row in rows if fences else ():
        found[row.channel_id, row.fence].append(row)
    return {
        run.pk: [row for row in found[run.channel_id, run.fence] if row.kind in SUBMISSION_KINDS.get(run.kind, ())]
        for run in runs
    }

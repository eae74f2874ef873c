"""What was done: by job and by day, and failures that are alike in one row."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from channels_app.models import ChannelJob, JobRun, Submission
from channels_app.views import activity_runs
from tests.factories import make_channel
from tests.flows.order_rig import Rig, rig

__all__ = ["rig"]

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def browser(rig: Rig, client: Client) -> Client:
    rig.seller.time_zone = "America/New_York"
    rig.seller.save()
    client.force_login(rig.owner)
    return client


def ran(rig: Rig, kind: str, minute: float, error: str = "", outcome: str = "", **fields: Any) -> JobRun:
    """Make a run of this job so many minutes after AT."""
    job = ChannelJob.objects.filter(kind=kind).first() or ChannelJob.objects.get(pk=rig.claim(kind).job_id)
    return JobRun.objects.create(
        job=job,
        channel=rig.channel,
        kind=kind,
        fence=1,
        started_at=AT + timedelta(minutes=minute),
        outcome=outcome or ("retry" if error else "done"),
        error=error,
        **fields,
    )


def shown(browser: Client, query: str = "") -> list[list[int]]:
    """Return the rows of the page, each with the numbers of its runs."""
    rows = browser.get(f"/s/acme/activity/?tab=runs{query}").context["runs"]
    return [[one.run.pk for one in row.runs] or [row.newest.run.pk] for row in rows]


def test_runs_of_one_job_are_shown_alone_under_its_own_name(browser: Client, rig: Rig):
    ran(rig, "offers", 0)
    orders = ran(rig, "orders", 1)

    page = browser.get("/s/acme/activity/?tab=runs&job=orders").content.decode()

    assert shown(browser, "&job=orders") == [[orders.pk]]
    assert '<option value="orders" selected>Order download</option>' in page
    assert len(shown(browser, "&job=nonsense")) == 2


def test_a_day_is_the_sellers_own(browser: Client, rig: Rig):
    # In New York the day of 2 March is from 05:00 to 05:00 of the next in UTC.
    hours = {hour: ran(rig, "orders", 60 * (hour - 12)).pk for hour in (4.9, 5, 28.9, 29)}

    assert shown(browser, "&day=2026-03-02") == [[hours[28.9]], [hours[5]]]
    assert len(shown(browser, "&day=nonsense")) == 4


def test_what_was_sent_on_a_day_is_shown_alone_and_the_tabs_keep_the_day(browser: Client, rig: Rig):
    for hour, key in ((4, 1), (5, 2)):
        Submission.objects.create(
            channel=rig.channel,
            kind="offer",
            key=f"00000000-0000-0000-0000-00000000000{key}",
            fence=1,
            line_count=1,
            created_at=AT.replace(hour=hour),
        )

    page = browser.get("/s/acme/activity/?tab=sent&day=2026-03-02")

    assert [row.created_at.hour for row in page.context["page"].rows] == [5]
    kept = {tab["text"]: "day=2026-03-02" in str(tab["url"]) for tab in page.context["tabs"]}
    assert kept == {"Now": False, "What was done": True, "What was sent": True, "What was refused": False}


def test_a_job_that_fails_again_and_again_for_one_reason_stands_in_one_row(browser: Client, rig: Rig):
    first, second = ran(rig, "orders", 0, "Busy until 12:07."), ran(rig, "orders", 2, "Busy until 12:09.")
    other_job = ran(rig, "offers", 3)
    third = ran(rig, "orders", 4, "Busy until 12:11.")

    assert shown(browser) == [[third.pk, second.pk, first.pk], [other_job.pk]]
    page = browser.get("/s/acme/activity/?tab=runs").content.decode()
    assert "3 times in a row" in page
    assert "Busy until 12:07." in page


@pytest.mark.parametrize(
    "between",
    [
        {"minute": 1},
        {"minute": 1, "error": "The token is wrong."},
        {"minute": 1, "error": "Busy.", "outcome": "blocked"},
    ],
    ids=["one that went well", "another reason", "another outcome"],
)
def test_what_lies_between_parts_a_row_of_failures(browser: Client, rig: Rig, between: dict[str, Any]):
    first = ran(rig, "orders", 0, "Busy.")
    other = ran(rig, "orders", **between)
    last = ran(rig, "orders", 2, "Busy.")

    assert shown(browser) == [[last.pk], [other.pk], [first.pk]]


def test_runs_that_went_well_are_never_joined(browser: Client, rig: Rig):
    runs = [ran(rig, "orders", minute).pk for minute in range(3)]

    assert shown(browser) == [[pk] for pk in reversed(runs)]


def _mixed(rig: Rig) -> list[int]:
    """Make runs of two jobs on two channels, failures among them. Returns their numbers, newest first."""
    second = make_channel(rig.seller, name="Second", label=rig.channel.label)
    for number in range(130):
        ran(rig, "offers" if number % 3 else "orders", number, "Busy." if number % 40 < 20 else "")
    JobRun.objects.filter(pk__in=list(JobRun.objects.values_list("pk", flat=True)[::7])).update(channel=second)
    return list(JobRun.objects.order_by("-started_at").values_list("pk", flat=True))


@pytest.mark.parametrize(("size", "window"), [(50, 500), (4, 500), (50, 7), (3, 10)])
def test_pages_of_rows_join_without_a_gap_there_and_back(
    browser: Client, rig: Rig, size: int, window: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(activity_runs, "SIZE", size)
    monkeypatch.setattr(activity_runs, "WINDOW", window)
    wanted, seen, url = _mixed(rig), [], "?tab=runs"

    while url:
        page = browser.get(f"/s/acme/activity/{url}").context["page"]
        assert len(page.rows) <= window
        seen += [run.pk for run in page.rows]
        url = page.next_url
    back = [run.pk for run in page.rows]
    while page.previous_url:
        page = browser.get(f"/s/acme/activity/{page.previous_url}").context["page"]
        back = [run.pk for run in page.rows] + back

    assert seen == wanted
    assert back == wanted


def test_a_page_of_failures_costs_few_queries(browser: Client, rig: Rig):
    for minute in range(60):
        ran(rig, "orders", minute, f"Busy, try {minute}.")

    with CaptureQueriesContext(connection) as queries:
        rows = shown(browser, "&only=failed")

    assert [len(row) for row in rows] == [60]
    assert len(queries) <= 8


@pytest.mark.parametrize(("seconds", "said"), [(60, "took 1 minute<"), (0.2, "took 1 second<"), (None, "")])
def test_a_run_says_how_long_it_took(browser: Client, rig: Rig, seconds: float | None, said: str):
    ran(rig, "orders", 0, finished_at=None if seconds is None else AT + timedelta(seconds=seconds))

    page = browser.get("/s/acme/activity/?tab=runs").content.decode()

    assert ("took" in page) is bool(said)
    assert said in page


@pytest.mark.parametrize("place", ["nonsense", "2026-03-02T12:00:00_1", "2026-03-02T12:00:00+00:00_x", "7"])
def test_a_place_that_was_tampered_with_is_none(browser: Client, rig: Rig, place: str):
    run = ran(rig, "orders", 0)

    assert browser.get("/s/acme/activity/", {"tab": "runs", "after": place}).context["page"].rows == [run]

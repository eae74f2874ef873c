"""Activity in a real browser: progress that moves by itself, and a failure tried again by keyboard."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from channels_app.models import ChannelJob, JobRun
from inventory.models import CsvImport
from marketplace_integration import clock
from tests.browser.conftest import assert_good, sign_in
from tests.flows.order_rig import Rig, rig
from tests.views import activity_rig
from tests.views.activity_rig import CASES

__all__ = ["rig"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
both_sizes = pytest.mark.parametrize("phone", [False, True], indirect=True, ids=["desktop", "phone"])


@pytest.fixture(autouse=True)
def today(rig: Rig) -> None:
    rig.now = rig.market.now = clock.now()
    rig.item()


def _open(page: Page, live_server: LiveServer, rig: Rig) -> None:
    sign_in(page, rig.owner, live_server.url)
    page.goto(f"{live_server.url}/s/acme/activity/")
    expect(page.get_by_role("heading", name="Activity")).to_be_visible()


@both_sizes
def test_progress_moves_without_loading_the_page_again(page: Page, live_server: LiveServer, rig: Rig):
    activity_rig.file(rig, clock.now(), "running", attempts=1, rows_done=1_000)
    _open(page, live_server, rig)
    running = page.get_by_role("region", name="Running")
    expect(running).to_contain_text("1,000 of 4,000")
    assert_good(page)
    page.evaluate("document.body.dataset.stays = 'here'")

    CsvImport.objects.update(rows_done=3_200)
    expect(running).to_contain_text("3,200 of 4,000")
    expect(running.get_by_role("progressbar")).to_have_attribute("value", "3200")
    CsvImport.objects.update(state="done")

    expect(page.get_by_text("All is quiet")).to_be_visible()
    expect(page.locator("body")).to_have_attribute("data-stays", "here")


@both_sizes
def test_a_failure_is_tried_again_by_keyboard_while_the_page_follows(page: Page, live_server: LiveServer, rig: Rig):
    activity_rig.file(rig, clock.now(), "running", attempts=1, rows_done=1_000)
    job = activity_rig.job(rig, clock.now(), blocked=True, failures=1, last_error="The token is wrong.")
    _open(page, live_server, rig)
    button = page.get_by_role("button", name=re.compile("^Run again.*Order download on Sandbox"))
    page.get_by_role("link", name=re.compile("^Look at the account.*Order download")).focus()
    page.keyboard.press("Shift+Tab")
    expect(button).to_be_focused()
    CsvImport.objects.update(rows_done=2_000)
    expect(page.get_by_role("region", name="Running")).to_contain_text("2,000 of 4,000")
    expect(button).to_be_focused()

    page.keyboard.press("Enter")

    expect(page.get_by_text("Order download: starts within seconds.")).to_be_visible()
    expect(page).to_have_url(re.compile("/s/acme/activity/$"))
    assert not ChannelJob.objects.get(pk=job.pk).blocked


@both_sizes
def test_everything_there_is_fits_and_can_be_read(page: Page, live_server: LiveServer, rig: Rig):
    for name in (
        *("a stopped job", "prices at the marketplace", "prices that get no answer", "a plan", "a file behind another"),
        *("a refused shipping notice", "an order that cannot be read", "a letter that did not leave"),
        *(
            "parcels that are recorded",
            "parcels to be confirmed",
            "listings to be sent",
            "a rule that is being applied",
        ),
    ):
        CASES[name][0](rig, clock.now())

    _open(page, live_server, rig)

    expect(page.get_by_role("region", name="Needs you, or failed").get_by_role("listitem")).to_have_count(7)
    page.locator("#jobs summary").click()
    expect(page.get_by_role("group", name="All jobs")).to_be_visible()
    assert_good(page)


def test_what_was_done_and_sent_can_be_narrowed_to_what_went_wrong(page: Page, live_server: LiveServer, rig: Rig):
    activity_rig.submission(rig, clock.now(), kind="price", overdue=True)
    activity_rig.submission(rig, clock.now(), rejected_count=0)
    _open(page, live_server, rig)
    page.get_by_role("link", name="What was sent").click()
    expect(page.get_by_role("row")).to_have_count(3)
    assert_good(page)

    page.get_by_label("Show", exact=True).select_option("Overdue")

    expect(page.get_by_role("row")).to_have_count(2)
    expect(page.get_by_role("row").nth(1)).to_contain_text("Overdue")
    page.get_by_role("link", name="What was done").click()
    page.get_by_label("Outcome").select_option("Failures only")
    expect(page.get_by_text("No run has failed.")).to_be_visible()
    assert_good(page)


@both_sizes
def test_failures_that_are_alike_are_opened_one_by_one_and_kept_apart_by_job_and_day(
    page: Page, live_server: LiveServer, rig: Rig
):
    now = clock.now()
    jobs = {kind: ChannelJob.objects.get(pk=rig.claim(kind).job_id) for kind in ("orders", "offers")}
    for minute, (kind, error) in enumerate([*[("orders", f"Busy, {n} wait.") for n in range(12)], ("offers", "")]):
        JobRun.objects.create(
            job=jobs[kind],
            channel=rig.channel,
            kind=kind,
            fence=1,
            started_at=now - timedelta(minutes=20 - minute),
            outcome="retry" if error else "done",
            error=error,
            counts={} if error else {"sent": 3},
        )
    _open(page, live_server, rig)
    page.get_by_role("link", name="What was done").click()
    expect(page.get_by_role("row")).to_have_count(3)
    folded = page.get_by_text("12 times in a row")
    folded.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Busy, 0 wait.")).to_be_visible()
    assert_good(page)

    page.get_by_label("Job", exact=True).select_option("Prices and quantities")

    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_label("Day").fill("2020-01-01")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_text("Nothing like it on 1 Jan 2020.")).to_be_visible()
    expect(page).to_have_url(re.compile(r"job=offers.*day=2020-01-01"))
    assert_good(page)

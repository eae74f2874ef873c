"""Activity and reconciler pages: what runs, what was sent, what was refused, and what waits for a person."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from channels_app.flows.reconcile import run_reconciler
from channels_app.models import ChannelJob, FeedLine, JobRun, Listing, PendingChange, ReconcileRun, Submission
from inventory.models import LabelItem, Role
from marketplace_integration import clock
from tests.factories import make_channel, make_seller, make_user
from tests.fakes import FakeListing
from tests.flows.order_rig import PRICE, Rig, rig

__all__ = ["rig"]


@pytest.fixture
def browser(rig: Rig, client: Client) -> Client:
    client.force_login(rig.owner)
    return client


@pytest.mark.django_db
@pytest.mark.parametrize("tab", ["runs", "sent"])
def test_who_has_no_channel_is_led_to_the_marketplaces(client: Client, tab: str):
    seller = make_seller("new")
    client.force_login(make_user("new", seller=seller))

    page = client.get("/s/new/activity/", {"tab": tab}).content.decode()

    assert "They begin when a channel is activated." in page
    assert "Go to marketplaces" in page


def test_a_file_of_what_is_refused_is_offered_where_something_is(browser: Client, rig: Rig):
    nothing = browser.get("/s/acme/activity/", {"tab": "refused"}).content.decode()
    rig.channel.listings.create(sku="MUG-1", state="rejected", rejected_hash="x")

    assert "Download CSV" not in nothing
    assert "Download CSV" in browser.get("/s/acme/activity/", {"tab": "refused"}).content.decode()


def _page(browser: Client, query: str = "") -> str:
    answer = browser.get(f"/s/acme/activity/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def _sent(rig: Rig) -> Submission:
    sent = Submission.objects.create(
        channel=rig.channel,
        kind="offer",
        key=uuid.uuid4(),
        fence=1,
        line_count=3,
        created_at=rig.now,
        phase="open",
        confirmed_count=1,
        rejected_count=1,
    )
    for sku, state, reason in (("MUG-1", "confirmed", ""), ("CUP-1", "rejected", "Too cheap.")):
        FeedLine.objects.create(
            submission=sent,
            channel=rig.channel,
            sku=sku,
            kind="offer",
            state=state,
            reason=reason,
            created_at=rig.now,
        )
    return sent


def test_jobs_are_told_in_plain_words(browser: Client, rig: Rig):
    rig.claim("orders")
    rig.claim("commands")
    ChannelJob.objects.filter(kind="orders").update(blocked=True, last_error="The token is wrong.")

    page = _page(browser)

    assert "Needs you" in page
    assert "Waits for you: The token is wrong." in page
    assert "Queued" in page


@pytest.mark.django_db
def test_a_seller_without_channels_is_told_what_to_do(client: Client):
    client.force_login(make_user(seller=make_seller("empty")))

    assert "Jobs begin when a channel is activated." in client.get("/s/empty/activity/").content.decode()


def test_runs_say_what_was_done_and_what_went_wrong(browser: Client, rig: Rig):
    claim = rig.claim("orders")
    JobRun.objects.create(
        job_id=claim.job_id,
        channel=rig.channel,
        kind="orders",
        fence=1,
        started_at=rig.now,
        outcome="retry",
        counts={"orders": 7},
        error="The marketplace is busy.",
    )

    page = _page(browser, "?tab=runs")

    assert "7 new orders" in page
    assert "The marketplace is busy." in page


def test_submissions_show_what_became_of_their_lines(browser: Client, rig: Rig):
    sent = _sent(rig)

    page = browser.get("/s/acme/activity/?tab=sent")

    row = page.context["page"].rows[0]
    assert (row, row.confirmed_count, row.rejected_count, row.open_count) == (sent, 1, 1, 1)


def _run(rig: Rig, kind: str, fence: int, outcome: str = "done") -> JobRun:
    claim = rig.claim(kind)
    return JobRun.objects.create(
        job_id=claim.job_id, channel=rig.channel, kind=kind, fence=fence, started_at=rig.now, outcome=outcome
    )


def test_runs_can_be_narrowed_to_failures(browser: Client, rig: Rig):
    outcomes = ["done", "retry", "unknown", "blocked", "failed"]
    runs = [_run(rig, "offers", fence, outcome) for fence, outcome in enumerate(outcomes)]

    page = browser.get("/s/acme/activity/?tab=runs&only=failed")

    assert [row.newest.run for row in page.context["runs"]] == runs[:0:-1]


def test_a_run_leads_to_what_it_sent_and_to_nothing_else(browser: Client, rig: Rig):
    sent = _sent(rig)
    run, other, orders = _run(rig, "offers", 1), _run(rig, "offers", 2), _run(rig, "orders", 1)

    rows = [row.newest for row in browser.get("/s/acme/activity/?tab=runs").context["runs"]]
    told = {row.run: row.sent for row in rows}
    listed = browser.get(f"/s/acme/activity/?tab=sent&run={run.pk}").context["page"].rows

    assert told == {run: [sent], other: [], orders: []}
    assert listed == [sent]
    assert browser.get(f"/s/acme/activity/?tab=sent&run={other.pk}").context["page"].rows == []


@pytest.mark.parametrize(
    ("show", "found"), [("", "lorc"), ("open", "lo"), ("overdue", "l"), ("refused", "r"), ("nonsense", "lorc")]
)
def test_what_was_sent_can_be_narrowed(browser: Client, rig: Rig, show: str, found: str):
    sent = {name: _sent(rig) for name in "crol"}
    Submission.objects.update(rejected_count=0, phase="closed")
    Submission.objects.filter(pk__in=[sent["o"].pk, sent["l"].pk]).update(phase="open")
    Submission.objects.filter(pk__in=[sent["l"].pk, sent["c"].pk]).update(overdue=True)
    Submission.objects.filter(pk=sent["r"].pk).update(rejected_count=2)

    rows = browser.get(f"/s/acme/activity/?tab=sent&show={show}").context["page"].rows

    assert rows == [sent[name] for name in found]


def test_pages_of_several_channels_join_without_a_gap(browser: Client, rig: Rig):
    second = make_channel(rig.seller, name="Second", label=rig.channel.label)
    for number in range(130):
        channel = rig.channel if number % 7 else second
        Submission.objects.create(
            channel=channel, kind="offer", key=uuid.uuid4(), fence=1, line_count=1, created_at=rig.now
        )
    seen: list[int] = []
    url = "?tab=sent"

    while url:
        page = browser.get(f"/s/acme/activity/{url}").context["page"]
        seen += [row.pk for row in page.rows]
        url = page.next_url

    assert seen == list(Submission.objects.order_by("-pk").values_list("pk", flat=True))
    before = browser.get(f"/s/acme/activity/{page.previous_url}").context["page"]
    assert [row.pk for row in before.rows] == seen[50:100]


def test_one_submission_is_shown_line_by_line(browser: Client, rig: Rig):
    sent = _sent(rig)

    everything = browser.get(f"/s/acme/activity/sent/{sent.key}/").content.decode()
    refused = browser.get(f"/s/acme/activity/sent/{sent.key}/?only=rejected").content.decode()

    assert "Too cheap." in everything
    assert ("MUG-1" in everything, "MUG-1" in refused) == (True, False)


def test_refusals_are_shown_and_can_be_downloaded(browser: Client, rig: Rig):
    Listing.objects.create(
        channel=rig.channel, sku="CUP-1", state="rejected", rejected_hash="x", rejected_reason="=Too cheap."
    )

    assert "=Too cheap." in _page(browser, "?tab=refused")
    file = browser.get("/s/acme/activity/refused.csv").getvalue().decode("utf-8-sig")
    assert file == "channel,sku,code,reason\r\nSandbox,CUP-1,,'=Too cheap.\r\n"


def test_activity_of_another_seller_does_not_exist(client: Client, rig: Rig):
    sent = _sent(rig)
    client.force_login(make_user("other@example.com", seller=make_seller("other")))

    assert client.get("/s/acme/activity/").status_code == 404
    assert client.get(f"/s/other/activity/sent/{sent.key}/").status_code == 404
    assert "Too cheap" not in client.get("/s/other/activity/?tab=sent").content.decode()


@pytest.mark.parametrize("tab", ["", "runs", "sent", "refused"])
def test_every_tab_costs_few_queries(browser: Client, rig: Rig, tab: str):
    _sent(rig)
    rig.claim("orders")

    with CaptureQueriesContext(connection) as queries:
        _page(browser, f"?tab={tab}")

    assert len(queries) <= (23 if tab == "" else 8)


# --- the reconciler


@pytest.fixture
def strays(rig: Rig) -> ReconcileRun:
    """101 endings wait for a person. Pages read the real clock, so this happened just now."""
    rig.now = rig.market.now = rig.channel.orders_known_until = clock.now()
    rig.channel.save()
    assert rig.channel.label is not None
    LabelItem.objects.create(label=rig.channel.label, item=rig.item("FINE-1"), source="hand")
    for number in range(101):
        rig.market.listings[f"STRAY-{number:03}"] = FakeListing(PRICE, "USD", 1)
    run_reconciler(rig.claim("reconcile"), rig.adapter)
    return ReconcileRun.objects.get()


def _reconciler(rig: Rig) -> str:
    return f"/s/acme/marketplaces/{rig.channel.public_id}/reconciler/"


def test_a_plan_shows_its_number_its_reasons_and_what_can_be_decided(browser: Client, rig: Rig, strays: ReconcileRun):
    page = browser.get(_reconciler(rig)).content.decode()

    assert "101 listings would end, more than the 100" in page
    assert "None of your items has this SKU." in page
    assert "Approve: end 101 listings" in page


def test_a_manager_approves_a_plan(browser: Client, rig: Rig, strays: ReconcileRun):
    answer = browser.post(f"{_reconciler(rig)}{strays.pk}/decide/", {"decision": "approve"}, follow=True)

    assert "101 differences are being mended." in answer.content.decode()
    assert PendingChange.objects.count() == 101


def test_a_manager_discards_a_plan_and_a_second_tab_is_told(browser: Client, rig: Rig, strays: ReconcileRun):
    browser.post(f"{_reconciler(rig)}{strays.pk}/decide/", {"decision": "discard"})

    answer = browser.post(f"{_reconciler(rig)}{strays.pk}/decide/", {"decision": "approve"}, follow=True)

    assert "This plan is expired already." in answer.content.decode()
    assert PendingChange.objects.count() == 0


def test_a_manager_undoes_what_was_not_sent_yet(browser: Client, rig: Rig, strays: ReconcileRun):
    browser.post(f"{_reconciler(rig)}{strays.pk}/decide/", {"decision": "approve"})

    answer = browser.post(f"{_reconciler(rig)}{strays.pk}/decide/", {"decision": "undo"}, follow=True)

    assert "101 were not sent yet and stay as they are" in answer.content.decode()
    assert PendingChange.objects.count() == 0


def test_a_viewer_sees_the_plan_and_cannot_decide(client: Client, rig: Rig, strays: ReconcileRun):
    client.force_login(make_user("viewer@example.com", seller=rig.seller, role=Role.VIEWER))

    assert "A manager or the owner decides." in client.get(_reconciler(rig)).content.decode()
    assert client.post(f"{_reconciler(rig)}{strays.pk}/decide/", {"decision": "approve"}).status_code == 403


def test_a_plan_of_another_seller_does_not_exist(client: Client, rig: Rig, strays: ReconcileRun):
    client.force_login(make_user("other@example.com", seller=make_seller("other")))
    theirs = f"/s/other/marketplaces/{rig.channel.public_id}/reconciler/"

    assert client.get(theirs).status_code == 404
    assert client.post(f"{theirs}{strays.pk}/decide/", {"decision": "approve"}).status_code == 404


def test_an_old_plan_offers_no_approval(browser: Client, rig: Rig, strays: ReconcileRun):
    ReconcileRun.objects.update(created_at=rig.now - timedelta(days=400))

    assert "Approve" not in browser.get(_reconciler(rig)).content.decode()


def test_before_the_first_run_the_page_says_what_to_do(browser: Client, rig: Rig):
    assert "The reconciler is off" in browser.get(_reconciler(rig)).content.decode()

"""Activity at a glance: every kind of work in every state, who may try it again, and what many rows cost."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from channels_app.models import ChannelLedger, Command, Order, PendingChange
from inventory.csv_import import imports
from inventory.models import Mail, Role
from marketplace_integration import clock
from tests.factories import make_seller, make_user
from tests.flows.order_rig import Rig, rig
from tests.views import activity_rig
from tests.views.activity_rig import CASES, HOUR

__all__ = ["rig"]

HERE = "/s/acme/activity/"


@pytest.fixture(autouse=True)
def on_hand(rig: Rig) -> None:
    """Pages read the real clock, so everything happened just now."""
    rig.now = rig.market.now = clock.now()
    rig.item()


@pytest.fixture
def viewer(rig: Rig) -> User:
    return make_user("viewer@example.com", seller=rig.seller, role=Role.VIEWER)


@pytest.fixture
def manager(rig: Rig) -> User:
    return make_user("manager@example.com", seller=rig.seller, role=Role.MANAGER)


def _group(client: Client, user: User, anchor: str, query: str = "") -> str:
    """Return the group as the person reads it, all on one line."""
    client.force_login(user)
    page = client.get(f"{HERE}{query}", headers={"HX-Request": "true"}).content.decode()
    found = re.search(rf'<h2 class="card-title" id="{anchor}-title">.*?</section>', page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).replace("&#x27;", "'").split()) if found else ""


def _buttons(client: Client, user: User) -> list[tuple[str, dict[str, str]]]:
    """Return where the buttons of the page lead, with what they send."""
    client.force_login(user)
    page = client.get(HERE, headers={"HX-Request": "true"}).content.decode()
    forms = re.findall(r'<form method="post" action="([^"]+)">(.*?)</form>', page, re.DOTALL)
    return [(url, dict(re.findall(r'name="(?!csrf)([^"]+)" value="([^"]*)"', inner))) for url, inner in forms]


@pytest.mark.parametrize("name", CASES)
def test_each_kind_of_work_stands_in_its_group_and_whoever_may_can_try_it_again(
    client: Client, rig: Rig, manager: User, viewer: User, name: str
):
    make, anchor, told, button = CASES[name]
    make(rig, clock.now())

    page = _group(client, manager, anchor)

    assert [words for words in told if words not in page] == []
    assert [fields["from"] for _, fields in _buttons(client, manager)] == (["activity"] if button else [])
    assert button in page
    seen = _group(client, viewer, anchor)
    assert [words for words in told if words not in seen] == []
    assert _buttons(client, viewer) == []


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case[3]])
def test_every_button_leads_back_to_activity_and_is_closed_to_viewers(
    client: Client, rig: Rig, manager: User, viewer: User, memory_marketplace: object, name: str
):
    CASES[name][0](rig, clock.now())
    [(url, fields)] = _buttons(client, manager)

    client.force_login(viewer)
    assert client.post(url, fields).status_code == 403
    client.force_login(make_user("else@example.com", seller=make_seller("else")))
    assert client.post(url, fields).status_code == 404
    assert client.post(url.replace("/acme/", "/else/"), fields).status_code == 404
    client.force_login(manager)
    answer = client.post(url, fields)

    assert (answer.status_code, answer.headers["Location"]) == (302, HERE)


def test_a_stopped_job_runs_again(client: Client, rig: Rig, manager: User):
    job = activity_rig.job(rig, clock.now(), blocked=True, failures=1, last_error="The token is wrong.")
    [(url, fields)] = _buttons(client, manager)

    client.post(url, fields)

    job.refresh_from_db()
    assert (job.blocked, job.failures, job.next_run_at <= clock.now()) == (False, 0, True)


def test_a_marketplace_that_does_not_answer_is_asked_at_once_whatever_the_job_has_met(
    client: Client, rig: Rig, manager: User
):
    now = clock.now()
    sent = activity_rig.submission(rig, now, overdue=True, next_poll_at=now + HOUR)
    job = activity_rig.job(rig, now, "results", failures=2, last_error="Away.")
    [(url, fields)] = _buttons(client, manager)

    client.post(url, fields)

    sent.refresh_from_db()
    job.refresh_from_db()
    assert sent.next_poll_at is not None
    assert sent.next_poll_at <= clock.now()
    assert (job.failures, job.next_run_at <= clock.now()) == (0, True)


def test_what_was_answered_meanwhile_is_not_asked_about(client: Client, rig: Rig, manager: User):
    sent = activity_rig.submission(rig, clock.now(), overdue=True)
    [(url, fields)] = _buttons(client, manager)
    sent.phase = "closed"
    sent.save()

    page = client.post(url, fields, follow=True).content.decode()

    assert "The marketplace has answered meanwhile." in page
    sent.refresh_from_db()
    assert sent.next_poll_at is None


def test_a_refused_shipping_notice_is_sent_again(client: Client, rig: Rig, manager: User):
    activity_rig.command(rig, clock.now(), state="rejected", reason="Unknown carrier.")
    [(url, fields)] = _buttons(client, manager)

    client.post(url, fields)

    assert Command.objects.get().state == "pending"
    assert "was refused" not in _group(client, manager, "yours")


def test_what_somebody_has_looked_at_on_the_order_is_told_no_more(client: Client, rig: Rig, manager: User):
    activity_rig.command(rig, clock.now(), state="rejected", reason="Unknown carrier.")
    Order.objects.update(attention="The SKU X is not in your inventory.")

    assert "Unknown carrier" not in _group(client, manager, "yours")


def test_a_file_whose_reading_was_interrupted_is_read_from_its_start(client: Client, rig: Rig, manager: User):
    found = activity_rig.file(rig, clock.now(), "failed", error="It was interrupted 5 times.", attempts=6)
    [(url, fields)] = _buttons(client, manager)

    client.post(url, fields)
    imports.run(found.pk, now=clock.now())

    found.refresh_from_db()
    assert (found.state, found.summary["good"]) == ("preview", 1)


def test_a_file_that_is_gone_is_not_read_again(client: Client, rig: Rig, manager: User):
    found = activity_rig.file(rig, clock.now(), "failed", error="It was interrupted 5 times.", attempts=6)
    found.chunks.all().delete()

    assert _buttons(client, manager) == []
    assert not imports.read_anew(found)


def test_a_letter_is_tried_now_unless_it_is_just_being_sent(client: Client, rig: Rig, manager: User):
    mail = activity_rig.letter(rig, clock.now())
    [(url, fields)] = _buttons(client, manager)

    client.post(url, fields)
    mail.refresh_from_db()
    assert mail.next_try_at <= clock.now()
    Mail.objects.update(last_error="", next_try_at=clock.now() + HOUR)

    assert "has left, or is of no use" in client.post(url, fields, follow=True).content.decode()


def test_jobs_at_rest_are_not_told_but_listed(client: Client, rig: Rig, manager: User):
    activity_rig.job(rig, clock.now())
    client.force_login(manager)

    page = client.get(HERE).content.decode()

    assert "All is quiet" in page
    assert "All jobs (1), and when they run" in page


def test_the_page_asks_often_while_something_runs_seldom_in_between_and_never_once_nothing_can(
    client: Client, rig: Rig, manager: User
):
    client.force_login(manager)

    def trigger() -> list[str]:
        return re.findall(r'hx-trigger="every (\w+)"', client.get(HERE).content.decode())

    assert trigger() == ["10s"]
    activity_rig.submission(rig, clock.now())
    assert trigger() == ["5s"]
    activity_rig.file(rig, clock.now(), "running", attempts=1)
    assert trigger() == ["2s"]
    rig.seller.csv_imports.all().delete()
    rig.channel.submissions.all().delete()
    type(rig.channel).objects.update(state="setup")
    assert trigger() == []


def test_of_one_channel_only_its_own_work_is_told(client: Client, rig: Rig, manager: User):
    now = clock.now()
    activity_rig.job(rig, now, blocked=True, last_error="The token is wrong.")
    activity_rig.letter(rig, now)

    everything = _group(client, manager, "yours")
    of_one = _group(client, manager, "yours", f"?channel={rig.channel.public_id}")

    assert ("could not be sent" in everything, "could not be sent" in of_one) == (True, False)
    assert "The token is wrong." in of_one


def test_of_many_the_first_are_told_and_how_many_more_there_are(client: Client, rig: Rig, manager: User):
    now = clock.now()
    for _ in range(9):
        activity_rig.raw(rig, now)
        activity_rig.file(rig, now, "preview")
        activity_rig.submission(rig, now)

    assert "And 4 more orders that could not be read." in _group(client, manager, "yours")
    assert "And 4 more files of items." in _group(client, manager, "yours")
    assert "And 4 more at the marketplaces." in _group(client, manager, "running")


def test_old_failures_that_nobody_settled_are_told_for_a_week(client: Client, rig: Rig, manager: User):
    activity_rig.file(rig, clock.now(), "failed", error="Empty.", finished_at=clock.now() - timedelta(days=8))

    assert "spring.csv" not in _group(client, manager, "yours")


def test_plans_that_are_over_and_endings_put_off_are_not_told(client: Client, rig: Rig, manager: User):
    now = clock.now()
    activity_rig.run(rig, now, "planned", created_at=now - timedelta(days=2))
    activity_rig.pending(rig, now, 120, urgency=4, held=True)
    PendingChange.objects.update(not_before=now + HOUR)
    client.force_login(manager)

    assert "All is quiet" in client.get(HERE).content.decode()


def test_a_channel_that_is_not_active_asks_nobody_to_decide(client: Client, rig: Rig, manager: User):
    CASES["a plan"][0](rig, clock.now())
    CASES["held endings"][0](rig, clock.now())
    type(rig.channel).objects.update(state="setup", listings_on=False, reconciler_on=False)
    client.force_login(manager)

    assert "All is quiet" in client.get(HERE).content.decode()


def test_nothing_of_another_seller_is_told(client: Client, rig: Rig):
    for name in ("a letter that did not leave", "a preview", "a stopped job", "parcels to be confirmed"):
        CASES[name][0](rig, clock.now())
    client.force_login(make_user("other@example.com", seller=make_seller("other")))

    assert "Nothing runs yet" in client.get("/s/other/activity/").content.decode()


def test_many_rows_cost_as_many_queries_as_few(client: Client, rig: Rig, manager: User):
    client.force_login(manager)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(HERE).status_code == 200
        return len(captured)

    for make, *_ in CASES.values():
        make(rig, clock.now())
        PendingChange.objects.all().delete()
        ChannelLedger.objects.all().delete()
    few = queries()
    now = clock.now()
    for _ in range(12):
        for kind in ("offer", "content"):
            activity_rig.submission(rig, now, kind=kind, overdue=kind == "content")
        activity_rig.raw(rig, now)
        activity_rig.letter(rig, now)
        activity_rig.file(rig, now, "failed", last_place=3)
        activity_rig.file(rig, now, "confirmed")
        activity_rig.edit(rig, now)
        activity_rig.edit(rig, now, "failed")
        activity_rig.parcels(rig, now, "confirmed", ready=2)
        activity_rig.parcels(rig, now, "preview", ready=2)
        activity_rig.command(rig, now, state="rejected", reason="No.")

    assert (queries(), few) == (23, 23)

"""What is old is thrown away; what something still leans on is not, and no run goes on for ever."""

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessLog
from django.contrib.sessions.models import Session

from channels_app.flows.ledger import check_ledger
from channels_app.flows.retention import purge
from channels_app.models import ChannelJob, Difference, FeedLine, JobRun, ReconcileRun, Submission
from inventory import team
from inventory.models import CsvImport, Invitation, Mail, Role
from tests.factories import NOW, make_user
from tests.flows.feed_rig import Rig
from tests.inventory.csv_files import bring

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=365)


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_lines_and_submissions_that_have_ended_go(rig: Rig):
    rig.has_item("MUG", on_hand=7)
    rig.settle()

    purged = purge(now=LATER)

    assert (purged["lines"], purged["submissions"]) == (1, 1)
    assert check_ledger() == []


def test_a_refusal_that_stands_is_kept_with_its_submission(rig: Rig):
    rig.has_item("MUG-REJECT", on_hand=7)
    rig.has_item("CUP", on_hand=7)
    rig.settle()

    purge(now=LATER)
    purge(now=LATER)

    assert list(FeedLine.objects.values_list("sku", "state")) == [("MUG-REJECT", "rejected")]
    assert Submission.objects.count() == 1
    assert check_ledger() == []


def test_an_older_refusal_of_the_same_kind_is_not_kept(rig: Rig):
    item = rig.has_item("MUG-REJECT", on_hand=7)
    rig.settle()
    item.title = "Another mug"
    item.save()
    rig.settle()
    newest = FeedLine.objects.filter(state="rejected").latest("pk")

    purge(now=LATER)

    assert list(FeedLine.objects.all()) == [newest]


def test_decided_plans_go_and_those_that_wait_stay(rig: Rig):
    for state in ("applied", "planned"):
        run = ReconcileRun.objects.create(channel=rig.channel, state=state, created_at=NOW, finished_at=NOW)
        Difference.objects.create(run=run, channel=rig.channel, sku="MUG", kind="to_end", reason="Not on the label.")

    purged = purge(now=LATER)

    assert (purged["differences"], purged["reconcile_runs"]) == (1, 1)
    assert Difference.objects.get().run.state == "planned"


def test_old_imports_go_with_their_bad_rows(rig: Rig):
    done = bring(rig.seller, "sku,title\n,Bread\nB,Bread\n")
    CsvImport.objects.filter(pk=done.pk).update(finished_at=NOW)
    waiting = bring(rig.seller, "sku,title\nC,Cake\n", confirm=False)

    assert purge(now=LATER)["imports"] == 1
    assert list(CsvImport.objects.all()) == [waiting]


def test_old_sign_ins_and_ended_sessions_go():
    Session.objects.create(session_key="old", session_data="", expire_date=NOW)
    Session.objects.create(session_key="new", session_data="", expire_date=LATER + timedelta(days=1))
    AccessLog.objects.create(username="owner")
    AccessLog.objects.update(attempt_time=NOW)

    purged = purge(now=LATER)

    assert (purged["sessions"], purged["sign_ins"]) == (1, 1)
    assert Session.objects.get().session_key == "new"


def test_old_letters_and_ended_invitations_go_and_those_that_wait_stay(rig: Rig):
    owner, site = make_user(seller=rig.seller), "https://shop.example.com"
    last_day = NOW + timedelta(days=89)
    for email, at in (("old@example.com", NOW), ("used@example.com", NOW), ("new@example.com", last_day)):
        team.invite(rig.seller, email, Role.VIEWER, actor=owner, site=site, now=at)
    used = Invitation.objects.get(email="used@example.com")
    team.accept(used, make_user("used@example.com"), now=NOW + timedelta(days=1))

    early = purge(now=NOW + timedelta(days=92))
    late = purge(now=NOW + timedelta(days=98))

    assert [(each["letters"], each["invitations"]) for each in (early, late)] == [(2, 1), (0, 1)]
    assert Invitation.objects.get().email == Mail.objects.get().to == "new@example.com"


def test_a_run_that_has_used_its_time_leaves_the_rest_to_the_next(rig: Rig):
    rig.has_item("MUG", on_hand=7)
    rig.settle()

    purge(now=LATER, seconds=0)
    assert FeedLine.objects.count() == 1

    purge(now=LATER)
    assert FeedLine.objects.count() == 0


def test_the_environment_says_how_long(rig: Rig, settings: Any):
    job = ChannelJob.objects.get(channel=rig.channel, kind="offers")
    JobRun.objects.create(job=job, channel=rig.channel, kind="offers", fence=1, started_at=NOW)

    settings.KEEP_RUNS_DAYS = 400
    assert purge(now=LATER)["runs"] == 0

    settings.KEEP_RUNS_DAYS = 300
    assert purge(now=LATER)["runs"] >= 1

"""The reconciler's page decides about single rows of a plan, tells how an edit stands, and gives the plan as a file."""

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from channels_app.models import PendingChange, ReconcileRun
from inventory.bulk import edits
from inventory.models import BulkEdit, Role
from tests.factories import NOW, make_user
from tests.flows.order_rig import Rig, rig
from tests.flows.reconcile_rig import ended
from tests.inventory.bulk_rig import small_slices, work
from tests.views.test_activity import strays
from tests.views.test_reconcile_undo import browser, decide, page_of

__all__ = ["browser", "rig", "small_slices", "strays"]


def file_of(browser: Client, rig: Rig, run: ReconcileRun, **query: str) -> list[dict[str, str]]:
    url = reverse("reconcile_csv", args=[rig.seller.slug, rig.channel.public_id, run.pk])
    return list(csv.DictReader(io.StringIO(browser.get(url, query).getvalue().decode("utf-8-sig"))))


def send(browser: Client, rig: Rig, run: ReconcileRun, decision: str, *skus: str) -> str:
    url = reverse("reconcile_decide", args=[rig.seller.slug, rig.channel.public_id, run.pk])
    answer = browser.post(url, {"decision": decision, "sku": skus}, follow=True)
    return " ".join(answer.content.decode().split())


# --- single rows
def test_ticked_rows_are_approved_or_left_out_and_the_numbers_follow(browser: Client, rig: Rig, strays: ReconcileRun):
    assert page_of(browser, rig).count('name="sku"') == 50

    first = send(browser, rig, strays, "approve-ticked", "STRAY-001", "STRAY-002")
    then = send(browser, rig, strays, "discard-ticked", "STRAY-003")

    assert "2 differences are being mended." in first
    assert "Approve: end 99 listings" in first
    assert "1 left out of this plan. The next run looks again." in then
    assert "End {ticked} of the 98 planned listings" in then
    assert then.count('name="sku"') == 47
    assert set(PendingChange.objects.values_list("sku", flat=True)) == {"STRAY-001", "STRAY-002"}


@pytest.mark.parametrize("decision", ["approve-ticked", "discard-ticked", "undo-ticked"])
def test_nothing_ticked_changes_nothing(browser: Client, rig: Rig, strays: ReconcileRun, decision: str):
    page = send(browser, rig, strays, decision)

    assert "Nothing was ticked, so nothing changed." in page
    strays.refresh_from_db()
    assert strays.state == "planned"
    assert not PendingChange.objects.exists()


def test_single_endings_are_undone(browser: Client, rig: Rig):
    run = ended(rig, "MUG-1", "CUP-1")
    assert "Put back {ticked} of the 2 listings that this run ended" in page_of(browser, rig)

    page = send(browser, rig, run, "undo-ticked", "MUG-1")

    assert "1 cannot be listed again as they are" in page
    assert dict(run.differences.values_list("sku", "state")) == {"MUG-1": "left", "CUP-1": "applied"}
    assert "Undo 1 ending of this run" in page


def test_a_viewer_ticks_nothing(client: Client, rig: Rig, strays: ReconcileRun):
    client.force_login(make_user("viewer@example.com", seller=rig.seller, role=Role.VIEWER))

    assert 'name="sku"' not in page_of(client, rig)
    url = reverse("reconcile_decide", args=[rig.seller.slug, rig.channel.public_id, strays.pk])
    assert client.post(url, {"decision": "approve-ticked", "sku": "STRAY-001"}).status_code == 403


def test_of_a_plan_that_is_too_old_nothing_is_ticked_nor_decided(browser: Client, rig: Rig, strays: ReconcileRun):
    ReconcileRun.objects.update(created_at=rig.now - timedelta(days=2))

    assert 'name="sku"' not in page_of(browser, rig)
    assert "This plan is older than 24 hours." in send(browser, rig, strays, "approve-ticked", "STRAY-001")


def test_one_comes_back_to_the_page_of_the_plan_on_which_one_ticked(browser: Client, rig: Rig, strays: ReconcileRun):
    place = "?kind=to_end&after=STRAY-049"
    url = reverse("reconcile_decide", args=[rig.seller.slug, rig.channel.public_id, strays.pk])
    reconciler = reverse("channel_reconciler", args=[rig.seller.slug, rig.channel.public_id])
    assert f'action="{url}{place.replace("&", "&amp;")}"' in browser.get(reconciler + place).content.decode()

    answer = browser.post(url + place, {"decision": "discard-ticked", "sku": "STRAY-060"})

    assert answer.headers["Location"] == f"{reconciler}{place}&run={strays.pk}"


# --- the edit
@pytest.fixture
def being_put_on(browser: Client, rig: Rig, small_slices: None) -> BulkEdit:
    """Five items that a worker is to put on the label."""
    run = ended(rig, *(rig.item(f"LAMP-{number}").sku for number in range(5)))
    decide(browser, rig, run, "undo")
    decide(browser, rig, run, "label")
    return BulkEdit.objects.get()


def test_an_edit_that_is_under_way_is_followed_and_not_offered_again(browser: Client, rig: Rig, being_put_on: BulkEdit):
    page = page_of(browser, rig)

    assert "under way, 0 of 5 are done." in page
    assert reverse("items_edit", args=[rig.seller.slug, being_put_on.public_id]) in page
    assert "Put 5 items on" not in page


@pytest.mark.parametrize(
    ("state", "error", "told"),
    [
        ("stopped", "", "stopped after 2 of 5."),
        ("failed", "The database was away.", "2 of 5 are done and stay so; the rest is not listed again on Sandbox."),
    ],
)
def test_an_edit_that_ended_half_way_is_told_and_the_rest_is_still_offered(
    browser: Client, rig: Rig, being_put_on: BulkEdit, state: str, error: str, told: str
):
    BulkEdit.objects.update(state=state, error=error, done_count=2)

    page = page_of(browser, rig)

    assert told in page
    assert error in page
    assert "Put 5 items on" in page


def test_once_it_is_through_nothing_is_left_and_after_its_undo_all_is_again(
    browser: Client, rig: Rig, being_put_on: BulkEdit
):
    assert work(being_put_on).state == "done"
    done = page_of(browser, rig)
    edits.undo(BulkEdit.objects.get(), actor=rig.owner, now=NOW)
    assert work(being_put_on).state == "undone"

    undone = page_of(browser, rig)

    assert "Not put back" not in done
    assert done.count("On the label again") == 5
    assert "this was undone." in undone
    assert "Put 5 items on" in undone


# --- the file
def test_a_plan_is_taken_away_as_a_file_whole_or_by_kind(browser: Client, rig: Rig):
    rig.item("MUG-1", title="Mug, blue")
    run = ended(rig, "MUG-1", "STRAY-1")
    run.differences.filter(sku="STRAY-1").update(kind="drifted", our_price=9, our_quantity=5, remote_quantity=7)

    rows = file_of(browser, rig, run)

    assert [row["sku"] for row in rows] == ["MUG-1", "STRAY-1"]
    assert rows[0]["title"] == "Mug, blue"
    assert rows[0]["why"] == "None of your items."
    assert rows[1] == {
        "sku": "STRAY-1",
        "title": "",
        "difference": "Shown differently",
        "why": "None of your items.",
        "state": "Applied",
        "currency": "USD",
        "confirmed price": "9.00",
        "confirmed quantity": "5",
        "shown price": "",
        "shown quantity": "7",
    }
    assert [row["sku"] for row in file_of(browser, rig, run, kind="to_end")] == ["MUG-1"]
    assert "plan.csv" in page_of(browser, rig)


def test_a_long_plan_comes_slice_by_slice(browser: Client, rig: Rig, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("channels_app.views.reconciler_file._SLICE", 2)
    run = ended(rig, *(f"STRAY-{number}" for number in range(5)))

    assert [row["sku"] for row in file_of(browser, rig, run)] == [f"STRAY-{number}" for number in range(5)]

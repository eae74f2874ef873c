"""The reconciler's page after an undo: what could not be put back, and the button that puts it on the label."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from channels_app.models import ReconcileRun
from inventory.models import BulkEdit, Item, LabelItem, Role
from inventory.templatetags.ui import whole
from tests.factories import NOW, make_channel, make_user
from tests.flows.order_rig import Rig, rig
from tests.flows.reconcile_rig import ended
from tests.inventory.bulk_rig import small_slices

__all__ = ["rig", "small_slices"]


@pytest.fixture
def browser(client: Client, rig: Rig) -> Client:
    client.force_login(rig.owner)
    return client


@pytest.fixture
def run(rig: Rig) -> ReconcileRun:
    rig.item("MUG-1")
    rig.item("CUP-1")
    rig.item("POT-1", archived_at=NOW)
    return ended(rig, "MUG-1", "CUP-1", "POT-1", "STRAY-1")


def page_of(browser: Client, rig: Rig) -> str:
    url = reverse("channel_reconciler", args=[rig.seller.slug, rig.channel.public_id])
    return " ".join(browser.get(url).content.decode().split())


def decide(browser: Client, rig: Rig, run: ReconcileRun, decision: str, **more: object) -> str:
    url = reverse("reconcile_decide", args=[rig.seller.slug, rig.channel.public_id, run.pk])
    answer = browser.post(url, {"decision": decision}, follow=True, **more)  # type: ignore[arg-type]
    return " ".join(answer.content.decode().split())


def link(rig: Rig, sku: str) -> str:
    url = reverse("item", args=[rig.seller.slug, Item.objects.get(sku=sku).public_id])
    return f'<a href="{url}">{whole(sku)}</a>'


def test_skus_of_a_plan_lead_to_their_items(browser: Client, rig: Rig, run: ReconcileRun):
    page = page_of(browser, rig)

    assert link(rig, "MUG-1") in page
    assert f'<th scope="row">{whole("STRAY-1")}</th>' in page


def test_after_an_undo_the_page_says_what_is_left_and_what_helps(browser: Client, rig: Rig, run: ReconcileRun):
    assert "Not put back" not in page_of(browser, rig)

    page = decide(browser, rig, run, "undo")

    assert "4 cannot be listed again as they are: below is what helps." in page
    label, name = rig.channel.label, rig.channel.name
    assert f"<strong>2</strong> ({link(rig, 'CUP-1')}, {link(rig, 'MUG-1')}) are not on the label “{label}”" in page
    assert f"<strong>1</strong> ({link(rig, 'POT-1')}) is archived, blocked or a parent of variations." in page
    assert f"<strong>1</strong> ({whole('STRAY-1')}) is none of your items" in page
    assert f"Put 2 items on the label “{label}”? {name} lists them again. You can undo it on the page Items." in page
    assert "Undo 4 endings" not in page


def test_the_page_costs_few_queries(browser: Client, rig: Rig, run: ReconcileRun):
    decide(browser, rig, run, "undo")

    with CaptureQueriesContext(connection) as queries:
        page_of(browser, rig)

    assert len(queries) <= 14  # one of them is the menu's


def test_the_dialog_names_other_channels_that_list_the_label(browser: Client, rig: Rig, run: ReconcileRun):
    for name in ("Second", "Third"):
        make_channel(rig.seller, label=rig.channel.label, name=name)
    make_channel(rig.seller, label=rig.channel.label, name="Not active", state="setup")

    page = decide(browser, rig, run, "undo")

    assert "lists them again, and so will Second and Third, which name this label too." in page


def test_the_button_puts_them_on_the_label_as_an_edit_that_can_be_undone(browser: Client, rig: Rig, run: ReconcileRun):
    decide(browser, rig, run, "undo")

    page = decide(browser, rig, run, "label")

    told = f"2 items put on the label “{rig.channel.label}”, to be listed again on {rig.channel.name}."
    assert f"{told} You can undo it on the page Items." in page
    assert set(LabelItem.objects.values_list("item__sku", "source")) == {("MUG-1", "hand"), ("CUP-1", "hand")}
    assert BulkEdit.objects.get().can_undo
    assert "Put 2 items" not in page
    assert "Nothing changed: what this run ended" in decide(browser, rig, run, "label")


@pytest.mark.usefixtures("small_slices")
def test_many_are_followed_on_the_page_of_the_edit(browser: Client, rig: Rig, run: ReconcileRun):
    many = ended(rig, *(rig.item(f"LAMP-{number}").sku for number in range(5)))
    decide(browser, rig, many, "undo")

    page = decide(browser, rig, many, "label")

    assert "Many items at once" in page
    assert "0 of 5" in page
    many.differences.update(state="left")
    assert "is still under way, 0 of 5 are done." in decide(browser, rig, many, "label")


def test_a_viewer_is_told_who_can_and_cannot(client: Client, rig: Rig, run: ReconcileRun):
    client.force_login(rig.owner)
    decide(client, rig, run, "undo")
    client.force_login(make_user("viewer@example.com", seller=rig.seller, role=Role.VIEWER))

    page = page_of(client, rig)

    assert "A manager or the owner puts them on the label." in page
    assert "Put 2 items" not in page
    url = reverse("reconcile_decide", args=[rig.seller.slug, rig.channel.public_id, run.pk])
    assert client.post(url, {"decision": "label"}).status_code == 403
    assert not BulkEdit.objects.exists()


def test_of_a_channel_that_is_not_active_nothing_is_put_back(browser: Client, rig: Rig, run: ReconcileRun):
    decide(browser, rig, run, "undo")
    type(rig.channel).objects.update(state="setup")

    page = decide(browser, rig, run, "label")

    assert "This channel is not active." in page
    assert "Put 2 items" not in page
    assert not BulkEdit.objects.exists()

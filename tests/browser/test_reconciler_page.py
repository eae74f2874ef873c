"""Single rows of a plan: ticked, counted in the dialog, approved or left out, and taken back."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from channels_app.models import PendingChange, ReconcileRun
from inventory.models import BulkEdit
from tests.browser.conftest import assert_good, sign_in
from tests.flows.order_rig import Rig, rig
from tests.views.test_activity import strays

__all__ = ["rig", "strays"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.parametrize("phone", [False, True], indirect=True, ids=["desktop", "phone"]),
]


@pytest.fixture
def plan(page: Page, live_server: LiveServer, rig: Rig, strays: ReconcileRun) -> Page:
    sign_in(page, rig.owner, live_server.url)
    page.goto(live_server.url + reverse("channel_reconciler", args=[rig.seller.slug, rig.channel.public_id]))
    return page


def agree(page: Page, words: str, button: str) -> None:
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(words)
    dialog.get_by_role("button", name=button).click()


def test_rows_are_ticked_and_the_dialog_names_how_many(plan: Page, rig: Rig):
    approve = plan.get_by_role("button", name="Approve the ticked")
    expect(approve).to_be_disabled()
    for sku in ("STRAY-001", "STRAY-002"):
        plan.get_by_role("checkbox", name=f"Tick {sku}", exact=True).check()
    assert_good(plan)
    approve.click()
    agree(plan, "End 2 of the 101 planned listings on Sandbox?", "End them")
    expect(plan.get_by_role("button", name="Approve: end 99 listings")).to_be_visible()

    plan.get_by_label("Tick all on this page").check()
    plan.get_by_role("button", name="Leave the ticked out").click()
    agree(plan, "Leave 48 of the 99 planned listings out of this plan?", "Leave out")
    expect(plan.get_by_role("button", name="Approve: end 51 listings")).to_be_visible()
    assert_good(plan)
    assert PendingChange.objects.count() == 2


def test_an_edit_that_was_stopped_is_told_with_a_way_to_it(plan: Page, rig: Rig, strays: ReconcileRun):
    edit = BulkEdit.objects.create(
        seller=rig.seller,
        action="label",
        label=rig.channel.label,
        words="put on the label “Outdoor”",
        state="stopped",
        count=500,
        done_count=200,
        changed_count=200,
        made_at=rig.now,
    )
    ReconcileRun.objects.filter(pk=strays.pk).update(label_edit=edit)
    plan.reload()

    expect(plan.get_by_text("stopped after 200 of 500.")).to_be_visible()
    assert_good(plan)
    plan.get_by_role("link", name="Let it go on, or undo it").click()
    expect(plan.get_by_role("heading", level=1, name="Many items at once")).to_be_visible()

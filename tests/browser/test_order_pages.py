"""Orders, activity and the reconciler in a real browser: dialogs, phones, both themes."""

from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from channels_app.adapters.types import RemoteReturnLine
from channels_app.flows.fulfil import record_shipment
from channels_app.flows.reconcile import run_reconciler
from channels_app.models import ChannelJob, JobRun, Listing, OrderNote, ReturnLine, Shipment
from inventory.models import LabelItem, Role
from marketplace_integration import clock
from tests.browser.conftest import assert_good, sign_in
from tests.factories import make_user
from tests.fakes import FakeListing
from tests.flows.order_rig import PRICE, Rig, rig
from tests.flows.reconcile_rig import ended

__all__ = ["rig"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
both_sizes = pytest.mark.parametrize("phone", [False, True], indirect=True, ids=["desktop", "phone"])


@pytest.fixture
def busy(rig: Rig) -> Rig:
    """A seller with everything that the pages can show."""
    rig.now = rig.market.now = clock.now()
    mug = rig.item("MUG-1", on_hand=10)
    rig.item("CUP-1", on_hand=1)
    assert rig.channel.label is not None
    LabelItem.objects.create(label=rig.channel.label, item=mug, source="hand")
    rig.market.has_order("SO-00000001", lines=[("MUG-1", 2, "10.00"), ("CUP-1", 3, "2.00")])
    rig.market.asks_to_cancel("SO-00000001", "Ordered the wrong colour")
    rig.market.has_order("SO-00000002", sku="A-VERY-LONG-SKU-THAT-NOBODY-KNOWS-0001")["total"] = "12.00"
    rig.market.has_order("SO-00000003", sku="MUG-1")["placed_at"] = "yesterday"
    rig.download()
    rig.send()
    rig.market.has_return(
        "R-00000001",
        "SO-00000001",
        RemoteReturnLine(remote_id="RMA-1", quantity=1, sku="MUG-1", reason="Broken", comment="It came in two pieces"),
        RemoteReturnLine(remote_id="RMA-2", quantity=2, sku="CUP-1", reason="Too small", decision="received"),
    )
    rig.download_returns()
    for number in range(101):
        rig.market.listings[f"STRAY-{number:03}"] = FakeListing(PRICE, "USD", 1)
    run_reconciler(rig.claim("reconcile"), rig.adapter)
    job = ChannelJob.objects.get(kind="orders")
    ChannelJob.objects.filter(kind="reconcile").update(blocked=True, last_error="The token is wrong.")
    counts = {"orders": 2, "needs_attention": 1}
    JobRun.objects.create(
        job=job, channel=rig.channel, kind="orders", fence=1, started_at=rig.now, outcome="done", counts=counts
    )
    Listing.objects.create(
        channel=rig.channel, sku="CUP-1", state="rejected", rejected_hash="x", rejected_reason="A title is missing."
    )
    return rig


@both_sizes
def test_every_page_is_accessible_and_fits(page: Page, live_server: LiveServer, busy: Rig):
    sign_in(page, busy.owner, live_server.url)
    base = f"{live_server.url}/s/acme/"

    for address in (
        "orders/",
        "orders/unreadable/",
        f"orders/{busy.order('SO-00000001').public_id}/",
        f"orders/{busy.order('SO-00000002').public_id}/",
        "activity/",
        "activity/?tab=runs",
        "activity/?tab=refused",
        f"marketplaces/{busy.channel.public_id}/reconciler/",
    ):
        page.goto(base + address)
        assert_good(page)


@both_sizes
def test_what_the_reconciler_ended_is_put_on_the_label_in_two_clicks(page: Page, live_server: LiveServer, busy: Rig):
    busy.item("CUP-2")
    run = ended(busy, "CUP-2", "STRAY-X")
    sign_in(page, busy.owner, live_server.url)
    page.goto(f"{live_server.url}/s/acme/marketplaces/{busy.channel.public_id}/reconciler/?run={run.pk}")

    page.get_by_role("button", name="Undo 2 endings of this run").click()
    page.get_by_role("dialog").get_by_role("button", name="Put back").click()
    expect(page.get_by_text("2 cannot be listed again as they are: below is what helps.")).to_be_visible()
    assert_good(page)
    page.get_by_role("button", name="Put 1 item on “Outlet”").click()
    expect(page.get_by_role("dialog").get_by_text("Put 1 item on the label “Outlet”?")).to_be_visible()
    assert_good(page)
    page.get_by_role("dialog").get_by_role("button", name="Put on the label").click()

    expect(page.get_by_text("1 item put on the label “Outlet”, to be listed again")).to_be_visible()
    assert_good(page)


@both_sizes
def test_a_parcel_is_shipped_in_its_dialog(page: Page, live_server: LiveServer, busy: Rig):
    order = busy.order("SO-00000001")
    sign_in(page, busy.owner, live_server.url)
    page.goto(f"{live_server.url}/s/acme/orders/{order.public_id}/")

    page.get_by_role("button", name="Ship…").click()
    dialog = page.get_by_role("dialog", name="Ship a parcel")
    expect(dialog).to_be_visible()
    assert_good(page)
    dialog.get_by_role("button", name="Record the parcel").click()
    expect(dialog.get_by_text("This field is required.")).to_be_visible()
    dialog.get_by_label("Tracking number").fill("1Z999")
    dialog.get_by_role("button", name="Record the parcel").click()

    expect(page.get_by_text("The parcel is recorded.")).to_be_visible()
    assert Shipment.objects.count() == 1
    page.get_by_role("button", name="Refund…").click()
    assert_good(page)


@both_sizes
def test_parcel_after_parcel_is_recorded_without_the_list(page: Page, live_server: LiveServer, busy: Rig):
    sign_in(page, busy.owner, live_server.url)
    page.goto(f"{live_server.url}/s/acme/orders/{busy.order('SO-00000001').public_id}/")

    page.get_by_role("button", name="Ship…").click()
    page.get_by_role("dialog").get_by_label("Tracking number").fill("1Z999")
    page.get_by_role("dialog").get_by_role("button", name="Record the parcel").click()
    assert_good(page)
    page.get_by_text("Next to ship: SO-00000002").get_by_role("link").click()

    page.get_by_role("button", name="Ship…").click()
    expect(page.get_by_role("dialog").get_by_label("Carrier")).to_have_value("ups")


@both_sizes
def test_a_return_is_decided(page: Page, live_server: LiveServer, busy: Rig):
    order = busy.order("SO-00000001")
    sign_in(page, busy.owner, live_server.url)
    page.goto(f"{live_server.url}/s/acme/orders/{order.public_id}/")

    page.get_by_label("Decision about MUG-1").select_option("Received")
    page.get_by_role("button", name="Tell the marketplace").click()
    page.get_by_role("dialog").get_by_role("button", name="Tell it").click()

    expect(page.get_by_text("Decided. The marketplace is being told.")).to_be_visible()
    assert ReturnLine.objects.filter(decision="received").count() == 2
    expect(page.get_by_label("Decision about MUG-1")).to_have_count(0)
    assert_good(page)


@both_sizes
def test_an_irreversible_answer_asks_first(page: Page, live_server: LiveServer, busy: Rig):
    order = busy.order("SO-00000001")
    sign_in(page, busy.owner, live_server.url)
    page.goto(f"{live_server.url}/s/acme/orders/{order.public_id}/")

    page.get_by_role("button", name="Approve").click()
    said = "Cancel 2 × MUG-1 and 3 × CUP-1? The buyer gets 26.00 USD back."
    expect(page.get_by_role("dialog").get_by_text(said)).to_be_visible()
    assert_good(page)
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    assert busy.order("SO-00000001").shipping_status == "unshipped"
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel these units").click()

    expect(page.get_by_text("Approved: what had not left is cancelled.")).to_be_visible()
    assert busy.order("SO-00000001").shipping_status == "cancelled"


@both_sizes
def test_packing_slips_of_ticked_orders_are_printed_a_sheet_each(page: Page, live_server: LiveServer, busy: Rig):
    sign_in(page, busy.owner, live_server.url)
    page.goto(f"{live_server.url}/s/acme/orders/")

    for number in ("SO-00000001", "SO-00000002"):
        page.get_by_label(f"Tick order {number}").check()
    page.get_by_role("button", name="Print packing slips").click()

    expect(page.get_by_role("article")).to_have_count(3)
    assert_good(page)
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Print 3 sheets")).to_be_hidden()
    assert page.pdf(format="A4").count(b"/Type /Page\n") == 3


@both_sizes
def test_sheets_that_came_out_are_marked_and_told_to_who_prints_them_again(
    page: Page, live_server: LiveServer, busy: Rig
):
    sign_in(page, busy.owner, live_server.url)
    page.goto(f"{live_server.url}/s/acme/orders/?show=not_printed")

    page.get_by_role("link", name="Print all not printed (2)").click()
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    expect(page.get_by_role("dialog", name="Did all sheets come out?")).to_be_visible()
    assert_good(page)
    page.get_by_role("button", name="Yes, mark as printed").click()
    expect(page.get_by_text("2 orders marked as printed.")).to_be_visible()
    page.get_by_role("link", name="To ship").click()
    expect(page.get_by_text("Printed", exact=True)).to_have_count(2)
    page.get_by_role("link", name="Print all to ship (2)").click()
    expect(page.get_by_text("Somebody may be packing these 2 orders already.")).to_be_visible()
    assert_good(page)
    page.get_by_role("button", name="They did not come out").click()

    expect(page.get_by_role("link", name="Print all not printed (2)")).to_be_visible()


@both_sizes
def test_all_to_ship_is_printed_at_one_press(page: Page, live_server: LiveServer, busy: Rig):
    sign_in(page, busy.owner, live_server.url)
    page.goto(f"{live_server.url}/s/acme/orders/?show=to_ship")
    assert_good(page)

    page.get_by_role("link", name="Print all to ship (2)").click()

    expect(page.get_by_role("article", name="To pick")).to_be_visible()
    assert_good(page)


@both_sizes
def test_a_refund_names_its_sum_while_it_is_typed(page: Page, live_server: LiveServer, busy: Rig):
    order = busy.order("SO-00000001")
    lines = list(order.lines.order_by("pk"))
    record_shipment(
        order,
        key=order.public_id,
        lines={line.pk: line.open_quantity for line in lines},
        carrier_code="ups",
        tracking_number="1Z999",
        shipped_at=busy.now,
        actor=busy.owner,
        now=busy.now,
    )
    sign_in(page, busy.owner, live_server.url)
    page.goto(f"{live_server.url}/s/acme/orders/{order.public_id}/")

    page.get_by_role("button", name="Refund…").click()
    dialog = page.get_by_role("dialog", name="Refund")
    expect(dialog.get_by_role("button", name="Refund", exact=True)).to_be_visible()
    dialog.get_by_label("Amount").first.fill("1234.1")
    dialog.get_by_label("Amount").last.fill("2.2")
    expect(dialog.get_by_text("The buyer gets 1,236.30 USD back")).to_be_visible()
    assert_good(page)
    dialog.get_by_role("button", name="Refund 1,236.30 USD").click()
    expect(dialog.get_by_text("less than or equal to 20")).to_be_visible()
    expect(dialog.get_by_role("button", name="Refund 1,236.30 USD")).to_be_visible()
    dialog.get_by_label("Amount").first.fill("4.1")
    dialog.get_by_role("button", name="Refund 6.30 USD").click()

    expect(page.get_by_text("The refund is recorded.")).to_be_visible()
    assert [line.refunded for line in order.lines.order_by("pk")] == [Decimal("4.1"), Decimal("2.2")]


@both_sizes
def test_a_note_is_written_seen_on_the_list_and_taken_back(page: Page, live_server: LiveServer, busy: Rig):
    sign_in(page, busy.owner, live_server.url)
    page.goto(f"{live_server.url}/s/acme/orders/{busy.order('SO-00000001').public_id}/")

    page.get_by_role("button", name="Add the note").click()
    expect(page.get_by_text("Write something first.")).to_be_visible()
    page.get_by_label("Add a note").fill("The blue one is a gift.")
    page.get_by_role("button", name="Add the note").click()
    expect(page.get_by_role("link", name="1 note")).to_be_visible()
    assert_good(page)
    page.goto(f"{live_server.url}/s/acme/orders/")
    expect(page.get_by_text("Note", exact=True)).to_have_count(1)
    assert_good(page)
    page.go_back()
    page.get_by_role("button", name="Delete this note").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete it").click()

    expect(page.get_by_text("The note is deleted.")).to_be_visible()
    expect(page.get_by_text("The blue one is a gift.")).to_have_count(0)


@both_sizes
def test_an_owner_deletes_the_note_of_a_colleague(page: Page, live_server: LiveServer, busy: Rig):
    order = busy.order("SO-00000001")
    colleague = make_user("packer@example.com", seller=busy.seller, role=Role.MANAGER)
    OrderNote.objects.create(order=order, author=colleague, at=busy.now, text="Call her first.")
    sign_in(page, busy.owner, live_server.url)
    page.goto(f"{live_server.url}/s/acme/orders/{order.public_id}/")

    page.get_by_role("button", name="Delete this note").click()
    expect(page.get_by_role("dialog").get_by_text("Delete the note of packer@example.com?")).to_be_visible()
    assert_good(page)
    page.get_by_role("dialog").get_by_role("button", name="Delete it").click()

    expect(page.get_by_text("The note is deleted.")).to_be_visible()
    expect(page.get_by_text("Call her first.")).to_have_count(0)


@both_sizes
def test_a_buyer_is_found_from_every_page(page: Page, live_server: LiveServer, busy: Rig):
    sign_in(page, busy.owner, live_server.url)
    page.goto(f"{live_server.url}/s/acme/search/")

    page.get_by_label("tracking number or buyer").last.fill("ada b")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("region", name="Orders").get_by_role("link")).to_have_count(2)
    assert_good(page)


@both_sizes
def test_a_view_is_kept_as_a_tab_and_removed(page: Page, live_server: LiveServer, busy: Rig):
    sign_in(page, busy.owner, live_server.url)
    page.goto(f"{live_server.url}/s/acme/orders/?show=to_ship")

    page.get_by_label("Order number, tracking number, buyer or SKU").fill("MUG-1")
    page.get_by_role("button", name="Find").click()
    page.get_by_label("Name of this view").fill("Mugs to ship")
    assert_good(page)
    page.get_by_role("button", name="Keep as a tab").click()
    page.get_by_role("link", name="All orders").click()
    page.get_by_role("link", name="Mugs to ship").click()
    expect(page.get_by_label("Order number, tracking number, buyer or SKU")).to_have_value("MUG-1")
    assert_good(page)

    page.get_by_role("button", name="Remove the tab").click()

    expect(page.get_by_role("link", name="Mugs to ship")).to_have_count(0)

"""Every address there is: who gets in, and that nothing odd in an address breaks a page.

The addresses are read from the URL configuration, so that a new page is looked at without being named here.
"""

import codecs
import re
import uuid
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, reverse
from django.utils.http import urlencode

from channels_app.flows import shipping_files
from channels_app.flows.shipping_sheet import COLUMNS
from channels_app.models import (
    CancellationRequest,
    ChangeRequest,
    Channel,
    ChannelHistory,
    ChannelJob,
    FeedLine,
    JobRun,
    Listing,
    Order,
    OrderLine,
    OrderNote,
    RawOrder,
    ReconcileRun,
    ShippingFile,
    ShippingRow,
    Submission,
)
from inventory import team
from inventory.models import (
    BulkEdit,
    CsvImport,
    Invitation,
    Item,
    Label,
    Mail,
    Membership,
    Role,
    SavedView,
    Seller,
    TeamChange,
)
from inventory.support import end_visit, start_visit
from marketplace_integration import clock
from marketplace_integration.urls import urlpatterns
from tests.factories import NOW, make_label, make_seller, make_user
from tests.flows.order_rig import Rig, rig
from tests.inventory.csv_files import bring

__all__ = ["rig"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("memory_marketplace")]

#: Addresses for people who are not signed in, and for load balancers.
PUBLIC = {
    *("sign_in", "sign_out", "healthz"),
    *("password_reset", "password_reset_done", "password_reset_confirm", "password_reset_complete"),
    *("invitation_link", "invitation"),
}
#: Addresses for everybody who is signed in, whichever seller they belong to.
OWN = {"choose_seller", "password_change", "password_change_done"}
OWNERS_ONLY = {
    *("channel_deactivate", "channel_remove"),
    *("team_invite", "invitation_again", "invitation_withdraw", "member_role", "member_remove"),
}
#: What GET alone is for: a form sent there changes nothing.
READ_ONLY = {
    *("home", "search", "items", "items_edit", "label", "label_state"),
    *("import_detail", "import_problems", "item_listings", "item_why"),
    *("marketplaces", "channel_listings", "channel_reconciler", "channel_example", "channel_label_summary"),
    *("orders", "raw_orders", "order", "packing_slips", "activity", "refused_csv", "submission"),
    *("issues", "issue", "issue_csv"),
    *("channel_products", "channel_preview", "preview_count", "preview_csv"),
    "team",
    *("shipping_file", "shipping_file_problems", "to_ship_csv", "items_csv"),
}
#: What every member chooses for themselves, viewers too.
PERSONAL = {"notifications", "order_view_keep", "order_view_forget", "item_view_keep", "item_view_forget"}
#: What support does not see while it visits: what members choose for themselves, and what is made to be taken away.
CLOSED_TO_VISITS = {
    *("notifications", "packing_slips", "refused_csv", "issue_csv", "preview_csv", "to_ship_csv", "items_csv"),
    *("import_problems", "shipping_file_problems"),
}
UNSAFE = ("post", "put", "patch", "delete")
#: What walks through a whole catalogue, or all that is to ship.
WALKS = {"preview_count", "preview_csv", "issue_csv", "to_ship_csv", "items_csv"}
#: What is not there where its query names a label or a location that is not: a file of everything would be wrong.
EXACT = {"items_csv"}
#: Forms that are shown by GET at the address that takes them.
FORMS = {
    "item",
    "item_new",
    "labels",
    "import_new",
    "shipping_files",
    "ship_ticked",
    "import_columns",
    "channel_add",
    "channel_settings",
    "channel_product",
    "notifications",
}
#: What people, scanners and old bookmarks put into addresses.
BROKEN = ["\x00", "²", "9" * 5_000, "not-a-key", "2026-03-02T12:00:00_" + "9" * 30]
ODD = [
    *BROKEN,
    "",
    "a\x00b",
    "9" * 30,
    "-1",
    "NaN",
    "<script>alert(1)</script>",
    "0001-01-01T00:00:00+14:00_1",
    "9999-12-31T23:59:59-14:00_1",
]
#: Every name that any page reads from its query.
NAMES = [
    *("after", "before", "q", "label", "show", "channel", "tab", "only", "sku", "run", "kind", "order", "parcel", "at"),
    *("worth", "all", "cause", "own"),
    *("label-label", "quantity-buffer", "quantity-quantity_mode", "price-price_percent", "next"),
]

#: Every name that forms send, but for the action; and what makes a rule's form one.
FIELDS = [
    *("item", "label", "scope-label", "filter", "decision", "sku", "show", "name", "mode", "kind", "line", "number"),
    *(
        "ship-key",
        "ship-units-1",
        "ship-shipped_at",
        "cancel-units-1",
        "refund-amount-1",
        "note-text",
        "key",
        "location",
        "how",
    ),
    *("note", "rule-0-value", "label-label", "label-confirmed", "label-new_label", "quantity-buffer", "name-name"),
    *("email", "role", "price-price_percent", "ask-what", "ask-reason", "title", "price", "currency", "images"),
    *("attributes", "column_0", "what", "value", "scope-price", "hour", "order"),
]
RULE = {"rule-TOTAL_FORMS": "1", "rule-INITIAL_FORMS": "0", "rule-0-field": "title", "rule-0-op": "contains"}
HOSTILE = "<img src=x onerror=alert(1)>"
ACTIVITY_TABS = ("runs", "sent", "refused")


def _patterns(patterns: list[Any]) -> list[URLPattern]:
    found: list[URLPattern] = []
    for one in patterns:
        if isinstance(one, URLPattern):
            found.append(one)
        elif isinstance(one, URLResolver) and one.namespace != "admin":
            found += _patterns(one.url_patterns)
    return found


ADDRESSES = {str(one.name): sorted(one.pattern.converters) for one in _patterns(urlpatterns)}
SELLERS = sorted(ADDRESSES.keys() - PUBLIC - OWN)
MUTATING = sorted(set(SELLERS) - READ_ONLY)


@pytest.fixture
def values(rig: Rig) -> dict[str, dict[str, Any]]:
    """Return what stands in the addresses: one row of everything, by the name in the address."""
    channel = rig.channel
    Channel.objects.filter(pk=channel.pk).update(adapter_key="sandbox")
    item = rig.item("MUG-1", on_hand=10)
    rig.market.has_order("A-1", lines=[("MUG-1", 2, "10.00")])
    rig.download()
    order = rig.order("A-1")
    note = OrderNote.objects.create(order=order, author=rig.owner, at=NOW, text="Call her first.")
    raw = RawOrder.objects.create(
        channel=channel, remote_id="B-1", version=1, body={}, hash="x", state="needs_attention", fetched_at=NOW
    )
    asked = CancellationRequest.objects.create(order=order, seller_id=rig.seller.pk, remote_id="C-1", requested_at=NOW)
    wish = ChangeRequest.objects.create(channel=channel, what="listings_off", reason="Holiday.", created_at=NOW)
    run = ReconcileRun.objects.create(channel=channel, created_at=NOW)
    sent = Submission.objects.create(
        channel=channel, kind="offer", key=uuid.uuid4(), fence=1, line_count=1, created_at=NOW
    )
    FeedLine.objects.create(submission=sent, channel=channel, sku="MUG-1", kind="offer", created_at=NOW)
    listing = Listing.objects.create(
        channel=channel, sku="MUG-1", item=item, rejected_hash="x", rejected_reason="Too cheap."
    )
    job = ChannelJob.objects.get(channel=channel, kind="orders")
    JobRun.objects.create(job=job, channel=channel, kind="orders", fence=1, started_at=NOW, outcome="done")
    label = make_label(rig.seller, "Spring", items=[item])
    csv_import = bring(rig.seller, "sku,title\nB,Bread\n", confirm=False)
    invitation = _invited(rig.seller, rig.owner)
    colleague = make_user("colleague@example.com", seller=rig.seller, role=Role.MANAGER)
    done = BulkEdit.objects.create(seller=rig.seller, action="block", words="blocked", state="done", made_at=NOW)
    member_of = Membership.objects.get(seller=rig.seller, user=rig.owner)
    kept = {
        page: SavedView.objects.create(membership=member_of, page=page, name="Mugs", query={"q": "MUG-1"}).pk
        for page in ("orders", "items")
    }
    parcels = shipping_files.receive(
        rig.seller, b"Order,Carrier\nA-1,ups\nB-9,ups\n", file_name="parcels.csv", actor=rig.owner, now=NOW
    )
    common = {
        "channel": channel.public_id,
        "order": order.public_id,
        "key": sent.key,
        "group_key": uuid.uuid4(),
        "cause": listing.cause,
        "kind": "orders",
        "adapter_key": "sandbox",
        "pk": 0,
    }
    public_ids = {
        "items": done.public_id,
        "item": item.public_id,
        "label": label.public_id,
        "import": csv_import.public_id,
        "shipping": parcels.public_id,
        "invitation": invitation.public_id,
    }
    member = Membership.objects.get(user=colleague).pk
    keys = {
        "raw_order_retry": raw.pk,
        "order_answer": asked.pk,
        "order_note_delete": note.pk,
        "channel_withdraw_request": wish.pk,
        "reconcile_decide": run.pk,
        "order_view_forget": kept["orders"],
        "item_view_forget": kept["items"],
        "mail_again": Mail.objects.get(seller=rig.seller).pk,
        "member_role": member,
        "member_remove": member,
    }
    return {
        name: common | {"pk": keys.get(name, 0), "public_id": public_ids.get(name.split("_")[0])} for name in SELLERS
    }


def _invited(seller: Seller, owner: User) -> Invitation:
    team.invite(seller, "guest@example.com", Role.VIEWER, actor=owner, site="https://shop.example.com", now=NOW)
    return Invitation.objects.get(seller=seller)


def _url(name: str, seller: Seller, values: dict[str, dict[str, Any]]) -> str:
    kwargs = {part: values[name][part] for part in ADDRESSES[name] if part != "seller_slug"}
    return reverse(name, kwargs={"seller_slug": seller.slug, **kwargs})


def _answers(client: Client, seller: Seller, values: dict[str, dict[str, Any]], names: list[str]) -> dict[str, int]:
    return {name: client.post(_url(name, seller, values)).status_code for name in names}


def test_every_address_of_a_seller_needs_a_sign_in(client: Client, rig: Rig, values: dict[str, dict[str, Any]]):
    for name in SELLERS:
        url = _url(name, rig.seller, values)
        for answer in (client.get(url), client.post(url)):
            if answer.status_code != 405:
                assert (answer.status_code, answer.headers.get("Location", "").split("?")[0]) == (302, "/sign-in/"), (
                    name
                )
    for name in OWN:
        assert client.get(reverse(name)).headers["Location"].startswith("/sign-in/"), name


def test_nothing_of_a_seller_exists_for_others(client: Client, rig: Rig, values: dict[str, dict[str, Any]]):
    other = make_seller("else")
    client.force_login(make_user("else@example.com", seller=other))

    for name in SELLERS:
        url = _url(name, rig.seller, values)
        assert {client.get(url).status_code, client.post(url).status_code} <= {404, 405}, name


def test_another_sellers_rows_do_not_exist_under_ones_own_address(
    client: Client, rig: Rig, values: dict[str, dict[str, Any]]
):
    other = make_seller("else")
    client.force_login(make_user("else@example.com", seller=other))

    for name in SELLERS:
        if not set(ADDRESSES[name]) & {"public_id", "channel", "order", "pk", "key"}:
            continue  # nothing but the seller stands in it
        url = _url(name, other, values)
        assert {client.get(url).status_code, client.post(url).status_code} <= {404, 405}, name


def test_a_viewer_looks_and_changes_nothing(client: Client, rig: Rig, values: dict[str, dict[str, Any]]):
    client.force_login(make_user("viewer@example.com", seller=rig.seller, role=Role.VIEWER))

    looked = {name: client.get(_url(name, rig.seller, values)).status_code for name in READ_ONLY}

    assert looked == dict.fromkeys(READ_ONLY, 200)
    for_others = sorted(set(MUTATING) - PERSONAL)
    assert _answers(client, rig.seller, values, for_others) == dict.fromkeys(for_others, 403)


def test_a_visit_of_support_shows_what_a_viewer_sees_and_writes_nothing(
    client: Client, rig: Rig, values: dict[str, dict[str, Any]], support: User
):
    viewer = Client()
    viewer.force_login(make_user("viewer@example.com", seller=rig.seller, role=Role.VIEWER))
    start_visit(rig.seller, staff=support, reason="Orders are late.", minutes=15, now=clock.now())
    client.force_login(support)
    open_to_visits = sorted(set(SELLERS) - CLOSED_TO_VISITS)

    with CaptureQueriesContext(connection) as captured:
        answers = {name: client.get(_url(name, rig.seller, values)) for name in SELLERS}
        sent = {
            (name, method): getattr(client, method)(_url(name, rig.seller, values)).status_code
            for name in SELLERS
            for method in UNSAFE
        }

    seen = {name: answer.status_code for name, answer in answers.items()}
    assert {name: seen[name] for name in open_to_visits} == {
        name: viewer.get(_url(name, rig.seller, values)).status_code for name in open_to_visits
    }
    assert {seen[name] for name in CLOSED_TO_VISITS} == {403}
    assert [name for name, answer in answers.items() if answer.headers.get("Content-Disposition")] == []
    assert set(sent.values()) <= {403, 405}
    assert {status for (name, method), status in sent.items() if method == "post" and name in MUTATING} == {403}
    assert [each["sql"] for each in captured if not each["sql"].startswith("SELECT")] == []


def test_every_page_of_a_visit_says_so(client: Client, rig: Rig, values: dict[str, dict[str, Any]], support: User):
    start_visit(rig.seller, staff=support, reason="Orders are late.", minutes=15, now=clock.now())
    client.force_login(support)
    pages = [client.get(_url(name, rig.seller, values)) for name in SELLERS]
    whole = [page.content.decode() for page in pages if page.status_code == 200 and b"<html" in page.content]

    assert len(whole) > 20
    for page in whole:
        assert "as support, read-only, until" in page
        forms = re.findall('<form[^>]*method="post".*?</form>', page, re.DOTALL)
        assert sum('type="submit"' in form for form in forms) == 2  # ending the visit, signing out
        assert re.findall(r'href="[^"]*(?:\.csv|/packing-slips/)', page) == []


@pytest.mark.parametrize("ended", ["never begun", "by hand", "by the clock", "at another seller", "by somebody else"])
def test_without_a_visit_support_is_led_to_where_one_begins(
    client: Client, rig: Rig, values: dict[str, dict[str, Any]], support: User, ended: str
):
    now = clock.now()
    if ended == "by hand":
        end_visit(start_visit(rig.seller, staff=support, reason="x", minutes=15, now=now), now=now)
    elif ended == "by the clock":
        start_visit(rig.seller, staff=support, reason="x", minutes=15, now=now - timedelta(minutes=15, seconds=1))
    elif ended == "at another seller":
        start_visit(make_seller("else"), staff=support, reason="x", minutes=15, now=now)
    elif ended == "by somebody else":
        root = User.objects.create_superuser("root@example.com")
        start_visit(rig.seller, staff=root, reason="x", minutes=15, now=now)
    client.force_login(support)
    desk = reverse("admin:inventory_seller_visit", args=[rig.seller.pk])

    for name in SELLERS:
        url = _url(name, rig.seller, values)
        opened = client.get(url)
        if opened.status_code != 405:
            assert (opened.status_code, opened.headers["Location"]) == (302, f"{desk}?{urlencode({'next': url})}"), name
        answers = [getattr(client, method)(url).status_code for method in UNSAFE]
        assert {client.get(url, headers={"HX-Request": "true"}).status_code, *answers} <= {404, 405}, name


@pytest.mark.parametrize("lost", ["permission", "staff", "account"])
def test_a_visit_ends_with_the_rights_of_who_looks(
    client: Client, rig: Rig, values: dict[str, dict[str, Any]], support: User, lost: str
):
    start_visit(rig.seller, staff=support, reason="Orders are late.", minutes=60, now=clock.now())
    client.force_login(support)
    assert client.get(_url("home", rig.seller, values)).status_code == 200

    if lost == "permission":
        support.user_permissions.clear()
    else:
        User.objects.filter(pk=support.pk).update(**{"is_staff" if lost == "staff" else "is_active": False})

    for name in SELLERS:
        url = _url(name, rig.seller, values)
        assert {client.get(url).status_code, client.post(url).status_code} <= (
            {302, 405} if lost == "account" else {404, 405}
        ), name


def test_a_manager_does_not_what_is_the_owners(client: Client, rig: Rig, values: dict[str, dict[str, Any]]):
    client.force_login(make_user("manager@example.com", seller=rig.seller, role=Role.MANAGER))

    assert _answers(client, rig.seller, values, sorted(OWNERS_ONLY)) == dict.fromkeys(OWNERS_ONLY, 403)


def test_a_form_of_another_site_is_refused_everywhere(rig: Rig, values: dict[str, dict[str, Any]]):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(rig.owner)

    assert _answers(browser, rig.seller, values, MUTATING) == dict.fromkeys(MUTATING, 403)


@pytest.mark.parametrize(
    "name", ["refused_csv", "issue_csv", "preview_csv", "to_ship_csv", "items_csv", "shipping_file_problems"]
)
def test_every_file_for_a_program_for_tables_says_that_it_is_utf_8(
    client: Client, rig: Rig, values: dict[str, dict[str, Any]], name: str
):
    client.force_login(rig.owner)

    assert client.get(_url(name, rig.seller, values)).getvalue().startswith(codecs.BOM_UTF8)


def test_looking_changes_nothing(client: Client, rig: Rig, values: dict[str, dict[str, Any]]):
    """What changes something is not done by GET: those addresses either show a form or answer 405."""
    client.force_login(rig.owner)
    answers = {name: client.get(_url(name, rig.seller, values)).status_code for name in MUTATING}

    assert answers == {name: 200 if name in FORMS else 405 for name in MUTATING}


def test_no_page_breaks_on_what_stands_in_its_query(client: Client, rig: Rig, values: dict[str, dict[str, Any]]):
    client.force_login(rig.owner)
    client.raise_request_exception = False
    asked: list[tuple[str, dict[str, str]]] = [(name, {}) for name in sorted(READ_ONLY)] + [
        ("activity", {"tab": tab}) for tab in ACTIVITY_TABS
    ]
    answers = {}

    for (name, given), odd, left_out in product(asked, ODD, ("", "before")):
        query = {field: odd for field in NAMES if field != left_out} | given
        answer = client.get(_url(name, rig.seller, values), query)
        answers[name, str(given), ascii(odd)[:40], left_out] = answer.status_code
        assert b"<script>alert" not in answer.getvalue()

    good = {name: {200, 404} if name in EXACT else {200} for name in READ_ONLY}
    assert {asked: status for asked, status in answers.items() if status not in good[asked[0]]} == {}


def test_no_form_breaks_on_what_is_sent(client: Client, rig: Rig, values: dict[str, dict[str, Any]]):
    client.force_login(rig.owner)
    client.raise_request_exception = False
    answers = {}

    for name, odd, action in product(MUTATING, BROKEN, ("label", "add")):
        if name not in OWNERS_ONLY:
            sent = dict.fromkeys(FIELDS, odd) | RULE | {"action": action}
            answer = client.post(_url(name, rig.seller, values), sent)
            answers[name, ascii(odd)[:40], action] = answer.status_code

    assert {sent: status for sent, status in answers.items() if status >= 500} == {}


def test_what_buyers_marketplaces_and_colleagues_write_is_shown_as_text(
    client: Client, rig: Rig, values: dict[str, dict[str, Any]]
):
    client.force_login(rig.owner)
    Item.objects.update(title=HOSTILE, brand=HOSTILE, description=HOSTILE, attributes={HOSTILE: HOSTILE})
    Label.objects.filter(name="Spring").update(name=HOSTILE)
    Channel.objects.update(name=HOSTILE, check_error=HOSTILE)
    ChannelJob.objects.update(last_error=HOSTILE, blocked=True)
    Order.objects.update(buyer={"name": HOSTILE}, ship_to={"name": HOSTILE, HOSTILE: HOSTILE}, attention=HOSTILE)
    OrderLine.objects.update(title=HOSTILE, sku=HOSTILE, item=None)
    RawOrder.objects.update(reason=HOSTILE)
    Mail.objects.update(to=HOSTILE, last_error=HOSTILE)
    CsvImport.objects.update(file_name=HOSTILE, error=HOSTILE)
    CancellationRequest.objects.update(reason=HOSTILE)
    ChangeRequest.objects.update(reason=HOSTILE, answer=HOSTILE)
    Listing.objects.update(rejected_reason=HOSTILE, rejected_code=HOSTILE)
    ReconcileRun.objects.update(reason=HOSTILE)
    TeamChange.objects.update(who=HOSTILE, whom=HOSTILE)
    Invitation.objects.update(email=HOSTILE)
    User.objects.filter(email="colleague@example.com").update(username=HOSTILE)
    SavedView.objects.update(name=HOSTILE)
    BulkEdit.objects.update(words=HOSTILE, error=HOSTILE, state="failed")
    ShippingFile.objects.update(file_name=HOSTILE)
    ShippingRow.objects.update(problem=HOSTILE, cells=dict.fromkeys(COLUMNS, HOSTILE))
    ChannelHistory.objects.create(channel=rig.channel, at=NOW, what="label", before=HOSTILE, after=HOSTILE)
    urls = [_url(name, rig.seller, values) for name in SELLERS if not name.endswith(("_csv", "_problems"))]
    urls += [f"{_url('packing_slips', rig.seller, values)}?order={values['order']['order']}"]
    urls += [f"{_url('activity', rig.seller, values)}?tab={tab}" for tab in ACTIVITY_TABS]

    pages = {url: client.get(url) for url in urls}
    texts = {url: page.content.decode() for url, page in pages.items() if page.status_code == 200}

    assert [url for url, text in texts.items() if HOSTILE in text or "<img src=x" in text] == []
    assert sum("&lt;img src=x" in text for text in texts.values()) > 10


def test_a_press_that_names_no_decision_decides_nothing(client: Client, rig: Rig, values: dict[str, dict[str, Any]]):
    client.force_login(rig.owner)
    before = list(CancellationRequest.objects.values()), list(ReconcileRun.objects.values())

    assert client.post(_url("order_answer", rig.seller, values)).status_code == 400
    client.post(_url("reconcile_decide", rig.seller, values))

    assert (list(CancellationRequest.objects.values()), list(ReconcileRun.objects.values())) == before


def test_a_link_to_the_sign_in_leads_nowhere_else(client: Client):
    make_user("owner@example.com", seller=make_seller())

    for away in ("https://evil.example/", "//evil.example/", "/\\evil.example/", "javascript:alert(1)"):
        answer = client.post(
            "/sign-in/", {"username": "owner@example.com", "password": "a-test-password", "next": away}
        )
        assert answer.headers["Location"] == "/"
        client.logout()


def test_a_session_from_before_the_sign_in_is_not_carried_over(client: Client):
    make_user("owner@example.com", seller=make_seller())
    session = client.session
    session["planted"] = "x"
    session.save()

    client.post("/sign-in/", {"username": "owner@example.com", "password": "a-test-password"})

    assert client.session.session_key != session.session_key


def test_support_pages_are_closed_to_sellers_and_strangers(client: Client, rig: Rig):
    names = [f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry]
    urls = [reverse(f"admin:{name}_{page}") for name in names for page in ("changelist", "add")]
    urls += [reverse(f"admin:{name}_{page}", args=[rig.channel.pk]) for name in names for page in ("change", "delete")]
    urls += [reverse("admin:channels_app_channel_do", args=[rig.channel.pk, "go_live"]), reverse("admin:index")]

    for _ in range(2):
        for url in urls:
            for answer in (client.get(url), client.post(url)):
                assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/support/login/"), url
        client.force_login(rig.owner)

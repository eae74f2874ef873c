"""Every address there is: who gets in, whoever asks and however.

The addresses are read from the URL configuration, so that a new page is looked at without being named here.
"""

import codecs
import re
from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.http import urlencode

from inventory.models import (
    Role,
    Seller,
)
from inventory.support import end_visit, start_visit
from marketplace_integration import clock
from tests.factories import make_seller, make_user
from tests.flows.order_rig import Rig, rig
from tests.views.addresses import (
    ADDRESSES,
    CLOSED_TO_VISITS,
    FORMS,
    MUTATING,
    OWN,
    OWN_DEEDS,
    OWNERS_ONLY,
    PERSONAL,
    READ_ONLY,
    SELLERS,
    UNSAFE,
    Values,
    url_of,
    values,
)

__all__ = ["rig", "values"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("memory_marketplace")]


def _answers(client: Client, seller: Seller, values: Values, names: list[str]) -> dict[str, int]:
    return {name: client.post(url_of(name, seller, values)).status_code for name in names}


def test_every_address_of_a_seller_needs_a_sign_in(client: Client, rig: Rig, values: Values):
    for name in SELLERS:
        url = url_of(name, rig.seller, values)
        for answer in (client.get(url), client.post(url)):
            if answer.status_code != 405:
                assert (answer.status_code, answer.headers.get("Location", "").split("?")[0]) == (302, "/sign-in/"), (
                    name
                )
    for name in OWN:
        assert client.get(reverse(name)).headers["Location"].startswith("/sign-in/"), name
    for name in OWN_DEEDS:
        assert client.post(reverse(name)).headers["Location"].startswith("/sign-in/"), name


def test_nothing_of_a_seller_exists_for_others(client: Client, rig: Rig, values: Values):
    other = make_seller("else")
    client.force_login(make_user("else@example.com", seller=other))

    for name in SELLERS:
        url = url_of(name, rig.seller, values)
        assert {client.get(url).status_code, client.post(url).status_code} <= {404, 405}, name


def test_another_sellers_rows_do_not_exist_under_ones_own_address(client: Client, rig: Rig, values: Values):
    other = make_seller("else")
    client.force_login(make_user("else@example.com", seller=other))

    for name in SELLERS:
        if not set(ADDRESSES[name]) & {"public_id", "channel", "order", "pk", "key"}:
            continue  # nothing but the seller stands in it
        url = url_of(name, other, values)
        assert {client.get(url).status_code, client.post(url).status_code} <= {404, 405}, name


def test_a_viewer_looks_and_changes_nothing(client: Client, rig: Rig, values: Values):
    client.force_login(make_user("viewer@example.com", seller=rig.seller, role=Role.VIEWER))

    looked = {name: client.get(url_of(name, rig.seller, values)).status_code for name in READ_ONLY}

    assert looked == dict.fromkeys(READ_ONLY, 200)
    for_others = sorted(set(MUTATING) - PERSONAL)
    assert _answers(client, rig.seller, values, for_others) == dict.fromkeys(for_others, 403)


def test_a_visit_of_support_shows_what_a_viewer_sees_and_writes_nothing(
    client: Client, rig: Rig, values: Values, support: User
):
    viewer = Client()
    viewer.force_login(make_user("viewer@example.com", seller=rig.seller, role=Role.VIEWER))
    start_visit(rig.seller, staff=support, reason="Orders are late.", minutes=15, now=clock.now())
    client.force_login(support)
    open_to_visits = sorted(set(SELLERS) - CLOSED_TO_VISITS)

    with CaptureQueriesContext(connection) as captured:
        answers = {name: client.get(url_of(name, rig.seller, values)) for name in SELLERS}
        sent = {
            (name, method): getattr(client, method)(url_of(name, rig.seller, values)).status_code
            for name in SELLERS
            for method in UNSAFE
        }

    seen = {name: answer.status_code for name, answer in answers.items()}
    assert {name: seen[name] for name in open_to_visits} == {
        name: viewer.get(url_of(name, rig.seller, values)).status_code for name in open_to_visits
    }
    assert {seen[name] for name in CLOSED_TO_VISITS} == {403}
    assert [name for name, answer in answers.items() if answer.headers.get("Content-Disposition")] == []
    assert set(sent.values()) <= {403, 405}
    assert {status for (name, method), status in sent.items() if method == "post" and name in MUTATING} == {403}
    assert [each["sql"] for each in captured if not each["sql"].startswith("SELECT")] == []


def test_every_page_of_a_visit_says_so(client: Client, rig: Rig, values: Values, support: User):
    start_visit(rig.seller, staff=support, reason="Orders are late.", minutes=15, now=clock.now())
    client.force_login(support)
    pages = [client.get(url_of(name, rig.seller, values)) for name in SELLERS]
    whole = [page.content.decode() for page in pages if page.status_code == 200 and b"<html" in page.content]

    assert len(whole) > 20
    for page in whole:
        assert "as support, read-only, until" in page
        forms = re.findall('<form[^>]*method="post".*?</form>', page, re.DOTALL)
        assert sum('type="submit"' in form for form in forms) == 2  # ending the visit, signing out
        assert re.findall(r'href="[^"]*(?:\.csv|/packing-slips/)', page) == []


@pytest.mark.parametrize("ended", ["never begun", "by hand", "by the clock", "at another seller", "by somebody else"])
def test_without_a_visit_support_is_led_to_where_one_begins(
    client: Client, rig: Rig, values: Values, support: User, ended: str
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
        url = url_of(name, rig.seller, values)
        opened = client.get(url)
        if opened.status_code != 405:
            assert (opened.status_code, opened.headers["Location"]) == (302, f"{desk}?{urlencode({'next': url})}"), name
        answers = [getattr(client, method)(url).status_code for method in UNSAFE]
        assert {client.get(url, headers={"HX-Request": "true"}).status_code, *answers} <= {404, 405}, name


@pytest.mark.parametrize("lost", ["permission", "staff", "account"])
def test_a_visit_ends_with_the_rights_of_who_looks(client: Client, rig: Rig, values: Values, support: User, lost: str):
    start_visit(rig.seller, staff=support, reason="Orders are late.", minutes=60, now=clock.now())
    client.force_login(support)
    assert client.get(url_of("home", rig.seller, values)).status_code == 200

    if lost == "permission":
        support.user_permissions.clear()
    else:
        User.objects.filter(pk=support.pk).update(**{"is_staff" if lost == "staff" else "is_active": False})

    for name in SELLERS:
        url = url_of(name, rig.seller, values)
        assert {client.get(url).status_code, client.post(url).status_code} <= (
            {302, 405} if lost == "account" else {404, 405}
        ), name


def test_a_manager_does_not_what_is_the_owners(client: Client, rig: Rig, values: Values):
    client.force_login(make_user("manager@example.com", seller=rig.seller, role=Role.MANAGER))

    assert _answers(client, rig.seller, values, sorted(OWNERS_ONLY)) == dict.fromkeys(OWNERS_ONLY, 403)


def test_a_form_of_another_site_is_refused_everywhere(rig: Rig, values: Values):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(rig.owner)

    assert _answers(browser, rig.seller, values, MUTATING) == dict.fromkeys(MUTATING, 403)


@pytest.mark.parametrize(
    "name",
    [
        *("refused_csv", "issue_csv", "preview_csv", "to_ship_csv", "items_csv", "listings_csv", "orders_csv"),
        *("shipping_file_problems", "reconcile_csv"),
    ],
)
def test_every_file_for_a_program_for_tables_says_that_it_is_utf_8(client: Client, rig: Rig, values: Values, name: str):
    client.force_login(rig.owner)

    assert client.get(url_of(name, rig.seller, values)).getvalue().startswith(codecs.BOM_UTF8)


def test_looking_changes_nothing(client: Client, rig: Rig, values: Values):
    """What changes something is not done by GET: those addresses either show a form or answer 405."""
    client.force_login(rig.owner)
    answers = {name: client.get(url_of(name, rig.seller, values)).status_code for name in MUTATING}

    assert answers == {name: 200 if name in FORMS else 405 for name in MUTATING}


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

"""Support looks at a seller's pages: with a reason, for a time, on record for both sides."""

from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from inventory.models import Membership, Role, Seller, SupportVisit
from inventory.support import CannotVisit, end_visit, find_visit, start_visit
from marketplace_integration import clock
from tests.factories import NOW, make_seller, make_user
from tests.flows.test_activate_races import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller() -> Seller:
    return make_seller(time_zone="Europe/Berlin")


def desk_page(seller: Seller, then: str = "") -> str:
    return reverse("admin:inventory_seller_visit", args=[seller.pk]) + (f"?next={then}" if then else "")


def start(seller: Seller, staff: User, minutes: int = 15, now=NOW) -> SupportVisit:
    return start_visit(seller, staff=staff, reason="Orders are late.", minutes=minutes, now=now)


def test_a_visit_lasts_until_its_minute_and_not_longer(seller: Seller, support: User):
    visit = start(seller, support)

    assert find_visit(seller, support, now=NOW + timedelta(minutes=14, seconds=59)) == visit
    assert find_visit(seller, support, now=NOW + timedelta(minutes=15)) is None


def test_one_visit_at_a_time_and_another_once_it_is_over(seller: Seller, support: User):
    first = start(seller, support)
    with pytest.raises(CannotVisit, match="already"):
        start(seller, support, now=NOW + timedelta(minutes=5))
    later = NOW + timedelta(hours=2)

    second = start(seller, support, now=later)

    first.refresh_from_db()
    assert first.ended_at == first.ends_at
    assert find_visit(seller, support, now=later) == second


def test_a_visit_that_is_over_stays_as_it_was(seller: Seller, support: User):
    visit = start(seller, support)
    end_visit(visit, now=NOW + timedelta(minutes=5))
    end_visit(visit, now=NOW + timedelta(minutes=9))

    visit.refresh_from_db()
    assert visit.until == NOW + timedelta(minutes=5)


@pytest.mark.parametrize("minutes", [0, -15, 61, 10_000])
def test_nobody_looks_for_longer_than_is_offered(seller: Seller, support: User, minutes: int):
    with pytest.raises(CannotVisit):
        start(seller, support, minutes=minutes)


def test_only_support_visits_and_not_its_own_team(seller: Seller, support: User):
    with pytest.raises(CannotVisit):
        start(seller, make_user("boss@example.com", seller=make_seller("else")))
    Membership.objects.create(seller=seller, user=support, role=Role.OWNER)
    with pytest.raises(CannotVisit, match="on the team"):
        start(seller, support)


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_begin_one_visit(support: User):
    seller = make_seller()

    results = at_once(*[partial(start, seller, support)] * 2)

    assert SupportVisit.objects.count() == 1
    assert sum(isinstance(result, CannotVisit) for result in results) == 1


def test_support_gives_a_reason_and_comes_to_the_page_it_asked_for(desk: Client, seller: Seller, support: User):
    there = reverse("orders", args=[seller.slug])
    asked = desk.get(there)
    form = desk.get(asked.headers["Location"])
    without = desk.post(desk_page(seller, there), {"reason": " ", "minutes": "15"})
    began = desk.post(desk_page(seller, there), {"reason": "Orders are late.", "minutes": "15"})

    assert asked.headers["Location"] == desk_page(seller, there.replace("/", "%2F"))
    assert form.status_code == 200
    assert (without.status_code, began.status_code, began.headers["Location"]) == (422, 302, there)
    visit = SupportVisit.objects.get()
    assert (visit.staff, visit.who, visit.reason) == (support, "support@example.com", "Orders are late.")
    assert visit.ends_at - visit.started_at == timedelta(minutes=15)
    assert desk.get(there).status_code == 200
    assert desk.get(desk_page(seller, there)).headers["Location"] == there


def test_a_second_visit_is_refused_in_words(desk: Client, seller: Seller, support: User):
    start(seller, support, now=clock.now())

    answer = desk.post(desk_page(seller), {"reason": "Again.", "minutes": "60"})

    assert answer.status_code == 422
    assert "already" in answer.content.decode()


@pytest.mark.parametrize(
    "away", ["https://evil.example/", "//evil.example/", "/s/else/", "/support/", "/\\evil.example"]
)
def test_a_visit_leads_nowhere_but_to_the_seller(desk: Client, seller: Seller, away: str):
    answer = desk.post(desk_page(seller, away), {"reason": "Orders are late.", "minutes": "15"})

    assert answer.headers["Location"] == reverse("home", args=[seller.slug])


def test_the_banner_says_until_when_in_the_sellers_time_and_ends_the_visit(desk: Client, seller: Seller, support: User):
    home = reverse("home", args=[seller.slug])
    visit = start(seller, support, now=clock.now())
    end = reverse("admin:inventory_supportvisit_end", args=[visit.pk])

    shown = desk.get(home).content.decode()
    assert "as support, read-only, until" in shown
    assert f'action="{end}"' in shown
    assert desk.get(end).status_code == 405
    desk.post(end)

    visit.refresh_from_db()
    assert visit.ended_at is not None
    assert desk.get(home).status_code == 302


def test_nobody_ends_the_visit_of_somebody_else(desk: Client, seller: Seller):
    visit = start(seller, User.objects.create_superuser("root@example.com"), now=clock.now())

    answer = desk.post(reverse("admin:inventory_supportvisit_end", args=[visit.pk]))

    visit.refresh_from_db()
    assert (answer.status_code, visit.ended_at) == (404, None)


def test_a_form_of_another_site_begins_and_ends_no_visit(seller: Seller, support: User):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(support)
    visit = start(make_seller("else"), support, now=clock.now())

    began = browser.post(desk_page(seller), {"reason": "Orders are late.", "minutes": "15"})
    ended = browser.post(reverse("admin:inventory_supportvisit_end", args=[visit.pk]))

    assert (began.status_code, ended.status_code) == (403, 403)
    assert SupportVisit.objects.get().ended_at is None


def test_staff_without_the_permission_begin_nothing(client: Client, seller: Seller):
    staff = make_user("staff@example.com")
    User.objects.filter(pk=staff.pk).update(is_staff=True)
    client.force_login(staff)

    assert client.get(desk_page(seller)).status_code == 403
    assert client.post(desk_page(seller), {"reason": "x", "minutes": "15"}).status_code == 403


def test_the_team_reads_who_looked_and_why_also_when_the_account_is_gone(client: Client, seller: Seller, support: User):
    start(seller, support)
    end_visit(start(make_seller("else"), support), now=NOW)
    support.delete()
    client.force_login(make_user("viewer@example.com", seller=seller, role=Role.VIEWER))

    shown = client.get(reverse("team", args=[seller.slug])).content.decode()

    assert "support@example.com" in shown
    assert "looked until" in shown
    assert "Orders are late." in shown
    assert "2 Mar 2026, 13:15 CET" in shown
    assert shown.count("Orders are late.") == 1


def test_the_record_of_visits_is_only_read(desk: Client, seller: Seller, support: User):
    visit = start(seller, support)
    record = "admin:inventory_supportvisit"

    listed = desk.get(reverse(f"{record}_changelist"), {"q": "acme"}).content.decode()

    assert "Orders are late." in listed
    assert "not yet" not in listed
    page = reverse(f"{record}_change", args=[visit.pk])
    assert desk.get(page).status_code == 200
    assert desk.post(page, {"reason": "Other"}).status_code == 403
    assert desk.get(reverse(f"{record}_add")).status_code == 403
    assert desk.post(reverse(f"{record}_delete", args=[visit.pk]), {"post": "yes"}).status_code == 403


def test_who_is_on_the_team_needs_no_visit_and_is_no_visitor(desk: Client, seller: Seller, support: User):
    visit = start(seller, support, now=clock.now())
    Membership.objects.create(seller=seller, user=support, role=Role.MANAGER)

    shown = desk.get(reverse("items", args=[seller.slug])).content.decode()

    assert find_visit(seller, support, now=clock.now()) == visit
    assert "read-only" not in shown
    assert desk.get(reverse("item_new", args=[seller.slug])).status_code == 200

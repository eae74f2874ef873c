"""The daily letter: at the chosen hour of the seller's day, once, and only if something waits."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core import mail as letters
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from channels_app.flows import digest
from channels_app.flows.retention import purge
from channels_app.flows.troubles import Trouble
from channels_app.models import Channel, Listing, Order, PendingChange
from inventory import mail, team, wishes
from inventory.models import DigestChoice, DigestDay, Invitation, Mail, Membership, Role, Seller
from marketplace_integration import clock
from tests.factories import make_channel, make_job, make_seller, make_user
from tests.flows.test_activate_races import at_once

pytestmark = pytest.mark.django_db

SITE = "https://shop.example.com"
#: 8:00 in Berlin, in winter.
EIGHT = datetime(2026, 3, 3, 7, 0, tzinfo=UTC)
EVENING_BEFORE = EIGHT - timedelta(hours=12)


@pytest.fixture
def seller() -> Seller:
    return make_seller(name="Acme & Sons", time_zone="Europe/Berlin")


@pytest.fixture
def owner(seller: Seller) -> User:
    return make_user(seller=seller)


@pytest.fixture
def member(seller: Seller, owner: User) -> Membership:
    return Membership.objects.get(user=owner)


@pytest.fixture
def channel(seller: Seller) -> Channel:
    """A channel with one of its jobs stopped."""
    channel = make_channel(seller)
    make_job(channel, "orders", blocked=True)
    return channel


def wants(member: Membership, hour: int | None = 8, *, now: datetime = EVENING_BEFORE) -> None:
    wishes.choose_daily(member, hour, site=SITE, now=now)


def deliver(now: datetime) -> list[letters.EmailMessage]:
    """Do what beat and a worker do at this moment; return what arrived."""
    before = len(letters.outbox)
    for mail_id in digest.write_due(now=now):
        mail.send(mail_id, now=now)
    return letters.outbox[before:]


# --- when ------------------------------------------------------------------------------------------------------------
def test_it_is_off_unless_somebody_chose_it(channel: Channel, member: Membership):
    assert deliver(EIGHT) == []
    assert not DigestDay.objects.exists()


def test_it_comes_once_a_day_at_the_hour_of_the_sellers_zone(channel: Channel, member: Membership):
    wants(member)

    assert deliver(EIGHT - timedelta(minutes=5)) == []
    assert len(deliver(EIGHT)) == 1
    assert deliver(EIGHT + timedelta(minutes=5)) == []
    assert len(deliver(EIGHT + timedelta(days=1))) == 1


def test_a_beat_that_was_away_at_the_hour_sends_it_later_that_day(channel: Channel, member: Membership):
    wants(member)

    assert len(deliver(EIGHT + timedelta(hours=9))) == 1


def test_an_hour_that_has_passed_begins_tomorrow(channel: Channel, member: Membership):
    wants(member, now=EIGHT + timedelta(minutes=1))

    assert deliver(EIGHT + timedelta(hours=1)) == []
    assert len(deliver(EIGHT + timedelta(days=1))) == 1


def test_the_hours_follow_the_clocks_of_summer(channel: Channel, member: Membership):
    wants(member)
    summer = datetime(2026, 7, 1, 6, 0, tzinfo=UTC)

    assert deliver(summer - timedelta(minutes=5)) == []
    assert len(deliver(summer)) == 1


def test_a_zone_that_nobody_knows_stops_no_letters(channel: Channel, member: Membership):
    wants(member)
    odd = make_seller("odd", time_zone="Mars/Olympus")
    make_job(make_channel(odd), "orders", blocked=True)
    wants(Membership.objects.get(user=make_user("odd@example.com", seller=odd)))

    assert sorted(to for letter in deliver(EIGHT + timedelta(hours=1)) for to in letter.to) == [
        "odd@example.com",
        "owner@example.com",
    ]


def test_a_seller_whose_letter_cannot_be_written_stops_no_other_and_is_tried_again(
    channel: Channel, member: Membership, monkeypatch: pytest.MonkeyPatch
):
    wants(member)
    other = make_seller("other", time_zone="Europe/Berlin")
    make_job(make_channel(other), "orders", blocked=True)
    wants(Membership.objects.get(user=make_user("other@example.com", seller=other)))
    look = digest.digest_of

    def look_at_all_but_the_first(seller: Seller, *, now: datetime) -> list[Trouble]:
        if seller == member.seller:
            raise ValueError("nothing to be seen")
        return look(seller, now=now)

    with monkeypatch.context() as broken:
        broken.setattr(digest, "digest_of", look_at_all_but_the_first)
        first = deliver(EIGHT)

    assert [letter.to for letter in first] == [["other@example.com"]]
    assert [letter.to for letter in deliver(EIGHT + timedelta(minutes=5))] == [["owner@example.com"]]


# --- what ------------------------------------------------------------------------------------------------------------
def test_nothing_waits_no_letter_that_day(channel: Channel, member: Membership):
    wants(member)
    channel.jobs.update(blocked=False)

    assert deliver(EIGHT) == []
    channel.jobs.update(blocked=True)
    assert deliver(EIGHT + timedelta(hours=1)) == []
    assert DigestDay.objects.get().things == 0


def test_it_tells_jobs_refusals_orders_and_held_endings_with_links(
    channel: Channel, member: Membership, seller: Seller
):
    wants(member)
    for number in range(3):
        Listing.objects.create(channel=channel, sku=f"R-{number}", state="rejected", rejected_hash="x")
    PendingChange.objects.create(channel=channel, sku="H-1", kinds=1, held=True, changed_at=EIGHT)
    Order.objects.create(
        channel=channel,
        seller_id=seller.pk,
        remote_id="A-1",
        version=1,
        currency="USD",
        tax_included=True,
        total=10,
        placed_at=EIGHT,
        imported_at=EIGHT,
        updated_at=EIGHT,
        attention="Unknown SKU.",
    )

    (letter,) = deliver(EIGHT)
    body = str(letter.body)

    assert letter.subject == "Acme & Sons: 4 things wait for you"
    assert "Waiting for you at Acme & Sons, 3 Mar 2026, 08:00 CET:" in body
    assert "Sandbox: 1 job stopped and waits for you." in body
    assert "Sandbox refused 3 listings." in body
    assert "Sandbox: 1 ending of listings waits for your decision." in body
    assert "1 order needs attention." in body
    assert body.count(f"{SITE}/s/{seller.slug}/") == 5  # one each, and where to change the hour


def test_it_tells_nothing_of_other_sellers(channel: Channel):
    other = make_seller("other")
    wants(Membership.objects.get(user=make_user("other@example.com", seller=other)))

    assert deliver(EIGHT + timedelta(hours=1)) == []


# --- who -------------------------------------------------------------------------------------------------------------
def test_each_member_chooses_alone_and_a_closed_account_gets_none(channel: Channel, member: Membership, seller: Seller):
    viewer = Membership.objects.get(user=make_user("viewer@example.com", seller=seller, role=Role.VIEWER))
    closed = Membership.objects.get(user=make_user("closed@example.com", seller=seller))
    wants(member, 8)
    wants(viewer, 9)
    wants(closed, 8)
    User.objects.filter(pk=closed.user_id).update(is_active=False)

    assert [letter.to for letter in deliver(EIGHT)] == [["owner@example.com"]]
    assert [letter.to for letter in deliver(EIGHT + timedelta(hours=1))] == [["viewer@example.com"]]


def test_who_was_removed_gets_no_letter_that_still_waited(channel: Channel, seller: Seller, owner: User):
    ada = Membership.objects.get(user=make_user("ada@example.com", seller=seller))
    wants(ada)
    (mail_id,) = digest.write_due(now=EIGHT)

    team.remove(ada, actor=owner, now=EIGHT)

    assert not mail.send(mail_id, now=EIGHT)
    assert letters.outbox == []


@pytest.mark.django_db(transaction=True)
def test_two_beats_write_one_letter(channel: Channel, member: Membership):
    wants(member)

    raised = at_once(*[partial(digest.write_due, now=EIGHT)] * 3)

    assert raised == [None] * 3
    assert Mail.objects.count() == 1


def test_old_letters_and_days_are_purged(channel: Channel, member: Membership):
    wants(member)
    deliver(EIGHT)

    assert purge(now=EIGHT + timedelta(days=89))["letters"] == 0
    assert purge(now=EIGHT + timedelta(days=92))["letters"] == 1
    assert not DigestDay.objects.exists()
    assert DigestChoice.objects.exists()


# --- new owners ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("role", "hours"), [(Role.OWNER, [8]), (Role.MANAGER, []), (Role.VIEWER, [])])
def test_who_joins_as_an_owner_gets_it_at_eight_others_choose_it(
    channel: Channel, seller: Seller, owner: User, role: Role, hours: list[int]
):
    team.invite(seller, "ada@example.com", role, actor=owner, site=SITE, now=EVENING_BEFORE)

    team.accept(Invitation.objects.get(), make_user("ada@example.com"), now=EVENING_BEFORE)

    assert list(DigestChoice.objects.values_list("hour", flat=True)) == hours
    assert [letter.to for letter in deliver(EIGHT)] == [["ada@example.com"] for _ in hours]


def test_who_is_on_the_team_already_is_sent_nothing_new(seller: Seller, member: Membership, owner: User):
    ada = Membership.objects.get(user=make_user("ada@example.com", seller=seller, role=Role.MANAGER))

    team.change_role(ada, Role.OWNER, actor=owner, now=EVENING_BEFORE)

    assert not DigestChoice.objects.exists()


def test_the_owner_of_a_new_seller_gets_it_with_words_until_a_browser_told_the_site(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NEW_PASSWORD", "a-test-password")
    monkeypatch.setattr(clock, "now", lambda: EVENING_BEFORE)
    call_command("add_seller", "nord", owner="nord@example.com", time_zone="Europe/Berlin", stdout=StringIO())
    nord = Seller.objects.get(slug="nord")
    make_job(make_channel(nord), "orders", blocked=True)

    (first,) = deliver(EIGHT)
    wishes.choose_warnings(Membership.objects.get(seller=nord), of_expiry=True, of_stops=True, site=SITE)
    (second,) = deliver(EIGHT + timedelta(days=1))

    assert "Sandbox: 1 job stopped and waits for you.\n\nYou get" in str(first.body)
    assert "Notifications, in the menu at the top right." in str(first.body)
    assert "http" not in str(first.body)
    assert str(second.body).count(f"{SITE}/s/nord/") == 2


# --- the page --------------------------------------------------------------------------------------------------------
def test_a_viewer_chooses_on_a_page_that_shows_what_it_would_say(client: Client, channel: Channel, seller: Seller):
    client.force_login(make_user("viewer@example.com", seller=seller, role=Role.VIEWER))
    url = reverse("notifications", args=[seller.slug])

    shown = client.get(url).content.decode()
    client.post(url, {"hour": "8"})
    chosen = DigestChoice.objects.get()
    again = client.get(url).content.decode()
    client.post(url, {"hour": ""})

    assert "Sandbox: 1 job stopped and waits for you." in shown
    assert "Time in Europe/Berlin" in shown
    assert (chosen.membership.user.username, chosen.hour, chosen.site) == ("viewer@example.com", 8, "http://testserver")
    assert '<option value="8" selected>' in again
    assert not DigestChoice.objects.exists()


def test_an_hour_that_no_day_has_is_refused(client: Client, seller: Seller, owner: User):
    client.force_login(owner)

    assert client.post(reverse("notifications", args=[seller.slug]), {"hour": "24"}).status_code == 422
    assert not DigestChoice.objects.exists()


def test_who_has_no_address_is_told_so(client: Client, seller: Seller):
    client.force_login(make_user("nameless", seller=seller))
    User.objects.update(email="")

    page = client.get(reverse("notifications", args=[seller.slug])).content.decode()

    assert "Your account has no e-mail address" in page


def test_the_page_names_the_latest(client: Client, channel: Channel, member: Membership, owner: User, seller: Seller):
    DigestDay.objects.create(membership=member, day=date(2026, 3, 2), things=2)
    client.force_login(owner)

    page = client.get(reverse("notifications", args=[seller.slug])).content.decode()

    assert "The latest daily one was of 2 Mar 2026 and told 2 things." in page

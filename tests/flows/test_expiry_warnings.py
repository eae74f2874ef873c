"""Letters before credentials expire: 30, 7 and 1 days ahead, and once they have; each once, to those who want them."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail as letters
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_app import tasks
from channels_app.flows import digest, expiry_warnings
from channels_app.flows import settings as channel_settings
from channels_app.flows.activate import activate
from channels_app.models import Channel, ExpiryWarning
from inventory import mail, wishes
from inventory.models import Mail, Membership, Role, Seller
from inventory.tasks import send_mail
from marketplace_integration import clock
from marketplace_integration.celery_config import beat_schedule
from tests.factories import NOW, make_channel, make_seller, make_user
from tests.flows.marketplace import make_ready_channel
from tests.flows.test_activate_races import at_once

pytestmark = pytest.mark.django_db

SITE = "https://shop.example.com"
TODAY = NOW.date()
DAY = timedelta(days=1)


@pytest.fixture
def seller() -> Seller:
    return make_seller(name="Acme & Sons", time_zone="Europe/Berlin")


@pytest.fixture
def owner(seller: Seller) -> User:
    return make_user(seller=seller)


@pytest.fixture
def channel(seller: Seller, owner: User) -> Channel:
    return make_channel(seller, name="Sandbox Germany")


def expires(channel: Channel, days: int) -> date:
    """Its last day is so many days after NOW's; returns it."""
    Channel.objects.filter(pk=channel.pk).update(credentials_expire_on=TODAY + timedelta(days=days))
    return TODAY + timedelta(days=days)


def deliver(now: datetime = NOW) -> list[letters.EmailMessage]:
    """Do what beat and a worker do at this moment; return what arrived."""
    before = len(letters.outbox)
    for mail_id in expiry_warnings.write_due(now=now):
        mail.send(mail_id, now=now)
    return letters.outbox[before:]


def given_so_far() -> list[int]:
    return list(ExpiryWarning.objects.order_by("pk").values_list("days_ahead", flat=True))


# --- when ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("days_left", "warned", "expected"),
    [
        (31, [], []),
        (30, [], [30]),
        (29, [30], []),
        (8, [30], []),
        (7, [30], [7]),
        (7, [], [7]),
        (2, [30, 7], []),
        (1, [30, 7], [1]),
        (1, [], [1]),
        (0, [30, 7, 1], []),
        (0, [], [1]),
        (-1, [30, 7, 1], [0]),
        (-1, [], [0]),
        (-5, [0], []),
        (20, [7], []),  # the calendar went back, the seller's zone was changed: no step back
    ],
)
def test_the_nearest_warning_is_given_unless_it_was(
    channel: Channel, days_left: int, warned: list[int], expected: list[int]
):
    day = expires(channel, days_left)
    for days in warned:
        ExpiryWarning.objects.create(channel=channel, expires_on=day, days_ahead=days, warned_at=NOW)

    arrived = deliver()

    assert given_so_far() == warned + expected
    assert len(arrived) == len(expected)


def test_each_comes_once_in_the_course_of_time(channel: Channel):
    expires(channel, 40)

    arrived = [(day, len(deliver(NOW + day * DAY))) for day in range(60) for _ in range(2)]

    assert [day for day, count in arrived if count] == [10, 33, 39, 41]
    assert given_so_far() == [30, 7, 1, 0]


def test_after_days_without_a_look_only_the_nearest_comes(channel: Channel):
    expires(channel, 31)

    assert deliver(NOW) == []
    assert len(deliver(NOW + 30 * DAY)) == 1
    assert given_so_far() == [1]


def test_the_days_are_the_sellers(channel: Channel):
    expires(channel, 31)
    midnight_in_berlin = datetime(2026, 3, 2, 23, tzinfo=NOW.tzinfo)

    assert deliver(midnight_in_berlin - timedelta(seconds=1)) == []
    assert len(deliver(midnight_in_berlin)) == 1


def test_a_new_day_is_warned_of_anew(channel: Channel):
    expires(channel, 5)
    deliver()
    expires(channel, 370)

    assert deliver() == []
    assert len(deliver(NOW + 340 * DAY)) == 1
    assert given_so_far() == [7, 30]


def test_what_the_marketplace_tells_is_what_counts(channel: Channel):
    expires(channel, 1)
    Channel.objects.filter(pk=channel.pk).update(credentials_expire_at=NOW + 7 * DAY)

    (letter,) = deliver()

    assert "expire in 7 days, on 9 Mar 2026" in letter.subject
    assert "The marketplace says so: until 9 Mar 2026, 13:00 CET." in str(letter.body)


@pytest.mark.parametrize("change", [{"state": "setup"}, {"archived_at": NOW}])
def test_nobody_is_warned_of_a_channel_that_does_not_run(channel: Channel, change: dict[str, object]):
    expires(channel, 7)
    Channel.objects.filter(pk=channel.pk).update(**change)

    assert deliver() == []
    assert given_so_far() == []


@pytest.mark.usefixtures("memory_marketplace")
def test_it_ends_by_itself_once_new_credentials_pass_the_check(seller: Seller, owner: User):
    channel = make_ready_channel(seller)
    activate(channel, actor=owner, now=NOW)
    expires(channel, 7)
    assert len(deliver()) == 1

    account = {"client_id": "north", "site": "", "client_secret": "tuna"}
    channel_settings.save_account(channel, account, actor=owner, now=NOW)

    assert [len(deliver(NOW + day * DAY)) for day in range(20)] == [0] * 20
    assert digest.digest_of(seller, now=NOW + 6 * DAY) == []


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days=st.integers(-2, 40), looks=st.lists(st.integers(0, 50), max_size=15))
def test_whenever_one_looks_each_is_given_at_most_once_and_the_nearest_last(
    channel: Channel, days: int, looks: Sequence[int]
):
    ExpiryWarning.objects.all().delete()
    Mail.objects.all().delete()
    expires(channel, days)

    for hours in sorted(looks):
        now = NOW + timedelta(days=hours, hours=hours % 24)
        written = [len(expiry_warnings.write_due(now=now)) for _ in range(2)]
        assert written in ([0, 0], [1, 0])

    so_far = given_so_far()
    assert so_far == sorted(set(so_far), reverse=True)
    assert Mail.objects.count() == len(so_far)


# --- killed, doubled -------------------------------------------------------------------------------------------------
def test_killed_between_letters_and_warning_nothing_is_written_and_nothing_is_lost(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
):
    expires(channel, 7)

    def die(**_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(ExpiryWarning.objects, "create", die)
        with pytest.raises(KeyboardInterrupt):
            expiry_warnings.write_due(now=NOW)

    assert not Mail.objects.exists()
    assert len(deliver()) == 1


def test_one_that_cannot_be_written_stops_no_other_and_is_tried_again(
    channel: Channel, seller: Seller, monkeypatch: pytest.MonkeyPatch
):
    later = make_channel(seller, name="Sandbox France")
    for each in (channel, later):
        expires(each, 7)
    word = expiry_warnings._text

    def word_all_but_the_first(about: Channel, *rest: Any) -> str:
        if about == channel:
            raise ValueError("no words for this")
        return word(about, *rest)

    with monkeypatch.context() as broken:
        broken.setattr(expiry_warnings, "_text", word_all_but_the_first)
        (letter,) = deliver()

    assert "Sandbox France" in letter.subject
    assert ["Sandbox Germany" in letter.subject for letter in deliver(NOW + timedelta(minutes=10))] == [True]


@pytest.mark.django_db(transaction=True)
def test_three_beats_at_once_write_one_letter(channel: Channel):
    expires(channel, 7)

    raised = at_once(*[partial(expiry_warnings.write_due, now=NOW)] * 3)

    assert raised == [None] * 3
    assert Mail.objects.count() == 1


def test_the_tick_writes_it_and_has_it_sent(channel: Channel, monkeypatch: pytest.MonkeyPatch):
    sent: list[int] = []
    monkeypatch.setattr(send_mail, "delay", sent.append)
    Channel.objects.filter(pk=channel.pk).update(credentials_expire_on=clock.now().date() + 6 * DAY)

    tasks.warn_of_expiry()
    tasks.warn_of_expiry()

    assert sent == [Mail.objects.get().pk]
    assert beat_schedule["warn-of-expiry"]["task"] == tasks.warn_of_expiry.name


# --- who and what ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("role", "chosen", "is_warned"),
    [
        (Role.OWNER, None, True),
        (Role.OWNER, False, False),
        (Role.MANAGER, None, False),
        (Role.MANAGER, True, True),
        (Role.VIEWER, None, False),
        (Role.VIEWER, True, True),
    ],
)
def test_owners_are_warned_unless_they_chose_otherwise_others_if_they_chose_it(
    seller: Seller, role: Role, chosen: bool | None, is_warned: bool
):
    channel = make_channel(seller)
    member = Membership.objects.get(user=make_user("ada@example.com", seller=seller, role=role))
    expires(channel, 7)
    if chosen is not None:
        wishes.choose_warnings(member, of_expiry=chosen, of_stops=not chosen, site=SITE)

    assert wishes.warnings_of(member)[wishes.WarnedOf.EXPIRY] is is_warned
    assert [letter.to for letter in deliver()] == ([["ada@example.com"]] if is_warned else [])


def test_closed_accounts_and_other_sellers_hear_nothing(channel: Channel, owner: User):
    make_user("other@example.com", seller=make_seller("other"))
    User.objects.filter(pk=owner.pk).update(is_active=False)
    expires(channel, 7)

    assert deliver() == []
    assert given_so_far() == [7]


def test_the_letter_says_which_when_and_what_to_do(channel: Channel, owner: User, seller: Seller):
    wishes.choose_warnings(Membership.objects.get(user=owner), of_expiry=True, of_stops=False, site=SITE)
    expires(channel, 7)

    (letter,) = deliver()
    body = str(letter.body)

    assert letter.subject == "Acme & Sons: the credentials of Sandbox Germany expire in 7 days, on 9 Mar 2026"
    assert body.startswith("The credentials of Sandbox Germany at Acme & Sons expire in 7 days, on 9 Mar 2026.")
    assert f"{SITE}/s/acme/marketplaces/{channel.public_id}/settings/#account" in body
    assert f"To change that: {SITE}/s/acme/notifications/" in body
    assert "as an owner of Acme & Sons" in body


def test_where_nobody_has_told_the_address_of_the_site_words_lead_there(channel: Channel):
    expires(channel, -3)

    (letter,) = deliver()
    body = str(letter.body)

    assert letter.subject == "Acme & Sons: the credentials of Sandbox Germany expired on 27 Feb 2026"
    assert "Marketplaces, Sandbox Germany, Settings, Account information." in body
    assert "stand still, unless new ones are entered" in body
    assert "http" not in body


def test_the_daily_letter_tells_of_the_last_week_and_not_of_the_month_before(channel: Channel, seller: Seller):
    expires(channel, 30)

    told = {day: digest.digest_of(seller, now=NOW + day * DAY) for day in (0, 22, 23, 31)}

    assert {day: [trouble.text for trouble in troubles] for day, troubles in told.items()} == {
        0: [],
        22: [],
        23: ["The credentials of Sandbox Germany expire in 7 days, on 1 Apr 2026: enter new ones."],
        31: ["The credentials of Sandbox Germany expired on 1 Apr 2026: enter new ones."],
    }

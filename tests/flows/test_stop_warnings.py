"""Letters at once when a channel stops: after five minutes, once for each cause, an hour apart, to who wants them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail as letters
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_app import tasks
from channels_app.flows import stop_warnings
from channels_app.flows.retention import purge
from channels_app.models import Channel, RawOrder, StopWarning
from inventory import mail, wishes
from inventory.models import Mail, Membership, Role, Seller
from inventory.tasks import send_mail
from marketplace_integration import clock
from marketplace_integration.celery_config import beat_schedule
from tests.factories import NOW, make_channel, make_job, make_seller, make_user
from tests.flows.test_activate_races import at_once

pytestmark = pytest.mark.django_db

SITE = "https://shop.example.com"
MINUTE = timedelta(minutes=1)
REVOKED = "The marketplace refuses these credentials."
FORBIDDEN = "The key may not read orders (request 7f3a)."


@pytest.fixture
def seller() -> Seller:
    return make_seller(name="Acme & Sons", time_zone="Europe/Berlin")


@pytest.fixture
def owner(seller: Seller) -> User:
    return make_user(seller=seller)


@pytest.fixture
def channel(seller: Seller, owner: User) -> Channel:
    channel = make_channel(seller, name="Sandbox Germany")
    for kind in ("orders", "offers"):
        make_job(channel, kind)
    return channel


def stop(channel: Channel, kind: str = "orders", reason: str = REVOKED, *, at: datetime = NOW) -> None:
    channel.jobs.filter(kind=kind).update(blocked=True, last_error=reason, last_run_at=at)


def mend(channel: Channel, *kinds: str) -> None:
    jobs = channel.jobs.filter(kind__in=kinds) if kinds else channel.jobs.all()
    jobs.update(blocked=False, last_error="")


def unread(channel: Channel, remote_id: str = "A-1", *, at: datetime = NOW) -> RawOrder:
    return RawOrder.objects.create(
        channel=channel,
        remote_id=remote_id,
        version=1,
        body={},
        hash=remote_id,
        state=RawOrder.State.NEEDS_ATTENTION,
        reason=f"{remote_id} has no lines.",
        fetched_at=at,
    )


def deliver(now: datetime = NOW + 5 * MINUTE) -> list[letters.EmailMessage]:
    """Do what beat and a worker do at this moment; return what arrived."""
    before = len(letters.outbox)
    for mail_id in stop_warnings.write_due(now=now):
        mail.send(mail_id, now=now)
    return letters.outbox[before:]


def do(channel: Channel, deed: str, at: datetime) -> None:
    """`deed` is the job that stops, "other" for another reason; "mend" and a job or nothing; "order"."""
    match deed.split():
        case ["mend", *kinds]:
            mend(channel, *kinds)
        case ["order"]:
            unread(channel, f"A-{at:%d%H%M}-{RawOrder.objects.count()}", at=at)
        case [kind, "other"]:
            stop(channel, kind, FORBIDDEN, at=at)
        case [kind]:
            stop(channel, kind, at=at)


# --- when ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("deeds", "expected"),
    [
        ({}, []),
        ({0: "orders"}, [5]),
        ({0: "orders", 4: "mend"}, []),
        ({0: "orders", 4: "mend", 10: "orders"}, [15]),
        ({0: "orders", 20: "mend"}, [5]),
        ({0: "orders", 20: "mend", 30: "orders"}, [5, 65]),  # an hour after the letter before
        ({0: "orders", 20: "mend", 30: "orders", 50: "mend"}, [5]),
        ({0: "orders", 20: "mend", 100: "orders"}, [5, 105]),
        ({0: "orders", 3: "offers"}, [5]),  # told along with it
        ({0: "orders", 30: "offers"}, [5]),  # by the same cause
        ({0: "orders", 30: "offers other"}, [5, 65]),
        ({0: "orders", 100: "offers other"}, [5, 105]),
        ({0: "orders", 30: "offers", 40: "mend orders", 50: "orders"}, [5]),  # it never went on
        ({0: "orders", 70: "orders"}, [5]),  # tried again by hand, in vain
        ({0: "order"}, [5]),
        ({0: "order", 30: "order"}, [5, 65]),
        ({0: "order", 30: "order", 50: "order"}, [5, 65]),
        ({0: "orders", 2: "order"}, [5]),
        ({0: "order", 10: "orders", 30: "mend"}, [5]),
        ({0: "orders", 10: "order", 30: "mend"}, [5, 65]),  # the order still waits
    ],
)
def test_it_comes_five_minutes_after_once_for_each_cause_an_hour_apart(
    channel: Channel, deeds: dict[int, str], expected: list[int]
):
    came = []
    for minute in sorted({*range(0, 121, 5), *deeds}):
        now = NOW + minute * MINUTE
        if minute in deeds:
            do(channel, deeds[minute], now)
        came += [minute] * len(deliver(now))

    assert came == expected


def test_an_order_that_was_read_in_time_is_not_told_and_one_told_never_again(channel: Channel):
    raw = unread(channel)
    RawOrder.objects.update(state=RawOrder.State.DONE)
    assert deliver() == []

    RawOrder.objects.update(state=RawOrder.State.NEEDS_ATTENTION)
    assert len(deliver()) == 1
    RawOrder.objects.filter(pk=raw.pk).update(reason="Still no lines.")
    assert deliver(NOW + timedelta(days=1)) == []


@pytest.mark.parametrize("change", [{"state": "setup"}, {"archived_at": NOW}], ids=["deactivated", "removed"])
def test_a_channel_that_does_not_run_is_not_told_and_a_later_stop_is(channel: Channel, change: dict[str, object]):
    stop(channel)
    unread(channel)
    Channel.objects.filter(pk=channel.pk).update(**change)
    assert deliver() == []

    Channel.objects.filter(pk=channel.pk).update(state="testing", archived_at=None)
    assert len(deliver()) == 1


def test_a_job_that_is_switched_off_or_tries_again_by_itself_is_not_told(channel: Channel):
    stop(channel)
    channel.jobs.filter(kind="orders").update(enabled=False)
    channel.jobs.filter(kind="offers").update(failures=40, last_error=REVOKED, last_run_at=NOW)

    assert deliver() == []


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(
            st.integers(0, 90),
            st.sampled_from(["", "orders", "offers", "offers other", "mend", "mend orders", "order"]),
        ),
        max_size=12,
    )
)
def test_whatever_happens_letters_are_an_hour_apart_and_nothing_that_waits_is_forgotten(
    channel: Channel, steps: Sequence[tuple[int, str]]
):
    for model in (StopWarning, RawOrder, Mail):
        model.objects.all().delete()
    mend(channel)
    now, came = NOW, []
    for minutes, deed in steps:
        now += minutes * MINUTE
        if deed:
            do(channel, deed, now)
        written = [len(stop_warnings.write_due(now=now)) for _ in range(2)]
        assert written in ([0, 0], [1, 0])
        came += [now] * written[0]
    later = now + timedelta(hours=1)
    came += [later] * len(stop_warnings.write_due(now=later))

    assert all(after - before >= timedelta(hours=1) for before, after in zip(came, came[1:], strict=False))
    assert not RawOrder.objects.filter(told_at=None).exists()
    told = {cause.split("(")[0] for cause in StopWarning.objects.filter(ended_at=None).values_list("cause", flat=True)}
    assert {job.last_error.split("(")[0] for job in channel.jobs.filter(blocked=True)} <= told
    assert stop_warnings.write_due(now=later + timedelta(days=1)) == []


# --- killed, doubled, many -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("line", ["StopWarning.objects.bulk_create", "Mail.objects.bulk_create", "_tell_unread"])
def test_killed_at_any_line_nothing_is_written_and_nothing_is_lost(
    channel: Channel, monkeypatch: pytest.MonkeyPatch, line: str
):
    stop(channel)
    unread(channel)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    places = {
        "StopWarning.objects.bulk_create": (StopWarning.objects, "bulk_create"),
        "Mail.objects.bulk_create": (Mail.objects, "bulk_create"),
        "_tell_unread": (stop_warnings, "_tell_unread"),
    }
    with monkeypatch.context() as killed:
        killed.setattr(*places[line], die)
        with pytest.raises(KeyboardInterrupt):
            stop_warnings.write_due(now=NOW + 5 * MINUTE)

    assert not Mail.objects.exists()
    assert not StopWarning.objects.exists()
    assert len(deliver()) == 1


def test_one_that_cannot_be_written_stops_no_other_is_logged_and_tried_again(
    channel: Channel, seller: Seller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    later = make_channel(seller, name="Sandbox France")
    for each in (channel, later):
        unread(each)
    word = stop_warnings._text

    def word_all_but_the_first(about: Channel, *rest: Any) -> str:
        if about == channel:
            raise ValueError("no words for this")
        return word(about, *rest)

    with monkeypatch.context() as broken:
        broken.setattr(stop_warnings, "_text", word_all_but_the_first)
        (letter,) = deliver()

    assert "Sandbox France" in letter.subject
    assert [record.message for record in caplog.records] == ["letter.not_worded"]
    assert deliver(NOW + 6 * MINUTE) == []
    assert ["Sandbox Germany" in letter.subject for letter in deliver(NOW + 7 * MINUTE)] == [True]


def test_each_members_letter_fails_alone_and_none_comes_twice(
    channel: Channel, seller: Seller, monkeypatch: pytest.MonkeyPatch
):
    make_user("ada@example.com", seller=seller)
    stop(channel)
    word = stop_warnings._text

    def word_for_all_but_ada(*about: Any) -> str:
        if about[-1].user.username == "ada@example.com":
            raise ValueError("no words for her")
        return word(*about)

    with monkeypatch.context() as broken:
        broken.setattr(stop_warnings, "_text", word_for_all_but_ada)
        first = deliver()
    later = [deliver(NOW + minute * MINUTE) for minute in range(6, 12)]

    assert [letter.to for letter in first] == [["owner@example.com"]]
    assert [letter.to for letters_then in later for letter in letters_then] == [["ada@example.com"]]
    assert StopWarning.objects.get().letters == 2


def test_killed_between_two_members_the_other_letter_comes_and_the_first_does_not_again(
    channel: Channel, seller: Seller, monkeypatch: pytest.MonkeyPatch
):
    make_user("ada@example.com", seller=seller)
    stop(channel)
    word = stop_warnings._text
    worded: list[Membership] = []

    def die_at_the_second(*about: Any) -> str:
        if worded:
            raise KeyboardInterrupt
        worded.append(about[-1])
        return word(*about)

    with monkeypatch.context() as killed:
        killed.setattr(stop_warnings, "_text", die_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            stop_warnings.write_due(now=NOW + 5 * MINUTE)
    stop_warnings.write_due(now=NOW + 6 * MINUTE)

    for mail_id in mail.unsent(now=NOW + 6 * MINUTE):
        mail.send(mail_id, now=NOW + 6 * MINUTE)
    assert sorted(letter.to[0] for letter in letters.outbox) == ["ada@example.com", "owner@example.com"]


def test_what_went_on_before_its_letter_could_be_worded_is_not_told(channel: Channel, monkeypatch: pytest.MonkeyPatch):
    stop(channel)
    with monkeypatch.context() as broken:
        broken.setattr(stop_warnings, "_text", lambda *_: 1 / 0)
        assert deliver() == []
    mend(channel)

    assert deliver(NOW + 10 * MINUTE) == []
    assert not Mail.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_three_beats_at_once_write_one_letter(channel: Channel):
    stop(channel)
    unread(channel)

    raised = at_once(*[partial(stop_warnings.write_due, now=NOW + 5 * MINUTE)] * 3)

    assert raised == [None] * 3
    assert Mail.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_order_that_is_being_read_is_left_to_the_next_letter(channel: Channel):
    raw = unread(channel)
    with transaction.atomic():
        RawOrder.objects.select_for_update().get(pk=raw.pk)

        assert at_once(partial(stop_warnings.write_due, now=NOW + 5 * MINUTE)) == [None]

    assert not Mail.objects.exists()
    assert len(deliver()) == 1


def test_the_tick_asks_as_little_however_many_channels_run_or_wait(
    seller: Seller, owner: User, django_assert_num_queries
):
    for number in range(6):
        channel = make_channel(seller)
        make_job(channel, "orders")
        make_job(channel, "offers", blocked=number % 2, last_error=REVOKED, last_run_at=NOW)
    assert len(deliver()) == 3

    with django_assert_num_queries(5):
        assert stop_warnings.write_due(now=NOW + timedelta(hours=2)) == []


def test_what_one_channel_costs_does_not_grow_with_its_jobs_and_orders(channel: Channel, django_assert_max_num_queries):
    for kind in ("orders", "offers"):
        stop(channel, kind, f"{REVOKED} {kind}")
    for number in range(20):
        unread(channel, f"A-{number}")

    with django_assert_max_num_queries(30):
        assert len(stop_warnings.write_due(now=NOW + 5 * MINUTE)) == 1


def test_the_tick_writes_it_and_has_it_sent(channel: Channel, monkeypatch: pytest.MonkeyPatch):
    sent: list[int] = []
    monkeypatch.setattr(send_mail, "delay", sent.append)
    stop(channel, at=clock.now() - 6 * MINUTE)

    tasks.tell_of_stops()
    tasks.tell_of_stops()

    assert sent == [Mail.objects.get().pk]
    assert beat_schedule["tell-of-stops"]["task"] == tasks.tell_of_stops.name


def test_what_was_told_is_kept_while_it_lasts_and_purged_long_after(channel: Channel):
    stop(channel)
    deliver()
    assert purge(now=NOW + timedelta(days=1000))["stops"] == 0

    mend(channel)
    deliver(NOW + 10 * MINUTE)
    assert purge(now=NOW + timedelta(days=1))["stops"] == 0
    assert purge(now=NOW + timedelta(days=1000))["stops"] == 1


# --- who and what ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("role", "chosen", "is_told"),
    [
        (Role.OWNER, None, True),
        (Role.OWNER, False, False),
        (Role.MANAGER, None, False),
        (Role.MANAGER, True, True),
        (Role.VIEWER, None, False),
        (Role.VIEWER, True, True),
    ],
)
def test_owners_are_told_unless_they_chose_otherwise_others_if_they_chose_it(
    seller: Seller, role: Role, chosen: bool | None, is_told: bool
):
    channel = make_channel(seller)
    make_job(channel, "orders")
    stop(channel)
    member = Membership.objects.get(user=make_user("ada@example.com", seller=seller, role=role))
    if chosen is not None:
        wishes.choose_warnings(member, of_expiry=not chosen, of_stops=chosen, site=SITE)

    assert wishes.warnings_of(member)[wishes.WarnedOf.STOPS] is is_told
    assert [letter.to for letter in deliver()] == ([["ada@example.com"]] if is_told else [])


def test_each_member_gets_one_and_closed_accounts_and_other_sellers_none(channel: Channel, seller: Seller):
    make_user("second@example.com", seller=seller)
    make_user("other@example.com", seller=make_seller("other"))
    closed = make_user("closed@example.com", seller=seller)
    User.objects.filter(pk=closed.pk).update(is_active=False)
    stop(channel)

    assert sorted(letter.to[0] for letter in deliver()) == ["owner@example.com", "second@example.com"]
    assert StopWarning.objects.get().letters == 2


def test_the_letter_says_what_stopped_why_since_when_and_where_it_is_settled(
    channel: Channel, owner: User, seller: Seller
):
    wishes.choose_warnings(Membership.objects.get(user=owner), of_expiry=True, of_stops=True, site=SITE)
    stop(channel)
    stop(channel, "offers", at=NOW + MINUTE)
    for number in range(5):
        unread(channel, f"A-{number}")

    (letter,) = deliver()
    body = str(letter.body)

    assert letter.subject == "Acme & Sons: Sandbox Germany stopped and waits for you"
    assert body.startswith("Sandbox Germany at Acme & Sons stopped and waits for you.")
    assert f"- Order download, Prices and quantities, since 2 Mar 2026, 13:00 CET:\n  {REVOKED}" in body
    assert f"{SITE}/s/acme/marketplaces/{channel.public_id}/settings/#account" in body
    assert f"{SITE}/s/acme/activity/?channel={channel.public_id}" in body
    assert "\n\n5 orders of Sandbox Germany at Acme & Sons could not be read" in body
    assert "- A-3: A-3 has no lines.\n- A-2: A-2 has no lines.\n- and 2 more\n\nLook at them" in body
    assert f"To change that: {SITE}/s/acme/notifications/" in body
    assert "\n\n\n" not in body


def test_orders_alone_are_named_and_words_lead_there_where_the_site_is_not_known(channel: Channel):
    unread(channel)

    (letter,) = deliver()
    body = str(letter.body)

    assert letter.subject == "Acme & Sons: 1 order of Sandbox Germany could not be read"
    assert body.startswith("1 order of Sandbox Germany at Acme & Sons could not be read, so its stock is not reserved")
    assert "Orders, Needs attention." in body
    assert "http" not in body
    assert "stopped" not in body

"""When credentials expire: who says it, how it reads on the seller's calendar, and what new credentials do to it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth.models import User

from channels_app.adapters.errors import SettingsError
from channels_app.flows import connection
from channels_app.flows import settings as channel_settings
from channels_app.flows.activate import activate
from channels_app.flows.expiry import EXPIRES_ON, expiry_of
from channels_app.flows.permissions import NotAllowed
from channels_app.models import Channel, ChannelHistory
from channels_app.views.history_words import describe
from inventory.models import Role, Seller
from tests.factories import NOW, make_seller, make_user
from tests.flows.marketplace import MemoryAdapter, make_ready_channel

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("memory_marketplace")]

#: Noon in New York, on the day of NOW; there, a day ends at five in the morning of UTC.
NEW_YORK = "America/New_York"
TODAY = NOW.date()
NEXT_MONTH = TODAY + timedelta(days=30)


@pytest.fixture
def seller() -> Seller:
    return make_seller(time_zone=NEW_YORK)


@pytest.fixture
def owner(seller: Seller) -> User:
    return make_user(seller=seller)


@pytest.fixture
def channel(seller: Seller) -> Channel:
    return make_ready_channel(seller)


def save(channel: Channel, actor: User, *, secret: str = "", now: datetime = NOW, **values: date | None) -> None:
    account = {"client_id": "north", "site": "", "client_secret": secret}
    channel_settings.save_account(channel, account | values, actor=actor, now=now)
    channel.refresh_from_db()


# --- how it reads ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("days_left", "threshold", "tone", "words"),
    [
        (31, None, "", "expire in 31 days"),
        (30, 30, "info", "expire in 30 days"),
        (8, 30, "info", "expire in 8 days"),
        (7, 7, "warn", "expire in 7 days"),
        (2, 7, "warn", "expire in 2 days"),
        (1, 1, "bad", "expire tomorrow"),
        (0, 1, "bad", "expire today"),
        (-1, 0, "bad", "expired"),
        (-400, 0, "bad", "expired"),
    ],
)
def test_it_is_calm_a_month_ahead_and_urgent_on_the_last_days(
    channel: Channel, days_left: int, threshold: int | None, tone: str, words: str
):
    channel.credentials_expire_on = TODAY + timedelta(days=days_left)

    expiry = expiry_of(channel, now=NOW)

    assert expiry is not None
    assert (expiry.days_left, expiry.threshold, expiry.tone) == (days_left, threshold, tone)
    day = channel.credentials_expire_on
    assert expiry.words == f"{words}{',' if days_left >= 0 else ''} on {day.day} {day:%b %Y}"


def test_nobody_has_said(channel: Channel):
    assert expiry_of(channel, now=NOW) is None


def test_a_day_that_was_entered_ends_at_the_sellers_midnight(channel: Channel):
    channel.credentials_expire_on = TODAY
    midnight = datetime(2026, 3, 3, 5, tzinfo=UTC)

    last = expiry_of(channel, now=midnight - timedelta(seconds=1))
    over = expiry_of(channel, now=midnight)

    assert last is not None
    assert over is not None
    assert (last.at, last.is_over, last.days_left) == (midnight, False, 0)
    assert (over.is_over, over.days_left) == (True, -1)


def test_the_day_of_a_told_moment_is_the_sellers(channel: Channel):
    channel.credentials_expire_at = datetime(2026, 4, 1, 3, 30, tzinfo=UTC)

    expiry = expiry_of(channel, now=NOW)

    assert expiry is not None
    assert (expiry.day, expiry.days_left, expiry.is_told) == (date(2026, 3, 31), 29, True)


def test_what_the_marketplace_tells_beats_what_was_entered(channel: Channel):
    channel.credentials_expire_on = TODAY + timedelta(days=3)
    channel.credentials_expire_at = NOW + timedelta(days=300)

    expiry = expiry_of(channel, now=NOW)

    assert expiry is not None
    assert (expiry.days_left, expiry.is_told) == (300, True)


def test_a_told_moment_is_over_in_the_middle_of_its_day(channel: Channel):
    channel.credentials_expire_at = NOW - timedelta(minutes=1)

    expiry = expiry_of(channel, now=NOW)

    assert expiry is not None
    assert (expiry.is_over, expiry.threshold, expiry.days_left) == (True, 0, 0)


# --- entering it -----------------------------------------------------------------------------------------------------
def test_the_owner_enters_a_day_and_history_tells(channel: Channel, owner: User):
    save(channel, owner, credentials_expire_on=NEXT_MONTH)
    save(channel, owner, credentials_expire_on=None)

    assert channel.credentials_expire_on is None
    texts = [describe(entry).text for entry in ChannelHistory.objects.filter(what="account").order_by("pk")]
    assert texts == [
        f"set “Credentials expire on” to {NEXT_MONTH}",
        f"emptied “Credentials expire on”, which was {NEXT_MONTH}",
    ]


def test_the_day_alone_asks_no_marketplace_of_a_running_channel(channel: Channel, owner: User):
    activate(channel, actor=owner, now=NOW)
    asked = MemoryAdapter.checks

    save(channel, owner, credentials_expire_on=NEXT_MONTH)

    assert (channel.credentials_expire_on, MemoryAdapter.checks) == (NEXT_MONTH, asked)


def test_saving_what_says_nothing_of_the_day_keeps_it(channel: Channel, owner: User):
    save(channel, owner, credentials_expire_on=NEXT_MONTH)
    channel_settings.save_account(channel, {"client_id": "south", "site": ""}, actor=owner, now=NOW)

    channel.refresh_from_db()
    assert (channel.settings["client_id"], channel.credentials_expire_on) == ("south", NEXT_MONTH)


@pytest.mark.parametrize(
    ("days", "problem"), [(-1, "This day has passed"), (0, ""), (7_000, ""), (8_000, "very far away")]
)
def test_a_day_that_cannot_be_is_refused(channel: Channel, owner: User, days: int, problem: str):
    day = TODAY + timedelta(days=days)
    if not problem:
        save(channel, owner, credentials_expire_on=day)
        assert channel.credentials_expire_on == day
        return
    with pytest.raises(SettingsError, match=problem) as refused:
        save(channel, owner, credentials_expire_on=day)
    assert set(refused.value.field_errors) == {EXPIRES_ON}


def test_a_day_that_has_passed_since_it_was_entered_holds_up_no_other_change(channel: Channel, owner: User):
    save(channel, owner, credentials_expire_on=TODAY)
    later = NOW + timedelta(days=9)

    channel_settings.save_account(
        channel, {"client_id": "north", "site": "DE", EXPIRES_ON: TODAY}, actor=owner, now=later
    )

    channel.refresh_from_db()
    assert (channel.settings["site"], channel.credentials_expire_on) == ("DE", TODAY)


@pytest.mark.parametrize("state", ["setup", "testing", "live"])
@pytest.mark.parametrize(("role", "may"), [(Role.OWNER, True), (Role.MANAGER, False), (Role.VIEWER, False)])
def test_only_the_owner_enters_it_in_any_state(channel: Channel, seller: Seller, role: Role, may: bool, state: str):
    actor = make_user(f"{role}@example.com", seller=seller, role=role)
    connection.check_connection(channel, now=NOW)
    Channel.objects.filter(pk=channel.pk).update(state=state)
    channel.refresh_from_db()

    if may:
        save(channel, actor, credentials_expire_on=NEXT_MONTH)
    else:
        with pytest.raises(NotAllowed):
            save(channel, actor, credentials_expire_on=NEXT_MONTH)
    channel.refresh_from_db()
    assert channel.credentials_expire_on == (NEXT_MONTH if may else None)


# --- new credentials -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("is_running", [False, True])
def test_new_credentials_clear_the_day_of_the_old_ones(channel: Channel, owner: User, is_running: bool):
    if is_running:
        activate(channel, actor=owner, now=NOW)
    save(channel, owner, credentials_expire_on=NEXT_MONTH)

    save(channel, owner, secret="tuna", credentials_expire_on=NEXT_MONTH)

    assert channel.credentials_expire_on is None
    assert expiry_of(channel, now=NOW) is None


def test_new_credentials_may_come_with_a_day_of_their_own(channel: Channel, owner: User):
    save(channel, owner, credentials_expire_on=NEXT_MONTH)
    save(channel, owner, secret="tuna", credentials_expire_on=NEXT_MONTH + timedelta(days=365))

    assert channel.credentials_expire_on == NEXT_MONTH + timedelta(days=365)


def test_the_same_credentials_once_more_clear_nothing(channel: Channel, owner: User):
    save(channel, owner, credentials_expire_on=NEXT_MONTH)
    save(channel, owner, secret="swordfish", credentials_expire_on=NEXT_MONTH)

    assert channel.credentials_expire_on == NEXT_MONTH


def test_credentials_that_the_marketplace_refuses_leave_the_day_as_it_was(channel: Channel, owner: User):
    activate(channel, actor=owner, now=NOW)
    save(channel, owner, credentials_expire_on=NEXT_MONTH)

    with pytest.raises(SettingsError):
        save(channel, owner, secret="bad", credentials_expire_on=None)

    channel.refresh_from_db()
    assert channel.credentials_expire_on == NEXT_MONTH


def test_what_the_marketplace_tells_is_kept_until_other_credentials_pass(
    channel: Channel, owner: User, monkeypatch: pytest.MonkeyPatch
):
    soon, late = NOW + timedelta(days=5), NOW + timedelta(days=365)
    monkeypatch.setattr(MemoryAdapter, "expire_at", soon)
    activate(channel, actor=owner, now=NOW)
    channel.refresh_from_db()
    assert channel.credentials_expire_at == soon

    monkeypatch.setattr(MemoryAdapter, "expire_at", late)
    save(channel, owner, secret="tuna")

    assert channel.credentials_expire_at == late


def test_a_check_notes_that_the_same_credentials_were_renewed(channel: Channel, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(MemoryAdapter, "expire_at", NOW + timedelta(days=5))
    connection.check_connection(channel, now=NOW)

    monkeypatch.setattr(MemoryAdapter, "expire_at", NOW + timedelta(days=365))
    connection.check_connection(channel, now=NOW, force=True)

    channel.refresh_from_db()
    assert channel.credentials_expire_at == NOW + timedelta(days=365)


def test_in_setup_other_credentials_are_no_longer_what_was_told_of(
    channel: Channel, owner: User, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(MemoryAdapter, "expire_at", NOW + timedelta(days=5))
    connection.check_connection(channel, now=NOW)

    save(channel, owner, secret="tuna")

    assert channel.credentials_expire_at is None

"""Asking the marketplace whether these very credentials work."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from channels_app.adapters import registry
from channels_app.adapters.errors import OutcomeUnknown, RejectedByChannel, SettingsError, TemporaryError
from channels_app.adapters.types import Capability
from channels_app.flows import connection, engine
from channels_app.flows.activate import activate
from channels_app.flows.settings import save_account
from channels_app.flows.switches import set_switch
from channels_app.models import Channel, ChannelJob, ChannelWalk
from channels_app.secrets import store_secrets
from inventory.models import Seller
from tests.factories import NOW, make_seller, make_user
from tests.flows.marketplace import EVERYTHING, MemoryAdapter, make_ready_channel

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("memory_marketplace")]


@pytest.fixture
def seller() -> Seller:
    return make_seller()


@pytest.fixture
def owner(seller: Seller) -> User:
    return make_user(seller=seller)


@pytest.fixture
def channel(seller: Seller) -> Channel:
    return make_ready_channel(seller)


def test_a_passed_check_stores_what_it_learned(channel: Channel):
    connection.check_connection(channel, now=NOW)

    assert (channel.account_id, channel.currency, channel.checked_at) == ("acct-north", "USD", NOW)
    assert channel.can(Capability.RECONCILE)
    assert connection.connection_is_checked(channel)


def test_a_passed_check_is_repeated_only_when_asked(channel: Channel):
    connection.check_connection(channel, now=NOW)
    connection.check_connection(channel, now=NOW)
    assert MemoryAdapter.checks == 1

    connection.check_connection(channel, now=NOW, force=True)
    assert MemoryAdapter.checks == 2


@pytest.mark.parametrize("change", ["secret", "setting", "mode"])
def test_other_credentials_need_another_check(channel: Channel, change: str):
    connection.check_connection(channel, now=NOW)

    if change == "secret":
        store_secrets(channel, {"client_secret": "another"})
    elif change == "setting":
        channel.settings = {**channel.settings, "site": "DE"}
    else:
        channel.mode = "production"

    assert not connection.connection_is_checked(channel)


def test_the_fingerprint_gives_no_secret_away(channel: Channel):
    assert "swordfish" not in connection.fingerprint(channel)
    assert len(connection.fingerprint(channel)) == 64


def test_a_failed_check_keeps_the_facts_of_the_last_passed_one(channel: Channel):
    connection.check_connection(channel, now=NOW)
    store_secrets(channel, {"client_secret": "bad"})
    channel.save()

    with pytest.raises(SettingsError):
        connection.check_connection(channel, now=NOW)

    assert channel.account_id == "acct-north"
    assert channel.check_error == "The client secret is wrong."


def test_a_channel_whose_package_is_gone_says_so(channel: Channel, monkeypatch):
    monkeypatch.setattr(registry, "adapters", dict)

    with pytest.raises(SettingsError, match="No adapter is installed"):
        connection.open_adapter(channel)


@pytest.mark.parametrize(
    ("raised", "told"), [(RejectedByChannel("odd"), SettingsError), (OutcomeUnknown("lost"), TemporaryError)]
)
def test_whatever_a_check_raises_reaches_the_page_as_something_to_do(channel: Channel, monkeypatch, raised, told):
    def fail(adapter: MemoryAdapter):
        raise raised

    monkeypatch.setattr(MemoryAdapter, "check_connection", fail)

    with pytest.raises(told):
        connection.check_connection(channel, now=NOW)


def test_new_facts_of_a_running_channel_reach_its_jobs_and_its_prices(channel: Channel, owner: User, monkeypatch):
    monkeypatch.setattr(MemoryAdapter, "told", EVERYTHING - {Capability.RECONCILE})
    set_switch(channel, "listings_on", True, actor=owner, now=NOW)
    activate(channel, actor=owner, now=NOW)
    ChannelWalk.objects.all().delete()

    monkeypatch.setattr(MemoryAdapter, "told", EVERYTHING)
    monkeypatch.setattr(MemoryAdapter, "currency", "EUR")
    connection.check_connection(channel, now=NOW, force=True)
    set_switch(channel, "reconciler_on", True, actor=owner, now=NOW)

    assert channel.currency == "EUR"
    assert ChannelWalk.objects.filter(channel=channel).count() == 1
    assert ChannelJob.objects.get(channel=channel, kind="reconcile").enabled


@pytest.mark.parametrize("deed", ["save", "check"])
def test_a_passed_check_lets_jobs_that_waited_for_a_person_go_on(channel: Channel, owner: User, deed: str):
    set_switch(channel, "listings_on", True, actor=owner, now=NOW)
    activate(channel, actor=owner, now=NOW)
    offers = ChannelJob.objects.filter(channel=channel, kind="offers")
    offers.update(blocked=True, last_error="Refused.", failures=1, next_run_at=NOW + timedelta(hours=1))

    if deed == "check":
        connection.check_connection(channel, now=NOW, force=True)
    else:
        save_account(channel, {"client_id": "north", "site": "", "client_secret": "tuna"}, actor=owner, now=NOW)

    job = offers.get()
    assert (job.blocked, job.last_error, job.failures, job.next_run_at) == (False, "", 0, NOW)


def test_a_slice_that_ran_with_the_old_credentials_keeps_no_job_back(channel: Channel, owner: User):
    set_switch(channel, "listings_on", True, actor=owner, now=NOW)
    activate(channel, actor=owner, now=NOW)
    later = NOW + timedelta(minutes=1)
    slice_ = engine.claim_next("urgent", now=later)
    assert slice_ is not None

    new = {"client_id": "north", "site": "", "client_secret": "tuna"}
    save_account(channel, new, actor=owner, now=later)
    slice_.settle_blocked(SettingsError("The secret is not known."))

    job = ChannelJob.objects.get(pk=slice_.job_id)
    assert (job.blocked, job.failures) == (False, 1)
    assert job.runs.get().outcome == "retry"

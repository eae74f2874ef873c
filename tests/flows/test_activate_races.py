"""Two people, or one impatient one, at the very same moment: real transactions, two connections."""

import threading
from collections.abc import Callable
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django_fsm import TransitionNotAllowed

from channels_app.adapters.errors import SettingsError
from channels_app.flows import change_requests
from channels_app.flows.activate import activate, promote_due
from channels_app.flows.settings import save_quantity
from channels_app.flows.switches import set_switch
from channels_app.models import ChangeRequest, Channel, ChannelHistory, ChannelJob
from inventory.models import Seller
from tests.factories import NOW, make_channel, make_seller, make_user
from tests.flows.marketplace import make_ready_channel

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("memory_marketplace")]


@pytest.fixture
def seller() -> Seller:
    return make_seller()


@pytest.fixture
def owner(seller: Seller) -> User:
    return make_user(seller=seller)


def at_once(*deeds: Callable[[], object]) -> list[BaseException | None]:
    """Run the deeds in threads that set off together; return what each raised."""
    ready = threading.Barrier(len(deeds))
    raised: list[BaseException | None] = [None] * len(deeds)

    def run(number: int, deed: Callable[[], object]) -> None:
        try:
            ready.wait()
            deed()
        except Exception as error:
            raised[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return raised


def test_a_double_click_in_the_same_instant_activates_once(seller: Seller, owner: User):
    channel = make_ready_channel(seller)
    tabs = [Channel.objects.get(pk=channel.pk) for _ in range(2)]

    raised = at_once(*(partial(activate, tab, actor=owner, now=NOW) for tab in tabs))

    assert [type(error) for error in raised if error] == [TransitionNotAllowed]
    assert ChannelHistory.objects.filter(channel=channel, what="state").count() == 1


def test_two_channels_that_want_one_account_in_the_same_instant_get_it_once(seller: Seller, owner: User):
    channels = [make_ready_channel(seller), make_ready_channel(seller, items=list(seller.items.all()))]

    raised = at_once(*(partial(activate, each, actor=owner, now=NOW) for each in channels))

    assert [type(error) for error in raised if error] == [SettingsError]
    assert Channel.objects.exclude(state="setup").count() == 1


def test_two_people_switching_and_saving_at_once_lose_nothing_and_never_wait_for_each_other(
    seller: Seller, owner: User
):
    channel = make_ready_channel(seller)
    activate(channel, actor=owner, now=NOW)

    def tab() -> Channel:
        return Channel.objects.get(pk=channel.pk)

    for value in range(1, 6):
        raised = at_once(
            partial(set_switch, tab(), "listings_on", value % 2 == 1, actor=owner, now=NOW),
            partial(set_switch, tab(), "orders_on", value % 2 == 0, actor=owner, now=NOW),
            partial(save_quantity, tab(), {"buffer": value}, actor=owner, now=NOW),
        )
        assert raised == [None, None, None]

    channel.refresh_from_db()
    assert (channel.listings_on, channel.orders_on, channel.buffer) == (True, False, 5)
    enabled = set(ChannelJob.objects.filter(enabled=True).values_list("kind", flat=True))
    assert enabled == {"offers", "content", "results", "commands", "categories"}


def test_promotion_and_a_seller_who_switches_off_in_the_same_instant_end_in_one_order(seller: Seller, owner: User):
    channel = make_channel(seller, testing_ends_at=NOW)

    at_once(
        lambda: promote_due(now=NOW),
        lambda: set_switch(Channel.objects.get(pk=channel.pk), "orders_on", False, actor=owner, now=NOW),
    )

    told = list(ChannelHistory.objects.order_by("pk").values_list("what", flat=True))
    channel.refresh_from_db()
    assert channel.state == "live"
    assert told == (["state"] if channel.orders_on else ["orders_on", "state"])


def test_the_same_request_twice_in_one_instant_is_asked_once(seller: Seller, owner: User):
    channel = make_channel(seller, state="live")

    def ask() -> None:
        tab = Channel.objects.get(pk=channel.pk)
        change_requests.ask(tab, ChangeRequest.What.ORDERS_OFF, reason="A break.", actor=owner, now=NOW)

    raised = at_once(ask, ask)

    assert len([error for error in raised if error]) == 1
    assert ChangeRequest.objects.count() == 1

"""What Live locks, the seller asks support for."""

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from channels_app.flows import change_requests
from channels_app.flows.permissions import NotAllowed
from channels_app.models import ChangeRequest, Channel, ChannelHistory
from inventory.models import Role, Seller
from tests.factories import NOW, make_channel, make_seller, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("memory_marketplace")]

What = ChangeRequest.What


@pytest.fixture
def seller() -> Seller:
    return make_seller()


@pytest.fixture
def owner(seller: Seller) -> User:
    return make_user(seller=seller)


@pytest.fixture
def channel(seller: Seller) -> Channel:
    return make_channel(seller, state="live", live_at=NOW)


def ask(channel: Channel, owner: User, what: str = What.ORDERS_OFF) -> ChangeRequest:
    return change_requests.ask(channel, what, reason="We take a break.", actor=owner, now=NOW)


def test_support_applies_a_request_in_one_step_and_both_sides_see_why(channel: Channel, owner: User, support: User):
    request = ask(channel, owner)

    change_requests.apply(request, actor=support, now=NOW, answer="Enjoy it.")

    channel.refresh_from_db()
    assert not channel.orders_on
    assert (request.state, request.answer, request.decided_by) == ("applied", "Enjoy it.", support)
    assert "We take a break." in ChannelHistory.objects.get(what="orders_on").reason


@pytest.mark.parametrize(
    ("what", "field", "before"),
    [
        (What.LISTINGS_ON, "listings_on", False),
        (What.LISTINGS_OFF, "listings_on", True),
        (What.RECONCILER_OFF, "reconciler_on", True),
        (What.ORDERS_ON, "orders_on", False),
        (What.ORDERS_OFF, "orders_on", True),
        (What.FULFILLMENTS_OFF, "fulfillments_on", True),
    ],
)
def test_every_switch_that_live_locks_can_be_asked_for(seller: Seller, owner: User, support: User, what, field, before):
    channel = make_channel(seller, state="live", **{field: before})

    change_requests.apply(ask(channel, owner, what), actor=support, now=NOW)

    channel.refresh_from_db()
    assert getattr(channel, field) is not before


@pytest.mark.parametrize(("what", "state"), [(What.BACK_TO_TESTING, "testing"), (What.DEACTIVATE, "setup")])
def test_transitions_can_be_asked_for(channel: Channel, owner: User, support: User, what: str, state: str):
    request = ask(channel, owner, what)

    change_requests.apply(request, actor=support, now=NOW)

    channel.refresh_from_db()
    assert (channel.state, request.state) == (state, "applied")


def test_a_declined_request_changes_nothing_and_needs_an_answer(channel: Channel, owner: User, support: User):
    request = ask(channel, owner)
    with pytest.raises(ValidationError, match="Say why"):
        change_requests.decline(request, actor=support, now=NOW, answer=" ")

    change_requests.decline(request, actor=support, now=NOW, answer="Pause the label instead.")

    channel.refresh_from_db()
    assert channel.orders_on
    assert (request.state, request.answer) == ("declined", "Pause the label instead.")


def test_the_same_is_asked_once_while_it_is_open(channel: Channel, owner: User):
    ask(channel, owner)

    with pytest.raises(ValidationError, match="already"):
        ask(channel, owner)

    assert ChangeRequest.objects.count() == 1


def test_what_stands_so_already_is_not_asked(channel: Channel, owner: User):
    with pytest.raises(ValidationError, match="stands already"):
        ask(channel, owner, What.ORDERS_ON)
    assert What.ORDERS_ON not in change_requests.possible_requests(channel)


def test_a_reason_is_needed(channel: Channel, owner: User):
    with pytest.raises(ValidationError, match="Say why"):
        change_requests.ask(channel, What.ORDERS_OFF, reason="", actor=owner, now=NOW)


def test_in_testing_the_seller_is_told_to_change_it_without_support(seller: Seller, owner: User):
    with pytest.raises(NotAllowed, match="change this yourself"):
        ask(make_channel(seller), owner)


def test_only_the_owner_asks_for_deactivation_and_a_viewer_for_nothing(channel: Channel, seller: Seller):
    manager = make_user("m@example.com", seller=seller, role=Role.MANAGER)
    viewer = make_user("v@example.com", seller=seller, role=Role.VIEWER)

    with pytest.raises(NotAllowed):
        ask(channel, manager, What.DEACTIVATE)
    with pytest.raises(NotAllowed):
        ask(channel, viewer)
    ask(channel, manager)


def test_two_support_people_decide_once(channel: Channel, owner: User, support: User):
    request = ask(channel, owner)
    stale = ChangeRequest.objects.get(pk=request.pk)
    change_requests.decline(request, actor=support, now=NOW, answer="No.")

    with pytest.raises(change_requests.AlreadyDecided, match="Declined"):
        change_requests.apply(stale, actor=support, now=NOW)

    channel.refresh_from_db()
    assert channel.orders_on


def test_the_seller_cannot_decide_and_may_withdraw(channel: Channel, owner: User):
    request = ask(channel, owner)
    with pytest.raises(NotAllowed):
        change_requests.apply(request, actor=owner, now=NOW)

    change_requests.withdraw(request, actor=owner, now=NOW)

    assert request.state == "withdrawn"
    ask(channel, owner)  # and may ask again


def test_requests_end_when_the_channel_leaves_live(channel: Channel, owner: User, support: User):
    waiting, leaving = ask(channel, owner), ask(channel, owner, What.BACK_TO_TESTING)

    change_requests.apply(leaving, actor=support, now=NOW)

    waiting.refresh_from_db()
    assert (waiting.state, waiting.answer) == ("withdrawn", "The channel is no longer Live.")
    assert leaving.state == "applied"

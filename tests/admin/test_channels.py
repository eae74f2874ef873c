"""Support steers channels in the admin, always with a reason, always through the flows."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from channels_app.models import ChangeRequest, Channel, ChannelHistory
from channels_app.secrets import store_secrets
from inventory.models import Seller
from marketplace_integration import clock
from tests.factories import NOW, make_channel, make_seller, make_user
from tests.flows.marketplace import make_ready_channel

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("memory_marketplace")]


@pytest.fixture
def seller() -> Seller:
    return make_seller()


@pytest.fixture
def channel(seller: Seller) -> Channel:
    return make_channel(seller, state="live", live_at=NOW)


def page(channel: Channel) -> str:
    return reverse("admin:channels_app_channel_change", args=[channel.pk])


def deed(channel: Channel, name: str) -> str:
    return reverse("admin:channels_app_channel_do", args=[channel.pk, name])


def test_the_page_offers_exactly_what_the_state_allows(desk: Client, seller: Seller):
    expected = {
        "setup": {"Activate"},
        "testing": {"Live now", "Move the end of Testing", "Deactivate"},
        "live": {"Back to Testing", "Deactivate"},
    }
    for state, labels in expected.items():
        shown = desk.get(page(make_channel(seller, state=state, name=f"In {state}"))).content.decode()
        for label in set.union(*expected.values()):
            assert (f">{label}</a>" in shown) == (label in labels), (state, label)


@pytest.mark.parametrize("name", ["listings_on-off", "orders_on-off", "fulfillments_on-off", "reconciler_on-on"])
def test_support_moves_any_switch_of_a_live_channel(desk: Client, channel: Channel, name: str):
    answer = desk.post(deed(channel, name), {"reason": "The seller called."})

    field, _, word = name.partition("-")
    channel.refresh_from_db()
    assert answer.status_code == 302
    assert getattr(channel, field) is (word == "on")
    assert ChannelHistory.objects.get(what=field).reason == "The seller called."


def test_without_a_reason_nothing_happens(desk: Client, channel: Channel):
    answer = desk.post(deed(channel, "orders_on-off"), {"reason": "  "})

    channel.refresh_from_db()
    assert (answer.status_code, channel.orders_on) == (422, True)


def test_testing_ends_now_by_support(desk: Client, seller: Seller, support: User):
    channel = make_channel(seller)

    desk.post(deed(channel, "live"), {"reason": "All is well."})

    channel.refresh_from_db()
    assert channel.state == "live"
    assert ChannelHistory.objects.get(what="state").actor == support


def test_the_end_of_testing_is_moved_but_not_into_the_past(desk: Client, seller: Seller):
    channel = make_channel(seller)
    end = (clock.now() + timedelta(days=50)).replace(second=0, microsecond=0)

    def post(end):
        return desk.post(
            deed(channel, "end-of-testing"),
            {"ends_at": f"{end:%Y-%m-%dT%H:%M}", "reason": "Holidays."},
        )

    assert post(end - timedelta(days=99)).status_code == 422
    assert post(end).status_code == 302
    channel.refresh_from_db()
    assert channel.testing_ends_at == end


def test_a_live_channel_goes_back_to_testing_with_a_new_end(desk: Client, channel: Channel):
    shown = desk.get(deed(channel, "back-to-testing")).content.decode()
    end = clock.now() + timedelta(days=30)
    assert f"{end:%Y-%m-%d}" in shown

    desk.post(
        deed(channel, "back-to-testing"),
        {"ends_at": f"{end:%Y-%m-%d}T12:00", "reason": "Too early."},
    )

    channel.refresh_from_db()
    assert channel.state == "testing"


def test_support_deactivates_and_says_what_becomes_of_the_listings(desk: Client, channel: Channel):
    desk.post(deed(channel, "deactivate"), {"choice": "zero", "reason": "Fraud."})

    channel.refresh_from_db()
    assert (channel.state, channel.on_deactivate) == ("setup", "zero")


def test_a_refused_activation_shows_the_reason_and_not_an_error_page(desk: Client, seller: Seller):
    channel = make_ready_channel(seller, secret="bad")

    answer = desk.post(deed(channel, "activate"), {"reason": "For the seller."})

    assert answer.status_code == 422
    assert "client secret is wrong" in answer.content.decode()


def test_a_button_of_an_old_page_is_answered_in_words(desk: Client, channel: Channel):
    answer = desk.post(deed(channel, "live"), {"reason": "Late."}, follow=True)

    assert "not possible as the channel stands now" in answer.content.decode()


def test_the_channel_page_shows_history_and_requests_and_no_secret(desk: Client, channel: Channel, seller: Seller):
    store_secrets(channel, {"client_secret": "swordfish"})
    channel.save()
    ChannelHistory.objects.create(channel=channel, at=NOW, what="orders_on", before=False, after=True, reason="Why not")
    make_request(channel, seller)

    shown = desk.get(page(channel)).content.decode()

    assert "Why not" in shown
    assert "We take a break." in shown
    assert "swordfish" not in shown
    assert channel.encrypted_secrets not in shown
    assert 'name="_save"' not in shown
    assert "deletelink" not in shown


def make_request(channel: Channel, seller: Seller) -> ChangeRequest:
    return ChangeRequest.objects.create(
        channel=channel,
        what="orders_off",
        reason="We take a break.",
        requested_by=make_user(seller=seller),
        created_at=NOW,
    )


def decide(request: ChangeRequest) -> str:
    return reverse("admin:channels_app_changerequest_decide", args=[request.pk])


def test_the_queue_shows_open_requests_first_and_others_when_asked(desk: Client, channel: Channel, seller: Seller):
    request = make_request(channel, seller)
    queue = reverse("admin:channels_app_changerequest_changelist")
    assert "We take a break." in desk.get(queue).content.decode()

    ChangeRequest.objects.filter(pk=request.pk).update(state="declined")

    assert "We take a break." not in desk.get(queue).content.decode()
    assert "We take a break." in desk.get(queue, {"state": "all"}).content.decode()


def test_a_request_is_applied_with_one_click(desk: Client, channel: Channel, seller: Seller):
    request = make_request(channel, seller)
    shown = desk.get(reverse("admin:channels_app_changerequest_change", args=[request.pk])).content.decode()
    assert "sales on this marketplace reserve no stock here" in shown

    desk.post(decide(request), {"apply": "1", "answer": ""})

    channel.refresh_from_db()
    request.refresh_from_db()
    assert (request.state, channel.orders_on) == ("applied", False)


def test_a_request_is_declined_with_an_answer_only(desk: Client, channel: Channel, seller: Seller):
    request = make_request(channel, seller)

    without = desk.post(decide(request), {"decline": "1", "answer": ""}, follow=True)
    assert "Say why" in without.content.decode()
    desk.post(decide(request), {"decline": "1", "answer": "Not now."})

    request.refresh_from_db()
    channel.refresh_from_db()
    assert (request.state, request.answer, channel.orders_on) == ("declined", "Not now.", True)


def test_a_request_that_somebody_else_decided_says_so(desk: Client, channel: Channel, seller: Seller):
    request = make_request(channel, seller)
    ChangeRequest.objects.filter(pk=request.pk).update(state="declined")

    answer = desk.post(decide(request), {"apply": "1"}, follow=True)

    assert "closed already: Declined" in answer.content.decode()


def test_only_support_comes_in(client: Client, channel: Channel, seller: Seller):
    owner = make_user("boss@example.com", seller=seller)
    staff = make_user("staff@example.com")
    staff.is_staff = True
    staff.save()

    for user, status in [(owner, 302), (staff, 403)]:
        client.force_login(user)
        assert client.get(page(channel)).status_code == status
        assert client.post(deed(channel, "orders_on-off"), {"reason": "x"}).status_code == status
    channel.refresh_from_db()
    assert channel.orders_on


def test_nothing_can_be_added_changed_or_deleted_as_a_row(desk: Client, channel: Channel):
    for url in [
        reverse("admin:channels_app_channel_add"),
        reverse("admin:channels_app_channel_delete", args=[channel.pk]),
    ]:
        assert desk.get(url).status_code == 403
    assert desk.post(page(channel), {"name": "Other"}).status_code == 403
    channel.refresh_from_db()
    assert channel.name == "Sandbox"

"""Lists to look things up: each opens, is searched, and gives nothing away."""

from unittest.mock import patch

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from channels_app.models import ChannelLedger, FeedLine, Listing, RawOrder, Submission
from channels_app.tasks import check_channel_ledger
from tests.factories import NOW, make_channel, make_seller

pytestmark = pytest.mark.django_db

REGISTERED = [model for model in apps.get_app_config("channels_app").get_models() if admin.site.is_registered(model)]


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model.__name__)
def test_every_list_opens_and_can_be_searched(desk: Client, model):
    url = reverse(f"admin:channels_app_{model._meta.model_name}_changelist")

    assert desk.get(url).status_code == 200
    assert desk.get(url, {"q": "MUG-1"}).status_code == 200


def test_a_sku_is_found_in_listings_and_feed_lines(desk: Client):
    channel = make_channel(make_seller())
    listing = Listing.objects.create(channel=channel, sku="MUG-1", state="listed")
    submission = Submission.objects.create(
        channel=channel, kind="offer", key="0198c0de-0000-7000-8000-000000000001", fence=1, line_count=1, created_at=NOW
    )
    line = FeedLine.objects.create(channel=channel, submission=submission, sku="MUG-1", kind="offer", created_at=NOW)

    for row in (listing, line, submission):
        name = row._meta.model_name
        assert desk.get(reverse(f"admin:channels_app_{name}_change", args=[row.pk])).status_code == 200
    assert "MUG-1" in desk.get(reverse("admin:channels_app_feedline_changelist"), {"q": "MUG-1"}).content.decode()


def test_support_has_channels_checked_now(desk: Client, django_capture_on_commit_callbacks):
    ledgers = [ChannelLedger.objects.create(channel=make_channel(make_seller(slug))) for slug in ("one", "two")]
    asked: list[int] = []

    with (
        patch.object(check_channel_ledger, "apply_async", lambda args: asked.extend(args)),
        django_capture_on_commit_callbacks(execute=True),
    ):
        desk.post(
            reverse("admin:channels_app_channelledger_changelist"),
            {"action": "check_now", "_selected_action": [ledger.pk for ledger in ledgers]},
        )

    assert sorted(asked) == [ledger.channel_id for ledger in ledgers]
    assert not ChannelLedger.objects.filter(asked_at=None).exists()


def test_a_raw_orders_body_is_not_shown(desk: Client):
    raw = RawOrder.objects.create(
        channel=make_channel(make_seller()),
        remote_id="A-1",
        version=1,
        body={"buyer": {"name": "Jane Doe"}},
        hash="x",
        fetched_at=NOW,
    )

    assert "Jane Doe" not in desk.get(reverse("admin:channels_app_raworder_change", args=[raw.pk])).content.decode()

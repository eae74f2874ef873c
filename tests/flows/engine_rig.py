"""A channel without a network, at a time that stands still, and claims on its jobs."""

from datetime import datetime, timedelta

import pytest
from django.db import connection

from channels_app.flows import engine
from channels_app.models import Channel, ChannelJob
from marketplace_integration import clock
from tests.factories import NOW, make_channel, make_seller

Kind = ChannelJob.Kind


DUE = NOW + timedelta(seconds=1)


@pytest.fixture
def channel() -> Channel:
    return make_channel(make_seller())


@pytest.fixture(autouse=True)
def without_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "open_adapter", lambda channel, deadline: None)


@pytest.fixture(autouse=True)
def now_is_fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: DUE)


def claim(lane: str = "urgent", now: datetime = DUE) -> engine.Claim:
    found = engine.claim_next(lane, now=now)
    assert found is not None
    return found


def expire_claim(job: ChannelJob) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE channels_app_channeljob SET claim_expires_at = clock_timestamp() - interval '1 second'"
            " WHERE id = %s",
            [job.pk],
        )

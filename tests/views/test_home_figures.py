"""Orders of the last days, drawn."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from channels_app.models import Order
from channels_app.views.home_figures import DAYS, HEIGHT, WIDTH, orders_by_day
from tests.factories import make_channel, make_seller

pytestmark = pytest.mark.django_db
#: Half past midnight in Berlin, the day before in UTC.
NOW = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)


@pytest.fixture
def channel():
    return make_channel(make_seller(time_zone="Europe/Berlin"))


def has_order(channel, placed_at):
    Order.objects.create(
        channel=channel,
        seller_id=channel.seller_id,
        remote_id=placed_at.isoformat(),
        version=1,
        currency="USD",
        total=Decimal(1),
        shipping=Decimal(0),
        tax_included=True,
        placed_at=placed_at,
        imported_at=placed_at,
        updated_at=placed_at,
    )


def test_days_are_the_sellers_own_and_today_is_the_last(channel):
    has_order(channel, NOW)
    has_order(channel, NOW - timedelta(minutes=40))
    has_order(channel, NOW - timedelta(minutes=50))
    has_order(channel, NOW - timedelta(days=DAYS))

    bars = orders_by_day(channel.seller, now=NOW)

    assert len(bars) == DAYS
    assert [(bar.day, bar.count) for bar in bars if bar.count] == [(date(2026, 3, 2), 2), (date(2026, 3, 3), 1)]
    assert (bars[-1].height, bars[-2].height, bars[0].height) == (HEIGHT / 2, HEIGHT, 1)
    assert bars[-1].x + bars[-1].width == pytest.approx(WIDTH)


def test_without_orders_nothing_is_drawn(channel):
    has_order(make_channel(make_seller("other")), NOW)

    assert orders_by_day(channel.seller, now=NOW) == []

"""What Home draws: orders of the last days, how fast changes went out, how listings stand."""

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels_app.flows.listing_counts import ListingCounts, count_listings
from channels_app.flows.measured import last_sendings, measured_of
from channels_app.models import FeedLine, LedgerState, Listing, Order, Submission
from channels_app.views.home_figures import DAYS, GAP, HEIGHT, WIDTH, SoldBy, draw, sales_of, shares_of
from tests.examples import examples
from tests.factories import make_channel, make_seller

pytestmark = pytest.mark.django_db
#: Half past midnight in Berlin, the day before in UTC.
NOW = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)


@pytest.fixture
def channel():
    return make_channel(make_seller(time_zone="Europe/Berlin"))


def has_order(channel, placed_at, *, total=1, currency="USD", status=Order.Shipping.UNSHIPPED, payment="cleared"):
    Order.objects.create(
        channel=channel,
        seller_id=channel.seller_id,
        remote_id=str(uuid.uuid4()),
        version=1,
        currency=currency,
        total=Decimal(total),
        shipping=Decimal(0),
        tax_included=True,
        payment_status=payment,
        shipping_status=status,
        placed_at=placed_at,
        imported_at=placed_at,
        updated_at=placed_at,
    )


def has_sending(channel, at, seconds, *, kind="quantity", state=LedgerState.CONFIRMED):
    """A submission whose lines took so many seconds each, from the change to the answer."""
    submission = Submission.objects.create(
        channel=channel,
        kind=kind,
        key=uuid.uuid4(),
        fence=1,
        line_count=len(seconds),
        confirmed_count=len(seconds) if state == LedgerState.CONFIRMED else 0,
        created_at=at,
    )
    for number, second in enumerate(seconds):
        FeedLine.objects.create(
            submission=submission,
            channel=channel,
            sku=f"SKU-{number}",
            kind=kind,
            state=state,
            changed_at=at,
            created_at=at,
            closed_at=at + timedelta(seconds=second),
        )


def has_listing(channel, sku, state, *, refused=False):
    Listing.objects.create(channel=channel, sku=sku, state=state, rejected_hash="o1" if refused else "")


def test_days_are_the_sellers_own_and_today_is_the_last(channel):
    has_order(channel, NOW)
    has_order(channel, NOW - timedelta(minutes=40))
    has_order(channel, NOW - timedelta(minutes=50))
    has_order(channel, NOW - timedelta(days=DAYS))

    sales = sales_of(channel.seller, now=NOW)

    assert (sales.count, sales.today, sales.since) == (3, 1, date(2026, 2, 18))
    assert [bar.text for bar in sales.bars][-2:] == ["2 Mar: 2", "3 Mar: 1"]
    assert len(sales.bars) == DAYS


def test_what_was_sold_today_is_counted_and_summed_by_currency_without_cancelled_orders(channel):
    has_order(channel, NOW, total=10)
    has_order(channel, NOW, total=5)
    has_order(channel, NOW, total=3, currency="EUR")
    has_order(channel, NOW, total=100, status=Order.Shipping.CANCELLED)
    has_order(channel, NOW - timedelta(days=2), total=1000)

    sales = sales_of(channel.seller, now=NOW)

    assert sales.amounts_today == {"USD": Decimal(15), "EUR": Decimal(3)}
    assert (sales.today, sales.count) == (3, 4)
    assert sales.bars[-1].text == "3 Mar: 3"


def test_what_is_not_paid_is_not_sold_and_what_may_still_be_is_told_apart(channel):
    has_order(channel, NOW, total=10)
    has_order(channel, NOW, total=20, payment="pending")
    has_order(channel, NOW, total=30, payment="pending", currency="EUR")
    has_order(channel, NOW, total=40, payment="failed")
    has_order(channel, NOW, total=50, payment="pending", status=Order.Shipping.CANCELLED)
    has_order(channel, NOW - timedelta(days=1), payment="pending")

    sales = sales_of(channel.seller, now=NOW)

    assert sales.amounts_today == {"USD": Decimal(10)}
    assert (sales.today, sales.count, sales.unpaid_today) == (1, 1, 2)
    assert sales.bars[-1].text == "3 Mar: 1"


def test_today_stands_beside_the_same_day_of_last_week_up_to_this_time(channel):
    # In Berlin it is Tuesday, 00:30.
    week = timedelta(days=7)
    has_order(channel, NOW, total=10)
    has_order(channel, NOW - week, total=5)
    has_order(channel, NOW - week - timedelta(minutes=30), total=3, currency="EUR")
    has_order(channel, NOW - week - timedelta(minutes=31), total=100)
    has_order(channel, NOW - week + timedelta(minutes=1), total=1000)
    has_order(channel, NOW - week, total=20, payment="pending")
    has_order(channel, NOW - week, total=30, status=Order.Shipping.CANCELLED)

    then = sales_of(channel.seller, now=NOW).a_week_ago

    assert then == SoldBy(weekday="Tuesday", time="00:30", count=2, amounts={"USD": Decimal(5), "EUR": Decimal(3)})


def test_the_clock_on_the_wall_counts_where_summer_time_has_begun_meanwhile(channel):
    now = datetime(2026, 3, 31, 10, tzinfo=UTC)  # noon in Berlin; a week before, noon was at 11:00 UTC
    has_order(channel, datetime(2026, 3, 24, 10, 59, tzinfo=UTC))
    has_order(channel, datetime(2026, 3, 24, 11, 1, tzinfo=UTC))

    then = sales_of(channel.seller, now=now).a_week_ago

    assert then is not None
    assert (then.time, then.count) == ("12:00", 1)


@pytest.mark.parametrize(("days", "compared"), [(6, None), (7, 1), (9, 0), (DAYS, None)])
def test_nothing_is_compared_before_there_is_a_week_to_compare_with(channel, days, compared):
    has_order(channel, NOW - timedelta(days=days))

    then = sales_of(channel.seller, now=NOW).a_week_ago

    assert (then and then.count) == compared


def test_without_orders_nothing_is_drawn(channel):
    has_order(make_channel(make_seller("other")), NOW)

    sales = sales_of(channel.seller, now=NOW)

    assert (sales.bars, sales.count, sales.amounts_today) == ([], 0, {})


def test_the_largest_bar_is_as_high_as_the_drawing_and_nothing_is_a_line():
    bars = draw([0, 1, 2], str)

    assert [bar.height for bar in bars] == [1, HEIGHT / 2, HEIGHT]
    assert [bar.y for bar in bars] == [HEIGHT - 1, HEIGHT / 2, 0]
    assert bars[1].x == pytest.approx(bars[0].width + GAP)
    assert bars[-1].x + bars[-1].width == pytest.approx(WIDTH)


def test_only_confirmed_prices_and_quantities_are_measured_the_newest_last(channel):
    has_sending(channel, NOW, [1, 3, 2])
    has_sending(channel, NOW + timedelta(minutes=1), [8])
    has_sending(channel, NOW, [50], kind="content")
    has_sending(channel, NOW, [70], state=LedgerState.REJECTED)
    has_sending(make_channel(make_seller("other")), NOW, [90])

    sendings = last_sendings([channel])
    measured = measured_of(sendings)

    assert [sending.half for sending in sendings] == [timedelta(seconds=2), timedelta(seconds=8)]
    assert measured == (timedelta(seconds=3), timedelta(seconds=8), 4)


def test_nothing_is_measured_where_nothing_was_sent(channel):
    assert measured_of(last_sendings([channel])) is None


def test_each_listing_stands_in_one_state_and_those_of_others_are_not_counted(channel, django_assert_num_queries):
    has_listing(channel, "A", Listing.State.LISTED)
    has_listing(channel, "B", Listing.State.LISTED, refused=True)
    has_listing(channel, "C", Listing.State.REJECTED, refused=True)
    has_listing(channel, "D", Listing.State.CREATING)
    has_listing(channel, "E", Listing.State.ENDING)
    has_listing(channel, "F", Listing.State.ENDED)
    other = make_channel(make_seller("other"))
    has_listing(other, "A", Listing.State.LISTED)

    with django_assert_num_queries(1):
        counts = count_listings([channel, other])

    assert counts[channel.pk] == ListingCounts(good=1, outdated=1, refused=1, on_the_way=2)
    assert (counts[channel.pk].listed, counts[channel.pk].troubled) == (2, 2)
    assert counts[other.pk] == ListingCounts(good=1, outdated=0, refused=0, on_the_way=0)


@given(st.lists(st.integers(0, 10_001), min_size=4, max_size=4).map(lambda counts: ListingCounts(*counts)))
@settings(max_examples=examples(50))
def test_shares_fill_the_line_and_each_can_be_seen(counts):
    shares = shares_of(counts)

    assert [share.count for share in shares] == [
        count for count in (counts.good, counts.on_the_way, counts.outdated, counts.refused) if count
    ]
    assert sum(share.width for share in shares) == pytest.approx(100 if shares else 0)
    assert all(share.width > 1.8 for share in shares)

"""How fast everything goes where nobody real is called."""

from channels_app.adapters.types import Limit
from channels_app.flows.feed import SHORTEST_ROUND_SECONDS
from channels_app.flows.pace import intervals_of, limits_of
from tests.fakes import FakeAdapter


def test_usually_everything_goes_as_the_adapter_declares(settings):
    settings.SPEED_UP = 1

    assert intervals_of(FakeAdapter) == FakeAdapter.intervals
    assert limits_of(FakeAdapter, {}) == {}


def test_rates_of_the_account_go_before_the_declared_ones(settings):
    settings.SPEED_UP = 1
    own = {"submit": Limit(per_second=0.5)}

    assert limits_of(FakeAdapter, own) == own


def test_sped_up_no_job_runs_more_often_than_every_second(settings):
    settings.SPEED_UP = 600

    assert intervals_of(FakeAdapter)["reconcile"] == 6
    assert intervals_of(FakeAdapter)["results"] == 1


def test_sped_up_calls_go_out_so_many_times_as_often_in_bursts_of_the_same_size(settings):
    settings.SPEED_UP = 10

    assert limits_of(FakeAdapter, {}) == {"submit": Limit(per_second=100, burst=10)}
    assert limits_of(FakeAdapter, {"submit": Limit(per_second=1, burst=2)}) == {"submit": Limit(per_second=10, burst=2)}


def test_a_rise_does_not_wait_for_orders_that_are_as_fresh_as_they_can_be():
    assert min(FakeAdapter.intervals.values()) >= SHORTEST_ROUND_SECONDS

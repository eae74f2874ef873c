"""A marketplace in memory and its adapter, for tests of flows."""

from tests.fakes.adapter import FakeAccountForm, FakeAdapter
from tests.fakes.market import MARKETS, FakeListing, FakeMarket, FakeSubmission

__all__ = ["MARKETS", "FakeAccountForm", "FakeAdapter", "FakeListing", "FakeMarket", "FakeSubmission"]

"""Fixtures of the life cycle."""

from tests.flows.marketplace import memory_marketplace, support  # noqa: F401

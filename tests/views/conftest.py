"""Pages are tested against the marketplace in memory."""

from tests.flows.marketplace import memory_marketplace

__all__ = ["memory_marketplace"]

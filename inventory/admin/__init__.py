"""Support and the inventory: sellers, visits to their pages, and rows to look up."""

from inventory.admin import records, seller, visits

__all__ = ["records", "seller", "visits"]

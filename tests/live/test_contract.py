"""The adapter's promises, kept against a real Mercur or Medusa."""

from tests.adapters.medusa.promises import MedusaPromises


class TestLive(MedusaPromises):
    """All of it; see MedusaPromises for what only a clock that can be put forward would show."""

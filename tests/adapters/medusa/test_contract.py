"""The adapter's promises, kept against the little Medusa in memory, in both flavours."""

from tests.adapters.medusa.promises import MedusaPromises


class TestMedusa(MedusaPromises):
    pass

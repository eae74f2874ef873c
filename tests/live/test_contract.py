"""The adapter's promises, kept against a real Mercur or Medusa."""

import os

import pytest

from tests.adapters.medusa.promises import MedusaPromises

pytestmark = pytest.mark.skipif(
    not os.environ.get("LIVE_SERVER"), reason="LIVE_SERVER names no running server: `make live-test` starts one"
)


class TestLive(MedusaPromises):
    """All of it; see MedusaPromises for what only a clock that can be put forward would show."""

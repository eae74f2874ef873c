"""Fixtures of the life cycle, and a browser of a support person."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.flows.marketplace import memory_marketplace, support  # noqa: F401


@pytest.fixture
def desk(client: Client, support: User) -> Client:  # noqa: F811
    """A signed-in support person's browser."""
    client.force_login(support)
    return client

"""Pages are tested against the marketplace in memory, by the owner of one seller with one channel in Setup."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from channels_app.models import Channel
from inventory.models import Seller
from tests.factories import make_seller, make_user
from tests.flows.marketplace import make_ready_channel, memory_marketplace, support

__all__ = ["memory_marketplace", "support"]


@pytest.fixture
def seller() -> Seller:
    return make_seller()


@pytest.fixture
def owner(seller: Seller) -> User:
    return make_user(seller=seller)


@pytest.fixture
def channel(seller: Seller) -> Channel:
    return make_ready_channel(seller)


@pytest.fixture
def browser(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client

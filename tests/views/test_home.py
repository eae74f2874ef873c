"""Home leads a new seller from step to step."""

import re

import pytest
from django.test import Client

from inventory.models import Seller
from tests.factories import make_channel, make_item, make_label, make_seller, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller(client: Client) -> Seller:
    seller = make_seller()
    client.force_login(make_user(seller=seller))
    return seller


def next_step(client: Client) -> list[str]:
    """Return the words of the buttons that stand out."""
    page = client.get("/s/acme/").content.decode()
    return re.findall(r'button-primary" href="[^"]*">([^<]+)<', page)


def test_the_step_that_comes_next_stands_out(client: Client, seller: Seller):
    assert next_step(client) == ["Import a CSV"]
    item = make_item(seller)
    assert next_step(client) == ["Go to labels"]
    label = make_label(seller, items=[item])
    assert next_step(client) == ["Go to marketplaces"]
    channel = make_channel(seller, state="setup", label=label)
    assert next_step(client) == ["Go to its settings"]
    channel.delete()
    make_channel(seller, label=label)
    assert next_step(client) == []


def test_what_needs_a_channel_is_offered_once_there_is_one(client: Client, seller: Seller):
    assert client.get("/s/acme/").content.decode().count("Go to marketplaces") == 1

"""A seller, its owner's browser, and the addresses of its pages."""

import pytest
from django.urls import reverse

from tests.factories import make_seller, make_user


@pytest.fixture
def seller():
    return make_seller()


@pytest.fixture
def owner(client, seller):
    client.force_login(make_user(seller=seller))
    return client


def login(client, seller, role):
    client.force_login(make_user(f"{role}@example.com", seller=seller, role=role))
    return client


def address(name, seller, *args):
    return reverse(name, args=[seller.slug, *args])

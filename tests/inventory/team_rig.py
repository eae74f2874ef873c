"""A seller with an owner, invitations and their letters."""

import pytest
from django.contrib.auth.models import User
from django.core import mail as letters
from django.test import Client
from django.urls import reverse

from inventory import mail, team
from inventory.models import Invitation, Membership, Role, Seller
from marketplace_integration import clock
from tests.factories import make_seller, make_user

SITE = "https://shop.example.com"


@pytest.fixture
def seller() -> Seller:
    return make_seller(name="Acme & Sons")


@pytest.fixture
def owner(seller: Seller) -> User:
    return make_user(seller=seller)


@pytest.fixture
def browser(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def invited(seller: Seller, owner: User, email: str = "ada@example.com", role: Role = Role.MANAGER) -> Invitation:
    """An invitation of this moment, its letter delivered."""
    sent = team.invite(seller, email, role, actor=owner, site="http://testserver", now=clock.now())
    assert mail.send(sent.pk, now=clock.now())
    return Invitation.objects.get(seller=seller, email=email)


def link_in(letter: letters.EmailMessage) -> str:
    return next(line for line in str(letter.body).splitlines() if "/invitation/" in line)


def opened(client: Client, invitation: Invitation) -> str:
    """The address that the link leads this browser to."""
    return client.get(invitation.link).headers["Location"]


def member(seller: Seller, email: str, role: Role = Role.OWNER) -> Membership:
    return Membership.objects.get(seller=seller, user=make_user(email, seller=seller, role=role))


def post(client: Client, name: str, seller: Seller, *args: object, **sent: str) -> str:
    return client.post(reverse(name, args=[seller.slug, *args]), sent, follow=True).content.decode()

"""Somebody with two-step sign-in, whose phone is not at hand: the pages of an account that has it."""

import re

from screenshots.walk import Deed, Person
from smoke.stack import Stack

_USER = "two-steps@example.com"
_MAKE = f"""
from django.contrib.auth.models import User
from inventory.models import Membership, SecondStep, Seller
from marketplace_integration import clock
user = User.objects.create_user("{_USER}", "{_USER}", "%(password)s")
Membership.objects.create(seller=Seller.objects.get(slug="%(slug)s"), user=user, role="viewer")
device = SecondStep(user=user, confirmed=True, confirmed_at=clock.now())
device.make_key()
print(device.make_backup_codes())
device.save()
"""


def settle(stack: Stack, *, slug: str, password: str) -> Person:
    """The person is on the team, and has backup codes enough for a walk."""
    told = stack.manage("shell", "--command", _MAKE % {"slug": slug, "password": password})
    codes = re.findall(r"\b\d{4} \d{4}\b", told)
    return Person(name="two-steps", user=_USER, password=password, under="/security/", codes=codes)


def asked(person: Person) -> Deed:
    """What shows the page that asks for a code."""
    return Deed(path="/sign-in/", fill={"username": person.user, "password": person.password}, press="Sign in")

"""`manage.py add_seller`: a seller and its owner, on a site that has no demo data."""

import os
from getpass import getpass
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from inventory import wishes
from inventory.models import Membership, Role, Seller
from inventory.stock import default_location
from marketplace_integration import clock


class Command(BaseCommand):
    help = "Make a seller and the person who owns it. The password is asked for, or taken from NEW_PASSWORD."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="stands in the addresses of its pages, e.g. acme")
        parser.add_argument("--owner", required=True, help="e-mail address: the owner signs in with it")
        parser.add_argument("--name", help="of the business; without it, made from the slug")
        parser.add_argument("--currency", default="USD", help="of its prices, as ISO 4217")
        parser.add_argument("--time-zone", default="UTC", help="IANA name, e.g. Europe/Berlin")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        slug, email = options["slug"], options["owner"]
        if Seller.objects.filter(slug=slug).exists():
            raise CommandError(f"There is a seller {slug} already.")
        user = User.objects.filter(username__iexact=email).first()
        if user is None:
            password = os.environ.get("NEW_PASSWORD") or getpass(f"Password for {email}: ")
            user = User.objects.create_user(username=email, email=email, password=password)
        now = clock.now()
        seller = Seller.objects.create(
            slug=slug,
            name=options["name"] or slug.replace("-", " ").title(),
            currency=options["currency"].upper(),
            time_zone=options["time_zone"],
            created_at=now,
        )
        default_location(seller)
        owner = Membership.objects.create(user=user, seller=seller, role=Role.OWNER)
        wishes.welcome(owner, site="", now=now)
        self.stdout.write(f"{seller.name}: {email} owns it.")

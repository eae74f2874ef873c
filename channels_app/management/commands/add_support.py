"""`manage.py add_support`: a person who steers sellers' channels in the admin, and may do nothing else there."""

import os
from getpass import getpass
from typing import Any

from django.contrib.auth.models import Permission, User
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction


class Command(BaseCommand):
    help = "Give a person the support desk. The password is asked for, or taken from NEW_PASSWORD."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the person signs in with it")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"]
        user = User.objects.filter(username__iexact=email).first()
        if user is None:
            password = os.environ.get("NEW_PASSWORD") or getpass(f"Password for {email}: ")
            user = User.objects.create_user(username=email, email=email, password=password)
        user.is_staff = True
        user.save(update_fields=["is_staff"])
        user.user_permissions.add(Permission.objects.get(codename="support_channels"))
        self.stdout.write(f"{email} is support: sign in, then open /support/.")

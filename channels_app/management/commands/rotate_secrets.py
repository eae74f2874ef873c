"""`manage.py rotate_secrets`: encrypt all credentials under the newest of FIELD_KEYS, so that older keys can go."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels_app import secrets


class Command(BaseCommand):
    help = "Encrypt every channel's credentials again under the newest key. Afterwards the older keys can be removed."

    def handle(self, *args: Any, **options: Any) -> None:
        done, lost = secrets.rotate()
        self.stdout.write(f"{done} channels: credentials are now under the newest key.")
        if lost:
            raise CommandError(f"{lost} channels: no key in FIELD_KEYS opens the credentials. Keep the older keys.")

"""`manage.py rotate_secrets`: encrypt all secrets under the newest of FIELD_KEYS, so that older keys can go."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels_app import secrets
from inventory import second_step


class Command(BaseCommand):
    help = (
        "Encrypt every channel's credentials and every key of two-step sign-in again under the newest key. "
        "Afterwards the older keys can be removed."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        lost = 0
        for rotate, of in ((secrets.rotate, "channels: credentials"), (second_step.rotate, "accounts: sign-in keys")):
            done, lost_here = rotate()
            lost += lost_here
            self.stdout.write(f"{done} {of} are now under the newest key.")
            if lost_here:
                self.stderr.write(f"{lost_here} {of} are opened by no key in FIELD_KEYS.")
        if lost:
            raise CommandError(f"{lost} secrets: no key in FIELD_KEYS opens them. Keep the older keys.")

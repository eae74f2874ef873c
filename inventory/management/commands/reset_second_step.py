"""`manage.py reset_second_step`: for whoever runs the site, when somebody of support lost phone and backup codes."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from inventory import second_step
from inventory.sign_in import account_name
from marketplace_integration import clock


class Command(BaseCommand):
    help = "Switch off two-step sign-in of an account: its password alone is enough again. An e-mail tells its person."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("account", help="its name, or its e-mail address")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=account_name(options["account"])).first()
        if user is None:
            raise CommandError(f"There is no account {options['account']}.")
        try:
            second_step.switch_off(user, site="", now=clock.now())
        except second_step.SecondStepError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{user.get_username()} signs in with the password alone now.")

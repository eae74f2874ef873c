"""`manage.py check_ledger [--json]`: prove that nothing was lost. Exit code 1 if something cannot be explained."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from channels_app.flows.ledger import MOST, check_ledger


class Command(BaseCommand):
    help = "Check that whatever should be at a channel is confirmed there, or that a row says why it is not yet."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")

    def handle(self, *args: Any, json: bool = False, **options: Any) -> None:
        found = check_ledger()
        if json:
            self.stdout.write(_as_json(found))
        else:
            for offence in found:
                place = f"channel {offence.channel_id}" if offence.channel_id else "inventory"
                self.stdout.write(f"{place}  {offence.sku}  {offence.what}: {offence.detail}")
            count = f"{MOST:,} or more" if len(found) >= MOST else f"{len(found):,}"
            self.stdout.write(f"{count} offences." if found else "The ledger is closed.")
        if found:
            sys.exit(1)


def _as_json(found: list[Any]) -> str:
    return json.dumps({"ok": not found, "count": len(found), "offences": [offence._asdict() for offence in found]})

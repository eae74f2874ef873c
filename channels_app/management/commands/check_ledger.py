"""`manage.py check_ledger [--channel ID] [--json]`: prove that nothing was lost.

Exit code 1 if something cannot be explained, 2 if there is no such channel.
"""

import json
from collections.abc import Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from channels_app.flows.ledger import MOST, Offence, check_ledger
from channels_app.models import Channel


class Command(BaseCommand):
    help = "Check that whatever should be at a channel is confirmed there, or that a row says why it is not yet."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--channel", help="this one alone: its number, or the id in the address of its pages")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")

    def handle(self, *args: Any, channel: str | None = None, json: bool = False, **options: Any) -> None:
        found = check_ledger(_find(channel) if channel else None)
        if json:
            self.stdout.write(_as_json(found))
        else:
            self._list(found)
        if found:
            raise SystemExit(1)

    def _list(self, found: Sequence[Offence]) -> None:
        """Print what was found, channel by channel."""
        rows = Channel.objects.select_related("seller").in_bulk([o.channel_id for o in found if o.channel_id])
        for channel_id, offences in groupby(found, key=lambda offence: offence.channel_id):
            channel = rows.get(channel_id or 0)
            self.stdout.write(f"{channel.seller.name}, {channel.name} ({channel.pk}):" if channel else "Inventory:")
            for offence in offences:
                self.stdout.write(f"  {offence.sku or '-'}  {offence.what}: {offence.detail}")
        count = f"{MOST:,} or more" if len(found) >= MOST else f"{len(found):,}"
        self.stdout.write(f"{count} cannot be explained." if found else "The ledger is closed.")


def _find(named: str) -> Channel:
    try:
        known = {"pk": int(named)} if named.isdecimal() else {"public_id": UUID(named)}
        return Channel.objects.get(**known)
    except (ValueError, Channel.DoesNotExist) as error:
        raise CommandError(f"There is no channel {named}.", returncode=2) from error


def _as_json(found: Sequence[Offence]) -> str:
    return json.dumps({"ok": not found, "count": len(found), "offences": [offence._asdict() for offence in found]})

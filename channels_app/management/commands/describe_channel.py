"""Prints what an adapter declares, as it stands in docs/channels/."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand

from channels_app.adapters.registry import adapters, get_adapter_class
from channels_app.views.channel_facts import markdown


class Command(BaseCommand):
    help = "Print what a channel's adapter declares, as Markdown for docs/channels/."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("channel", choices=list(adapters()))

    def handle(self, *args: Any, channel: str, **options: Any) -> None:
        self.stdout.write(markdown(get_adapter_class(channel)))

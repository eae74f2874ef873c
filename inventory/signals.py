"""The product's one signal: something in the inventory changed and was committed. A nudge, not a fact to rely on."""

from django.db import connection, transaction
from django.dispatch import Signal

changed = Signal()


def send_changed() -> None:
    """`changed` is sent after the commit of the open transaction, once however often this was called in it."""
    if not any(entry[1] is _send for entry in connection.run_on_commit):
        transaction.on_commit(_send)


def _send() -> None:
    changed.send(sender=None)

"""Credentials at rest: one encrypted JSON object a channel, under the newest of FIELD_KEYS.

Never rendered back, never logged.
"""

import json
from collections.abc import Mapping

from channels_app.adapters.errors import SettingsError
from channels_app.models import Channel
from marketplace_integration.cipher import LostKey, seal, seal_all_again, unseal

_LOST_KEY = (
    "The stored credentials cannot be opened: the key they were encrypted with is missing. "
    "Enter all of them again, or ask whoever runs this site to put the old key back into FIELD_KEYS."
)


def read_secrets(channel: Channel) -> dict[str, str]:
    """Return the secret settings by field name. Raises SettingsError if the key they were encrypted with is gone."""
    if not channel.encrypted_secrets:
        return {}
    try:
        secrets: dict[str, str] = json.loads(unseal(channel.encrypted_secrets))
    except LostKey:
        raise SettingsError(_LOST_KEY, code="lost_key") from None
    return secrets


def store_secrets(channel: Channel, values: Mapping[str, str]) -> set[str]:
    """Encrypt `values` into the row in memory, for the flow to save; returns the names that changed.

    A blank value keeps the old one. Where the old ones cannot be opened any more, only the new ones remain.
    """
    try:
        before = read_secrets(channel)
    except SettingsError:
        before = {}
    after = before | {name: value for name, value in values.items() if value}
    changed = {name for name in after if after[name] != before.get(name)}
    if changed:
        channel.encrypted_secrets = seal(json.dumps(after, sort_keys=True))
    return changed


def rotate() -> tuple[int, int]:
    """Encrypt every channel's secrets again under the newest key. Returns (how many, how many no key opens)."""
    return seal_all_again(Channel.objects.all(), "encrypted_secrets")

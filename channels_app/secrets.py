"""Credentials at rest: one encrypted JSON object a channel, under the newest of FIELD_KEYS.

Never rendered back, never logged.
"""

import json
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from channels_app.adapters.errors import SettingsError
from channels_app.models import Channel

_LOST_KEY = (
    "The stored credentials cannot be opened: the key they were encrypted with is missing. "
    "Enter all of them again, or ask whoever runs this site to put the old key back into FIELD_KEYS."
)


def read_secrets(channel: Channel) -> dict[str, str]:
    """Return the secret settings by field name. Raises SettingsError if the key they were encrypted with is gone."""
    if not channel.encrypted_secrets:
        return {}
    try:
        plain = _cipher().decrypt(channel.encrypted_secrets.encode())
    except InvalidToken:
        raise SettingsError(_LOST_KEY, code="lost_key") from None
    secrets: dict[str, str] = json.loads(plain)
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
        channel.encrypted_secrets = _cipher().encrypt(json.dumps(after, sort_keys=True).encode()).decode()
    return changed


def rotate() -> tuple[int, int]:
    """Encrypt every channel's secrets again under the newest key. Returns (how many, how many no key opens).

    Safe while the product runs: a row that somebody changes meanwhile already has the newest key.
    """
    cipher, done, lost = _cipher(), 0, 0
    rows = Channel.objects.exclude(encrypted_secrets="").values_list("pk", "encrypted_secrets")
    for pk, old in rows.iterator(chunk_size=500):
        try:
            new = cipher.rotate(old.encode()).decode()
        except InvalidToken:
            lost += 1
            continue
        done += Channel.objects.filter(pk=pk, encrypted_secrets=old).update(encrypted_secrets=new)
    return done, lost


def _cipher() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.FIELD_KEYS])

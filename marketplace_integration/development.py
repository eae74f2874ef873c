"""Keys for a single command in development, when the environment names none.

They are made once per checkout, readable by their owner only, under `.local/`. Production never comes here:
without DEBUG, `environment.load` refuses to start.
"""

import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet

from marketplace_integration.environment import ROOT

FOLDER = ROOT / ".local"


def development_secret_key() -> str:
    """The same key at every call in this checkout."""
    return kept_secret(FOLDER / "secret_key", secrets.token_urlsafe(48))


def development_field_keys() -> list[str]:
    """The same keys at every call in this checkout, newest first."""
    return kept_secret(FOLDER / "field_keys", Fernet.generate_key().decode()).split(",")


def kept_secret(path: Path, fresh: str) -> str:
    """What `path` holds; on the first call `fresh` is stored there, mode 0600. Two processes at once agree on one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        file.write(fresh + "\n")
    return fresh

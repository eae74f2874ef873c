"""Keys and passwords of this machine: made once, kept in files that only their owner can read."""

import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet


def fresh_secret() -> str:
    """Random, and safe inside an address."""
    return secrets.token_urlsafe(36)


def fresh_field_key() -> str:
    """A key for FIELD_KEYS."""
    return Fernet.generate_key().decode()


def kept_secret(path: Path, fresh: str) -> str:
    """What `path` holds; on the first call `fresh` is stored there, mode 0600. Two processes at once agree on one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    building = path.with_name(f"{path.name}.{os.getpid()}")
    if not path.exists():
        building.touch(mode=0o600)
        building.write_text(fresh + "\n")
        try:
            os.link(building, path)  # fails if somebody was faster, and never shows a half-written file
        except FileExistsError:
            pass
        finally:
            building.unlink()
    return path.read_text().strip()

"""Keys for a single command in development, when the environment names none.

They are made once per checkout under `.local/`. Production never comes here: without DEBUG, `environment.load`
refuses to start.
"""

from marketplace_integration.environment import ROOT
from marketplace_integration.local.secrets import fresh_field_key, fresh_secret, kept_secret

FOLDER = ROOT / ".local"


def development_secret_key() -> str:
    """The same key at every call in this checkout."""
    return kept_secret(FOLDER / "secret_key", fresh_secret())


def development_field_keys() -> list[str]:
    """The same keys at every call in this checkout, newest first."""
    return kept_secret(FOLDER / "field_keys", fresh_field_key()).split(",")

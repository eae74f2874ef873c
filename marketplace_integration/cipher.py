"""Secrets at rest: encrypted under the newest of FIELD_KEYS, opened by any of them."""

from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db.models import QuerySet


class LostKey(Exception):
    """No key in FIELD_KEYS opens this. Whoever runs the site puts the old key back."""


def seal(plain: str) -> str:
    """Return what may be stored."""
    return _cipher().encrypt(plain.encode()).decode()


def unseal(sealed: str) -> str:
    """Return what was sealed. Raises LostKey."""
    try:
        return _cipher().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise LostKey from None


def seal_all_again(rows: "QuerySet[Any]", column: str) -> tuple[int, int]:
    """Encrypt what the rows hold again under the newest key. Returns (how many, how many no key opens).

    Safe while the product runs: a row that somebody changes meanwhile already has the newest key.
    """
    keys, done, lost = _cipher(), 0, 0
    for pk, old in rows.exclude(**{column: ""}).values_list("pk", column).iterator(chunk_size=500):
        try:
            new = keys.rotate(old.encode()).decode()
        except InvalidToken:
            lost += 1
            continue
        done += rows.filter(**{"pk": pk, column: old}).update(**{column: new})
    return done, lost


def _cipher() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.FIELD_KEYS])

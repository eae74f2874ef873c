"""A reason without what belongs to one SKU, as PostgreSQL makes it of a refused listing; see models/cause.py. Pure."""

import re
from functools import lru_cache
from hashlib import md5

from channels_app.models.cause import GAP

_ALNUM = r"[^\W_]"
_QUOTED = re.compile(
    rf"\"[^\"]*\"|“[^”]*”|„[^“”]*[“”]|‘[^’]*’|«[^»]*»|`[^`]*`|(?<!{_ALNUM})'[^']*'(?!{_ALNUM})"  # noqa: RUF001
)
_NUMBER = re.compile(r"[\w-]*[0-9][\w.,-]*")
_GAPS = re.compile(rf"{GAP}(?:[\s,;]*{GAP})+")


def sentence_of(sku: str, reason: str) -> str:
    """Return the reason with gaps where it names the SKU, quotes something, or holds a number."""
    if sku in reason:
        reason = re.sub(rf"(?<!{_ALNUM}){re.escape(sku)}(?!{_ALNUM})", GAP, reason)
    return without_values(reason)


# Thousands of SKUs are refused with the same words.
@lru_cache(maxsize=1024)
def without_values(reason: str) -> str:
    """Return the reason with gaps where it quotes something or holds a number."""
    return _GAPS.sub(GAP, _NUMBER.sub(GAP, _QUOTED.sub(GAP, reason))).strip(" ")


def legible(sentence: str) -> str:
    """Return it for people: a gap at the end of a sentence ends it."""
    return sentence.replace(f"{GAP}.", GAP)


def name_of(sentence: str) -> str:
    """Return what names the sentence in addresses."""
    return md5(sentence.encode(), usedforsecurity=False).hexdigest()[:12]

"""The raw side of each benchmark: named statements of `baselines.sql`."""

import re
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("baselines.sql")


@cache
def statements() -> dict[str, str]:
    """Return the SQL by name; a name stands on a line of its own: ``-- name: feed_build_lines``."""
    parts = re.split(r"^-- name: (\w+)\n", FILE.read_text(), flags=re.MULTILINE)[1:]
    return {name: text.strip().rstrip(";") for name, text in zip(parts[::2], parts[1::2], strict=True)}


def baseline(name: str) -> str:
    """Return one statement. Raises KeyError if there is none of that name."""
    return statements()[name]

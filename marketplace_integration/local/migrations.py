"""Does the local database still match the migrations in the checkout?

Before the first release migrations are squashed rather than piled up, so a database made by an earlier version of a
file can be left behind. Each file's hash is kept with the data after it was applied.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from marketplace_integration.environment import ROOT

APPS = ("inventory", "channels_app")


def current(root: Path = ROOT) -> dict[str, str]:
    """`app/migrations/name` -> hash, for everything the migrations of our apps are made of."""
    files = [
        path
        for app in APPS
        for pattern in ("migrations/*.py", "*.sql")
        for path in (root / app).glob(pattern)
        if path.name != "__init__.py"
    ]
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(files)}


def changed(applied: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Files that were applied and have since been edited or removed. New files are no trouble."""
    return [name for name, digest in applied.items() if now.get(name) != digest]


def applied(data: Path) -> dict[str, str]:
    """What was applied to this data, as far as we know."""
    file = data / "migrations.json"
    content: dict[str, str] = json.loads(file.read_text()) if file.is_file() else {}
    return content


def remember(data: Path, *, still_old: Iterable[str]) -> None:
    """The migrations of the checkout are the ones of this data, but for those it was made by an older version of."""
    before = applied(data)
    known = current() | {name: before[name] for name in still_old}
    (data / "migrations.json").write_text(json.dumps(known, indent=1))

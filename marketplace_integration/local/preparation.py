"""Steps between "the database answers" and "the web process may start": migrations, static files, demo data."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from marketplace_integration.environment import ROOT
from marketplace_integration.local import migrations
from marketplace_integration.local.lock import one_at_a_time
from marketplace_integration.local.stack import DATABASE, Stack


class CannotPrepare(Exception):
    """The message says what failed and what to do."""


def manage(stack: Stack, *arguments: str) -> str:
    """Run `manage.py` against the stack. Returns what it printed. Raises CannotPrepare."""
    result = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=stack.child_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise CannotPrepare(f"`manage.py {' '.join(arguments)}` failed:\n{result.stdout}{result.stderr}")
    return result.stdout


def migrate(stack: Stack, *, rebuild: bool, say: Callable[[str], None]) -> None:
    """The database has the tables of this checkout. A database that no longer matches is rebuilt if that is wanted."""
    data = stack.wishes.data
    edited = migrations.changed(migrations.applied(data), migrations.current()) if stack.postgres else []
    if edited:
        say(f"This database was made by other versions of: {', '.join(edited)}")
        if rebuild or _confirmed("Rebuild it? All data of this local stack is lost. [y/N] "):
            _rebuild(stack, say=say)
            edited = []
        else:
            say("It is used as it is. If pages fail: `make run REBUILD=1` starts it afresh.")
    if stack.postgres:
        stack.postgres.ensure_database(DATABASE)
    manage(stack, "migrate", "--no-input", "--verbosity", "0")
    migrations.remember(data, still_old=edited)


def _rebuild(stack: Stack, *, say: Callable[[str], None]) -> None:
    say("Rebuilding the database.")
    if stack.postgres:
        stack.postgres.drop_database(DATABASE)
    for file in stack.wishes.data.glob("sandbox*.sqlite3*"):
        file.unlink()


def collect_static(stack: Stack, *, say: Callable[[str], None]) -> None:
    """`staticfiles/` holds what the templates ask for; nothing is done when its sources are as they were."""
    if stack.wishes.debug:
        return
    stamp = ROOT / ".local" / "static.stamp"
    with one_at_a_time(ROOT / ".local" / "static.lock"):
        sources = _static_sources()
        if stamp.is_file() and stamp.read_text() == sources and (ROOT / "staticfiles" / "staticfiles.json").is_file():
            return
        say("Collecting static files.")
        manage(stack, "collectstatic", "--no-input", "--verbosity", "0")
        stamp.write_text(sources)


def seed_demo(stack: Stack) -> str:
    """The demo catalogue is there (a second call changes nothing). Returns what to tell the person: the sign-ins."""
    if not any((ROOT / app / "management" / "commands" / "seed_demo.py").is_file() for app in migrations.APPS):
        return ""
    return manage(stack, "seed_demo").strip()


def _static_sources() -> str:
    files = [path for folder in (ROOT / "static",) for path in folder.rglob("*") if path.is_file()]
    lines = [f"{path.relative_to(ROOT)} {path.stat().st_mtime_ns}" for path in sorted(files)]
    lock = ROOT / "requirements.lock"
    return "\n".join([str(lock.stat().st_mtime_ns if lock.exists() else 0), sys.prefix, *lines])


def _confirmed(question: str) -> bool:
    if not sys.stdin.isatty() or os.environ.get("CI"):
        return False
    return input(question).strip().lower() in ("y", "yes")


def remove_data(data: Path) -> None:
    """Nothing of the stack's data is left."""
    subprocess.run(["rm", "-rf", "--", str(data)], check=True)

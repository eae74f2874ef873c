"""What a supervisor that was killed left running is ended before anybody touches the same data again."""

import json
from collections.abc import Callable
from pathlib import Path
from signal import SIGINT
from typing import Any

import psutil

from marketplace_integration.local.processes import Identity, end, marked, running_postgres


def end_leftovers(data: Path, *, say: Callable[[str], None]) -> None:
    """No process of an earlier run works on `data` any more. The caller holds the supervisor's lock.

    Ended rather than adopted: a parent can wait for its own children only, and starting takes seconds.
    """
    found = {process.pid: process for process in [*_recorded(data), *marked(data)]}
    database = running_postgres(data / "postgres" / "data")
    others = [process for process in found.values() if not _is_postgres(process)]
    if not others and not database:
        return
    say(f"Ending {len(others) + bool(database)} processes that an earlier run left behind.")
    end(others, seconds=5)
    if database:
        end([database], ask=SIGINT, seconds=60)


def read_run(data: Path) -> dict[str, Any]:
    """What the last supervisor of `data` wrote down; empty when there was none."""
    try:
        content: dict[str, Any] = json.loads((data / "run.json").read_text())
    except (OSError, ValueError):
        return {}
    return content


def _recorded(data: Path) -> list[psutil.Process]:
    processes = read_run(data).get("processes", {}).values()
    return [process for entry in processes if (process := Identity(**entry).find())]


def _is_postgres(process: psutil.Process) -> bool:
    try:
        return "postgres" in str(process.name())
    except psutil.Error:
        return False

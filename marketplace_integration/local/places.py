"""Where things live, and as which user the database runs.

An ordinary user: everything under `.local/` of the checkout. Root: PostgreSQL refuses to run as root, so it runs as
`nobody`, with its data under /var/tmp (a checkout may stand under a folder that `nobody` cannot enter).
"""

import hashlib
import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marketplace_integration.environment import ROOT

UNPRIVILEGED = "nobody"


@dataclass(frozen=True, slots=True)
class Owner:
    """The user a server runs as. None for ourselves."""

    uid: int | None = None
    gid: int | None = None

    def popen_arguments(self) -> dict[str, Any]:
        """What subprocess needs to run a program as this user."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def owns(self, path: Path) -> None:
        """Give `path` (a file or an empty folder) to this user."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def database_owner() -> Owner:
    """Who runs PostgreSQL: ourselves, or `nobody` when we are root."""
    if os.geteuid() != 0:
        return Owner()
    user = pwd.getpwnam(UNPRIVILEGED)
    return Owner(user.pw_uid, user.pw_gid)


def home() -> Path:
    """The folder for data of this checkout; made if it is not there.

    Raises PermissionError when, as root, somebody else has put a folder in its place.
    """
    if os.geteuid() != 0:
        folder = ROOT / ".local"
        folder.mkdir(mode=0o755, exist_ok=True)
        return folder
    name = hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]
    folder = Path("/var/tmp") / f"marketplace-integration-{name}"  # noqa: S108 - ownership is checked below
    folder.mkdir(mode=0o755, exist_ok=True)
    status = folder.lstat()
    if status.st_uid != 0 or folder.is_symlink():
        raise PermissionError(f"{folder} belongs to somebody else. Remove it, then start again.")
    folder.chmod(0o755)
    return folder


def anyone_can_reach(path: Path) -> bool:
    """Whether a user without rights of its own can open `path`: every folder above lets others through."""
    real = path.resolve()
    return all(parent.stat().st_mode & 0o001 for parent in real.parents) and bool(real.stat().st_mode & 0o004)

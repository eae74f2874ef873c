"""Makes .venv and installs exactly what requirements.lock says; does nothing when that was done before.

Runs on the system's Python, before anything is installed: standard library only.
"""

import fcntl
import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements.lock"
STAMP = VENV / ".lock-hash"


def main() -> None:
    if sys.version_info < (3, 11):
        sys.exit(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}. Try: make PYTHON=python3.12")
    (ROOT / ".local").mkdir(exist_ok=True)
    with open(ROOT / ".local" / "setup.lock", "w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # a second `make` waits here rather than installing at the same time
        install()


def install() -> None:
    """The environment is what the lock file says."""
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if PYTHON.exists() and STAMP.exists() and STAMP.read_text().strip() == wanted:
        return
    if not has_pip():
        print("Making .venv", flush=True)
        if run(sys.executable, "-m", "venv", "--clear", str(VENV)) != 0:
            sys.exit("`python -m venv` failed. On Debian and Ubuntu: apt-get install python3-venv")
    print("Installing what requirements.lock lists (a minute, once)", flush=True)
    quiet = ("--quiet", "--disable-pip-version-check", "--no-input")
    if run(str(PYTHON), "-m", "pip", "install", *quiet, "--require-hashes", "-r", str(LOCK)) != 0:
        sys.exit("Installing failed; the lines above say why. `make` again goes on from here.")
    STAMP.write_text(wanted + "\n")


def has_pip() -> bool:
    """Whether .venv is there and works: a moved or half-made one is made anew."""
    if not PYTHON.exists():
        return False
    return subprocess.run([str(PYTHON), "-c", "import pip"], capture_output=True, check=False).returncode == 0


def run(*command: str) -> int:
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    main()

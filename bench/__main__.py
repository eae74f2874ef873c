"""``python -m bench [--only name,name] [--n rows] [--pairs 3] [--out file]``: one JSON line a benchmark on stdout."""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from bench.servers import DATABASE, Servers, forget_catalogues, running_servers
from marketplace_integration.environment import ROOT

CASES = Path(__file__).with_name("cases")


def main(arguments: list[str]) -> int:
    """Run what was asked for, one case after the other. Returns 0 if every case came to an end."""
    options = _parse(arguments)
    if options.forget:
        forget_catalogues()
    failed = []
    with running_servers() as servers:
        for name in options.only:
            line = _run(name, servers, options)
            if not line:
                failed.append(name)
                continue
            print(line, flush=True)
            if options.out:
                with open(options.out, "a") as file:
                    file.write(line + "\n")
        servers.drop(DATABASE)
    if failed:
        print(f"bench: failed: {', '.join(failed)}. ONLY={','.join(failed)} runs them again.", file=sys.stderr)
        return 1
    print(f"bench: {len(options.only)} benchmarks done.", file=sys.stderr)
    return 0


def known_cases() -> list[str]:
    """Return the names of all benchmarks."""
    return sorted(file.stem for file in CASES.glob("*.py") if file.stem != "__init__")


def _run(name: str, servers: Servers, options: argparse.Namespace) -> str:
    """Return the case's line, or "" if it failed; what it says otherwise goes to stderr."""
    started = time.monotonic()
    print(f"bench: {name} ...", file=sys.stderr, flush=True)
    done = subprocess.run(
        [sys.executable, "-m", "bench.case", name, str(options.n), str(options.pairs)],
        cwd=ROOT,
        env={
            **{key: value for key, value in os.environ.items() if key != "DEBUG"},
            **servers.environment(),
            "DJANGO_SETTINGS_MODULE": "marketplace_integration.settings",
            "BENCH_SERVERS": servers.describe(),
        },
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    print(f"bench: {name} took {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    lines = done.stdout.strip().splitlines()
    return lines[-1] if done.returncode == 0 and lines else ""


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", type=_names, default=known_cases(), help="names, separated by commas")
    parser.add_argument("--n", type=int, default=100_000, help="items in the catalogue")
    parser.add_argument("--pairs", type=int, default=3, help="how often both sides run")
    parser.add_argument("--out", help="append the JSON lines to this file, too")
    parser.add_argument("--forget", action="store_true", help="make the catalogues anew")
    return parser.parse_args(arguments)


def _names(text: str) -> list[str]:
    names = [name for name in text.split(",") if name]
    unknown = set(names) - set(known_cases())
    if unknown:
        raise argparse.ArgumentTypeError(
            f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(known_cases())}"
        )
    return names


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

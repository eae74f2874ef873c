"""The command line: ``python -m marketplace_integration.local run | up | stop | status | clean``."""

import argparse
import json
import os
import sys
from pathlib import Path
from signal import SIGTERM
from typing import Any

from marketplace_integration.local.leftovers import end_leftovers, read_run
from marketplace_integration.local.lock import AlreadyRunning, only_supervisor
from marketplace_integration.local.places import home
from marketplace_integration.local.preparation import CannotPrepare, remove_data
from marketplace_integration.local.processes import Identity, end
from marketplace_integration.local.run import Manner, run
from marketplace_integration.local.stack import Wishes
from marketplace_integration.local.supervisor import HEALTHY_SECONDS

HEALTHY = "a process that ran this long is started again at once when it dies; one that keeps dying ever more slowly"

#: When no demo data says better.
FIRST_CLICKS = "First: `manage.py createsuperuser`, sign in, then Marketplaces > a channel > Settings."


def main(arguments: list[str]) -> int:
    """Run one command. Returns the exit code."""
    options = _parse(arguments)
    data = Path(options.data).resolve() if options.data else home() / "run"
    try:
        return int(options.command(data, options))
    except AlreadyRunning:
        return _say_where_it_runs(data)
    except (CannotPrepare, TimeoutError, PermissionError, FileNotFoundError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1


def _run(data: Path, options: argparse.Namespace) -> int:
    """The demo, for a person at a terminal."""
    run(
        _wishes(data, options),
        Manner(
            say=lambda text: print(text, flush=True),
            ready=_print_welcome,
            echo=lambda role, line: print(f"{role:>13} | {line}", flush=True),
            seed=not options.no_seed,
            rebuild=options.rebuild,
            pointer=not options.data,
            with_parent=False,
        ),
    )
    return 0


def _up(data: Path, options: argparse.Namespace) -> int:
    """The same for a script: one JSON line on standard output when everything answers."""
    run(
        _wishes(data, options),
        Manner(
            say=lambda text: print(text, file=sys.stderr, flush=True),
            ready=lambda description, _told: print(json.dumps(description), flush=True),
            echo=lambda _role, _line: None,
            seed=options.seed,
            rebuild=False,
            pointer=False,
            with_parent=options.with_parent,
        ),
    )
    return 0


def _stop(data: Path, _options: argparse.Namespace) -> int:
    """Stop what runs, however it was started."""
    recorded = read_run(data).get("supervisor")
    process = Identity(**recorded).find() if recorded else None
    if process:
        end([process], ask=SIGTERM, seconds=90)
    with only_supervisor(data):
        end_leftovers(data, say=print)
    print("Nothing runs any more.")
    return 0


def _status(data: Path, _options: argparse.Namespace) -> int:
    recorded = read_run(data)
    if not recorded or not Identity(**recorded["supervisor"]).find():
        print("Not running. `make run` starts it.")
        return 1
    print(f"Running at {recorded['web']} (sandbox at {recorded['sandbox']}), logs in {recorded['logs']}")
    for role, entry in recorded["processes"].items():
        print(f"  {role:<14} pid {entry['pid']}{'' if Identity(**entry).find() else '  (dead)'}")
    return 0


def _clean(data: Path, options: argparse.Namespace) -> int:
    if not data.exists():
        print("There is no data.")
        return 0
    if not options.yes and input(f"Remove all local data under {data}? [y/N] ").strip().lower() not in ("y", "yes"):
        print("Nothing was removed.")
        return 1
    with only_supervisor(data):
        end_leftovers(data, say=print)
        remove_data(data)
    print(f"Removed {data}.")
    return 0


def _wishes(data: Path, options: argparse.Namespace) -> Wishes:
    return Wishes(
        data=data,
        web_port=options.web_port,
        clock_offset=options.clock_offset,
        debug=options.debug,
        workers=options.workers,
        beats=options.beats,
        simulators=tuple(options.simulators.replace(",", " ").split()),
        allowed=tuple(options.allow),
        healthy_seconds=options.healthy_seconds,
    )


def _print_welcome(description: dict[str, Any], told: str) -> None:
    line = "-" * 72
    text = [line, f"The site:     {description['web']}", f"The sandbox:  {description['sandbox']}"]
    text += [f"{f'Like {name}:':<13} {address}" for name, address in description["simulators"].items()]
    text += [
        "",
        told or FIRST_CLICKS,
        "",
        f"Logs: {description['logs']}    Ctrl-C stops everything; the data is kept.",
        line,
    ]
    print("\n".join(text), flush=True)


def _say_where_it_runs(data: Path) -> int:
    recorded = read_run(data)
    pid = recorded.get("supervisor", {}).get("pid", "?")
    print(f"Already running at {recorded.get('web', '?')} (process {pid}). `make stop` stops it.", file=sys.stderr)
    return 2


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m marketplace_integration.local", description=__doc__)
    commands = parser.add_subparsers(required=True)
    for name, command in (("run", _run), ("up", _up), ("stop", _stop), ("status", _status), ("clean", _clean)):
        sub = commands.add_parser(name, help=command.__doc__)
        sub.set_defaults(command=command)
        sub.add_argument("--data", help="data folder; without it, the one of this checkout")
        if command in (_run, _up):
            sub.add_argument("--web-port", type=int, default=8000, help="first port to try; 0: any")
            sub.add_argument("--clock-offset", type=int, default=int(os.environ.get("CLOCK_OFFSET_SECONDS") or 0))
            sub.add_argument("--workers", type=int, default=1, help="workers of each lane")
            sub.add_argument("--beats", type=int, default=1, help="how many beats")
            sub.add_argument("--simulators", default="", help="real marketplaces to simulate: mirakl, walmart, bol")
            sub.add_argument("--allow", action="append", default=[], help="a private host:port that channels may call")
            sub.add_argument("--healthy-seconds", type=float, default=HEALTHY_SECONDS, help=HEALTHY)
            sub.add_argument("--debug", action="store_true", default=os.environ.get("DEBUG", "0") not in ("0", ""))
    _add_rest(commands.choices)
    return parser.parse_args(arguments)


def _add_rest(commands: Any) -> None:
    commands["run"].add_argument("--no-seed", action="store_true", help="no demo data")
    commands["run"].add_argument("--rebuild", action="store_true", default=bool(os.environ.get("REBUILD")))
    commands["up"].add_argument("--seed", action="store_true", help="with the demo data")
    commands["up"].add_argument("--json", action="store_true", help="as always: one JSON line when everything answers")
    commands["up"].add_argument("--with-parent", action="store_true", help="stop when the parent process is gone")
    commands["clean"].add_argument("--yes", action="store_true", help="do not ask")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

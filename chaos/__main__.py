"""``python -m chaos [--seed n | --seeds 1-20] [--seconds n] [--jobs n] [--out file]``; the last line is JSON."""

import argparse
import json
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from chaos.judge import MUST_BE_ZERO, Verdict
from chaos.run import Run, as_line
from smoke.files import HERE, read_input
from smoke.stack import Stack


def main(arguments: list[str]) -> int:
    """Run the seeds and print a line for each. Returns 0 if all is well with every one."""
    options = _parse(arguments)
    seeds: list[int] = options.seeds or [options.seed]
    with ThreadPoolExecutor(max_workers=options.jobs) as pool:
        lines = list(pool.map(lambda seed: _one(seed, options), seeds))
    if len(lines) > 1:
        print(json.dumps(_summary(lines)), flush=True)
    return 0 if all(line["ok"] for line in lines) else 1


def _one(seed: int, options: argparse.Namespace) -> dict[str, Any]:
    stack = Stack.fresh("chaos")
    run = Run(stack, read_input(options.items, options.sales), seed=seed, seconds=options.seconds)
    try:
        verdict = run.run()
    except Exception as error:
        traceback.print_exc()
        verdict = Verdict({"seed": seed}, [f"{type(error).__name__}: {error}"])
    finally:
        stack.stop()
    for text in verdict.wrong:
        print(f"WRONG (seed {seed}): {text}", file=sys.stderr)
    if verdict.wrong or options.keep:
        print(f"Data and logs of seed {seed} are kept in {stack.data.parent}", file=sys.stderr)
    else:
        stack.remove()
    line = as_line(verdict)
    print(json.dumps(line), flush=True)
    if options.out:
        with options.out.open("a") as file:
            file.write(json.dumps(line) + "\n")
    return line


def _summary(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures of all seeds together."""
    added = ("kills", "faults", "orders_on_channel", "oversold_units", "killed_claims", *MUST_BE_ZERO)
    highest = (
        "longest_wait_for_killed_job_seconds",
        "longest_wait_with_all_workers_down_seconds",
        "settle_seconds",
        "order_age_p95_seconds",
        "feed_age_p95_seconds",
    )
    return {
        "ok": all(line["ok"] for line in lines),
        "seeds": len(lines),
        "failed_seeds": [line.get("seed") for line in lines if not line["ok"]],
        **{name: sum(line.get(name, 0) for line in lines) for name in added},
        **{name: max(line.get(name, 0) for line in lines) for name in highest},
    }


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=_seeds, help="a batch, e.g. 1-20")
    parser.add_argument("--seconds", type=float, default=60, help="how long trade and havoc go on")
    parser.add_argument("--items", type=Path, default=HERE / "data" / "items.csv")
    parser.add_argument("--sales", type=Path, default=HERE / "data" / "sales.csv")
    parser.add_argument("--jobs", type=int, default=1, help="runs at once")
    parser.add_argument("--out", type=Path, help="append the JSON lines to this file, too")
    parser.add_argument("--keep", action="store_true", help="keep the data folders, to look at them")
    return parser.parse_args(arguments)


def _seeds(text: str) -> list[int]:
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

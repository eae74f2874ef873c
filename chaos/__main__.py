"""``python -m chaos [--seed N | --seeds 1-20] [--seconds N] [--items N] [--sales N]``. The last line is JSON."""

import argparse
import json
import sys
import time
import traceback
from pathlib import Path

from chaos.batch import run_batch, seeds_of
from chaos.given import baskets_of, items_of
from chaos.run import Chaos, Outcome, Wishes
from smoke.stack import Stack

#: Sales in a second, unless told otherwise.
SALES_A_SECOND = 4


def main(arguments: list[str]) -> int:
    """Run one seed, or a batch of them. Returns 0 if all is well."""
    options = _parse(arguments)
    if options.seeds:
        more = [f"--seconds={options.seconds}", f"--items={options.items}"]
        more += [f"--sales={options.sales}"] if options.sales else []
        more += ["--keep"] if options.keep else []
        return run_batch(seeds_of(options.seeds), more, jobs=options.jobs, out=options.out)
    items = items_of(options.items, options.seed)
    wishes = Wishes(
        seed=options.seed,
        seconds=options.seconds,
        items=items,
        baskets=baskets_of(options.sales, options.seed, items),
        sales=int(options.sales) if options.sales.isdigit() else round(options.seconds * SALES_A_SECOND),
    )
    return _run_one(wishes, keep=options.keep, out=options.out)


def _run_one(wishes: Wishes, *, keep: bool, out: Path | None) -> int:
    began = time.monotonic()
    stack = Stack.fresh("chaos")
    try:
        outcome = Chaos(stack, wishes).run()
    except Exception as error:
        traceback.print_exc()
        outcome = Outcome({"seed": wishes.seed}, [f"{type(error).__name__}: {error}"])
    finally:
        stack.stop()
    for text in outcome.wrong[:100]:
        print(f"WRONG: {text}", file=sys.stderr)
    if keep or outcome.wrong:
        print(f"Data and logs are kept in {stack.data.parent}", file=sys.stderr)
    else:
        stack.remove()
    line = json.dumps({"ok": not outcome.wrong, **outcome.figures, "seconds": round(time.monotonic() - began, 1)})
    if out:
        with out.open("a") as file:
            file.write(line + "\n")
    print(line)
    return 0 if not outcome.wrong else 1


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="decides what is done and struck when")
    parser.add_argument("--seeds", help="a batch: 1-20 or 3,7,9")
    parser.add_argument("--jobs", type=int, default=1, help="how many of a batch at once")
    parser.add_argument("--seconds", type=float, default=60.0, help="of trade and strokes")
    parser.add_argument("--items", default="150", help="how many, or a file as `make smoke` takes it")
    parser.add_argument(
        "--sales", default="", help=f"how many ({SALES_A_SECOND} a second), or a file of what buyers put together"
    )
    parser.add_argument("--out", type=Path, help="file to which each run adds its JSON line")
    parser.add_argument("--keep", action="store_true", help="keep the data folder, to look at it")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

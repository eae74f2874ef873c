"""``python -m smoke [--channel NAME] [--items file.csv] [--sales file.csv] [--kill]``. The last line is JSON."""

import argparse
import json
import sys
import time
import traceback
from pathlib import Path

from smoke.channels import KINDS
from smoke.files import HERE, read_input
from smoke.journey import Journey
from smoke.judge import Verdict, zeros
from smoke.stack import Stack


def main(arguments: list[str]) -> int:
    """Run it and print what came of it. Returns 0 if all is well."""
    parser = argparse.ArgumentParser(prog="python -m smoke", description=__doc__)
    parser.add_argument("--items", type=Path, default=HERE / "data" / "items.csv")
    parser.add_argument("--sales", type=Path, default=HERE / "data" / "sales.csv")
    parser.add_argument("--channel", choices=sorted(KINDS), default="sandbox", help="through which protocol")
    parser.add_argument("--kill", action="store_true", help="kill -9 processes that hold claims")
    parser.add_argument("--keep", action="store_true", help="keep the data folder, to look at it")
    options = parser.parse_args(arguments)
    started = time.monotonic()
    given = read_input(options.items, options.sales)
    print(f"{len(given.items)} items, {len(given.sales)} orders", file=sys.stderr)
    if given.skipped_lines:
        print(f"{given.skipped_lines} lines of unknown SKUs skipped", file=sys.stderr)
    stack = Stack.fresh()
    kind = KINDS[options.channel]
    journey = Journey(stack, given, kind, kill=options.kill)
    try:
        verdict = journey.run()
    except Exception as error:
        traceback.print_exc()
        verdict = Verdict(journey.verdict.figures, [*journey.problems, f"{type(error).__name__}: {error}"])
    finally:
        stack.stop()
        journey.watch.stop()
    kills = len(journey.killer.kills) if journey.killer else 0
    impossible = [
        *([] if kind.third_party else ["third_party_managed_orders"]),
        *([] if kind.refunds or kind.returns else ["refunds_on_channel"]),
    ]
    wrong = [*verdict.wrong, *zeros(verdict.figures, besides=impossible), *journey.watch.wrong()]
    if options.kill and kills < 3:
        wrong.append(f"only {kills} processes were killed")
    for text in wrong:
        print(f"WRONG: {text}", file=sys.stderr)
    if options.keep or wrong:
        print(f"Data and logs are kept in {stack.data.parent}", file=sys.stderr)
    else:
        stack.remove()
    seconds = round(time.monotonic() - started, 1)
    print(
        json.dumps(
            {
                "ok": not wrong,
                "channel": kind.name,
                **verdict.figures,
                **journey.watch.figures(),
                "kills": kills,
                "seconds": seconds,
            }
        )
    )
    return 0 if not wrong else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

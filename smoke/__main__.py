"""``python -m smoke [--channel NAME] [--items file.csv] [--sales file.csv] [--kill]``. The last line is JSON."""

import argparse
import json
import sys
import time
import traceback
from pathlib import Path

from smoke.channels import KINDS
from smoke.files import HERE, Input, read_input
from smoke.journey import Journey
from smoke.judge import Verdict
from smoke.stack import Stack
from smoke.together import Together

#: The name of all channels at once.
ALL = "all"


def main(arguments: list[str]) -> int:
    """Run it and print what came of it. Returns 0 if all is well."""
    options = _options(arguments)
    started = time.monotonic()
    given = read_input(options.items, options.sales)
    print(f"{len(given.items)} items, {len(given.sales)} orders", file=sys.stderr)
    if given.skipped_lines:
        print(f"{given.skipped_lines} lines of unknown SKUs skipped", file=sys.stderr)
    stack = Stack.fresh()
    story = _story(options, stack, given)
    try:
        verdict = story.run()
    except Exception as error:
        traceback.print_exc()
        verdict = Verdict(story.verdict.figures, [*story.problems, f"{type(error).__name__}: {error}"])
    finally:
        stack.stop()
        story.stop()
    wrong = [*verdict.wrong, *story.unproved()]
    for text in wrong:
        print(f"WRONG: {text}", file=sys.stderr)
    if options.keep or wrong:
        print(stack.last_errors(), file=sys.stderr)
        print(f"Data and logs are kept in {stack.data.parent}", file=sys.stderr)
    else:
        stack.remove()
    told = {"ok": not wrong, "channel": options.channel, **verdict.figures, **story.figures()}
    print(json.dumps({**told, "seconds": round(time.monotonic() - started, 1)}))
    return 0 if not wrong else 1


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m smoke", description=__doc__)
    parser.add_argument("--items", type=Path, default=HERE / "data" / "items.csv")
    parser.add_argument("--sales", type=Path, default=HERE / "data" / "sales.csv")
    choices = [*sorted(KINDS), ALL]
    parser.add_argument("--channel", choices=choices, default="sandbox", help="through which protocol; all at once")
    parser.add_argument("--kill", action="store_true", help="kill -9 processes that hold claims")
    parser.add_argument("--keep", action="store_true", help="keep the data folder, to look at it")
    options = parser.parse_args(arguments)
    if options.kill and options.channel == ALL:
        parser.error("--kill goes with one channel")
    return options


def _story(options: argparse.Namespace, stack: Stack, given: Input) -> Journey | Together:
    if options.channel == ALL:
        return Together(stack, given, list(KINDS.values()))
    return Journey(stack, given, KINDS[options.channel], kill=options.kill)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

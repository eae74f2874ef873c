"""Many seeds, each in a process of its own: one JSON line each, and a summary last."""

import json
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from chaos.judge import KINDS


def seeds_of(text: str) -> list[int]:
    """Return the seeds that ``1-20`` or ``3,7,9`` names."""
    seeds: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        seeds += range(int(first), int(last or first) + 1)
    return seeds


def run_batch(seeds: Sequence[int], arguments: Sequence[str], *, jobs: int, out: Path | None) -> int:
    """Run every seed, `jobs` at once. Returns 0 if all of them are well."""

    def one(seed: int) -> dict[str, Any]:
        command = [sys.executable, "-m", "chaos", f"--seed={seed}", *arguments]
        if out:
            command.append(f"--out={out}")
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        line = (done.stdout.strip().splitlines() or ['{"ok": false}'])[-1]
        print(line, flush=True)
        answer: dict[str, Any] = json.loads(line)
        return {"seed": seed, **answer}

    with ThreadPoolExecutor(jobs) as pool:
        answers = list(pool.map(one, seeds))
    print(json.dumps(summary(answers)))
    return 0 if all(answer["ok"] for answer in answers) else 1


def summary(answers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return sums over all runs, the longest waits, and which seeds failed."""
    sums = ("kills", "faults", "pauses", "killed_claims", "orders_on_channel", *KINDS, "oversold_units")
    longest = (
        "longest_wait_for_killed_job_seconds",
        "longest_wait_with_all_workers_down_seconds",
        "order_age_p95_seconds",
        "feed_age_p95_seconds",
        "sale_to_other_channel_p95_seconds",
        "settle_seconds",
    )
    return {
        "ok": all(answer["ok"] for answer in answers),
        "seeds": len(answers),
        "failed_seeds": [answer["seed"] for answer in answers if not answer["ok"]],
        **{name: sum(answer.get(name, 0) for answer in answers) for name in sums},
        **{name: max((answer.get(name, 0) for answer in answers), default=0) for name in longest},
    }

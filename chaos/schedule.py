"""What happens when: drawn from the seed alone, before anything starts. Times are seconds from the start of trade."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

#: Jobs whose holder is hunted: frozen while it holds the claim, then killed.
HUNTED = ("offers", "orders", "commands", "results", "content")
LANES = ("urgent", "orders", "feeds", "bulk")
WORKERS = tuple(f"worker-{lane}{number}" for lane in LANES for number in ("", "-2"))
BEATS = ("beat", "beat-2")

#: A lease is ten seconds: whoever is paused longer wakes up as somebody whose claim is another's.
SHORTEST_PAUSE, LONGEST_PAUSE = 11.0, 16.0

#: Faults that pass without a person. Not here: refused lines, which wait for one by design; listings that vanish and
#: submissions worked off in another order than the account promises, which only the reconciler finds; a clock that
#: jumps, which orders are read by. A submission fails as a whole once in a run: lines whose second one fails as well
#: are refused.
FAULTS: dict[str, dict[str, Any]] = {
    "http_5xx": {"probability": 0.4},
    "rate_limited": {"probability": 0.4},
    "slow": {"probability": 0.3, "params": {"seconds": 2}},
    "drop_connection": {"probability": 0.3},
    "timeout_after_work": {"probability": 0.5},
    "ok_with_errors_inside": {"probability": 0.3},
    "expired_token": {"probability": 0.2},
    "stuck_submission": {"probability": 0.3, "params": {"seconds": 6}},
    "failed_submission": {"next_n": 1},
    "try_again_lines": {"params": {"fraction": 0.4}},
    "repeated_page": {"probability": 0.3},
    "reordered_page": {"probability": 0.5},
}


@dataclass(frozen=True, slots=True)
class Stroke:
    """One blow. `target` is a role, a kind of job whose holder is hunted, or a fault."""

    at: float
    kind: str
    target: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that somebody does. `draw` decides what is only known then, such as which order."""

    at: float
    kind: str
    sku: str = ""
    number: int = 0
    draw: float = 0.0


def strokes(seed: int, seconds: float) -> list[Stroke]:
    """Return the blows: each kind at least once, then one more every few seconds."""
    drawn = random.Random(f"strokes {seed}")
    kinds = ["hunt", "kill", "beat", "postgres", "valkey", "pause", "fault", "fault", "hunt"]
    kinds += drawn.choices(
        ["hunt", "kill", "web", "beat", "postgres", "valkey", "pause", "fault"],
        weights=[4, 3, 1, 1, 1, 1, 2, 5],
        k=max(0, round(seconds / 2.5) - len(kinds)),
    )
    faults = _every_fault_in_turn(drawn)
    blows = (_stroke(drawn, kind, drawn.uniform(0, seconds), faults) for kind in kinds)
    return sorted(blows, key=lambda stroke: stroke.at)


def _every_fault_in_turn(drawn: random.Random) -> Iterator[str]:
    """Yield each fault once, in a drawn order, then those again that may come again."""
    names = sorted(FAULTS)
    while True:
        drawn.shuffle(names)
        yield from names
        names = [name for name in names if name != "failed_submission"]


def _stroke(drawn: random.Random, kind: str, at: float, faults: Iterator[str]) -> Stroke:
    match kind:
        case "hunt":
            return Stroke(at, "hunt", drawn.choice(HUNTED))
        case "kill":
            return Stroke(at, "kill", drawn.choice(WORKERS))
        case "beat":
            return Stroke(at, "kill", drawn.choice(BEATS))
        case "web":
            return Stroke(at, "kill", "web")
        case "pause":
            return Stroke(at, "pause", drawn.choice(WORKERS + BEATS), drawn.uniform(SHORTEST_PAUSE, LONGEST_PAUSE))
        case "fault":
            return Stroke(at, "fault", next(faults), drawn.uniform(2, 8))
    return Stroke(at, kind)


def sales(seed: int, seconds: float, baskets: int, count: int) -> list[Deed]:
    """Return when which basket (`number`) is bought. `draw` below one half: on the first channel."""
    drawn = random.Random(f"sales {seed}")
    return _in_order(
        Deed(drawn.uniform(0, seconds), "buy", number=drawn.randrange(baskets), draw=drawn.random())
        for _ in range(count)
    )


def stock_edits(seed: int, seconds: float, skus: list[str]) -> list[Deed]:
    """Return what the stock desk does: units come and go, prices change."""
    drawn = random.Random(f"stock {seed}")
    deeds = [
        Deed(drawn.uniform(0, seconds), "adjust", drawn.choice(skus), drawn.choice((-3, -2, -1, 1, 2, 3, 5, 8)))
        for _ in range(round(seconds * 2))
    ]
    deeds += [
        Deed(drawn.uniform(0, seconds), "price", drawn.choice(skus), drawn.randrange(100, 9_999))
        for _ in range(round(seconds / 3))
    ]
    return _in_order(deeds)


def label_changes(seed: int, seconds: float, skus: list[str]) -> list[Deed]:
    """Return which items leave the label, or come back; few enough that no withdrawal waits for a person."""
    drawn = random.Random(f"labels {seed}")
    count = min(round(seconds / 2), 80)
    restless = drawn.sample(skus, k=max(1, len(skus) // 20))  # so few that each leaves and comes back several times
    return _in_order(Deed(drawn.uniform(0, seconds), "label", drawn.choice(restless)) for _ in range(count))


def order_deeds(seed: int, seconds: float) -> list[Deed]:
    """Return what the order desk does: half of it parcels. An odd `number`: the other way to do it."""
    drawn = random.Random(f"orders {seed}")
    kinds = drawn.choices(
        ("ship", "cancel", "refund", "buyer_cancels", "buyer_asks", "answer"),
        weights=(10, 3, 3, 2, 2, 3),
        k=round(seconds * 2),
    )
    return _in_order(
        Deed(drawn.uniform(2, seconds), kind, number=drawn.randrange(4), draw=drawn.random()) for kind in kinds
    )


def _in_order(deeds: Iterable[Deed]) -> list[Deed]:
    return sorted(deeds, key=lambda deed: deed.at)

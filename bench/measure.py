"""Clocks and scales: paired runs, percentiles, and the memory of a set of processes."""

import contextlib
import gc
import json
import math
import statistics
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import psutil

_SAMPLE_SECONDS = 0.05


@dataclass(kw_only=True)
class Result:
    """What one benchmark found. Seconds are medians; what does not apply is None."""

    ours_s: float | None = None
    baseline_s: float | None = None
    ratio: float | None = None
    peak_rss_mb: float | None = None
    #: What is compared with what, and whatever a reader must know.
    note: str = ""
    #: The goal in words, and whether it was reached; None: no goal is set.
    goal: str = ""
    met: bool | None = None
    #: `per_s`, `p50_s`, `p95_s` and whatever else the benchmark gives.
    more: dict[str, Any] = field(default_factory=dict)

    def as_line(self, name: str, n: int, seconds: float) -> str:
        """Return it as the one line that is printed."""
        told = {"name": name, "n": n, **asdict(self), **self.more, "took_s": seconds}
        del told["more"]
        return json.dumps({key: _rounded(value) for key, value in told.items()})


def _rounded(value: Any) -> Any:
    return float(f"{value:.4g}") if isinstance(value, float) else value


@dataclass(frozen=True, slots=True)
class Pairs:
    """The seconds of each run, pair by pair."""

    ours: Sequence[float]
    baseline: Sequence[float]

    @property
    def ratio(self) -> float:
        """The median of the pairs' ratios."""
        return statistics.median(ours / raw for ours, raw in zip(self.ours, self.baseline, strict=True))

    def result(
        self, *, peak_rss_mb: float | None, note: str, goal: str = "", met: bool | None = None, **more: Any
    ) -> Result:
        """Return the medians."""
        return Result(
            ours_s=statistics.median(self.ours),
            baseline_s=statistics.median(self.baseline),
            ratio=self.ratio,
            peak_rss_mb=peak_rss_mb,
            note=note,
            goal=goal,
            met=met,
            more={"pairs": [[_rounded(a), _rounded(b)] for a, b in zip(self.ours, self.baseline, strict=True)], **more},
        )


def run_pairs(
    *,
    ours: Callable[[], None],
    baseline: Callable[[], None],
    reset: Callable[[], None],
    memory: "Memory",
    count: int,
    prepare: Callable[[str], None] | None = None,
) -> Pairs:
    """Run both sides `count` times from the state that `reset` makes, in turns: which one goes first alternates.

    `prepare` is told which side comes next ("ours", "baseline"), before its clock starts.
    """
    taken: dict[str, list[float]] = {"ours": [], "baseline": []}
    for number in range(count):
        order = [("ours", ours), ("baseline", baseline)]
        for name, side in order if number % 2 == 0 else reversed(order):
            reset()
            if prepare is not None:
                prepare(name)
            gc.collect()
            with memory.watching() if name == "ours" else contextlib.nullcontext():
                started = time.perf_counter()
                side()
                taken[name].append(time.perf_counter() - started)
    return Pairs(taken["ours"], taken["baseline"])


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of the values do not exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


class Memory:
    """The resident memory of this process and of others that work for the benchmark, above what they hold idle."""

    def __init__(self) -> None:
        self._processes = [psutil.Process()]
        self._idle = 0
        self._peak = 0

    def add(self, pids: Iterable[int]) -> None:
        """These processes (with their children) count too."""
        self._processes += [psutil.Process(pid) for pid in pids]

    def idle_now(self) -> None:
        """What is held at this moment is what they hold idle."""
        gc.collect()
        self._idle = self._held()

    @property
    def peak_mb(self) -> float:
        """The most that was held while watching, above idle, in MB."""
        return max(self._peak - self._idle, 0) / 1e6

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Sample until the end of the block."""
        done = threading.Event()

        def sample() -> None:
            while True:
                self._peak = max(self._peak, self._held())
                if done.wait(_SAMPLE_SECONDS):
                    return

        thread = threading.Thread(target=sample, name="memory", daemon=True)
        thread.start()
        try:
            yield
            self._peak = max(self._peak, self._held())  # a short run may end before the next sample
        finally:
            done.set()
            thread.join()

    def _held(self) -> int:
        held = 0
        for process in self._processes:
            with contextlib.suppress(psutil.Error):
                family = [process, *(process.children(recursive=True) if process.pid != psutil.Process().pid else [])]
                for one in family:
                    with contextlib.suppress(psutil.Error):
                        held += one.memory_info().rss
        return held

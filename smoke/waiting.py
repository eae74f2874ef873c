"""Waiting for something to become true, and saying what was missing when it did not."""

import time
from collections.abc import Callable

#: Longest wait for both sides to agree, per step, and more for every order of the input.
AGREE_SECONDS = 120.0
SECONDS_PER_ORDER = 0.15


class TooLong(Exception):
    """It did not become true in time; the message says what was still missing."""


def patience(*, items: int, orders: int, listings_per_second: float) -> float:
    """Return how long both sides may take to agree after a step."""
    return AGREE_SECONDS + SECONDS_PER_ORDER * orders + items / listings_per_second


def wait_until(what: str, missing: Callable[[], str], *, seconds: float, every: float = 0.4) -> None:
    """Return once `missing` gives "". Raises TooLong with its last words.

    Most of the time is left to what is waited for: a look at a large account keeps this process busy, and with it the
    proxy, through which every call goes.
    """
    until = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        left = missing()
        if not left:
            return
        now = time.monotonic()
        if now > until:
            raise TooLong(f"{what}: after {seconds:.0f} s still {left}")
        time.sleep(max(every, 5 * (now - began)))

"""Turns "something changed in the inventory" into one fan-out message, at most one each 100 ms (trailing edge)."""

import threading
from typing import Any

from channels_app.tasks import sweep_changes

THROTTLE_SECONDS = 0.1

_lock = threading.Lock()
_waiting = False


def _send() -> None:
    global _waiting
    with _lock:
        _waiting = False
    sweep_changes.apply_async(queue="urgent", expires=5)


def nudge_fan_out(**_: Any) -> None:
    """Ask for a fan-out soon. The 1 s sweep covers what is lost here: a process that ends meanwhile, a broker away."""
    global _waiting
    with _lock:
        if _waiting:
            return
        _waiting = True
    timer = threading.Timer(THROTTLE_SECONDS, _send)
    timer.daemon = True
    timer.start()

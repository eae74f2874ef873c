"""How many a channel is told of: one pure function. SQL only fetches its inputs, and never repeats it."""

from dataclasses import dataclass
from typing import Self

from channels_app.models import Channel

#: The most that is ever told: what the database holds of one line.
LARGEST_QUANTITY = 2_147_483_647


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a worked example: what was done, and what it came to."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class QuantityRule:
    """A channel's quantity settings."""

    #: Kept back from what is available.
    buffer: int = 0
    #: At or below this many, after the buffer, 0 is sent.
    floor: int = 0
    mode: str = Channel.QuantityMode.ALL.value
    #: The N of "at most N" and "always N".
    limit: int | None = None

    @classmethod
    def of(cls, channel: Channel) -> Self:
        return cls(buffer=channel.buffer, floor=channel.floor, mode=channel.quantity_mode, limit=channel.quantity_limit)


def quantity_to_send(available: int, rule: QuantityRule) -> int:
    """Return what the channel is told when `available` units are free at its locations; never below 0.

    `available` is the sum over the locations of on hand less reserved, and may be negative while oversold.
    """
    free = max(available, 0) - rule.buffer
    if free <= 0 or free <= rule.floor:
        return 0
    if rule.mode == Channel.QuantityMode.CAP and rule.limit is not None:
        return min(free, rule.limit)
    if rule.mode == Channel.QuantityMode.FIXED and rule.limit is not None:
        return rule.limit
    return min(free, LARGEST_QUANTITY)


def explain_quantity(available: int, rule: QuantityRule) -> list[Step]:
    """Return the steps from `available` to what is sent; those that change nothing by their nature are left out."""
    steps = [Step("Available", str(max(available, 0)))]
    free = max(max(available, 0) - rule.buffer, 0)
    if rule.buffer:
        steps.append(Step(f"Less the buffer of {rule.buffer}", str(free)))
    if rule.floor and 0 < free <= rule.floor:
        free = 0
        steps.append(Step(f"At or below the floor of {rule.floor}", "0"))
    if rule.limit is not None and free:
        if rule.mode == Channel.QuantityMode.CAP:
            steps.append(Step(f"At most {rule.limit}", str(min(free, rule.limit))))
        elif rule.mode == Channel.QuantityMode.FIXED:
            steps.append(Step(f"Always {rule.limit}, while available", str(rule.limit)))
    steps.append(Step("Sent", str(quantity_to_send(available, rule))))
    return steps

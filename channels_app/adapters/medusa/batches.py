"""Many rows in few calls, and an outcome for each of them."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from channels_app.adapters.errors import OutcomeUnknown, RejectedByChannel, SettingsError, TemporaryError
from channels_app.adapters.types import LineResult, Outcome, Phase, Report

Row = TypeVar("Row")

#: What the rest of a submission waits at least, once the server stopped in the middle of it.
_AGAIN_SECONDS = 1.0


def chunks(rows: Sequence[Row], size: int) -> Iterator[Sequence[Row]]:
    """Yield the rows in pieces of at most `size`."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def all_or_blame(
    rows: Sequence[Row], do: Callable[[Sequence[Row]], None], blame: Callable[[Row, RejectedByChannel], None]
) -> None:
    """Do all rows in one call. Refused as a whole, halves of them, down to the rows that are to blame."""
    try:
        do(rows)
    except RejectedByChannel as error:
        if len(rows) == 1:
            blame(rows[0], error)
            return
        half = len(rows) // 2
        all_or_blame(rows[:half], do, blame)
        all_or_blame(rows[half:], do, blame)


class Outcomes:
    """What became of the lines of a submission that is worked off in several calls."""

    def __init__(self) -> None:
        self._results: dict[str, LineResult] = {}

    def accept(self, sku: str, remote_id: str = "") -> None:
        self._results[sku] = LineResult(sku=sku, outcome=Outcome.ACCEPTED, remote_id=remote_id)

    def reject(self, sku: str, error: RejectedByChannel) -> None:
        self._results[sku] = LineResult(sku=sku, outcome=Outcome.REJECTED, code=error.code, reason=str(error))

    def try_again(self, sku: str, *, reason: str, after: float = _AGAIN_SECONDS) -> None:
        self._results[sku] = LineResult(sku=sku, outcome=Outcome.TRY_AGAIN, reason=reason, retry_after=after)

    def work_off(self, parts: Sequence[tuple[Sequence[str], Callable[[], None]]]) -> Report:
        """Do one part after the other: the SKUs it is about, and the calls. Returns an outcome for every line.

        A part that is refused is rejected. If the server stops before anything was done, that is raised. If it stops
        in the middle, what it did stands, and the rest is for later; of the part that it stopped in nothing is said,
        so that it counts as in doubt and is sent again.
        """
        for position, (skus, do) in enumerate(parts):
            try:
                do()
            except RejectedByChannel as error:
                for sku in skus:
                    self.reject(sku, error)
            except (TemporaryError, SettingsError, OutcomeUnknown) as error:
                if not self._results:
                    raise
                self._put_off(parts[position + 1 :], error)
                break
        return Report(phase=Phase.DONE, results=tuple(self._results.values()))

    def _put_off(self, parts: Sequence[tuple[Sequence[str], object]], error: Exception) -> None:
        asked = (error.retry_after if isinstance(error, TemporaryError) else None) or _AGAIN_SECONDS
        for skus, _ in parts:
            for sku in skus:
                self.try_again(sku, reason=str(error), after=asked)

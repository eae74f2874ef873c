"""How lines get to Walmart: as feeds, or one by one where there are few and it must not wait for a feed.

Feeds are few (ten an hour of a type), single calls are many. Both carry absolute values. What cannot go now, though
other lines of the submission could, is to be tried again: it holds up neither them nor the job.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from channels_app.adapters.errors import (
    ChannelError,
    OutcomeUnknown,
    RejectedByChannel,
    SettingsError,
    TemporaryError,
)
from channels_app.adapters.types import (
    ContentLine,
    Kind,
    Line,
    LineResult,
    LostSubmission,
    OfferLine,
    Outcome,
    Phase,
    Receipt,
    Report,
    WithdrawLine,
)
from channels_app.adapters.walmart import content, feeds, files, limits
from channels_app.adapters.walmart.client import WalmartClient, quoted
from channels_app.adapters.walmart.content import ItemDefaults

L = TypeVar("L", OfferLine, WithdrawLine)

#: So many lines go out one by one, at once.
FEW = 20
#: Items of one page of a feed's details, and feeds of one page of their list: Walmart gives no more.
_PAGE = 50
#: Pages of the list of feeds in which a lost one is looked for.
_PAGES_LOOKED_AT = 4


class Submissions:
    """The submissions of one account."""

    def __init__(
        self, client: WalmartClient, *, defaults: ItemDefaults, ship_node: str = "", small_files: bool = False
    ) -> None:
        self._client = client
        self._defaults = defaults
        self._ship_node = ship_node
        self._small_files = small_files

    # Content

    def send_content(self, lines: Sequence[ContentLine]) -> Receipt:
        """Items are matched or described, one of the two in a submission: the smaller part first, the rest again."""
        refusals = {line.sku: why for line in lines if (why := content.why_not(line, self._defaults))}
        results = [_rejected(sku, why) for sku, why in refusals.items()]
        fine = [line for line in lines if line.sku not in refusals]
        described = [line for line in fine if line.category]
        matched = [line for line in fine if not line.category]
        if described and (not matched or len(described) <= len(matched)):
            return self._send_described(described, [*results, *_later(matched)])
        entries = [(line.sku, content.build_match(line, self._defaults)) for line in matched]
        return self._feed(limits.MP_ITEM_MATCH, entries, [*results, *_later(described)])

    def _send_described(self, lines: Sequence[ContentLine], results: list[LineResult]) -> Receipt:
        entries = [(line.sku, content.build_item(line, self._defaults)) for line in lines]
        return self._feed(limits.MP_ITEM, entries, results)

    # Offers

    def send_prices(self, lines: Sequence[OfferLine]) -> Receipt:
        entries = [(line.sku, files.build_price(line)) for line in lines]
        return self._feed_or_later(limits.PRICE_AND_PROMOTION, entries, [])

    def send_quantities(self, lines: Sequence[OfferLine]) -> Receipt:
        """Few go one by one; of many, what is sold out does, and if no feed may be sent, whatever is lowest."""
        if len(lines) <= FEW:
            return _at_once(self._each(Kind.QUANTITY, lines, self._put_quantity))
        lowest = sorted(lines, key=lambda line: line.quantity)
        sold_out = [line for line in lowest[:FEW] if line.quantity <= 0]
        results = self._each(Kind.QUANTITY, sold_out, self._put_quantity)
        rest = lowest[len(sold_out) :]
        feed_type = limits.MP_INVENTORY if self._ship_node else limits.INVENTORY
        try:
            return self._feed(feed_type, [(line.sku, self._quantity(line)) for line in rest], results)
        except TemporaryError as error:
            if not _is_for_haste(error):
                raise
            first = rest[: FEW - len(sold_out)]
            results += self._each(Kind.QUANTITY, first, self._put_quantity)
            return _at_once([*results, *_later(rest[len(first) :], error)])

    def _quantity(self, line: OfferLine) -> dict[str, Any]:
        return files.build_node_quantity(line, self._ship_node) if self._ship_node else files.build_quantity(line)

    def _put_quantity(self, line: OfferLine) -> None:
        params = {"sku": line.sku, **({"shipNode": self._ship_node} if self._ship_node else {})}
        self._client.write("inventory", "PUT", "/v3/inventory", params, files.build_quantity(line))

    # Withdrawals

    def send_withdrawals(self, lines: Sequence[WithdrawLine]) -> Receipt:
        """Few are retired one by one, many by a feed."""
        if len(lines) <= FEW:
            return _at_once(self._each(Kind.WITHDRAW, lines, self._retire))
        entries = [(line.sku, files.build_retirement(line.sku)) for line in lines]
        return self._feed_or_later(limits.RETIRE_ITEM, entries, [])

    def _retire(self, line: WithdrawLine) -> None:
        """The item is retired, or was never there."""
        try:
            self._client.write("retire_item", "DELETE", f"/v3/items/{quoted(line.sku)}")
        except RejectedByChannel as error:
            if error.http_status != 404:
                raise

    # Both ways

    def _feed(
        self, feed_type: str, entries: Sequence[tuple[str, dict[str, Any]]], results: Sequence[LineResult]
    ) -> Receipt:
        """The entries are on their way; `results` are those of the submission's other lines."""
        most = limits.SANDBOX_FILE_BYTES if self._small_files else limits.FILE_BYTES[feed_type]
        packed = files.pack(feed_type, entries, spec_version=self._defaults.spec_version, most_bytes=most)
        if not packed.document:
            return _at_once(results)
        handle = self._client.send_feed(feed_type, packed.document)
        left_over = [_try_again(sku) for sku in packed.left_over]
        return Receipt(handle=handle, report=Report(phase=Phase.OPEN, results=(*results, *left_over)))

    def _feed_or_later(
        self, feed_type: str, entries: Sequence[tuple[str, dict[str, Any]]], results: Sequence[LineResult]
    ) -> Receipt:
        """As `_feed`, but a quota that is used up holds up these lines only, not the job that sent them."""
        try:
            return self._feed(feed_type, entries, results)
        except TemporaryError as error:
            if not _is_for_haste(error):
                raise
            return _at_once([*results, *(_try_again(sku, error) for sku, _ in entries)])

    def _each(self, kind: Kind, lines: Sequence[L], call: Callable[[L], None]) -> list[LineResult]:
        """Make a call for each line. If one cannot be made, or its answer is lost, it and the rest are tried again.

        Raises what went wrong with the first: then nothing else was done.
        """
        results: list[LineResult] = []
        for place, line in enumerate(lines):
            try:
                call(line)
            except RejectedByChannel as error:
                results.append(feeds.refused_by(kind, line.sku, error))
            except (TemporaryError, SettingsError, OutcomeUnknown) as error:
                if not results:
                    raise
                return results + _later(lines[place:], error)
            else:
                results.append(LineResult(sku=line.sku, outcome=Outcome.ACCEPTED))
        return results

    # What became of them

    def poll(self, kind: Kind, handle: str) -> Report:
        """Return the phase; the items' outcomes, page by page, once the feed was processed.

        It is done when every item has succeeded or failed: items under review keep it open.
        """
        path = f"/v3/feeds/{quoted(handle)}"
        feed = self._client.get("feed_status", path, {"includeDetails": "false", "offset": 0, "limit": _PAGE}).body
        phase = feeds.read_phase(feed)
        if phase is Phase.OPEN:
            return Report(phase=phase)
        if phase is Phase.FAILED:
            _, reason = feeds.read_ingestion_errors(feed)
            return Report(phase=phase, reason=reason or "Walmart refused the feed as a whole.")
        results = self._iter_details(kind, path, count=int(feed.get("itemsReceived") or 0))
        return Report(phase=Phase.DONE if feeds.is_settled(feed) else Phase.OPEN, results=results)

    def _iter_details(self, kind: Kind, path: str, *, count: int) -> Iterator[LineResult]:
        for offset in range(0, max(count, 1), _PAGE):
            params = {"includeDetails": "true", "offset": offset, "limit": _PAGE}
            page = feeds.read_results(kind, self._client.get("feed_status", path, params).body)
            if not page:
                return
            yield from page

    def find(self, lost: LostSubmission) -> Receipt | None:
        """Return the receipt of the feed that can be the lost one. Single calls leave no trace, and are sent again."""
        found: list[dict[str, Any]] = []
        for page in range(_PAGES_LOOKED_AT):
            answer = self._client.get_list("feed_status", "/v3/feeds", {"offset": page * _PAGE, "limit": _PAGE}).body
            rows = (answer.get("results") or {}).get("feed") or []
            found += rows
            if len(rows) < _PAGE:
                break
        feed_id = feeds.find_feed(lost, found)
        return Receipt(handle=feed_id) if feed_id else None


def _at_once(results: Iterable[LineResult]) -> Receipt:
    """Return a receipt that leaves nothing open."""
    return Receipt(handle="", report=Report(phase=Phase.DONE, results=tuple(results)))


def _is_for_haste(error: TemporaryError) -> bool:
    return error.http_status == 429 or error.code == "rate_limited"


def _rejected(sku: str, reason: str) -> LineResult:
    return LineResult(sku=sku, outcome=Outcome.REJECTED, code="incomplete", reason=reason)


def _try_again(sku: str, error: ChannelError | None = None) -> LineResult:
    wait = error.retry_after if isinstance(error, TemporaryError) else None
    code, reason = (error.code, str(error)) if error else ("", "There was no room for it in the feed; it goes next.")
    return LineResult(sku=sku, outcome=Outcome.TRY_AGAIN, code=code, reason=reason, retry_after=wait or 0)


def _later(lines: Sequence[Line], error: ChannelError | None = None) -> list[LineResult]:
    return [_try_again(line.sku, error) for line in lines]

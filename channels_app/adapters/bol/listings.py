"""Offers at bol.com: one call each, and the verdict on new ones, which comes later.

A submission is a loop over its lines. What was done before something went wrong keeps its result; what could not be
tried any more is sent again. A lost change or withdrawal is made again, and a lost creation is looked for by its SKU.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from channels_app.adapters.bol import offers
from channels_app.adapters.bol.client import BolClient, quoted, rows_of
from channels_app.adapters.bol.offers import Offer, OfferTerms
from channels_app.adapters.bol.verdicts import judge, read_reasons
from channels_app.adapters.errors import OutcomeUnknown, RejectedByChannel, SettingsError, TemporaryError
from channels_app.adapters.types import (
    ContentLine,
    Export,
    Line,
    LineResult,
    OfferLine,
    Outcome,
    Phase,
    Receipt,
    RemoteListing,
    Report,
    WithdrawLine,
)
from marketplace_integration import clock

PAGE = 100
_OFFERS = "/retailer/offers"
#: An offer that does not show so long after it was made was not made.
_SHOWS_AFTER = timedelta(seconds=60)


class ListingDesk:
    """Offers of one account on the seller's terms."""

    def __init__(self, client: BolClient, terms: OfferTerms) -> None:
        self._client = client
        self._terms = terms

    # --- sending ------------------------------------------------------------------------------------------------------

    def submit(self, lines: Sequence[Line]) -> Receipt:
        """Every line has a result; new offers are pending, and the handle names them.

        Raises what stopped it if nothing was sent before.
        """
        results: list[LineResult] = []
        asked = clock.now()
        for place, line in enumerate(lines):
            try:
                results.append(self._send(line))
            except (TemporaryError, SettingsError) as error:
                if not any(result.code != _LOCAL for result in results):
                    raise
                wait = error.retry_after or 0 if isinstance(error, TemporaryError) else 0
                results += [_again(left.sku, str(error), code=error.code, wait=wait) for left in lines[place:]]
                break
        return _receipt(results, asked)

    def _send(self, line: Line) -> LineResult:
        if isinstance(line, ContentLine):
            return self._list(line)
        return self._change(line) if isinstance(line, OfferLine) else self._end(line)

    def _list(self, line: ContentLine) -> LineResult:
        """The offer is what the line says: the one that is there, or a new one."""
        if reason := offers.why_not_listed(line):
            return _rejected(line.sku, reason, code=_LOCAL)
        found = self._find(line.sku, ean=line.gtin)
        if found is None:
            return self._create(line)
        if offers.same_ean(found, line.gtin):
            return self._renew(line, found)
        ended = self._write(line.sku, "end_offer", "DELETE", _path(found))  # its EAN cannot change
        return self._create(line) if ended is None or ended.outcome is Outcome.ACCEPTED else ended

    def _renew(self, line: ContentLine, offer: Offer) -> LineResult:
        """The offer that is there says what the line says. If it was not on sale before, it is judged as a new one."""
        body = offers.build_renewal(line, self._terms)
        result = self._write(line.sku, "change_offer", "PATCH", _path(offer), body, remote_id=str(offer["offerId"]))
        if result is None:
            return _again(line.sku, "The offer ended meanwhile.", code="ended")
        if result.outcome is Outcome.ACCEPTED and not offers.is_for_sale(offer):
            return LineResult(sku=line.sku, outcome=Outcome.PENDING, remote_id=result.remote_id)
        return result

    def _create(self, line: ContentLine) -> LineResult:
        try:
            made = self._client.write("create_offer", "POST", _OFFERS, offers.build_offer(line, self._terms))
        except OutcomeUnknown:
            return LineResult(sku=line.sku, outcome=Outcome.PENDING, code=_LOST)
        except RejectedByChannel as error:
            return self._adopt(line, error)
        if not made.get("offerId"):
            return LineResult(sku=line.sku, outcome=Outcome.PENDING, code=_LOST)
        return LineResult(sku=line.sku, outcome=Outcome.PENDING, remote_id=str(made["offerId"]))

    def _adopt(self, line: ContentLine, error: RejectedByChannel) -> LineResult:
        """bol.com takes one offer an EAN: one that was made without a reference is ours from now on.

        To be confirmed live: how it says that there is one. So it is looked for after any refusal.
        """
        there = [offer for offer in self._offers({"eans": [line.gtin]}) if offers.is_new(offer)]
        unnamed = next((offer for offer in there if not offer.get("reference")), None)
        if unnamed is not None:
            return self._renew(line, unnamed)
        if there:
            reason = f"You offer this EAN at bol.com already, under the reference {there[0]['reference']}."
            return _rejected(line.sku, reason, code="other_reference")
        return _rejected(line.sku, str(error), code=error.code)

    def _change(self, line: OfferLine) -> LineResult:
        """Price and stock are the line's. A price that bol.com does not take is refused; the stock is set all the same.

        An offer that never had a number may be on its way in another submission.
        """
        result = self._at(line, "change_offer", "PATCH", offers.build_change(line))
        if result is None and not line.remote_id:
            return _again(line.sku, "bol.com does not show this offer (yet).", code="not_shown")
        if result is None:
            return _rejected(line.sku, "bol.com does not have this offer any more.", code="no_such_offer")
        reason = offers.why_not_at(line.price)
        return _rejected(line.sku, reason, code="price") if reason and result.outcome is Outcome.ACCEPTED else result

    def _end(self, line: WithdrawLine) -> LineResult:
        """The offer is gone; one that is not there has ended."""
        ended = self._at(line, "end_offer", "DELETE", None)
        return ended or LineResult(sku=line.sku, outcome=Outcome.ACCEPTED)

    def _at(
        self, line: OfferLine | WithdrawLine, operation: str, method: str, body: Mapping[str, Any] | None
    ) -> LineResult | None:
        """Return what became of a write to the line's offer, or None if there is no such offer.

        One that is not there under its number is looked for by its SKU: it may have been made anew.
        """
        result = None
        if line.remote_id:
            path = f"{_OFFERS}/{quoted(line.remote_id)}"
            result = self._write(line.sku, operation, method, path, body, remote_id=line.remote_id)
        found = self._find(line.sku) if result is None else None
        if found is not None:
            result = self._write(line.sku, operation, method, _path(found), body, remote_id=str(found["offerId"]))
        return result

    def _write(
        self,
        sku: str,
        operation: str,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        remote_id: str = "",
    ) -> LineResult | None:
        """Return what became of a write that does no harm if it is made again; None if there is no such offer."""
        try:
            self._client.do(operation, method, path, body)
        except OutcomeUnknown as error:
            return _again(sku, str(error), code=error.code)
        except RejectedByChannel as error:
            return None if error.http_status == 404 else _rejected(sku, str(error), code=error.code)
        return LineResult(sku=sku, outcome=Outcome.ACCEPTED, remote_id=remote_id)

    # --- reading ------------------------------------------------------------------------------------------------------

    def _offers(self, filters: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the offers that the filters leave; no more than a page of them."""
        return rows_of(self._client.get("offers", _OFFERS, {"page-size": PAGE, **filters}), "offers")

    def _find(self, sku: str, *, ean: str = "") -> Offer | None:
        """Return the offer of this SKU, or None. One without a reference goes by its EAN."""
        found = offers.pick(self._offers({"reference": sku}), sku, ean=ean)
        if found is None and sku.isdigit():
            found = offers.pick(self._offers({"eans": [sku]}), sku)
        return found

    def poll(self, handle: str) -> Report:
        """Return the verdict on each offer that the handle names, as far as there is one."""
        told = json.loads(handle)
        waiting: dict[str, str] = told["offers"]
        shows_by = datetime.fromisoformat(told["at"]) + _SHOWS_AFTER
        known = self._by_id([offer_id for offer_id in waiting.values() if offer_id])
        results = []
        for sku, offer_id in waiting.items():
            offer = known.get(offer_id) if offer_id else self._find(sku)
            results.append(self._unseen(sku, shows_by) if offer is None else self._judge(sku, offer))
        is_open = any(result.outcome is Outcome.PENDING for result in results)
        return Report(phase=Phase.OPEN if is_open else Phase.DONE, results=results)

    def _by_id(self, ids: Sequence[str]) -> dict[str, Offer]:
        chunks = [ids[start : start + PAGE] for start in range(0, len(ids), PAGE)]
        return {str(offer["offerId"]): offer for chunk in chunks for offer in self._offers({"offer-ids": chunk})}

    @staticmethod
    def _unseen(sku: str, shows_by: datetime) -> LineResult:
        if clock.now() < shows_by:
            return LineResult(sku=sku, outcome=Outcome.PENDING)
        return _again(sku, "bol.com does not show this offer.", code="not_shown")

    def _judge(self, sku: str, offer: Offer) -> LineResult:
        """Return the verdict. A refused offer is put on hold: on sale later, by itself, it would sell stock that nobody
        keeps up to date."""
        reasons = [] if offers.is_for_sale(offer) else self._reasons(offer)
        result = judge(sku, offer, reasons)
        if result.outcome is Outcome.REJECTED and not offers.is_held(offer):
            with suppress(RejectedByChannel):
                self._client.do("change_offer", "PATCH", _path(offer), offers.HOLD)
        return result

    def _reasons(self, offer: Offer) -> list[Mapping[str, Any]]:
        return read_reasons(self._client.find("not_for_sale_reasons", f"{_path(offer)}/not-for-sale-reasons") or {})

    def export(self) -> Export:
        """Return every offer, as of the answer to the first page."""
        first = self._client.get("offers", _OFFERS, {"page-size": PAGE})
        return Export(handle="", as_of=self._client.time, complete=True, rows=self._iter_listings(first))

    def _iter_listings(self, page: Mapping[str, Any]) -> Iterator[RemoteListing]:
        """Yield the offers of this page and those behind it. Raises TemporaryError if pages lead in a circle."""
        seen: set[str] = set()
        while True:
            yield from map(offers.read_listing, rows_of(page, "offers"))
            cursor = (page.get("page") or {}).get("nextCursor")
            if not cursor:
                return
            if cursor in seen:
                raise TemporaryError("bol.com sends the same page again and again.", code="pages_in_a_circle")
            seen.add(cursor)
            page = self._client.get("offers", _OFFERS, {"page-size": PAGE, "cursor": cursor})


#: Codes of results: refused here, before any call; a creation whose answer was lost.
_LOCAL, _LOST = "not_sent", "lost"


def _path(offer: Offer) -> str:
    return f"{_OFFERS}/{quoted(str(offer['offerId']))}"


def _receipt(results: Sequence[LineResult], asked: datetime) -> Receipt:
    """Return the receipt: open while a verdict is waited for."""
    waiting = {result.sku: result.remote_id for result in results if result.outcome is Outcome.PENDING}
    phase = Phase.OPEN if waiting else Phase.DONE
    handle = json.dumps({"at": asked.isoformat(), "offers": waiting}) if waiting else ""
    return Receipt(handle=handle, report=Report(phase=phase, results=tuple(results)))


def _rejected(sku: str, reason: str, *, code: str) -> LineResult:
    return LineResult(sku=sku, outcome=Outcome.REJECTED, code=code, reason=reason)


def _again(sku: str, reason: str, *, code: str, wait: float = 0) -> LineResult:
    return LineResult(sku=sku, outcome=Outcome.TRY_AGAIN, code=code, reason=reason, retry_after=wait)

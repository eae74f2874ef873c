"""The calls that bring files to an operator, and look what became of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from channels_app.adapters.errors import OutcomeUnknown, RejectedByChannel, TemporaryError
from channels_app.adapters.http import UploadedFile
from channels_app.adapters.mirakl import imports, offers, products
from channels_app.adapters.mirakl.client import PAGE, MiraklClient, quoted
from channels_app.adapters.mirakl.imports import Feed
from channels_app.adapters.mirakl.offers import OfferTerms
from channels_app.adapters.mirakl.values import build_moment
from channels_app.adapters.types import (
    ContentLine,
    Kind,
    Line,
    LineResult,
    LostSubmission,
    Outcome,
    Phase,
    Receipt,
    Report,
)

#: The list of imports is read from this much before a lost file was sent; what is in it is judged by the moment.
_LOOK_BACK = timedelta(minutes=10)
#: Product data goes out when nothing else does; so long it is left alone then.
_PRODUCTS_WAIT_SECONDS = 300.0
#: Offers that could not be ended are looked up one by one; more of them are tried again.
_LOOKED_UP_AT_ONCE = 10
#: Between the number of an import of offers and that of the products in the same file.
_AND = "+"


class FeedDesk:
    """Sends files of one shop."""

    def __init__(self, client: MiraklClient, terms: OfferTerms) -> None:
        self._client = client
        self._terms = terms

    # --- submit -------------------------------------------------------------------------------------------------------

    def submit(self, kind: Kind, lines: Sequence[Line]) -> Receipt:
        """Upload the lines as one file."""
        if kind is Kind.CONTENT:
            return self._list(offers.contents(lines))
        if kind is Kind.WITHDRAW:
            return Receipt(handle=self._upload(imports.OFFERS, offers.build_withdrawals(lines)))
        if kind is Kind.PRICE:
            return Receipt(handle=self._upload(imports.PRICES, offers.build_prices(offers.priced(lines))))
        return Receipt(handle=self._upload(imports.STOCK, offers.build_quantities(offers.priced(lines))))

    def _list(self, lines: Sequence[ContentLine]) -> Receipt:
        """Upload the lines that name a product; the others are rejected.

        Items with product data go in a file of their own, which the operator takes less often: only when there is
        nothing else to list, and until then they are asked for again.
        """
        rejected = offers.refuse_nameless(lines, self._terms)
        nameless = {result.sku for result in rejected}
        named = [line for line in lines if line.sku not in nameless]
        described = [line for line in named if line.category]
        plain = [line for line in named if not line.category]
        if plain:
            handle = self._upload(imports.OFFERS, offers.build_offers(plain, self._terms))
            return Receipt(handle=handle, report=Report(phase=Phase.OPEN, results=[*rejected, *_later(described)]))
        if described:
            return self._list_products(described, rejected)
        return Receipt(handle="", report=Report(phase=Phase.DONE, results=rejected))

    def _list_products(self, lines: Sequence[ContentLine], rejected: Sequence[LineResult]) -> Receipt:
        """Upload offers and products together."""
        try:
            handle = self._upload(imports.OFFERS, products.product_file(lines, self._terms), with_products=True)
        except TemporaryError as error:
            # These lines wait, not the job: others may go out meanwhile.
            wait = _later(lines, seconds=error.retry_after)
            return Receipt(handle="", report=Report(phase=Phase.DONE, results=[*rejected, *wait]))
        return Receipt(handle=handle, report=Report(phase=Phase.OPEN, results=rejected))

    def _upload(self, feed: Feed, file: UploadedFile, *, with_products: bool = False) -> str:
        """Return the number of the import, and that of the products in it."""
        form = {}
        if feed is imports.OFFERS:
            form = {"import_mode": "NORMAL", "with_products": str(with_products).lower()}
        if with_products:
            form["operator_format"] = "true"
        operation = f"{feed.name}_with_products" if with_products else feed.name
        answer = self._client.upload(operation, feed.path, file, form)
        if answer.get("import_id") is None:
            raise OutcomeUnknown("The marketplace took a file without giving it a number.", code="no_number")
        numbers = [answer["import_id"], answer.get("product_import_id")]
        return _AND.join(str(number) for number in numbers if number is not None)

    # --- poll ---------------------------------------------------------------------------------------------------------

    def poll(self, kind: Kind, handle: str) -> Report:
        """Return the phase, and once it is done the refused lines: the rest was taken."""
        feed = imports.FEEDS[kind]
        number, _, product_number = handle.partition(_AND)
        status = self._status(feed, number)
        phase = imports.read_phase(status)
        if phase is Phase.FAILED:
            return Report(phase=phase, reason=imports.read_reason(status))
        if phase is Phase.OPEN:
            return Report(phase=phase)
        failures = self._failures(feed, number, status)
        if kind is Kind.WITHDRAW:
            failures = self._not_there(failures)
        elif failures and product_number:
            failures = self._explain(failures, product_number)
        return Report(phase=phase, results=failures, rest=Outcome.ACCEPTED)

    def _status(self, feed: Feed, number: str) -> Mapping[str, Any]:
        if feed is not imports.PRICES:
            return self._client.get(feed.status_operation, feed.status.format(quoted(number)))
        found = self._client.get(feed.status_operation, feed.status, {"import_id": number}).get("data")
        if not found:
            raise RejectedByChannel("The marketplace does not know this file (any more).", code="no_such_import")
        return dict(found[0])

    def _failures(self, feed: Feed, number: str, status: Mapping[str, Any]) -> list[LineResult]:
        if not imports.has_failures(status):
            return []
        report = self._client.download(feed.report_operation, feed.report.format(quoted(number)))
        return imports.read_failures(report, at_least=imports.failure_count(status))

    def _not_there(self, failures: Sequence[LineResult]) -> list[LineResult]:
        """Return the failures without those of offers that are not there: they have ended, which is what was wanted."""
        looked = [one for one in failures[:_LOOKED_UP_AT_ONCE] if self._is_there(one.sku)]
        rest = [replace(one, outcome=Outcome.TRY_AGAIN) for one in failures[_LOOKED_UP_AT_ONCE:]]
        return [*looked, *rest]

    def _is_there(self, sku: str) -> bool:
        page = self._client.get("offer", "/api/offers", {"sku": sku})
        return any(str(offer.get("shop_sku")) == sku for offer in page.get("offers") or ())

    def _explain(self, failures: Sequence[LineResult], number: str) -> list[LineResult]:
        """Return the failures with what is wrong with their products, as far as the operator says so."""
        path = f"/api/products/imports/{quoted(number)}"
        status = self._client.get("products_status", path)
        reasons: dict[str, str] = {}
        for flag, report in (
            ("has_transformation_error_report", "transformation_error_report"),
            ("has_error_report", "error_report"),
        ):
            if status.get(flag):
                reasons |= products.read_product_errors(self._client.download("products_report", f"{path}/{report}"))
        return [
            replace(failure, reason=f"{failure.reason} {reasons[failure.sku]}") if failure.sku in reasons else failure
            for failure in failures
        ]

    # --- find ---------------------------------------------------------------------------------------------------------

    def find(self, lost: LostSubmission) -> Receipt | None:
        """Look in the list of imports for the one of the file's moment.

        Stock files are in no list, and without a moment any other file might be it: both are sent anew.
        """
        feed = imports.FEEDS[lost.kind]
        if feed is imports.STOCK or lost.sent_at is None:
            return None
        # Fewer than a page, at one a minute; without those that a person has uploaded in the back office.
        ours = {"start_date": build_moment(lost.sent_at - _LOOK_BACK), "origins": "API", "limit": PAGE}
        rows = self._client.get(f"find_{feed.name}", feed.path, ours).get("data") or ()
        sent_at = lost.sent_at + (self._client.clock_ahead or timedelta())
        found = imports.find_import(rows, lost, sent_at=sent_at)
        return Receipt(handle=str(found["import_id"])) if found else None


def _later(lines: Sequence[ContentLine], *, seconds: float | None = None) -> list[LineResult]:
    wait = _PRODUCTS_WAIT_SECONDS if seconds is None else seconds
    return [LineResult(sku=line.sku, outcome=Outcome.TRY_AGAIN, retry_after=wait) for line in lines]

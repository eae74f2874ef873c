"""Whether an offer is on sale, and if not, whether that is final. Pure.

An offer that was taken (201) is checked afterwards. To be confirmed live: which categories of reasons pass by
themselves.
Source: bol.com's Offers API 11.3, "not-for-sale-reasons" (OpenAPI, read 2026-05).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from channels_app.adapters.bol.offers import is_for_sale
from channels_app.adapters.types import LineResult, Outcome

#: The offer is as it should be; it sells once there is stock, or the hold ends.
_NO_FAILURE = frozenset(("STOCK", "ON_HOLD"))
#: Somebody has to do something about this very item.
_FINAL = frozenset(("CONTENT", "PRICE", "SELLING_RIGHTS", "ACCOUNT_RIGHTS", "ASSORTMENT_POLICY", "OFFER"))


def read_reasons(told: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return why it is not on sale, each reason once though several countries have it."""
    found = [reason for country in told.get("countries") or () for reason in country.get("reasons") or ()]
    return list({(reason.get("category"), reason.get("code")): reason for reason in found}.values())


def judge(sku: str, offer: Mapping[str, Any], reasons: Sequence[Mapping[str, Any]]) -> LineResult:
    """Return what became of an offer.

    A shop that is closed for a while, and words that we do not know, leave it open.
    """
    offer_id = str(offer["offerId"])
    if is_for_sale(offer):
        return LineResult(sku=sku, outcome=Outcome.ACCEPTED, remote_id=offer_id)
    final = [reason for reason in reasons if reason.get("category") in _FINAL]
    if final:
        words = " ".join(_words(reason) for reason in final)
        code = str(final[0].get("code") or final[0]["category"])
        return LineResult(sku=sku, outcome=Outcome.REJECTED, code=code, reason=words, remote_id=offer_id)
    is_fine = bool(reasons) and all(reason.get("category") in _NO_FAILURE for reason in reasons)
    return LineResult(sku=sku, outcome=Outcome.ACCEPTED if is_fine else Outcome.PENDING, remote_id=offer_id)


def _words(reason: Mapping[str, Any]) -> str:
    missing = ", ".join(str(one.get("name")) for one in reason.get("missingAttributes") or () if one.get("name"))
    said = str(reason.get("description") or f"Not for sale: {reason['category']}").rstrip(".")
    return f"{said}. Missing: {missing}." if missing else f"{said}."

"""What an operator's instance says of itself and of the shop, as the facts of a connection. Pure.

Source: developer.mirakl.com, A01, SH21, SH12, RE01, OF61 and PC01 of the seller API (read 2026-08).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from channels_app.adapters.errors import SettingsError
from channels_app.adapters.mirakl.decisions import RETURN_DECISIONS
from channels_app.adapters.types import Capability, Choice, ConnectionFacts

_ALWAYS = frozenset(
    (
        Capability.RECONCILE,
        Capability.ACCEPT,
        Capability.FULFILLMENTS_REQUIRED,
        Capability.TELLS_SHIPPED,
        Capability.NEW_PRODUCTS,
    )
)
_CANCELS = frozenset((Capability.CANCEL_LINE, Capability.CANCEL_PARTIAL))
_REFUNDS = frozenset((Capability.REFUND, Capability.REFUND_PARTIAL))
_PARCELS = frozenset((Capability.SHIP_PARTIAL,))
_TRACKED = frozenset((Capability.TRACKING_REQUIRED,))
_RETURNS = frozenset((Capability.RETURNS,))
#: What one or the other operator allows, or wants.
CAPABILITIES = _ALWAYS | _CANCELS | _REFUNDS | _PARCELS | _TRACKED | _RETURNS
#: What a shop is to the operator -> what that is called where returns are switched on.
_MODELS = {"MARKETPLACE": "marketplace", "DROPSHIP": "drop_ship"}

Rows = Iterable[Mapping[str, Any]]


def read_facts(
    account: Mapping[str, Any],
    *,
    host: str,
    carriers: Rows,
    shipping_types: Rows,
    reasons: Rows,
    platform: Mapping[str, Any],
    parcels: bool,
) -> ConnectionFacts:
    """Return what this connection can do; `parcels` says that the operator has switched on multi-shipment.

    Raises SettingsError if the operator says that it has not.
    """
    currency = str(account.get("currency_iso_code") or "")
    if not currency:
        raise SettingsError("The marketplace does not say in which currency this shop sells.", code="no_currency")
    features = platform.get("features") or {}
    check_parcels(features, parcels=parcels)
    reasons = list(reasons)
    cancel_reasons, refund_reasons = _reasons(reasons, "CANCELATION"), _reasons(reasons, "REFUND")
    returned = has_returns(features, model=str(account.get("model") or ""))
    granted = {
        _CANCELS: bool(cancel_reasons),
        _REFUNDS: bool(refund_reasons),
        _PARCELS: parcels,
        _TRACKED: any(one.get("mandatory_tracking") for one in shipping_types),
        _RETURNS: returned,
    }
    return ConnectionFacts(
        # Shops are numbered by each operator.
        account_id=f"{account['shop_id']}@{host}",
        account_name=str(account.get("shop_name") or account["shop_id"]),
        currency=currency,
        capabilities=_ALWAYS.union(*(part for part, is_granted in granted.items() if is_granted)),
        carriers=tuple(_choice(one) for one in carriers),
        cancel_reasons=cancel_reasons,
        refund_reasons=refund_reasons,
        return_decisions=RETURN_DECISIONS if returned else (),
    )


def has_returns(features: Mapping[str, Any], *, model: str) -> bool:
    """Say whether buyers of such a shop return goods through the operator; one that does not say has none."""
    switches = features.get("returns") or {}
    return bool(switches.get(_MODELS[model]) if model in _MODELS else any(switches.values()))


def check_parcels(features: Mapping[str, Any], *, parcels: bool) -> None:
    """Raise SettingsError if several parcels an order are wanted and the operator says that it takes one."""
    if parcels and (features.get("shipment") or {}).get("multi_shipment") is False:
        message = "This marketplace takes one parcel an order: it has not switched on multi-shipment."
        raise SettingsError(message, field_errors={"multi_shipment": message}, code="no_multi_shipment")


def _reasons(rows: Rows, kind: str) -> tuple[Choice, ...]:
    """Return the reasons of a kind that shops may give."""
    return tuple(_choice(one) for one in rows if one.get("type") == kind and one.get("is_shop_right"))


def _choice(row: Mapping[str, Any]) -> Choice:
    return Choice(code=str(row["code"]), name=str(row.get("label") or row["code"]))


def check_offer_state(states: Rows, chosen: str) -> None:
    """Raise SettingsError if the operator has other offer states than the chosen one; no list proves nothing."""
    known = [_choice(one) for one in states]
    if known and chosen not in {state.code for state in known}:
        offered = ", ".join(f"{state.code} ({state.name})" for state in known)
        message = f"This marketplace has no offer state {chosen}. It has: {offered}."
        raise SettingsError(message, field_errors={"offer_state": message}, code="offer_state")

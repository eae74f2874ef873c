"""What an operator's instance says of itself and of the shop, as the facts of a connection. Pure.

Source: developer.mirakl.com, A01, SH21, SH12, RE01 and OF61 of the seller API (read 2026-08).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from channels_app.adapters.errors import SettingsError
from channels_app.adapters.types import Capability, Choice, ConnectionFacts

_ALWAYS = frozenset(
    (
        Capability.RECONCILE,
        Capability.ACCEPT,
        Capability.FULFILLMENTS_REQUIRED,
        Capability.TELLS_SHIPPED,
    )
)
_CANCELS = frozenset((Capability.CANCEL_LINE, Capability.CANCEL_PARTIAL))
_REFUNDS = frozenset((Capability.REFUND, Capability.REFUND_PARTIAL))
#: What one or the other operator allows, or wants.
CAPABILITIES = _ALWAYS | _CANCELS | _REFUNDS | {Capability.SHIP_PARTIAL, Capability.TRACKING_REQUIRED}

Rows = Iterable[Mapping[str, Any]]


def read_facts(
    account: Mapping[str, Any], *, host: str, carriers: Rows, shipping_types: Rows, reasons: Rows, parcels: bool
) -> ConnectionFacts:
    """Return what this connection can do; `parcels` says that the operator has switched on multi-shipment."""
    currency = str(account.get("currency_iso_code") or "")
    if not currency:
        raise SettingsError("The marketplace does not say in which currency this shop sells.", code="no_currency")
    reasons = list(reasons)
    cancel_reasons, refund_reasons = _reasons(reasons, "CANCELATION"), _reasons(reasons, "REFUND")
    tracked = any(one.get("mandatory_tracking") for one in shipping_types)
    return ConnectionFacts(
        # Shops are numbered by each operator.
        account_id=f"{account['shop_id']}@{host}",
        account_name=str(account.get("shop_name") or account["shop_id"]),
        currency=currency,
        capabilities=_ALWAYS
        | (_CANCELS if cancel_reasons else frozenset())
        | (_REFUNDS if refund_reasons else frozenset())
        | ({Capability.SHIP_PARTIAL} if parcels else frozenset())
        | ({Capability.TRACKING_REQUIRED} if tracked else frozenset()),
        carriers=tuple(_choice(one) for one in carriers),
        cancel_reasons=cancel_reasons,
        refund_reasons=refund_reasons,
    )


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
